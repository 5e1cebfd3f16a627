"""Which runs to do again: chosen backwards from home, put in order, and what stands in the way. Pure.

A version is wanted from one run only: the one that made it first (its creator), or the earliest that is left where a time
cuts that one away. An input that is there is fetched rather than made, and then nothing before it is looked at; so a plan
is the least there is, and a run waits for another only where bytes are really missing. Home's own bytes do not count: who
asks for a plan wants to make it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from lineage_graph.answers.order import Order, order
from lineage_graph.answers.plan import Missing, Plan, PlannedRun, PlannedVersion, Where, Why
from lineage_graph.models import Truncated

Row = Mapping[str, Any]
THERE = ("stored", "on disk")
SEEDS = ("seed", "random_seed", "random_state")


class Version(NamedTuple):
    """A version as far as planning needs it. content: what the graph says of its bytes."""

    uid: str
    name: str
    type: str
    digest: str
    size: int | None
    content: str | None


class Found(NamedTuple):
    """Where a version's bytes are. at: the folder on disk that holds its files as they were logged, if there is one."""

    where: Where
    at: str | None = None


class AtHand(Protocol):
    """What is there outside the graph."""

    def find(self, version: Version) -> Found:
        """Where its bytes are: 'stored', 'on disk', 'elsewhere' or 'missing'."""

    def has_blob(self, digest: str) -> bool:
        """Whether bytes of that digest are in the content store."""


class ByRecord:
    """What the graph itself says, for where no content store is at hand. It does not know of patches."""

    def find(self, version: Version) -> Found:
        return Found({"stored": "stored", "elsewhere": "elsewhere"}.get(version.content or "", "missing"))  # type: ignore[arg-type]

    def has_blob(self, digest: str) -> bool:
        return False


@dataclass(frozen=True)
class Ways:
    """What lies upstream of home, by the server's numbers. uses: (version, used_as, asked) of each run; maker: the run of
    each version that some run logged."""

    home: int
    runs: dict[int, tuple[str, str]]  # uid, full name
    versions: dict[int, Version]
    uses: dict[int, list[tuple[int, str | None, str | None]]]
    maker: dict[int, int]


def ways_of(row: Row) -> Ways:
    """The row of reproduce/plan → Ways."""
    uses: dict[int, list[tuple[int, str | None, str | None]]] = {}
    for run, version, used_as, asked in zip(*row["used"], strict=True):
        uses.setdefault(run, []).append((version, used_as or None, asked or None))
    uid_of = dict(zip(row["runs"][0], row["runs"][1], strict=True))
    first: dict[int, tuple[bool, float, str, int]] = {}
    for run, version, created, at in zip(*row["logged"], strict=True):
        candidate = (not created, at, uid_of.get(run, ""), run)
        if version not in first or candidate < first[version]:
            first[version] = candidate
    return Ways(
        home=row["home"],
        runs={number: (uid, name) for number, uid, name in zip(*row["runs"], strict=True)},
        versions={number: Version(*rest) for number, *rest in zip(*row["versions"], strict=True)},
        uses=uses,
        maker={version: best[3] for version, best in first.items()},
    )


@dataclass(frozen=True)
class Choice:
    """The runs to do again. made: versions that they need of one another, with the run that makes each."""

    runs: list[int]
    made: dict[int, int]
    fetch: dict[int, Found]
    skipped: list[int]
    order: Order[int]


def choose(ways: Ways, find: Callable[[Version], Found], from_scratch: bool = False) -> Choice:
    """The least that has to be done again to make home.

    find: asked once about each version that a chosen run reads and that could be fetched. from_scratch: everything that a
    run made is made again, and only what came from outside is fetched.
    """
    made: dict[int, int] = {}
    fetch: dict[int, Found] = {}
    first = ways.home if ways.home in ways.runs else ways.maker.get(ways.home)
    if first is None:
        fetch[ways.home] = find(ways.versions[ways.home])
        return Choice([], made, fetch, [], order((), ()))
    chosen = {first: None}
    queue = [first]
    for run in queue:
        for version, _, _ in ways.uses.get(run, ()):
            if version in made or version in fetch:
                continue
            maker = ways.maker.get(version)
            if maker is None or not from_scratch:
                found = find(ways.versions[version])
                if maker is None or found.where in THERE:
                    fetch[version] = found
                    continue
            made[version] = maker
            if maker not in chosen:
                chosen[maker] = None
                queue.append(maker)
    waits = {(made[v], run) for run in queue for v, _, _ in ways.uses.get(run, ()) if v in made}
    return Choice(queue, made, fetch, _skipped(ways, first, chosen), order(queue, waits))


def _skipped(ways: Ways, first: int, chosen: Mapping[int, None]) -> list[int]:
    """The runs that a plan from scratch would have besides."""
    seen = {first}
    queue = [first]
    for run in queue:
        for version, _, _ in ways.uses.get(run, ()):
            maker = ways.maker.get(version)
            if maker is not None and maker not in seen:
                seen.add(maker)
                queue.append(maker)
    return [run for run in queue if run not in chosen]


# ── recipes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


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


@dataclass(frozen=True)
class Recipes:
    """Of each run, by uid: its recipe, and what it logged."""

    of: dict[str, Recipe]
    logged: dict[str, list[Version]] = field(default_factory=dict)


def recipes_of(row: Row) -> Recipes:
    """The row of reproduce/recipes → Recipes."""
    of = {r.uid: r for text, lists in row["recipes"] for r in (Recipe(text, *one) for one in zip(*lists, strict=True))}
    logged: dict[str, list[Version]] = {}
    for run, *rest in zip(*row["logged"], strict=True):
        logged.setdefault(run, []).append(Version(*rest))
    return Recipes(of, logged)


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
    recipes: Recipes,
    has_blob: Callable[[str], bool],
    *,
    home: str,
    as_of: str | None = None,
    known_at: str | None = None,
    limit: int | None = None,
    left_out: int = 0,
) -> Plan:
    """A choice and its recipes → Plan. limit, left_out: which part of `runs` is given; all else is of the whole plan."""

    def of(run: int) -> Recipe:
        return recipes.of.get(uid := ways.runs[run][0]) or Recipe(None, uid, *[None] * 11)

    levels, loops = choice.order.levels, choice.order.loops
    in_order = sorted(choice.runs, key=lambda run: (levels[run], of(run).started_at or "", ways.runs[run][1]))
    missing = [
        *_recipes_missing(ways, choice, in_order, of, has_blob),
        *_inputs_missing(ways, choice),
        *(_loop(ways, choice, loop) for loop in loops),
    ]
    page = in_order[left_out:] if limit is None else in_order[left_out : left_out + limit]
    cut = limit is not None and left_out + limit < len(in_order)
    builder = _Builder(ways, choice)
    return Plan.model_validate(
        {
            "home": home,
            "as_of": as_of,
            "known_at": known_at,
            "runs": tuple(builder.run(run, of(run), recipes.logged.get(ways.runs[run][0], ())) for run in page),
            "fetch": tuple(sorted((builder.version(v) for v in choice.fetch), key=lambda v: v.name)),
            "skipped": tuple(sorted(ways.runs[run][1] for run in choice.skipped)),
            "missing": tuple(missing),
            "loops": tuple(tuple(_names(ways, choice, loop)) for loop in loops),
            "truncated": Truncated(reason="limit", limit=limit, cursor=str(left_out + limit)) if cut and limit else None,
        }
    )


class _Builder:
    """Runs and versions of a plan. A version in one role is one object, an environment is parsed once."""

    def __init__(self, ways: Ways, choice: Choice) -> None:
        self.ways, self.choice = ways, choice
        self._versions: dict[tuple[int, str | None, str | None], PlannedVersion] = {}
        self._json = lru_cache(maxsize=None)(_object)

    def version(self, number: int, used_as: str | None = None, asked: str | None = None) -> PlannedVersion:
        key = (number, used_as, asked)
        if key not in self._versions:
            made_by = self.choice.made.get(number)
            found = Found("made") if made_by is not None else self.choice.fetch[number]
            by = None if made_by is None else self.ways.runs[made_by][1]
            self._versions[key] = _version(self.ways.versions[number], found, by, used_as, asked)
        return self._versions[key]

    def run(self, number: int, recipe: Recipe, logged: Iterable[Version]) -> PlannedRun:
        uid, name = self.ways.runs[number]
        uses = self.ways.uses.get(number, ())
        inputs = {(v.name, v.used_as or "", v.asked or ""): v for v in (self.version(*use) for use in uses)}
        config = self._json(recipe.config)
        return PlannedRun.model_construct(
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
            seed=seed_of(config),
            inputs=tuple(inputs[key] for key in sorted(inputs)),
            outputs=tuple(_version(v, Found("made"), name) for v in sorted(logged, key=lambda v: v.name)),
            needs=tuple(sorted({v.made_by for v in inputs.values() if v.made_by is not None})),
            source_id=recipe.source_id,
        )


def _version(
    version: Version, found: Found, made_by: str | None, used_as: str | None = None, asked: str | None = None
) -> PlannedVersion:
    return PlannedVersion.model_construct(
        uid=version.uid,
        name=version.name,
        type=version.type,
        digest=version.digest,
        size=version.size,
        used_as=used_as,
        asked=asked,
        made_by=made_by,
        where=found.where,
        at=found.at,
    )


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
