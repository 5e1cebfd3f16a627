"""The few things said to a local server over Bolt: is it there, is the password ours, which version is it.

Beside `lineage_graph.graph` the only module that imports `neo4j`, because a server is to be waited for and given its
password before there is a graph to speak of.
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
    """The version of the server at `uri`, None where nothing answers yet. Raises PermissionError for a wrong password."""
    from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError

    try:
        with _driver(uri, user, password) as driver, driver.session(database="neo4j") as session:
            return str(session.run("RETURN 1").consume().server.agent).removeprefix("Neo4j/")
    except AuthError:
        raise PermissionError from None
    except ClientError as error:
        if "CredentialsExpired" in str(error.code):
            raise PermissionError from None
        return None
    except (Neo4jError, DriverError, OSError):
        return None


def first_password(uri: str, user: str, password: str) -> bool:
    """Sets the password of a new server, whose login is neo4j/neo4j. Returns False where it is not new."""
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        with _driver(uri, user, "neo4j") as driver, driver.session(database="system") as session:
            session.run("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $p", p=password).consume()
    except (Neo4jError, DriverError, OSError):
        return False
    return True


def listens(port: int) -> bool:
    """Whether anything listens on that port of loopback."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
