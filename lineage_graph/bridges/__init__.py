"""A walk as another library's object, each library an extra of its own: pandas, networkx, py2neo. None is imported before it
is asked for."""
