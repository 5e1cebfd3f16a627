"""`@lg.step`: a function whose calls are runs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

from lineage_graph.canonical import fitting
from lineage_graph.recording.artifact import Artifact
from lineage_graph.recording.init import init
from lineage_graph.recording.recorded import RecordedVersion
from lineage_graph.recording.run import Run

P = ParamSpec("P")
T = TypeVar("T")


@overload
def step(function: Callable[P, T], /) -> Callable[P, T]: ...
@overload
def step(
    *, project: str | None = None, job_type: str | None = None, name: str | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...
def step(
    function: Callable[..., Any] | None = None,
    /,
    *,
    project: str | None = None,
    job_type: str | None = None,
    name: str | None = None,
) -> Any:
    """Makes each call of a function a run of the step `name` (default: the function's own).

    Arguments that are recorded versions are its inputs; arguments that JSON can hold are its config; Artifacts that it returns
    (alone, or in a tuple, list or dictionary) are logged and come back as recorded versions. A parameter called `run` is given
    the Run. Raises as `init`, `use_artifact` and `log_artifact` do.
    """
    if function is None:
        return functools.partial(_decorate, project=project, job_type=job_type, name=name)
    return _decorate(function, project=project, job_type=job_type, name=name)


def _decorate(function: Callable[..., Any], *, project: str | None, job_type: str | None, name: str | None) -> Any:
    signature = inspect.signature(function)
    wants_run = "run" in signature.parameters
    label = name or function.__name__

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = dict(kwargs)
        if wants_run:
            given.pop("run", None)
        bound = signature.bind_partial(*args, **given)
        bound.apply_defaults()
        values = {k: v for k, v in bound.arguments.items() if k != "run"}
        with init(project=project, job_type=job_type or label, step=label, config=fitting(values, "config")[0]) as run:
            for key, value in values.items():
                for version in _versions(value):
                    run.use_artifact(version, use_as=key)
            if wants_run:
                bound.arguments["run"] = run
            return _log(run, function(*bound.args, **bound.kwargs))

    return call


def _versions(value: Any) -> list[RecordedVersion]:
    if isinstance(value, RecordedVersion):
        return [value]
    if isinstance(value, list | tuple):
        return [v for v in value if isinstance(v, RecordedVersion)]
    return []


def _log(run: Run, value: Any) -> Any:
    if isinstance(value, Artifact):
        return run.log_artifact(value)
    if type(value) in (list, tuple):
        return type(value)(_log(run, v) for v in value)
    if type(value) is dict:
        return {k: _log(run, v) for k, v in value.items()}
    return value
