"""A Lineage in a notebook: it draws itself, and becomes a DataFrame or a networkx graph."""

from __future__ import annotations

import builtins
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC
from typing import Any
from xml.etree import ElementTree

import networkx
import pandas
import pytest

import lineage_graph as lg
from lineage_graph.bridges import py2neo as bridge
from lineage_graph.errors import ExtraMissing, ParameterWrong
from lineage_graph.formats import csv, html
from lineage_graph.models import Lineage, Truncated
from tests import worlds
from tests.walked import hostile, walked

DIAMOND = walked(worlds.diamond(), "report")
ALONE = walked(worlds.World((worlds.Step("a", (), ("raw",)),)), "raw", "downstream")
EMPTY = DIAMOND.model_copy(update={"runs": (), "versions": (), "edges": ()})


# ── it draws itself ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lineage", [DIAMOND, ALONE, EMPTY, hostile()], ids=["diamond", "alone", "empty", "hostile"])
def test_it_draws_itself(lineage: Lineage) -> None:
    text = lineage._repr_html_()
    figure = ElementTree.fromstring(text.replace("<br>", "<br/>"))
    assert figure.tag == "figure" and len(list(figure.iter("{http://www.w3.org/2000/svg}svg"))) == 1
    caption = "".join(figure.find("figcaption").itertext())  # type: ignore[union-attr]
    assert f"{len(lineage.runs)} run" in caption and f"{len(lineage.edges)} edge" in caption
    assert not re.search(r"<script|<img|\sid=|\son\w+=|javascript:|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "Upstream of" not in "".join(t.text or "" for t in figure.iter("{http://www.w3.org/2000/svg}text"))


def test_it_says_what_it_does_not_show() -> None:
    large = walked(worlds.long_chain(300), "v#299")
    large = large.model_copy(update={"truncated": Truncated(reason="time", limit=2.0, cursor="9")})
    text = large._repr_html_()
    assert "the answer ends at its time of 2 s" in text and "runs and versions stand in" in text
    assert len(text) < 200_000 and text.count('class="name"') <= html.CARDS + 1


def test_it_is_text_for_who_has_no_notebook() -> None:
    assert repr(DIAMOND).startswith("Lineage(home='digits/report:v0'") and "views" not in DIAMOND.model_dump()


@pytest.mark.parametrize(
    "imports", ["import lineage_graph; lineage_graph.Lineage", "from lineage_graph.recording.connection import connect"]
)
def test_whoever_gets_one_can_draw_it(imports: str) -> None:
    code = (
        f"{imports}\nfrom lineage_graph.models import Lineage\nassert sorted(Lineage.views) == ['html', 'networkx', 'pandas']"
    )
    # (pandas may be there: the driver imports it where it is installed)
    code += "\nimport sys\nassert not {'networkx', 'py2neo', 'lineage_graph.formats.svg'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert lg.Lineage is Lineage


# ── pandas ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_frame_has_a_row_an_edge_with_both_its_ends() -> None:
    frame = DIAMOND.to_pandas()
    assert list(frame.columns) == list(csv.EDGES) and len(frame) == len(DIAMOND.edges)
    assert str(frame["at"].dt.tz) == "UTC" and list(frame["at"]) == [edge.at for edge in DIAMOND.edges]
    assert set(frame[frame.kind == "used"]["version"]) == {"digits/raw:v0", "digits/a:v0", "digits/b:v0"}
    assert frame["run_depth"].dtype == frame["size"].dtype == pandas.Int64Dtype()
    assert frame.groupby("run")["version"].count()["digits/runs/join"] == 3
    assert frame["aliases"].iloc[0] == ("best", "latest")


def test_a_frame_of_nodes() -> None:
    frame = DIAMOND.to_pandas("nodes")
    assert list(frame.columns) == list(csv.NODES) and list(frame["depth"]) == sorted(frame["depth"])
    assert frame.iloc[0]["name"] == "digits/report:v0" and set(frame["kind"]) == {"run", "version"}
    assert frame.set_index("name").loc["digits/runs/join", "display_name"] == "join"
    assert pandas.isna(frame.set_index("name").loc["digits/runs/join", "created_at"])


@pytest.mark.parametrize("rows", ["edges", "nodes"])
def test_an_empty_frame_has_the_same_columns_and_types(rows: Any) -> None:
    full, empty = DIAMOND.to_pandas(rows), EMPTY.to_pandas(rows)
    assert len(empty) == 0 and list(empty.columns) == list(full.columns)
    assert [str(t) for t in empty.dtypes if str(t) == "Int64"] == [str(t) for t in full.dtypes if str(t) == "Int64"]
    assert all(str(empty[c].dt.tz) == "UTC" for c in full.columns if hasattr(full[c], "dt"))


def test_rows_of_another_kind() -> None:
    with pytest.raises(ParameterWrong, match="'edges' or 'nodes', not 'runs'"):
        DIAMOND.to_pandas("runs")  # type: ignore[arg-type]


# ── networkx ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("world", [worlds.diamond(), worlds.two_heads(), worlds.loop(), worlds.woods(40, window=20)])
def test_ancestors_are_upstream(world: worlds.World) -> None:
    home = world.steps[-1].logged[0]
    graph = walked(world, home).to_networkx()
    assert isinstance(graph, networkx.DiGraph)
    uid = worlds.uid_of("digits", home)
    assert networkx.ancestors(graph, uid) | {uid} == {worlds.uid_of("digits", node) for node in world.upstream(home)}


def test_a_graph_keeps_what_is_known() -> None:
    graph = DIAMOND.to_networkx()
    assert graph.number_of_edges() == len(DIAMOND.edges)
    assert graph.graph["home"] == "digits/report:v0" and graph.graph["truncated"] is None
    by_name = {data.get("full_name", data["name"]): (uid, data) for uid, data in graph.nodes(data=True)}
    uid, raw = by_name["digits/raw:v0"]
    assert (raw["kind"], raw["type"], raw["aliases"]) == ("version", "dataset", ("best", "latest"))
    run, about = by_name["digits/runs/left"]
    assert about["kind"] == "run" and about["started_at"].tzinfo is UTC
    assert graph.edges[uid, run]["kind"] == "used" and graph.edges[uid, run]["at"] == about["started_at"]


def test_pages_compose() -> None:
    first = DIAMOND.model_copy(
        update={
            "runs": tuple(r for r in DIAMOND.runs if r.depth < 2),
            "versions": tuple(v for v in DIAMOND.versions if v.depth < 2),
            "edges": tuple(e for e in DIAMOND.edges if e.kind == "logged" and e.version == DIAMOND.versions[0].uid),
        }
    )
    rest = DIAMOND.model_copy(
        update={
            "runs": tuple(r for r in DIAMOND.runs if r not in first.runs),
            "versions": tuple(v for v in DIAMOND.versions if v not in first.versions),
            "edges": tuple(e for e in DIAMOND.edges if e not in first.edges),
        }
    )
    whole = networkx.compose(first.to_networkx(), rest.to_networkx())
    assert networkx.utils.graphs_equal(whole, DIAMOND.to_networkx()) or whole.nodes.keys() == DIAMOND.to_networkx().nodes.keys()
    assert whole.edges.keys() == DIAMOND.to_networkx().edges.keys() and all(
        "kind" in data for _, data in whole.nodes(data=True)
    )


# ── without the extras ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("library", "call"),
    [("pandas", DIAMOND.to_pandas), ("networkx", DIAMOND.to_networkx), ("py2neo", lambda: bridge.to_subgraph(DIAMOND))],
)
def test_a_missing_extra_is_one_sentence(library: str, call: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == library:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setitem(sys.modules, library, None)  # `import` of None is an ImportError
    with pytest.raises(
        ExtraMissing, match=rf"^a Lineage as a .* \({library}\) needs .* pip install 'lineage-graph\[{library}\]'$"
    ):
        call()
    assert DIAMOND._repr_html_()
