"""Records runs and artifact versions in Neo4j, and answers where a model came from.

    import lineage_graph as lg

    with lg.init(project="digits", job_type="train", config={"C": 1.0}) as run:
        data = run.use_artifact("digits-raw:latest")
        model = lg.Artifact("classifier", type="model")
        model.add_file("model.joblib")
        run.log_artifact(model, aliases=["best"])

    lg.connect().upstream("digits/classifier:best")

Names are loaded when they are first asked for, so that importing costs a training nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lineage_graph.version import __version__

if TYPE_CHECKING:
    from lineage_graph.errors import LineageError
    from lineage_graph.models import ArtifactVersion, Edge, Lineage
    from lineage_graph.recording.artifact import Artifact
    from lineage_graph.recording.connection import LineageGraph, connect
    from lineage_graph.recording.init import init
    from lineage_graph.recording.recorded import RecordedRun, RecordedVersion
    from lineage_graph.recording.run import Run
    from lineage_graph.recording.step import step
    from lineage_graph.reproduction.engine import reproduce
    from lineage_graph.service.run import serve

_HOMES = {
    "LineageError": "errors",
    "ArtifactVersion": "models",
    "Edge": "models",
    "Lineage": "bridges.views",
    "Artifact": "recording.artifact",
    "RecordedVersion": "recording.recorded",
    "LineageGraph": "recording.connection",
    "connect": "recording.connection",
    "RecordedRun": "recording.recorded",
    "Run": "recording.run",
    "init": "recording.init",
    "reproduce": "reproduction.engine",
    "serve": "service.run",
    "step": "recording.step",
}

__all__ = [
    "Artifact",
    "ArtifactVersion",
    "Edge",
    "Lineage",
    "LineageError",
    "LineageGraph",
    "RecordedRun",
    "RecordedVersion",
    "Run",
    "__version__",
    "connect",
    "init",
    "reproduce",
    "serve",
    "step",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
