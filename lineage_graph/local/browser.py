"""Where Neo4j Browser is on a local server."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from lineage_graph.errors import LocalServerProblem
from lineage_graph.local.state import Server


def browser_url(server: Server, query_text: str | None = None) -> str:
    """The address of Neo4j Browser on that server, with a query in its editor if one is given (it is not run).

    The password is not in it: Neo4j Browser asks for it. Raises LocalServerProblem for a server without Neo4j Browser.
    """
    if server.http is None:
        raise LocalServerProblem(
            f"the local Neo4j in {server.folder} runs without Neo4j Browser", "start it with `lineage-graph browser`"
        )
    asked = {"dbms": server.uri.replace("://", f"://{server.user}@"), "db": "neo4j"}
    if query_text is not None:
        asked |= {"cmd": "edit", "arg": query_text}
    return f"{server.http}/browser/?{urlencode(asked, quote_via=quote)}"
