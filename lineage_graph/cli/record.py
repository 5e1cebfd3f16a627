"""Recording from a shell: log, use."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.door import say
from lineage_graph.cli.options import command, format_option, project_option, values
from lineage_graph.errors import GraphProblem, NotRecorded, NotYetRecorded

if TYPE_CHECKING:
    from lineage_graph import Artifact, RecordedVersion


def project_here(project: str | None) -> str | None:
    """The project that names without one are in: that of the run that is joined, else the one given, else the setting."""
    from lineage_graph.names import check_project, parse_run
    from lineage_graph.recording.run import JOIN
    from lineage_graph.settings import load

    joined = os.environ.get(JOIN)
    if joined:
        return parse_run(joined).project
    return check_project(project) if project is not None else load().project


def must_be_recorded(names: Iterable[str], project: str | None) -> None:
    """Raises NotRecorded before a run is begun for nothing; a graph that cannot be asked is no reason not to begin.

    Raises NameNotUnderstood in any case.
    """
    from lineage_graph.names import parse_version
    from lineage_graph.recording.connection import connect
    from lineage_graph.recording.replaying import REPLAY
    from lineage_graph.settings import load

    asked = [parse_version(name, project) for name in names]
    # What is done again gets what was used the first time, whatever has that name now.
    if not asked or load().mode != "online" or os.environ.get(REPLAY):
        return
    try:
        graph = connect(project=project)
        graph.sync()
        for name in asked:
            graph.version(name)
    except GraphProblem:
        return


def type_of(name: str, project: str | None) -> str:
    """The type that an artifact has already; 'unspecified' where it has none or the graph cannot be asked."""
    from lineage_graph.recording.connection import connect

    try:
        return connect(project=project).versions(name)[0].type
    except (NotRecorded, GraphProblem):
        return "unspecified"


def add_path(artifact: Artifact, path: str, *, alone: bool) -> None:
    """Adds a file, a folder (its files at the top when it is alone, else below its name) or a URI. Raises ContentProblem."""
    if "://" in path:
        artifact.add_reference(path)
    elif Path(path).is_dir():
        artifact.add_dir(path, None if alone else Path(path).resolve().name)
    else:
        artifact.add_file(path)


def warnings_as_sentences() -> list[str]:
    """From now on what the recorder warns of is said on stderr, one sentence each; what was said is in the list."""
    from lineage_graph.recording.recorder import LineageWarning

    said: list[str] = []

    def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
        said.append(str(message).removeprefix("lineage-graph: "))
        say(said[-1])

    warnings.simplefilter("always", LineageWarning)
    warnings.showwarning = show_warning
    return said


def recorded_name(version: RecordedVersion) -> tuple[str, NotYetRecorded | None]:
    """('project/name:vN', None); or ('project/name@digest', why not) while the graph has not got it. Raises Rejected."""
    try:
        return version.wait(1.0).name, None
    except NotYetRecorded as why:
        digest = version._digest
        return f"{version.artifact_name}{f'@{digest}' if digest else ''}", why


def tell(version: RecordedVersion, form: str, run: str, said: list[str]) -> None:
    """Shows what was recorded; that it waits is said once."""
    name, why = recorded_name(version)
    if why is not None and not said:
        say(str(why))
    if form == "json":
        digest = version._digest if why else version.digest
        show.json({"version": None if why else name, "artifact": version.artifact_name, "digest": digest, "run": run})
    else:
        show.line(name)


def _warnings() -> list[str]:
    """As above, but for rejections: here they are the command's own failure, and said as that."""
    said = warnings_as_sentences()
    warnings.filterwarnings("ignore", message="lineage-graph: an event was rejected")
    return said


@command("log")
@click.argument("name")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--type", "kind", metavar="TYPE", help="What it is: dataset, model, … Default: the type that NAME has already.")
@click.option("--alias", "aliases", multiple=True, metavar="ALIAS", help="An alias besides `latest`; repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; repeatable.")
@click.option("--description", metavar="TEXT", help="What people should know of it.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="A fact about it (JSON or text); repeatable.")
@project_option
@format_option("text", "json")
def log(
    name: str,
    paths: tuple[str, ...],
    kind: str | None,
    aliases: tuple[str, ...],
    tags: tuple[str, ...],
    description: str | None,
    metadata: tuple[str, ...],
    project: str | None,
    form: str,
) -> None:
    """Record files as a version of NAME.

    Each PATH is a file, a folder or a URI (which stays where it is). Inside a run (LINEAGE_GRAPH_RUN is set, as under
    `lineage-graph run`) that run logged it; else a run of its own did. The same bytes under the same name are the same
    version. Prints the version's name.
    """
    from lineage_graph import Artifact, init
    from lineage_graph.names import check_alias

    here = project_here(project)
    facts = values(metadata, "--metadata") or None
    for alias in aliases:
        check_alias(alias)
    artifact = Artifact(name, kind or type_of(name, here), description, facts, tags or None)
    for path in paths:
        add_path(artifact, path, alone=len(paths) == 1)
    said = _warnings()
    with init(project=here, job_type="log", step="log") as run:
        version = run.log_artifact(artifact, aliases=aliases)
    tell(version, form, run.full_name, said)


@command("use")
@click.argument("name")
@click.option("--as", "use_as", metavar="ROLE", help="What the run uses it as, such as train or test.")
@project_option
@format_option("text", "json")
def use(name: str, use_as: str | None, project: str | None, form: str) -> None:
    """Record that a run reads a version.

    Inside a run (LINEAGE_GRAPH_RUN is set, as under `lineage-graph run`) it is that run; else a run of its own. While the
    graph cannot be asked, what NAME means is settled when the journal is applied. Prints the version's name.
    """
    from lineage_graph import init

    here = project_here(project)
    must_be_recorded([name], here)
    said = _warnings()
    with init(project=here, job_type="use", step="use") as run:
        version = run.use_artifact(name, use_as=use_as)
    tell(version, form, run.full_name, said)


def changed(recorder: Any, what: str) -> None:
    """Waits until the graph has a change. Raises NotYetRecorded."""
    why = recorder.drain()
    if why is not None:
        raise NotYetRecorded(what, why)
