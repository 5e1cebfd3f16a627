"""A choice of runs and how each was run, made into a `Plan` that also says what stands in its way. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from lineage_graph.answers.order import order
from lineage_graph.answers.plan import Missing, Plan, PlannedRun, PlannedVersion, Why
from lineage_graph.answers.planning import Choice, Found, Row, Ways
from lineage_graph.models import Truncated, made

SEEDS = ("seed", "random_seed", "random_state")
MADE = Found("made")
Versions = tuple[PlannedVersion, ...]


class Recipe(NamedTuple):
    """How one run was run, as reproduce/recipes gives it."""

    environment: str | None
    uid: str
    display_name: str | None
    job_type: str | None
    step: str | None
    state: str | None
    started_at: str | None
    command: str | None
    commit: str | None
    dirty: bool | None
    patch: str | None
    config: str | None
    source_id: str | None
    process: str | None


def recipes_of(rows: Iterable[Row]) -> dict[str, Recipe]:
    """The rows of reproduce/recipes → the recipe of each run, by its uid."""
    found = (Recipe(row["environment"], *one) for row in rows for one in zip(*row["runs"], strict=True))
    return {recipe.uid: recipe for recipe in found}


def seed_of(config: Mapping[str, Any]) -> int | None:
    """The one whole number a config gives as seed, random_seed or random_state.

    A key at the top goes before those inside; where several are left that differ, none is *the* seed.
    """
    for key in SEEDS:
        if _whole(config.get(key)):
            return int(config[key])
    seeds: set[int] = set()
    inside: list[Mapping[str, Any]] = [config]
    for level in inside:
        for key, value in level.items():
            if isinstance(value, Mapping):
                inside.append(value)
            elif _whole(value) and key.rpartition(".")[2] in SEEDS:
                seeds.add(value)
    return seeds.pop() if len(seeds) == 1 else None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# ── the plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def planned(
    ways: Ways,
    choice: Choice,
    rows: Iterable[Row],
    has_blob: Callable[[str], bool],
    *,
    home: str,
    as_of: str | None = None,
    known_at: str | None = None,
    limit: int | None = None,
    left_out: int = 0,
) -> Plan:
    """A choice and the rows of reproduce/recipes → Plan.

    rows: read when all is done that needs none of them, for the server is still making them.
    limit, left_out: which part of `runs` is given; all else is of the whole plan.
    """
    found = order(choice.runs, choice.waits)
    levels, loops = found.levels, found.loops
    builder = _Builder(ways, choice)
    around = {run: builder.around(run) for run in choice.runs}
    recipes = recipes_of(rows)

    def of(run: int) -> Recipe:
        return recipes.get(uid := ways.runs[run][0]) or Recipe(None, uid, *[None] * 12)

    in_order = sorted(choice.runs, key=lambda run: (levels[run], of(run).started_at or "", ways.runs[run][1]))
    missing = [
        *_recipes_missing(ways, choice, in_order, of, has_blob),
        *_inputs_missing(ways, choice),
        *(_loop(ways, choice, loop) for loop in loops),
    ]
    page = in_order[left_out:] if limit is None else in_order[left_out : left_out + limit]
    cut = limit is not None and left_out + limit < len(in_order)
    return Plan.model_validate(
        {
            "home": home,
            "as_of": as_of,
            "known_at": known_at,
            "runs": tuple(builder.run(run, of(run), *around[run]) for run in page),
            "fetch": tuple(sorted(map(builder.fetched, choice.fetch), key=lambda v: v.name)),
            "skipped": tuple(sorted(ways.runs[run][1] for run in choice.skipped)),
            "missing": tuple(missing),
            "loops": tuple(tuple(_names(ways, choice, loop)) for loop in loops),
            "truncated": Truncated(reason="limit", limit=limit, cursor=str(left_out + limit)) if cut and limit else None,
        }
    )


class _Builder:
    """Runs and versions of a plan. A version in one role is one object, and an environment is parsed once."""

    def __init__(self, ways: Ways, choice: Choice) -> None:
        self.ways, self.choice = ways, choice
        self._versions: dict[tuple[int, str | None, str | None, int | None], PlannedVersion] = {}
        self._json = cache(_object)

    def fetched(self, number: int) -> PlannedVersion:
        return self._version(number, None, None, None)

    def _version(self, number: int, used_as: str | None, asked: str | None, maker: int | None) -> PlannedVersion:
        key = (number, used_as, asked, maker)
        known = self._versions.get(key)
        if known is None:
            version = self.ways.versions[number]
            found = self.choice.fetch[number] if maker is None else MADE
            known = self._versions[key] = made(
                PlannedVersion,
                uid=version.uid,
                name=version.name,
                type=version.type,
                digest=version.digest,
                size=version.size,
                used_as=used_as,
                asked=asked,
                made_by=None if maker is None else self.ways.runs[maker][1],
                where=found.where,
                at=found.at,
            )
        return known

    def around(self, number: int) -> tuple[Versions, Versions, tuple[str, ...]]:
        """What a run reads, makes, and waits for."""
        maker, runs = self.choice.made, self.ways.runs
        uses = self.ways.uses.get(number, ())
        inputs = [self._version(v, used_as, asked, maker.get(v)) for v, used_as, asked in uses]
        inputs.sort(key=_name_and_role)
        outputs = [self._version(v, None, None, number) for v in self.ways.logs.get(number, ())]
        outputs.sort(key=_name_and_role)
        needs = {runs[maker[v]][1] for v, _, _ in uses if v in maker}
        return tuple(inputs), tuple(outputs), tuple(sorted(needs))

    def run(self, number: int, recipe: Recipe, inputs: Versions, outputs: Versions, needs: tuple[str, ...]) -> PlannedRun:
        uid, name = self.ways.runs[number]
        config = self._json(recipe.config)
        return made(
            PlannedRun,
            uid=uid,
            name=name,
            display_name=recipe.display_name or name.rpartition("/")[2],
            job_type=recipe.job_type,
            step=recipe.step,
            state=recipe.state or "running",
            command=recipe.command,
            commit=recipe.commit,
            dirty=recipe.dirty,
            patch=recipe.patch,
            environment=self._json(recipe.environment),
            config=config,
            seed=seed_of(config) if config else None,
            inputs=inputs,
            outputs=outputs,
            needs=needs,
            source_id=recipe.source_id,
            process=recipe.process,
        )


def _name_and_role(version: PlannedVersion) -> tuple[str, str, str]:
    return version.name, version.used_as or "", version.asked or ""


def _object(text: str | None) -> dict[str, Any]:
    return json.loads(text) if text else {}


# ── what is missing ───────────────────────────────────────────────────────────────────────────────────────────────────


def _recipes_missing(
    ways: Ways, choice: Choice, runs: Sequence[int], of: Callable[[int], Recipe], has_blob: Callable[[str], bool]
) -> Iterable[Missing]:
    makers = {*choice.made.values(), ways.maker.get(ways.home)}
    for run in runs:
        name, recipe = ways.runs[run][1], of(run)
        for why, sentence in _wrong(name, recipe, run in makers, has_blob):
            yield Missing(about=name, why=why, sentence=sentence)


def _wrong(name: str, recipe: Recipe, makes: bool, has_blob: Callable[[str], bool]) -> Iterable[tuple[Why, str]]:
    if not recipe.command:
        yield "no command", f"{name} has no command on record; do its work by hand, or give its outputs with --have"
    if recipe.dirty and recipe.commit is None:
        yield "no commit", f"{name} ran on changed files of a Git work tree whose commit is not recorded; find its code by hand"
    elif recipe.dirty and recipe.patch is None:
        yield "no patch", f"{name} ran on changed files and the change was not recorded; compare with commit {recipe.commit}"
    elif recipe.dirty and not has_blob(str(recipe.patch)):
        where = f"the change ({recipe.patch}) is not in the content store"
        yield "no patch", f"{name} ran on changed files and {where}; copy it there from where the run was recorded"
    if recipe.state == "running":
        yield "unfinished", f"{name} is not known to have ended; `lineage-graph sync` where it was recorded, or wait for it"
    elif makes and recipe.state != "finished":
        yield "unfinished", f"{name} logged what is needed and then {_ended(recipe.state)}; see whether it can end well"


def _ended(state: str | None) -> str:
    return {"failed": "failed", "crashed": "crashed", "killed": "was killed"}.get(state or "", f"ended as {state}")


def _inputs_missing(ways: Ways, choice: Choice) -> Iterable[Missing]:
    for number, found in sorted(choice.fetch.items(), key=lambda pair: ways.versions[pair[0]].name):
        if found.where != "missing":
            continue
        version = ways.versions[number]
        give = "give a folder that has them with --have"
        reasons: dict[str | None, tuple[Why, str]] = {
            "erased": ("erased", f"the bytes of {version.name} were erased, and no run made it; {give}"),
            "stored": ("input unreadable", f"the bytes of {version.name} are recorded as stored and are not there; {give}"),
            "elsewhere": ("input unreadable", f"what {version.name} refers to cannot be read from here; {give}"),
        }
        nothing: tuple[Why, str] = "no producer", f"no run made {version.name} and its bytes were not kept; {give}"
        why, sentence = reasons.get(version.content, nothing)
        yield Missing(about=version.name, why=why, sentence=sentence)


def _loop(ways: Ways, choice: Choice, loop: Sequence[int]) -> Missing:
    runs = [ways.runs[run][1] for run in loop]
    through = _names(ways, choice, loop)[len(runs) :]
    which = f"{', '.join(through[:3])}{' and others' if len(through) > 3 else ''}"
    if len(runs) == 1:
        said = f"{runs[0]} needs what it makes itself ({which})"
    else:
        said = f"{', '.join(runs[:3])}{' and others' if len(runs) > 3 else ''} wait for each other ({which})"
    return Missing(about=runs[0], why="loop", sentence=f"{said}, so none can be first; give one of these with --have")


def _names(ways: Ways, choice: Choice, loop: Sequence[int]) -> list[str]:
    """The runs of a loop, then the versions by which they wait for each other."""
    inside = set(loop)
    between = {v for run in loop for v, _, _ in ways.uses.get(run, ()) if choice.made.get(v) in inside}
    return [*(ways.runs[run][1] for run in loop), *sorted(ways.versions[v].name for v in between)]
