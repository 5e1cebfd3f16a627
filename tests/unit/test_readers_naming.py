"""Names of others as names of ours: valid, one to one, and the same everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.names import SEGMENT, parse_artifact, parse_run
from lineage_graph.readers.naming import LONGEST, marked, segment

texts = st.text(max_size=300) | st.text("aA._-/: @é", max_size=140)
allowed = st.from_regex(SEGMENT, fullmatch=True).filter(lambda s: s not in {".", ".."})


@given(texts)
def test_every_name_has_one_that_is_allowed(original: str) -> None:
    name = segment(original)
    assert str(parse_artifact(f"p/{name}")) == f"p/{name}" and parse_run(f"p/runs/{name}").id == name


@given(st.lists(texts | allowed, unique=True, max_size=30))
def test_two_names_never_become_one(originals: list[str]) -> None:
    more = [*originals, *(segment(one) for one in originals), *(segment(segment(one)) for one in originals)]
    different = list(dict.fromkeys(more))
    assert len({segment(one) for one in different}) == len(different)


@given(allowed)
def test_an_allowed_name_stays(name: str) -> None:
    assert segment(name) == name or "--" in name


@pytest.mark.parametrize(
    "name", ["mosaic-color.jpg", "v3", "latest", "runs", "a--b", "x" * 128, "-", "...", "a--0123456789abc"]
)
def test_names_that_stay(name: str) -> None:
    assert segment(name) == name


@pytest.mark.parametrize(
    ("original", "readable"),
    [
        ("raw data/x.csv", "raw_data_x.csv"), ("a b", "a_b"), ("a/b", "a_b"), ("übung", "_bung"), ("", ""), (".", "."),
        ("a\nb", "a_b"), ("a_b--0123456789", "a_b--0123456789"), ("model//clf", "model_clf"), ("\ud800", "_"), ("..", ".."),
    ],
)  # fmt: skip
def test_names_that_are_mapped(original: str, readable: str) -> None:
    name = segment(original)
    assert name[:-12] == readable and name[-12:-10] == "--" and set(name[-10:]) <= set("0123456789abcdef")


def test_of_a_long_name_the_end_can_be_read() -> None:
    name = segment("s3://bucket/" + "deep/" * 40 + "weights.bin")
    assert len(name) == LONGEST and name[:-12].endswith("_deep_weights.bin")


def test_a_mapped_name_is_a_function_of_the_original_alone() -> None:
    assert segment("a b") == "a_b--c8687a08aa" == marked("a b", b"a b")
