"""`lg.init()`: how a run begins, and what it says of itself."""

from __future__ import annotations

import os
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from lineage_graph.canonical import recordable
from lineage_graph.events import RunStarted
from lineage_graph.names import DEFAULT_PROJECT, RunName, check_project, check_tags, check_text, check_word, parse_run
from lineage_graph.recording import capture, content, replaying
from lineage_graph.recording.recorder import recorder_for
from lineage_graph.recording.run import JOIN, Run

if TYPE_CHECKING:
    from lineage_graph.replay import ReplayedRun
    from lineage_graph.settings import Settings

ID_ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 12


def _full_project(project: str | None, entity: str | None, settings: Settings) -> str:
    project = project or settings.project or DEFAULT_PROJECT
    return check_project(f"{entity}/{project}" if entity else project)


def init(
    project: str | None = None,
    job_type: str | None = None,
    *,
    entity: str | None = None,
    name: str | None = None,
    id: str | None = None,
    config: Mapping[str, Any] | None = None,
    group: str | None = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
    step: str | None = None,
    retry_of: str | None = None,
    child_of: str | None = None,
    resumed_from: str | None = None,
    resume: bool | Literal["allow", "must", "never"] = False,
    mode: Literal["online", "offline", "disabled"] | None = None,
    command: str | None = None,
    environment: Mapping[str, Any] | None = None,
) -> Run:
    """Starts a run and records that it began. (W&B: `wandb.init`.)

    project:  'project' or 'team/project'; `entity` is put before it. Default: the setting `project`, or 'uncategorized'.
    job_type: what kind of work it is, such as 'train'.
    name:     shown to people; a readable one is made up by default. id: unique in the project; made up by default.
    config:   what the work was told: numbers, texts, lists, dictionaries.
    step:     the recipe this is a run of; default: the script's path.
    retry_of, child_of, resumed_from: 'project/runs/ID' of another run (or its ID in this project).
    resume:   go on with the run of that `id`.
    mode:     'online', 'offline' (journal only) or 'disabled'; default: the setting `mode`.
    command:  the command line that does the work; default: this process's own.
    environment: more facts about where and how it runs, beside those found out (Python, packages, folder, Git).
    With LINEAGE_GRAPH_RUN in the environment (and no id), the process joins that run and does not finish it. With
    LINEAGE_GRAPH_REPLAY, it does a recorded run again, whatever id it asks for.
    Raises NameNotUnderstood, NotJson, SettingWrong; never anything about Neo4j or the disk.
    """
    from lineage_graph.settings import load

    settings = load(mode=mode)
    step = step or capture.script()
    given = recordable(config, "config") if config is not None else {}
    more = recordable(environment, "environment") if environment is not None else None
    parent, old, replay = child_of, resumed_from, None
    joined = os.environ.get(JOIN) if id is None else None
    if joined:
        run_name, role, replay = parse_run(joined), "worker", replaying.joined(joined)
    elif replaying.current() is not None:
        replay, begins = replaying.claim(id, step, job_type, given)
        run_name, role = parse_run(replay.again), "owner" if begins else "worker"
        parent, old, retry_of = None, None, replay.retry_of
    else:
        full = _full_project(project, entity, settings)
        run_name = parse_run(id, full) if id else RunName(full, _new_id())
        role = "resumed" if resume in (True, "allow", "must") and id else "owner"
    return begin(
        settings,
        run_name,
        role=role,
        folder=capture.folder(),
        replay=replay,
        environment=more,
        name=check_word(name, "a run's name") or _readable_name(),
        job_type=check_word(job_type, "a job type"),
        step=check_word(step, "a step"),
        group=check_word(group, "a group"),
        child_of=_other(parent, run_name.project),
        retry_of=_other(retry_of, run_name.project),
        resumed_from=_other(old, run_name.project),
        config=given,
        command=check_text(command, "a command") or capture.command(),
        description=check_text(notes, "a description"),
        tags=check_tags(tags),
    )


def begin(
    settings: Settings,
    run_name: RunName,
    *,
    folder: str,
    config: dict[str, Any],
    environment: Mapping[str, Any] | None = None,
    replay: ReplayedRun | None = None,
    **said: Any,
) -> Run:
    """A run that begins here and now in `folder`; `said` are fields of RunStarted."""
    said.setdefault("process", capture.process())
    recorder = recorder_for(settings)
    code = capture.code(folder)
    login = capture.user()
    event = RunStarted(
        run=str(run_name),
        commit=code.commit,
        dirty=code.dirty,
        patch=code.patch,
        config=config or None,
        environment=capture.environment(folder) | dict(environment or {}),
        author=login,
        actor=login,
        email=capture.email(folder),
        host=capture.host(),
        **said,
    )
    if code.patch is not None and settings.mode != "disabled":
        content.keep_patch(settings, code.patch, code.patch_bytes)
    ticket = recorder.record(event, what=f"the start of run {run_name}")
    return Run(recorder, run_name, event, config, ticket, replay)


def _other(text: str | None, project: str) -> str | None:
    return None if text is None else str(parse_run(text, project))


def _new_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


def _readable_name() -> str:
    from coolname import generate_slug

    return str(generate_slug(2))
