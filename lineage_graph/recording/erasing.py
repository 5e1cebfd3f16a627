"""Erasing what was recorded: from the graph by an event like any other, then from this computer's journals and the store.

The graph comes first. Whatever ends this before the rest is done, the same call again does the rest.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lineage_graph import journal
from lineage_graph.answers.erasure import Copy, Erased
from lineage_graph.errors import ContentProblem, ExtraMissing, JournalProblem, NotRecorded, ParameterWrong
from lineage_graph.events import CONTENT, PERSONAL, Group, now
from lineage_graph.events import Asked as Question
from lineage_graph.events import Erased as ErasedEvent
from lineage_graph.journal import Entry
from lineage_graph.ledger.erasing import ALL, WHO, Erasures, Spoken, where_said
from lineage_graph.names import RunName, parse, parse_artifact
from lineage_graph.recording import capture
from lineage_graph.recording.content import store_for, stores
from lineage_graph.recording.drain import DONE
from lineage_graph.store import Dropped

if TYPE_CHECKING:
    from lineage_graph.lineage import Reader
    from lineage_graph.models import ArtifactVersion
    from lineage_graph.models import Run as RunRecord
    from lineage_graph.recording.recorder import Recorder

END = datetime.max.replace(tzinfo=UTC)
EVENTS_AT_ONCE = 2_000  # of a person's, in one event
LONGEST_REASON = 1_000
ROUNDS = 3  # what others record of the same thing at this moment is looked for again


class Bytes(NamedTuple):
    """Bytes in the store that are to go: a version's files, or the change to tracked files that a run ran on."""

    digest: str
    uid: str
    name: str
    of: Literal["version", "run"]
    content: str | None = None


@dataclass(slots=True)
class Asked:
    """What is to be erased. about: the fields of the events that will say so; uids: of the things they are about."""

    of: str
    groups: tuple[Group, ...]
    reason: str
    about: list[dict[str, Any]] = field(default_factory=list)
    uids: list[str] = field(default_factory=list)
    bytes: list[Bytes] = field(default_factory=list)
    person: str | None = None

    def events(self, at: datetime) -> list[ErasedEvent]:
        # Who asks for what is said of himself to be erased is not to be named by that.
        who = capture.user()
        actor = None if who == self.person else who
        said: dict[str, Any] = {"at": at, "actor": actor, "groups": self.groups, "reason": self.reason}
        return [ErasedEvent(**said | about) for about in self.about]


# ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────


def groups_of(content: bool, personal: bool, reason: str) -> tuple[tuple[Group, ...], str]:
    """The groups that are asked for, and the reason. Raises ParameterWrong."""
    groups: tuple[Group, ...] = ((CONTENT,) if content else ()) + ((PERSONAL,) if personal else ())
    if not groups:
        raise ParameterWrong("erase", "say what is to go: content, personal or both")
    if not isinstance(reason, str) or not reason.strip() or len(reason) > LONGEST_REASON:
        why = f"say why, in 1 to {LONGEST_REASON:,} characters; it stays in the record in the clear, so without personal data"
        raise ParameterWrong("reason", why)
    return groups, reason.strip()


def of_run(run: RunRecord, groups: tuple[Group, ...], reason: str) -> Asked:
    """The erasure of a run's values."""
    patch = [Bytes(run.patch, run.uid, run.full_name, "run")] if run.patch and CONTENT in groups else []
    return Asked(run.full_name, groups, reason, [{"run": run.full_name}], [run.uid], patch)


def of_version(version: ArtifactVersion, groups: tuple[Group, ...], reason: str) -> Asked:
    """The erasure of a version's values, and with its content of its files."""
    about = [{"artifact": version.artifact, "digest": version.digest}]
    return Asked(version.name, groups, reason, about, [version.uid], _files([version], groups))


def of_artifact(versions: Sequence[ArtifactVersion], groups: tuple[Group, ...], reason: str) -> Asked:
    """The erasure of an artifact's values and of those of all its versions."""
    name = versions[0].artifact
    return Asked(name, groups, reason, [{"artifact": name}], [parse_artifact(name).uid], _files(versions, groups))


def _files(versions: Sequence[ArtifactVersion], groups: Collection[str]) -> list[Bytes]:
    return [Bytes(v.digest, v.uid, v.name, "version", v.content) for v in versions] if CONTENT in groups else []


def of_name(reader: Reader, name: str, groups: tuple[Group, ...], reason: str, all_versions: bool = False) -> Asked:
    """The erasure of what has that name. Raises NameNotUnderstood, NotRecorded, GraphProblem."""
    if all_versions:
        return of_artifact(reader.versions(name), groups, reason)
    asked = parse(name, reader.project)
    if isinstance(asked, RunName):
        return of_run(reader.run(asked), groups, reason)
    return of_version(reader.version(asked), groups, reason)


def of_person(person: str, reason: str) -> Asked:
    """The erasure of who it was, wherever one person is the author, the e-mail or the actor. Raises ParameterWrong."""
    groups, reason = groups_of(False, True, reason)
    if not person.strip():
        raise ParameterWrong("person", "give a login or an e-mail, as the record has it")
    if person in reason:
        raise ParameterWrong("reason", "it stays in the record in the clear, so it must not name the person")
    return Asked(person, groups, reason, person=person)


# ── erasing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def erase(recorder: Recorder, reader: Reader, asked: Asked, dry_run: bool = False) -> Erased:
    """Erases, or with `dry_run` says what would go.

    Raises NotRecorded for a person of whom nothing is known, NotYetRecorded when the graph does not answer in time.
    """
    if not dry_run:
        recorder.drain()
        recorder.drain_host()
    said, erasures = _look(reader, asked)
    files = sorted(recorder.settings.journals.rglob(f"*{journal.SUFFIX}"))
    spoke = {one.journal for one in said if any(one.groups(erasures))} - {path.stem for path in files}
    elsewhere = tuple(Copy(journal=uid, host=_host(reader, uid)) for uid in sorted(spoke))
    events = [] if dry_run else _in_graph(recorder, reader, asked, said, erasures)
    here, unread = _in_journals(recorder, files, asked, said, erasures, dry_run)
    values = [one.kept(erasures) for one in said]
    if asked.person is not None and not sum(values) and not here:
        raise NotRecorded("person", asked.person, "give the login or the e-mail as `show` has it")
    dropped, unreached = _in_stores(recorder, reader, asked, dry_run)
    return Erased(
        of=asked.of,
        groups=asked.groups,
        reason=asked.reason,
        dry_run=dry_run,
        events=tuple(events),
        values=sum(values),
        entries=sum(map(bool, values)),
        here=here,
        elsewhere=elsewhere,
        manifests=sum(one.manifests for one in dropped),
        blobs=sum(one.blobs for one in dropped),
        bytes=sum(one.bytes for one in dropped),
        kept=sum(one.kept for one in dropped),
        remains=(*unread, *unreached),
    )


def _look(reader: Reader, asked: Asked) -> tuple[list[Spoken], Erasures]:
    """The graph's entries that speak of it, and what of them is to go."""
    if asked.person is None:
        where: dict[str, Any] = where_said(asked.events(END))
        said = [Spoken.of(row) for row in reader.query("lineage/said_of", **where)]
    else:
        said = [Spoken.of(row) for row in reader.query("lineage/said_by", text=json.dumps(asked.person, ensure_ascii=False))]
        theirs = [
            event
            for one in said
            for event, opening in zip(one.events, one.openings, strict=True)
            if _is_of(asked.person, opening)
        ]
        # What a person asked is in that person's words, so it goes, too.
        asked.about = [
            {"events": uids[i : i + EVENTS_AT_ONCE], "groups": groups}
            for groups, uids in (
                ((PERSONAL,), [event.uid for event in theirs if not isinstance(event, Question)]),
                ((CONTENT, PERSONAL), [event.uid for event in theirs if isinstance(event, Question)]),
            )
            for i in range(0, len(uids), EVENTS_AT_ONCE)
        ]
    erasures = Erasures()
    for draft in asked.events(END):
        erasures.learn(draft)
    return said, erasures


def _is_of(person: str, opening: Mapping[str, Any]) -> bool:
    value = opening.get(PERSONAL, {}).get("value", {})
    return person in (value.get("author"), value.get("email"), value.get("actor"))


def _in_graph(recorder: Recorder, reader: Reader, asked: Asked, said: Sequence[Spoken], erasures: Erasures) -> list[str]:
    """Records the erasure, again where others said more meanwhile; the uids of its events, none when all was erased before."""
    done: list[str] = []
    for _ in range(ROUNDS):
        if not any(one.kept(erasures) for one in said) and (done or _is_erased(reader, asked)):
            break
        # A clock that is ahead must not leave anything out.
        times = [e.at for one in said for e, gone in zip(one.events, one.groups(erasures), strict=True) if gone]
        for event in asked.events(max([now(), *times])):
            recorder.record(event, what=f"the erasure of {asked.of}").outcome()
            done.append(event.uid)
        said, erasures = _look(reader, asked)
    return done


def _is_erased(reader: Reader, asked: Asked) -> bool:
    """Whether the graph says already that it was erased, and nobody brought files of it since."""
    if any(one.of == "version" and one.content != "erased" for one in asked.bytes):
        return False
    rows = [row for uid in asked.uids for row in reader.query("lineage/erasures", uid=uid) if row["of"] == uid]
    return asked.person is not None or any(set(asked.groups) <= set(row["groups"]) for row in rows)


def _in_journals(
    recorder: Recorder, files: Sequence[Path], asked: Asked, said: Sequence[Spoken], erasures: Erasures, dry_run: bool
) -> tuple[int, list[str]]:
    """(values taken out of this computer's journals, what could not be read)."""
    covered = {(one.journal, one.seq): one.groups(erasures) for one in said}
    known = {one.journal for one in said}
    own = {recorder.folder, recorder.folder / DONE}

    def gone(entry: Entry) -> Sequence[Collection[str]]:
        found = covered.get((entry.journal, entry.seq)) or [erasures.groups(event) for event in entry.events]
        if asked.person is None:
            return found
        theirs = [ALL if isinstance(event, Question) else WHO for event in entry.events]
        return [t if _is_of(asked.person, o) else g for g, t, o in zip(found, theirs, entry.openings, strict=True)]

    values = 0
    problems: list[str] = []
    for path in files:
        # Journals for another graph are that one's, but for those that this one has, too.
        if path.parent not in own and path.stem not in known:
            continue
        try:
            values += journal.blank(path, gone, dry_run)
        except JournalProblem as problem:
            if path.exists():  # else another process has just finished with it
                problems.append(f"{problem}; it may still say what was to be erased")
    return values, problems


def _host(reader: Reader, uid: str) -> str | None:
    """Where a journal was written, as the run says that it began with."""
    [first] = reader.query("lineage/entries", journal=uid, after=0, limit=1)
    values = (opening.get(PERSONAL, {}).get("value", {}) for opening in json.loads(first["openings"]))
    return next((str(value["host"]) for value in values if value.get("host")), None)


def _in_stores(recorder: Recorder, reader: Reader, asked: Asked, dry_run: bool) -> tuple[list[Dropped], list[str]]:
    """(what was taken out of the stores, what stays or could not be reached)."""
    dropped: list[Dropped] = []
    remains: list[str] = []
    for one in asked.bytes:
        needed = reader.query("lineage/bytes_needed", digest=one.digest, uid=one.uid)
        if needed:
            remains.append(f"the bytes of {one.name} stay: {needed[0]['name']} has the same ones")
            continue
        found: list[Dropped] = []
        for store in stores(recorder.settings):
            try:
                take = store.drop if one.of == "version" else store.drop_blob
                found.append(take(one.digest, dry_run=dry_run))
            except (ContentProblem, ExtraMissing, OSError) as problem:
                remains.append(f"the content of {one.name} could not be taken out: {problem}")
        if one.content == "stored" and not any(drop.manifests for drop in found):
            remains.append(f"{store_for(recorder.settings)} has no files of {one.name}; erase it again where they are")
        dropped += found
    return dropped, remains
