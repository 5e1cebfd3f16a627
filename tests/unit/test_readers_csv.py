"""Edges as CSV → events, and every way in which a file of them can be wrong."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.errors import ImportRefused
from lineage_graph.events import Logged, RunFinished, RunStarted, Used
from lineage_graph.readers import Reading
from lineage_graph.readers.csv import read

AT = "2026-01-05T08:00:00Z"
MD5 = "md5:73fba4fd85b6dbaf95c9d5e3836d3926"
WHOLE = f"""\
kind,run,version,at,digest,type,job_type,size
used,train 1,data/raw.csv,2026-01-05T08:01:00Z,{MD5},dataset,train,12
logged,train 1,model,2026-01-05T09:02:00+01:00,,model,,
used,eval,model,2026-01-05T08:03:00Z,,,eval,
"""


def reading(text: str | bytes, at: str | None = None) -> Reading:
    return read(text.encode() if isinstance(text, str) else text, "e.csv", "p", at)


def of(found: Reading, kind: type[Any]) -> list[Any]:
    return [e for e in found.events if isinstance(e, kind)]


def test_a_row_is_an_edge() -> None:
    found = reading(WHOLE)
    assert found.counts == {"runs": 2, "versions": 2, "used": 2, "logged": 1}
    train, evaluate = of(found, RunStarted)
    assert (train.source_id, train.job_type, train.at_text) == ("train 1", "train", "2026-01-05T08:01:00.000000Z")
    assert train.run.startswith("p/runs/train_1--") and evaluate.run == "p/runs/eval"
    [end, _] = of(found, RunFinished)
    assert (end.run, end.state, end.at_text) == (train.run, "finished", "2026-01-05T08:02:00.000000Z")
    [raw, model] = of(found, Used)
    assert (raw.source_id, raw.digest, raw.type, raw.size) == ("data/raw.csv", MD5, "dataset", 12)
    assert (model.digest, model.type) == (of(found, Logged)[0].digest, "model") and model.digest.startswith("declared:")


def test_columns_in_any_order_and_with_a_mark_of_their_bytes() -> None:
    rows = list(csv.DictReader(io.StringIO(WHOLE)))
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted(rows[0], reverse=True), dialect="unix")
    writer.writeheader()
    writer.writerows(rows)
    assert reading(b"\xef\xbb\xbf" + text.getvalue().encode()).events == reading(WHOLE).events


def test_our_own_names_come_back_as_they_were() -> None:
    found = reading(f"kind,run,version,at,digest\nused,p/runs/a,p/raw:v3,{AT},{MD5}\nused,q/runs/a,q/raw:v0,{AT},{MD5}\n")
    assert of(found, RunStarted)[0].run == "p/runs/a" and of(found, Used)[0].artifact == "p/raw"
    assert of(found, Used)[0].source_id == "p/raw:v3"
    assert of(found, Used)[1].artifact.startswith("p/q_raw--"), "another project's is told from this one's"


def test_what_was_mapped_once_is_not_mapped_again() -> None:
    first = reading(WHOLE)
    text = io.StringIO(newline="")
    rows = [
        (e.kind, e.run, f"{e.artifact}:v0", e.at_text, e.digest, e.type) for e in first.events if isinstance(e, Used | Logged)
    ]
    csv.writer(text).writerows([("kind", "run", "version", "at", "digest", "type"), *rows])
    again = reading(text.getvalue())
    said = [[(e.kind, e.run, e.artifact, e.digest) for e in of(one, Used | Logged)] for one in (first, again)]  # type: ignore[arg-type]
    assert said[0] == said[1] and again.mapped == []
    with pytest.raises(ImportRefused, match="would both be the artifact"):
        reading(text.getvalue() + f"used,x,data/raw.csv,{AT},{MD5},dataset\n")


def test_an_artifact_with_versions_and_without() -> None:
    found = reading(
        f"kind,run,artifact,version,at,digest\nlogged,a,model,1,{AT},\nlogged,b,model,2,{AT},\nlogged,c,log,,{AT},{MD5}\n"
    )
    one, two, log = of(found, Logged)
    assert (
        one.artifact == two.artifact == "p/model" and one.digest != two.digest and (one.source_id, two.source_id) == ("1", "2")
    )
    assert (log.artifact, log.source_id) == ("p/log", f"log@{MD5}")
    assert of(reading(f"kind,run,artifact,at\nused,a,x,{AT}\n"), Used)[0].source_id == "x"


def test_states_and_roles() -> None:
    found = reading(
        f"kind,run,version,at,state,used_as\nused,a,x,{AT},failed,train\nused,a,x,{AT},,test\nused,b,x,{AT},running,\n"
    )
    assert [e.used_as for e in of(found, Used)] == ["train", "test", None]
    assert [(e.run, e.state) for e in of(found, RunFinished)] == [("p/runs/a", "failed")]


def test_what_is_said_twice_counts_once_and_what_is_unknown_is_said() -> None:
    found = reading(f"kind,run,version,at,colour\nused,a,x,{AT},red\n\nused,a,x,{AT},blue\n")
    assert found.counts["used"] == 1
    assert [(o.what, o.count, o.where) for o in found.left_out] == [
        ("column 'colour'", 1, "line 1"),
        ("used again", 1, "line 4"),
    ]


def test_two_ids_of_the_same_bytes_are_one_version_and_said() -> None:
    found = reading(f"kind,run,artifact,version,at,digest\nlogged,a,m,1,{AT},{MD5}\nlogged,b,m,2,{AT},{MD5}\n")
    assert found.counts["versions"] == 1 and [(o.what, o.where) for o in found.left_out] == [("source id", "line 3")]


def test_rows_without_a_time_get_the_one_that_is_given() -> None:
    text = f"kind,run,version,at\nused,a,x,\nused,b,x,{AT}\n"
    assert [e.at_text for e in of(reading(text, at="2026-01-01T00:00:00Z"), Used)] == [
        "2026-01-01T00:00:00.000000Z", "2026-01-05T08:00:00.000000Z",
    ]  # fmt: skip
    with pytest.raises(ImportRefused, match=r"^e\.csv, line 2: at: it says no time; give the column `at`, or --at"):
        reading(text)
    with pytest.raises(ImportRefused, match=r"^--at: 'soon' is not a time"):
        reading(text, at="soon")


def test_a_longer_file_has_the_same_runs() -> None:
    more = WHOLE + "logged,eval,score,2026-01-05T07:00:00Z,,,,\n"
    assert {e.uid for e in of(reading(WHOLE), RunStarted)} == {e.uid for e in of(reading(more), RunStarted)}


HEAD = "kind,run,version,at\n"
WRONG = {
    "empty": ("", "e.csv: it has no line"),
    "blank": ("\n\n , \n", "e.csv: it has no line"),
    "no header": (f"used,a,x,{AT}\n", "e.csv, line 1: the header names no column 'kind', 'run', 'version'"),
    "no run": (f"kind,version,at\nused,x,{AT}\n", "e.csv, line 1: the header names no column 'run'"),
    "a column twice": ("kind,run,version,run\n", "e.csv, line 1: the header names column 'run' twice"),
    "another kind": (f"{HEAD}made,a,x,{AT}\n", "e.csv, line 2: kind: it is used or logged, not 'made'"),
    "no kind": (f"{HEAD},a,x,{AT}\n", "e.csv, line 2: kind: it is used or logged, not None"),
    "an empty run": (f"{HEAD}used, ,x,{AT}\n", "e.csv, line 2: run: it is empty"),
    "an empty version": (f"{HEAD}used,a,,{AT}\n", "e.csv, line 2: version: it is empty"),
    "too few cells": (f"{HEAD}used,a,x,{AT}\nused,a\n", "e.csv, line 3: it has 2 cells, and the header 4"),
    "too many cells": (f"{HEAD}used,a,x,{AT},7\n", "e.csv, line 2: it has 5 cells"),
    "a torn quote": (f'{HEAD}used,a,"x', "e.csv, line 2: it is not CSV (unexpected end of data)"),
    "a stray quote": (f'{HEAD}used,a,"x"y,{AT}\n', "e.csv, line 2: it is not CSV"),
    "a cell without end": (f"{HEAD}used,a,{'x' * 200_000},{AT}\n", "e.csv, line 2: it is not CSV (field larger"),
    "a long name": (f"{HEAD}used,a,{'x' * 3_000},{AT}\n", "e.csv, line 2: source_id: String should have at most"),
    "not a time": (f"{HEAD}used,a,x,noon\n", "e.csv, line 2: at: 'noon' is not a time"),
    "no zone": (f"{HEAD}used,a,x,2026-01-05T08:00:00\n", "e.csv, line 2: at: '2026-01-05T08:00:00' has no time zone"),
    "a digest without algorithm": (
        f"kind,run,version,at,digest\nused,a,x,{AT},73fba4fd\n", "e.csv, line 2: digest: a digest names its algorithm",
    ),
    "two digests": (
        f"kind,run,version,at,digest\nused,a,x,{AT},{MD5}\nused,b,x,{AT},md5:0000\n",
        f"e.csv, line 3: digest: 'md5:0000', and line 2 says '{MD5}' of the same version",
    ),
    "two types": (
        f"kind,run,artifact,version,at,type\nused,a,m,1,{AT},model\nused,a,m,2,{AT},dataset\n",
        "e.csv, line 3: '2' is of type 'dataset', and its artifact of type 'model'",
    ),
    "two job types": (
        f"kind,run,version,at,job_type\nused,a,x,{AT},fit\nused,a,y,{AT},try\n",
        "e.csv, line 3: job_type: 'try', and line 2 says 'fit' of the same run",
    ),
    "a size that is none": (f"kind,run,version,at,size\nused,a,x,{AT},1e3\n", "e.csv, line 2: size: it is a number of bytes"),
    "another state": (f"kind,run,version,at,state\nused,a,x,{AT},done\n", "e.csv, line 2: state: it is one of finished, "),
    "a long job type": (f"kind,run,version,at,job_type\nused,a,x,{AT},{'j' * 600}\n", "e.csv, line 2: job_type: String should"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_line(name: str) -> None:
    text, words = WRONG[name]
    with pytest.raises(ImportRefused) as refused:
        reading(text)
    said = str(refused.value)
    assert said.startswith(words) and said.endswith("; nothing was imported") and "\n" not in said, said


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ImportRefused, match=r"^e\.csv, line 3: it is not UTF-8"):
        reading(f"{HEAD}used,a,x,{AT}\nused,a,".encode() + b"\xff\n")


PIECES = ["", ",", '"', "\n", "\r", "\0", "é", "used", "a,b", "\ud800", "p/runs/", ":v1", "--0123456789", "x" * 130]


@given(st.integers(0, len(WHOLE)), st.integers(0, 30), st.sampled_from(PIECES))
def test_a_changed_file_is_refused_or_read(at: int, length: int, piece: str) -> None:
    try:
        found = reading((WHOLE[:at] + piece + WHOLE[at + length :]).encode("utf-8", "surrogatepass"))
    except ImportRefused as error:
        assert str(error).startswith("e.csv") and "\n" not in str(error)
    else:
        assert (
            len(found.places) == len(found.events) == 2 * found.counts["runs"] + found.counts["used"] + found.counts["logged"]
        )


cells = st.text(max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["used", "logged"]), cells, cells), min_size=1, max_size=20))
def test_any_names_are_read_each_as_its_own(rows: list[tuple[str, str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("kind", "run", "version", "at"), *((k, f"r{r}", f"v{v}", AT) for k, r, v in rows)])
    try:
        found = reading(text.getvalue().encode("utf-8", "surrogatepass"))
    except ImportRefused:
        return
    wanted = {(k, f"r{r}".strip(), f"v{v}".strip()) for k, r, v in rows}
    runs = {e.run: e.source_id for e in of(found, RunStarted)}
    assert {(e.kind, runs[e.run], e.source_id) for e in found.events if isinstance(e, Used | Logged)} == wanted
