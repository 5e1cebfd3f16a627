"""One written form, equal to RFC 8785's, and commitments that open with their own opening alone."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.canonical import canonical, canonical_plain, commit, iso, opens, plain
from lineage_graph.errors import NotJson
from lineage_graph.limits import JSON_INT

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-JSON_INT, JSON_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=5),
    max_leaves=30,
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-JSON_INT, JSON_INT) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=5),
    max_leaves=30,
)


@given(VALUES)
def test_it_is_what_rfc_8785_says(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_too(value: float) -> None:
    assert canonical({"x": value}) == rfc8785.dumps({"x": value})


@pytest.mark.parametrize("value", [0.1, 1e-4, 9.9e-5, 1e-7, 1e15 + 0.5, 1e16, 1e21, -0.0, 5e-324, 100.0, 123456.789])
def test_numbers_where_spellings_part(value: float) -> None:
    assert canonical([value]) == rfc8785.dumps([value])


@given(PLAIN)
def test_the_quick_form_is_the_same(value: Any) -> None:
    assert canonical_plain(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [math.inf, JSON_INT + 1, {"a": object()}, "\ud800", {1: 2}, [b"x"]])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(NotJson):
        canonical(value)


@given(VALUES, VALUES)
def test_a_commitment_opens_with_its_own_opening(value: Any, other: Any) -> None:
    commitment, opening = commit(value)
    assert opens(commitment, opening)
    assert opens(commitment, opening | {"value": other}) == (canonical(other) == canonical(value))
    assert not opens(commitment, opening | {"salt": "00" * 16})
    assert not opens(commitment, {}) and not opens(commitment, opening | {"salt": "xyz"})
    assert commit(value)[0] != commitment


def test_times_are_utc_and_of_one_width() -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=timezone(timedelta(hours=1)))
    assert iso(at) == "2026-01-05T08:00:00.000000Z"
    assert iso(at.astimezone(UTC) + timedelta(microseconds=7)) == "2026-01-05T08:00:00.000007Z"


def test_what_people_give_becomes_plain() -> None:
    given_ = {
        "a": (1, 2),
        "s": {3, 1},
        "p": PurePosixPath("x/y"),
        "nan": math.nan,
        5: True,
        "t": datetime(2026, 1, 5, tzinfo=UTC),
    }
    assert plain(given_, "config") == {
        "a": [1, 2],
        "s": [1, 3],
        "p": "x/y",
        "nan": None,
        "5": True,
        "t": "2026-01-05T00:00:00.000000Z",
    }
    for bad in (math.inf, 2**60, object()):
        with pytest.raises(NotJson, match=r"config\.x"):
            plain({"x": bad}, "config")
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(NotJson):
        plain(deep, "config")
