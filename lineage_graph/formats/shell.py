"""A plan as a POSIX shell script: code, inputs and commands, in order.

It depends on the plan alone, so the same plan is the same script. Every name and command in it is quoted. What the plan says
is missing stands at the top, and such a script ends before it does anything.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import Any, Literal

from lineage_graph.answers.order import order
from lineage_graph.answers.plan import Plan, PlannedRun, PlannedVersion, moved
from lineage_graph.formats.json import compact
from lineage_graph.formats.words import counted, printable

PUT = """\
put() { # FROM INTO: a file, or what is in a folder
  mkdir -p -- "$2"
  if [ -d "$1" ]; then cp -R -- "$1/." "$2"; else cp -- "$1" "$2"; fi
}"""


@dataclass(frozen=True)
class Code:
    """What runs find in their folder: a commit of a repository with a patch on it, or nothing, in a folder of old."""

    repository: str | None
    commit: str | None
    patch: str | None
    folder: str | None


def script(plan: Plan, patches: Mapping[str, str]) -> str:
    """The plan as a script. patches: the text of each patch that its runs name, by digest."""
    return "\n".join(_Script(plan, patches).lines()) + "\n"


class _Script:
    def __init__(self, plan: Plan, patches: Mapping[str, str]) -> None:
        self.plan, self.patches = plan, patches
        self.units = list(_units(plan.runs))
        codes = dict.fromkeys(code_of(run) for run in plan.runs)
        self.folders = {c: f"{'code' if c.commit else 'folder'}-{i}" for i, c in enumerate(codes, 1)}
        self.runs = {run.name: run for run in plan.runs}

    def lines(self) -> Iterator[str]:
        plan = self.plan
        yield "#!/bin/sh"
        yield f"# Makes {plan.home} again: {counted(len(plan.runs), 'run')}, {counted(len(plan.fetch), 'version')} to fetch."
        yield "# Usage: sh FILE [FOLDER]; it works in FOLDER, by default ./again."
        yield "set -eu"
        yield from self._guard()
        yield 'mkdir -p -- "${1:-again}"'
        yield 'CDPATH= cd -- "${1:-again}"'
        yield "work=$(pwd)"
        yield PUT
        yield ""
        for code, folder in self.folders.items():
            yield from self._code(code, folder)
        yield from self._fetched()
        for number, unit in enumerate(self.units, 1):
            yield from self._unit(number, unit)
        yield from ("", *self._compare())

    # ── what is missing ───────────────────────────────────────────────────────────────────────────────────────────────

    def _guard(self) -> Iterator[str]:
        wrong = [missing.sentence for missing in self.plan.missing]
        if self.plan.truncated is not None:
            wrong.append(f"this is a part of the plan, {counted(len(self.plan.runs), 'run')} of it; ask without --limit")
        wrong += [
            f"the files of {v.name} are on disk in several places; put them in one folder as `lineage-graph show` lists them"
            for v in self.plan.fetch
            if v.where == "on disk" and v.at is None
        ]
        wrong += [
            f"the patch {run.patch} of {run.name} is no text that a script can hold; apply it by hand"
            for run in self.plan.runs
            if run.dirty and run.patch and run.patch not in self.patches and not self._is_said(run)
        ]
        wrong += [f"{run.commit} of {run.name} is no commit" for run in self.plan.runs if (run.commit or "").startswith("-")]
        if wrong:
            yield from ("", "# Not yet possible:", *(f"# - {printable(sentence)}" for sentence in wrong))
            yield f"echo '{counted(len(wrong), 'thing')} missing; the top of this file says what' >&2"
            yield from ("exit 2", "")

    def _is_said(self, run: PlannedRun) -> bool:
        return any(m.about == run.name and m.why == "no patch" for m in self.plan.missing)

    # ── code ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _code(self, code: Code, folder: str) -> Iterator[str]:
        if code.commit is None:
            yield f"mkdir -p -- {folder} # for code of no recorded commit, if the commands need any{_was(code.folder)}"
            return
        yield ""
        yield f"if [ ! -d {folder} ]; then"
        yield f"  rm -rf {folder}.new"
        yield f"  git clone --quiet -- {shlex.quote(code.repository or '.')} {folder}.new"
        yield f"  git -C {folder}.new checkout --quiet --detach {shlex.quote(code.commit)}"
        if code.patch is not None and code.patch in self.patches:
            end = f"END_OF_PATCH_{code.patch.rpartition(':')[2][:16]}"
            yield f"  git -C {folder}.new apply - <<'{end}'"
            yield self.patches[code.patch].removesuffix("\n")
            yield end
        yield f"  mv {folder}.new {folder}"
        yield "fi"

    def _folder(self, run: PlannedRun) -> str:
        base, inside = self.folders[code_of(run)], run.environment.get("subfolder")
        return normpath(f"{base}/{inside}") if isinstance(inside, str) and inside else base

    # ── inputs ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fetched(self) -> Iterator[str]:
        """Inputs of which nobody said where the command looks for them."""
        placed = {v.name for run in self.plan.runs for v in run.inputs if _place(run, "inputs", v) is not None}
        for version in self.plan.fetch:
            if version.name not in placed:
                yield from ("", *self._bring(version, f"inputs/{version.name}"))

    def _bring(self, version: PlannedVersion, into: str) -> Iterator[str]:
        maker = self.runs.get(version.made_by or "")
        made = None if maker is None else _place(maker, "outputs", version)
        if version.where == "missing":
            yield f"# {version.name} belongs here: {printable(into)}"
        elif version.where == "on disk":
            yield f"put {shlex.quote(version.at or '')} {_path(into)}"
        elif maker is not None and made is not None:
            yield f"put {_path(made) if made.startswith('/') else _below_work(f'{self._folder(maker)}/{made}')} {_path(into)}"
        else:
            yield f"lineage-graph download {shlex.quote(version.name)} --output {_path(into)}"

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _unit(self, number: int, unit: Sequence[PlannedRun]) -> Iterator[str]:
        yield ""
        for run in unit:
            yield f"# {number}/{len(self.units)} {run.name}{f' ({printable(run.job_type)})' if run.job_type else ''}"
            yield from (f"#   {name} {printable(value)}" for name, value in _told(run))
        yield "("
        yield f"  cd -- {_path(self._folder(unit[0]))}"
        placed = dict.fromkeys(
            (version, into) for run in unit for version in run.inputs if (into := _place(run, "inputs", version)) is not None
        )
        for version, into in placed:
            yield from (f"  {line}" for line in self._bring(version, into))
        command = unit[0].command
        yield f"  sh -c {shlex.quote(command)} </dev/null" if command else "  : # its command is not recorded"
        yield ")"

    def _compare(self) -> Iterator[str]:
        home = self.runs.get(self.plan.home)
        outputs = (
            home.outputs if home is not None else [v for r in self.plan.runs for v in r.outputs if v.name == self.plan.home]
        )
        yield "# The files that each version had, with their SHA-256, to compare with what was made: lineage-graph show NAME"
        for version in dict.fromkeys((v.name, v.digest) for v in outputs):
            said = f"{version[0]} was {version[1]}; `lineage-graph show {version[0]}` lists its files, to compare"
            yield f"echo {shlex.quote(printable(said))}"


def _units(runs: Sequence[PlannedRun]) -> Iterator[list[PlannedRun]]:
    """Runs that one process recorded are done again by one command. In an order in which units can be done."""
    unit_of = {run.name: _process(run) or (run.name,) for run in runs}
    members: dict[tuple[str, ...], list[PlannedRun]] = {}
    for run in runs:
        members.setdefault(unit_of[run.name], []).append(run)
    waits = {(unit_of[n], unit_of[r.name]) for r in runs for n in r.needs if n in unit_of and unit_of[n] != unit_of[r.name]}
    levels = order(members, waits).levels
    yield from (members[unit] for unit in sorted(members, key=lambda unit: levels[unit]))


def _process(run: PlannedRun) -> tuple[str, ...] | None:
    return (run.process, run.command or "") if run.process is not None else None


def code_of(run: PlannedRun) -> Code:
    """The code that a run ran on."""
    folder = _text(run.environment.get("folder"))
    if run.commit is None:
        return Code(None, None, None, folder)
    remote, inside = _text(run.environment.get("remote")), _text(run.environment.get("subfolder"))
    if remote is None and folder is not None and inside:
        folder = folder.removesuffix(f"/{inside}")
    return Code(remote or folder, run.commit, run.patch if run.dirty else None, None)


def _place(run: PlannedRun, side: Literal["inputs", "outputs"], version: PlannedVersion) -> str | None:
    """Where a run was given that input, or left that output: what `lineage-graph run` was told, by the artifact's name."""
    full = version.name.rpartition(":")[0]
    own = run.name.partition("/runs/")[0]
    names = [full, full.removeprefix(f"{own}/")]
    asked = [f"{name}:{tag}" for tag in (version.asked, version.name.rpartition(":")[2]) if tag for name in names]
    places = {one.name: one.path for one in moved(run, side) or ()}
    return next((places[name] for name in [*asked, *names] if places.get(name)), None)


def _told(run: PlannedRun) -> Iterable[tuple[str, Any]]:
    where = run.environment
    python = ", ".join(f"{key} {where[key]}" for key in ("python", "platform") if where.get(key))
    makes = ", ".join(f"{v.name} ({v.digest})" for v in run.outputs)
    facts = [
        ("on", f"{python}{', ' if python else ''}{counted(len(where.get('packages') or ()), 'package')}" if where else None),
        ("commit", f"{run.commit}{', with changes' if run.dirty else ''}" if run.commit else None),
        ("config", compact(run.config) if run.config else None),
        ("seed", run.seed),
        ("reads", ", ".join(f"{v.name} ({v.digest})" for v in run.inputs) or None),
        ("makes", makes or None),
    ]
    return [(name, value) for name, value in facts if value is not None]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _was(folder: str | None) -> str:
    return "" if folder is None else f"; it was {printable(folder)}"


def _path(path: str) -> str:
    """A path as a word that no command takes for an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def _below_work(path: str) -> str:
    return f'"$work"/{shlex.quote(normpath(path))}'
