"""The managed local Neo4j: a real Neo4j Community on loopback, fetched once and started when asked.

    up(folder)        start it, or find it started        down(folder)      stop it
    running(folder)   the server, or None                 doctor(folder)    what is in order and what is not
    browser_url(…)    Neo4j Browser on it                 install(version)  fetch its jars beforehand

Needs the extra `[local]` (a Java runtime, and what fetches and watches); without it each raises ExtraMissing.
"""

from __future__ import annotations

from lineage_graph.local.browser import browser_url
from lineage_graph.local.doctor import Check, doctor
from lineage_graph.local.fetch import install
from lineage_graph.local.jars import DEFAULT_VERSION, LTS_VERSION, versions
from lineage_graph.local.server import down, running, up
from lineage_graph.local.state import Server

__all__ = [
    "DEFAULT_VERSION",
    "LTS_VERSION",
    "Check",
    "Server",
    "browser_url",
    "doctor",
    "down",
    "install",
    "running",
    "up",
    "versions",
]
