"""What two runs do not share is paired up, each thing once; values differ as JSON has them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers.changes import (
    Told,
    changes,
    code_changes,
    command_changes,
    environment_changes,
    leaves,
    told_of,
)
from lineage_graph.answers.diff import given_changes, matched
from lineage_graph.answers.origins import Thing, Use, origins_of


def use(name: str, role: str | None = None, project: str = "p") -> Use:
    """'raw:v3' of a project; one number is one digest."""
    full = f"{project}/{name}"
    return Use(Thing(full, full, full.rpartition(":")[0], f"sha256:{full}"), role)


names = st.builds(
    use,
    st.builds("{}:v{}".format, st.sampled_from(["raw", "model"]), st.integers(0, 12)),
    st.sampled_from([None, "train", "test"]),
    st.sampled_from(["p", "q"]),
)


@given(st.lists(names, max_size=12), st.lists(names, max_size=12))
def test_everything_that_is_not_shared_stands_in_one_pair(a: list[Use], b: list[Use]) -> None:
    pairs = matched(a, b)
    left, right = [x for x, _ in pairs if x is not None], [y for _, y in pairs if y is not None]
    assert sorted(left, key=repr) == sorted(set(a) - set(b), key=repr)
    assert sorted(right, key=repr) == sorted(set(b) - set(a), key=repr)
    # Two of one artifact in one role never both stay alone.
    lonely_a = {(x.thing.artifact, x.role) for x, y in pairs if x and not y}
    assert not lonely_a & {(y.thing.artifact, y.role) for x, y in pairs if y and not x}
    assert {(y, x) for x, y in matched(b, a)} == set(pairs)


@given(st.lists(names, max_size=12))
def test_a_run_shares_everything_with_itself(a: list[Use]) -> None:
    assert matched(a, reversed(a)) == [] and given_changes(a, a) == ()


def test_versions_pair_by_artifact_and_role_first() -> None:
    a = [use("raw:v3", "train"), use("raw:v4", "test"), use("gone:v0")]
    b = [use("raw:v6", "test"), use("raw:v5", "train"), use("new:v0")]
    said = [(c.change, c.a and c.a.name, c.b and c.b.name) for c in given_changes(a, b)]
    assert said == [
        ("removed", "p/gone:v0", None),
        ("added", None, "p/new:v0"),
        ("changed", "p/raw:v4", "p/raw:v6"),
        ("changed", "p/raw:v3", "p/raw:v5"),
    ]


def test_a_role_that_changed_is_a_change() -> None:
    [change] = given_changes([use("raw:v3")], [use("raw:v3", "train")])
    assert change.change == "changed" and change.a is not None and change.b is not None
    assert change.a.name == change.b.name and (change.a.used_as, change.b.used_as) == (None, "train")


def test_many_of_one_artifact_pair_in_the_order_of_their_numbers() -> None:
    a, b = [use(f"m:v{i}") for i in (10, 9, 2)], [use(f"m:v{i}") for i in (3, 11, 12, 13)]
    assert [(x and x.thing.name, y and y.thing.name) for x, y in matched(a, b)] == [
        ("p/m:v2", "p/m:v3"), ("p/m:v9", "p/m:v11"), ("p/m:v10", "p/m:v12"), (None, "p/m:v13"),
    ]  # fmt: skip


def test_another_project_s_artifact_of_that_name_is_its_partner() -> None:
    [(x, y)] = matched([use("raw:v0", "train")], [use("raw:v0", "train", "q")])
    assert x is not None and y is not None and (x.thing.artifact, y.thing.artifact) == ("p/raw", "q/raw")


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────────

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(st.sampled_from("xyz"), json_values, max_size=3)


@given(mappings, mappings)
def test_changes_lead_from_one_to_the_other(a: dict[str, Any], b: dict[str, Any]) -> None:
    found = dict(leaves(a))
    for change in changes(a, b):
        if change.change == "removed":
            del found[change.key]
        else:
            assert (change.key in found) == (change.change == "changed")
            found[change.key] = change.b
    assert found == dict(leaves(b))
    assert changes(a, a) == changes(a, dict(a)) == ()


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ({"lr": 0.1}, {"lr": 0.2}, [("lr", "changed", 0.1, 0.2)]),
        ({"opt": {"lr": 1}}, {"opt": {"lr": 1, "m": None}}, [("opt.m", "added", None, None)]),
        ({"x": None}, {}, [("x", "removed", None, None)]),
        ({"x": 1}, {"x": True}, [("x", "changed", 1, True)]),
        ({"x": 1}, {"x": 1.0}, []),
        ({"x": {}}, {"x": {"y": 1}}, [("x", "removed", {}, None), ("x.y", "added", None, 1)]),
        ({"x": [1, 2]}, {"x": [2, 1]}, [("x", "changed", [1, 2], [2, 1])]),
    ],
)
def test_a_change_is_said_in_full(a: dict[str, Any], b: dict[str, Any], said: list[Any]) -> None:
    assert [(c.key, c.change, c.a, c.b) for c in changes(a, b)] == said


def test_what_a_run_is_called_and_where_it_worked_is_no_difference() -> None:
    a = Told("train-1", command="python -m steps.train --id=train-1", environment={"folder": "/a", "python": "3.11"})
    b = Told("train-2", command="python -m steps.train --id=train-2", environment={"folder": "/b", "python": "3.11"})
    assert not command_changes(a, b) and not environment_changes(a, b)
    # Only as a word of its own.
    train = Told("train", command="python train.py --id train --lr 1")
    assert not command_changes(train, Told("other", command="python train.py --id other --lr 1"))
    [change] = command_changes(train, Told("other", command="python train.py --id other --lr 2"))
    assert (change.a, change.b) == ("python train.py --id train --lr 1", "python train.py --id other --lr 2")


def test_code_is_step_and_git_state() -> None:
    a = Told("a", step="train.py", commit="c1", dirty=False)
    b = Told("b", step="train.py", commit="c1", dirty=True, patch="sha256:1")
    assert [(c.key, c.change) for c in code_changes(a, b)] == [("dirty", "changed"), ("patch", "added")]
    one, other = (Told("a", environment={"packages": {"numpy": number}}) for number in "12")
    assert [c.key for c in environment_changes(one, other)] == ["packages.numpy"]


def test_rows_become_what_was_told_and_origins() -> None:
    row = {
        "runs": list(
            zip(("u1", "a", "s", "c", None, None, None, '{"x":1}'), ("u2", "b", *[None] * 3, True, None, None), strict=True)
        ),
        "environments": [['{"python":"3"}', ["u1"]]],
    }
    found = told_of(row)
    assert found["u1"] == Told("a", "s", "c", config={"x": 1}, environment={"python": "3"})
    assert found["u2"] == Told("b", dirty=True)
    origins = origins_of(
        {
            "ids": [1, 2, 3, 4],
            "uids": ["v1", "r2", "v3", "r4"],
            "names": ["p/m:v0", "p/runs/a", "p/raw:v0", "p/runs/again"],
            "artifacts": ["p/m", None, "p/raw", None],
            "digests": ["sha256:m", None, "sha256:raw", None],
            "used": [[2, 2], [3, 3], ["", "train"], [5.0, 4.0]],
            "logged": [[4, 2], [1, 1], [False, True], [1.0, 9.0]],
        }
    )
    assert origins.home.name == "p/m:v0" and origins.home_run is not None and origins.home_run.name == "p/runs/a"
    assert [u.role for u in origins.used["r2"]] == ["train", None]
