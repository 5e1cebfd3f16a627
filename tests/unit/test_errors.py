"""One tree, one sentence each, and a translation for every error of the driver."""

from __future__ import annotations

import inspect

import neo4j.exceptions
import pytest

from lineage_graph import errors
from lineage_graph.errors import GraphFailed, GraphProblem, GraphReadOnly, GraphRefusedLogin, GraphUnreachable, LineageError
from lineage_graph.graph import translate

DRIVER = [
    kind
    for _, kind in inspect.getmembers(neo4j.exceptions, inspect.isclass)
    if issubclass(kind, neo4j.exceptions.DriverError | neo4j.exceptions.Neo4jError)
]


def test_every_error_is_exported_drawn_and_explained() -> None:
    classes = {n: k for n, k in vars(errors).items() if inspect.isclass(k) and issubclass(k, LineageError)}
    assert set(errors.__all__) == set(classes)
    for name, kind in classes.items():
        assert name in (errors.__doc__ or ""), name
        assert kind.__doc__, name


def made(kind: type[Exception]) -> Exception:
    """An error of the driver's as the driver makes it."""
    words = "words of the server\nsecond line"
    error = kind.__new__(kind)
    Exception.__init__(error, words)
    if isinstance(error, neo4j.exceptions.Neo4jError):
        error._neo4j_code, error._message = "Neo.ClientError.General.Whatever", words
    return error


@pytest.mark.parametrize("kind", DRIVER, ids=lambda k: k.__name__)
def test_every_driver_error_has_a_translation(kind: type[Exception]) -> None:
    ours = translate(made(kind), "bolt://there", "neo4j", "lineage/upstream")
    assert isinstance(ours, GraphProblem)
    assert "bolt://there" in str(ours) and "\n" not in str(ours)


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (neo4j.exceptions.ServiceUnavailable, GraphUnreachable),
        (neo4j.exceptions.SessionExpired, GraphUnreachable),
        (neo4j.exceptions.IncompleteCommit, GraphUnreachable),
        (neo4j.exceptions.AuthError, GraphRefusedLogin),
        (neo4j.exceptions.ForbiddenOnReadOnlyDatabase, GraphReadOnly),
        (neo4j.exceptions.CypherSyntaxError, GraphFailed),
    ],
)
def test_the_nearest_class_decides(kind: type[Exception], ours: type[GraphProblem]) -> None:
    assert type(translate(made(kind), "bolt://there", "neo4j", "q")) is ours
