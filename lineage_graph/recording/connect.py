"""Which Neo4j: the one that is set, else the managed local server when it runs."""

from __future__ import annotations

from lineage_graph.errors import GraphUnreachable
from lineage_graph.graph import Graph
from lineage_graph.settings import Settings


def open_graph(settings: Settings) -> Graph:
    """The graph that `settings` name. Nothing is sent yet. Raises GraphUnreachable when there is none to name."""
    password = settings.password.get_secret_value() if settings.password is not None else None
    if settings.uri is not None:
        return Graph(settings.uri, settings.user, password, settings.database)
    from lineage_graph import local

    server = local.running(settings.server)
    if server is None:
        raise GraphUnreachable("any address", "none is set and the local server is not running")
    return Graph(server.uri, server.user, server.password, settings.database)
