"""A Neo4j that answers and takes no writes."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage_graph as lg
from lineage_graph import local
from lineage_graph.errors import GraphReadOnly
from lineage_graph.events import RunStarted
from lineage_graph.graph import Graph
from lineage_graph.journal import Journal
from lineage_graph.ledger import Ledger
from lineage_graph.local import launch
from lineage_graph.recording.recorder import LineageWarning


@pytest.mark.slow
def test_a_read_only_server_is_a_sentence_and_a_warning(tmp_path: Path, project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "server"
    local.up(folder, heap="384m")
    local.down(folder)
    monkeypatch.setattr(launch, "CONF", launch.CONF + "server.databases.read_only=neo4j\n")
    server = local.up(folder, heap="384m")
    try:
        graph = Graph(server.uri, server.user, server.password)
        entry = Journal(tmp_path / "journals").append([RunStarted(run=f"{project}/runs/a")])
        with pytest.raises(GraphReadOnly, match="is read-only"):
            Ledger(graph).apply([entry])
        graph.close()
        monkeypatch.setenv("LINEAGE_GRAPH_URI", server.uri)
        monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", server.password)
        with pytest.warns(LineageWarning, match="is read-only") as caught, lg.init(project=project):
            pass
        assert len(caught) == 1
    finally:
        local.down(folder)
