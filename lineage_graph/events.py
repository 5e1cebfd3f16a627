"""What can happen, and its one written form.

An event is written as one JSON object. What identifies things stands in it as it is; what may have to be erased later does
not: `content` (config, metadata, command, descriptions, file names) and `personal` (who, on which host) stand as salted
commitments, and their values travel beside the event as its *opening*.

Runs are named 'project/runs/ID' and versions by (artifact name, digest), so that an event says whom it is about without a
graph at hand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, Self

import uuid_utils
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    model_validator,
)

from lineage_graph.canonical import SALT, commit, iso, opens
from lineage_graph.limits import DIGEST, SOURCE_ID, TAGS, TEXT, WORD
from lineage_graph.names import DIGEST_PREFIX, check_alias, parse_artifact, parse_run

Json = dict[str, Any]
RunState = Literal["finished", "failed", "crashed", "killed"]


def new_uid() -> str:
    """A UUIDv7: unique without asking anyone, and sorted by the time it was made (RFC 9562)."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    return datetime.now(UTC)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, such as 2026-01-05T08:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time is from year 1 to 9999 in UTC") from None


# The same few names come again and again; what was found right once is right.
@lru_cache(10_000)
def _check_run(value: str) -> str:
    if str(parse_run(value)) != value:
        raise ValueError("a run is named project/runs/ID")
    return value


@lru_cache(10_000)
def _check_artifact(value: str) -> str:
    if str(parse_artifact(value)) != value:
        raise ValueError("an artifact is named project/name")
    return value


def _check_digest(value: str) -> str:
    if ":" not in value or not DIGEST_PREFIX.fullmatch(value) or len(value) > DIGEST:
        raise ValueError("a digest names its algorithm, as in sha256:…")
    return value


def _once(value: Any) -> Any:
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(dict.fromkeys(value))
    return () if value is None else value


Time = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(iso, return_type=str),
]
RunText = Annotated[str, AfterValidator(_check_run)]
ArtifactText = Annotated[str, AfterValidator(_check_artifact)]
DigestText = Annotated[str, AfterValidator(_check_digest)]
AliasText = Annotated[str, AfterValidator(check_alias)]
Uid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Word = Annotated[str, Field(min_length=1, max_length=WORD)]
SourceId = Annotated[str, Field(max_length=SOURCE_ID)]
Text = Annotated[str, Field(max_length=TEXT)]
Tags = Annotated[tuple[str, ...], Field(max_length=TAGS)]
Prefix = Annotated[str, Field(max_length=DIGEST)]
Whole = Annotated[int, Field(ge=0, le=2**53 - 1)]
Aliases = Annotated[tuple[AliasText, ...], BeforeValidator(_once)]

Group = Literal["content", "personal"]
CONTENT: Group = "content"
PERSONAL: Group = "personal"


def _content(default: Any = None) -> Any:
    return Field(default, json_schema_extra={"group": CONTENT})


def _personal(default: Any = None) -> Any:
    return Field(default, json_schema_extra={"group": PERSONAL})


class _Event(BaseModel):
    """What every event says. `at` is when it happened; `actor` is who says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uid: Uid = Field(default_factory=new_uid)
    at: Time = Field(default_factory=now)
    actor: Word | None = _personal()

    @cached_property
    def at_text(self) -> str:
        return iso(self.at)


class RunStarted(_Event):
    """A run began. role: 'owner' says what the run is and finishes it; 'worker' joins it; 'resumed' goes on with it."""

    kind: Literal["run_started"] = "run_started"
    run: RunText
    role: Literal["owner", "worker", "resumed"] = "owner"
    name: Word | None = None
    job_type: Word | None = None
    step: Word | None = None
    group: Word | None = None
    commit: Word | None = None
    dirty: bool | None = None
    patch: DigestText | None = None
    process: Word | None = None
    child_of: RunText | None = None
    retry_of: RunText | None = None
    resumed_from: RunText | None = None
    config: Json | None = _content()
    command: Text | None = _content()
    description: Text | None = _content()
    tags: Tags | None = _content()
    environment: Json | None = _content()
    source_id: SourceId | None = _content()
    author: Word | None = _personal()
    email: Word | None = _personal()
    host: Word | None = _personal()


class _OfVersion(_Event):
    """An event that may bring a version into being."""

    artifact: ArtifactText
    digest: DigestText | None = None
    type: Word | None = None
    size: Whole | None = None
    file_count: Whole | None = None
    content: Literal["stored", "elsewhere", "none"] | None = None
    description: Text | None = _content()
    metadata: Json | None = _content()
    tags: Tags | None = _content()
    source_id: SourceId | None = _content()


class Used(_OfVersion):
    """A run read a version: the one with `digest`, or the one that `number`, `alias` or `prefix` means at the time `at`.

    With a digest, `alias` keeps how it was asked for. With digest and type, a version nobody logged yet is made (an input
    from outside).
    """

    kind: Literal["used"] = "used"
    run: RunText
    number: Whole | None = None
    alias: AliasText | None = None
    prefix: Prefix | None = None
    used_as: Word | None = None


class Logged(_OfVersion):
    """A run made a version. `latest` moves to it by itself, `aliases` too.

    rerun: a recorded run was done again. No alias moves, and what was said of a version that is there stays as it is.
    """

    kind: Literal["logged"] = "logged"
    run: RunText
    digest: DigestText
    type: Word
    aliases: Aliases = ()
    rerun: Literal[True] | None = None


class RunFinished(_Event):
    """A run ended. config: the whole of it, where it changed since the start."""

    kind: Literal["run_finished"] = "run_finished"
    run: RunText
    state: RunState = "finished"
    exit_code: int | None = None
    config: Json | None = _content()
    summary: Json | None = _content()


class AliasMoved(_Event):
    """An alias points to another version from now on: the one with `digest`, or the one that `number` or `source` means."""

    kind: Literal["alias_moved"] = "alias_moved"
    artifact: ArtifactText
    alias: AliasText
    digest: DigestText | None = None
    number: Whole | None = None
    source: AliasText | None = None


class AliasRemoved(_Event):
    """An alias points nowhere from now on."""

    kind: Literal["alias_removed"] = "alias_removed"
    artifact: ArtifactText
    alias: AliasText


class Edited(_Event):
    """Description, tags or metadata of a version, a run or an artifact were said anew; each value given replaces the old."""

    kind: Literal["edited"] = "edited"
    artifact: ArtifactText | None = None
    digest: DigestText | None = None
    run: RunText | None = None
    description: Text | None = _content()
    tags: Tags | None = _content()
    metadata: Json | None = _content()


class Erased(_Event):
    """Values of some groups were erased: of a run, of a version, of an artifact with all its versions, or of single events.

    What was said of them up to `at` counts as never said, also where it arrives later. `events` is how a person's values are
    erased: nothing here may say whose they were. Of single events, content goes only where it is what somebody asked.
    reason: in the clear and for good, so nothing personal belongs in it.
    """

    kind: Literal["erased"] = "erased"
    run: RunText | None = None
    artifact: ArtifactText | None = None
    digest: DigestText | None = None
    events: tuple[Uid, ...] = ()
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1, max_length=1_000)]

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if sum((self.run is not None, self.artifact is not None, bool(self.events))) != 1:
            raise ValueError("an erasure is of a run, of an artifact or of events")
        if self.digest is not None and self.artifact is None:
            raise ValueError("a digest needs its artifact")
        if self.events and PERSONAL not in self.groups:
            raise ValueError("of single events what is personal is erased")
        return self


class Asked(_Event):
    """Somebody asked the graph in their own Cypher. It changes nothing; it is part of the record all the same.

    outcome: 'ran'; 'refused', for it would do more than read, or is no Cypher; 'failed' on its way, or was interrupted.
    project: what names without a project were in. rows: how many were given.
    """

    kind: Literal["asked"] = "asked"
    project: Word | None = None
    outcome: Literal["ran", "refused", "failed"]
    rows: Whole | None = None
    statement_digest: DigestText
    statement: str | None = _content()
    parameters_digest: DigestText | None = _content()
    reason: str | None = _content()


Event = RunStarted | Used | Logged | RunFinished | AliasMoved | AliasRemoved | Edited | Erased | Asked
_MODELS = (RunStarted, Used, Logged, RunFinished, AliasMoved, AliasRemoved, Edited, Erased, Asked)
KINDS: dict[str, type[_Event]] = {m.model_fields["kind"].default: m for m in _MODELS}
_ANY: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def _fields(model: type[_Event], wanted: str | None) -> tuple[str, ...]:
    """A model's fields of one group; None for those that stand in the clear."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if (field.json_schema_extra.get("group") if isinstance(field.json_schema_extra, Mapping) else None) == wanted
    )


_CLEAR = {kind: tuple(f for f in _fields(model, None) if f != "at") for kind, model in KINDS.items()}
_GROUPS = {kind: tuple((g, _fields(model, g)) for g in (CONTENT, PERSONAL)) for kind, model in KINDS.items()}
# `content` is also a field of versions (where the bytes are), so the commitments have names of their own.
SEALED = {CONTENT: "content_commitment", PERSONAL: "personal_commitment"}


def sealed(event: Event, salts: bytes | None = None) -> tuple[Json, Json]:
    """(written form, opening) of an event: the first is what is hashed, the second {'content': {salt, value}, …}.

    salts: two salts' worth of random bytes, where the caller has some.
    """
    has = event.__dict__
    written: Json = {"at": event.at_text}
    for name in _CLEAR[event.kind]:
        value = has[name]
        if value is not None and value != ():
            written[name] = value
    opening: Json = {}
    for group, names in _GROUPS[event.kind]:
        values = {name: value for name in names if (value := has[name]) is not None}
        if not values:
            continue
        if values.get("tags") is not None:
            values["tags"] = list(values["tags"])
        salt = None if salts is None else salts[:SALT] if group == CONTENT else salts[SALT : 2 * SALT]
        written[SEALED[group]], opening[group] = commit(values, salt)
    return written, opening


def unsealed(written: Mapping[str, Any], opening: Mapping[str, Any]) -> Event:
    """The event of a written form and its opening; a group without opening (erased) reads as not given.

    Raises ValueError when the form is wrong or an opening is not that of its commitment.
    """
    if not opening.keys() <= SEALED.keys():
        raise ValueError("an opening is of no group that there is")
    flat = dict(written)
    for group, key in SEALED.items():
        commitment = flat.pop(key, None)
        if group not in opening:
            continue
        if commitment is None or not opens(commitment, opening[group]):
            raise ValueError(f"its {group} is not what was committed to")
        flat |= opening[group]["value"]
    return _ANY.validate_python(flat)


def without(event: Event, groups: Collection[str]) -> Event:
    """An event as if nothing of these groups had been said; bytes whose names are erased are nowhere, either."""
    if not groups:
        return event
    gone = dict.fromkeys(name for group, names in _GROUPS[event.kind] if group in groups for name in names)
    if CONTENT in groups and isinstance(event, _OfVersion):
        gone["content"] = None
    return event.model_copy(update=gone)


def parse_event(value: object) -> Event:
    """An event from plain JSON with every value in the clear, as people write it by hand. Raises ValueError."""
    return _ANY.validate_python(value)
