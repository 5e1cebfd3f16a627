"""The one thing asked of a local server over Bolt: do you answer, with this password.

Beside `lineage_graph.graph` the only module that imports `neo4j`: a server is to be waited for before there is a graph
to speak of.
"""

from __future__ import annotations

import socket
from typing import Any

from lineage_graph.local.state import HOST


def _driver(uri: str, user: str, password: str) -> Any:
    from neo4j import GraphDatabase

    return GraphDatabase.driver(
        uri,
        auth=(user, password),
        telemetry_disabled=True,
        connection_timeout=2,
        max_transaction_retry_time=0,
        notifications_min_severity="OFF",
    )


def answers(uri: str, user: str, password: str) -> str | None:
    """The version of the server at `uri`, or None where nothing answers yet. A wrong password is a PermissionError."""
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    try:
        with _driver(uri, user, password) as driver, driver.session(database="neo4j") as session:
            return str(session.run("RETURN 1").consume().server.agent).removeprefix("Neo4j/")
    except AuthError:
        raise PermissionError from None
    except (Neo4jError, DriverError, OSError):
        return None


def listens(port: int) -> bool:
    """Whether anything listens on that port of loopback."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
