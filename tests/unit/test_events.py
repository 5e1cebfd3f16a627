"""An event's written form says who and what; the rest stands as commitments, and comes back with its openings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lineage_graph.canonical import canonical_plain
from lineage_graph.events import (
    AliasMoved,
    AliasRemoved,
    Asked,
    Edited,
    Event,
    Logged,
    RunFinished,
    RunStarted,
    Used,
    new_uid,
    parse_event,
    sealed,
    unsealed,
)

MARK = "MARK-of-what-is-not-to-be-seen"
RUN, ART, DIGEST = "p/runs/r", "p/a", "sha256:" + "0" * 64
EVENTS: list[Event] = [
    RunStarted(
        run=RUN,
        actor=MARK,
        config={"a": MARK, "n": {"b": [1, 2.5]}},
        command=MARK,
        description=MARK,
        tags=(MARK,),
        environment={"E": MARK},
        source_id=MARK,
        author=MARK,
        email=MARK,
        host=MARK,
        job_type="train",
    ),
    Used(run=RUN, actor=MARK, artifact=ART, digest=DIGEST, type="t", alias="latest", used_as="x", metadata={"m": MARK}),
    Used(run=RUN, artifact=ART, number=3),
    Logged(
        run=RUN, actor=MARK, artifact=ART, digest=DIGEST, type="t", aliases=("b", "a", "b"), description=MARK, tags=(MARK, "y")
    ),
    RunFinished(run=RUN, actor=MARK, summary={"s": MARK}, config={"c": MARK}, exit_code=0),
    AliasMoved(artifact=ART, actor=MARK, alias="best", number=1),
    AliasRemoved(artifact=ART, actor=MARK, alias="best"),
    Edited(artifact=ART, actor=MARK, digest=DIGEST, description=MARK, tags=(MARK,), metadata={"m": MARK}),
    Asked(actor=MARK, outcome="failed", statement_digest=DIGEST, statement=MARK, parameters_digest=DIGEST, reason=MARK),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.kind)
def test_what_may_be_erased_is_not_in_the_clear_and_comes_back(event: Event) -> None:
    written, opening = sealed(event)
    assert MARK not in canonical_plain(written).decode()
    assert unsealed(written, opening) == event
    assert sealed(event)[0] != written or not opening  # every commitment has a salt of its own


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.kind)
def test_what_was_erased_reads_as_not_given(event: Event) -> None:
    written, opening = sealed(event)
    for group in opening:
        rest = unsealed(written, {k: v for k, v in opening.items() if k != group})
        given = {name for name in type(event).model_fields if getattr(rest, name) != getattr(event, name)}
        assert given == set(opening[group]["value"])


def test_an_opening_that_is_not_its_own_is_refused() -> None:
    written, opening = sealed(EVENTS[0])
    changed = {**opening, "content": {**opening["content"], "value": {"command": "another"}}}
    with pytest.raises(ValueError, match="content"):
        unsealed(written, changed)
    with pytest.raises(ValueError, match="personal"):
        unsealed({k: v for k, v in written.items() if k != "personal_commitment"}, opening)


@pytest.mark.parametrize(
    "wrong",
    [
        {"run": "r"},
        {"run": "p/runs/a b"},
        {"artifact": "a"},
        {"artifact": "runs/a"},
        {"digest": "abc"},
        {"digest": ""},
        {"alias": "v3"},
        {"alias": "a:b"},
        {"at": "2026-01-05T08:00:00"},
        {"uid": "x"},
        {"size": -1},
        {"nonsense": 1},
        {"number": 2**60},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_event({"kind": "used", "run": RUN, "artifact": ART, "digest": DIGEST} | wrong)


def test_times_are_turned_to_utc() -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=timezone(timedelta(hours=1)))
    event = Used(run=RUN, artifact=ART, number=0, at=at)
    assert event.at == at and event.at.tzinfo is UTC and event.at_text == "2026-01-05T08:00:00.000000Z"
    assert sealed(event)[0]["at"] == event.at_text


@given(st.datetimes(timezones=st.just(UTC)), st.dictionaries(st.text(st.characters(codec="utf-8")), st.floats(allow_nan=False)))
def test_every_event_comes_back(at: datetime, config: dict[str, float]) -> None:
    config = {k: v for k, v in config.items() if abs(v) != float("inf")}
    event = RunStarted(run=RUN, at=at, config=config)
    assert unsealed(*sealed(event)) == event


def test_uids_sort_by_time() -> None:
    uids = [new_uid() for _ in range(100)]
    assert uids == sorted(uids) and len(set(uids)) == 100
