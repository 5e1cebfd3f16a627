"""The rules of recording: version numbers, who is the creator, what an alias means, what is a repetition, what is rejected.

Two of them make the order in which journals arrive matter as little as it can: what is said twice is settled by the later
(`at`, event uid), and a thing that is spoken of before it is introduced is made as a stub. Numbers alone follow arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lineage_graph.events import AliasMoved, AliasRemoved, Edited, Event, Json, Logged, RunFinished, RunStarted, Used
from lineage_graph.ledger import forgetting
from lineage_graph.ledger.rows import Row, Rows
from lineage_graph.ledger.saying import DESCRIBED, FACTS, LINKS, STARTED, same, stored
from lineage_graph.ledger.state import NEVER, Artifact, Key, Run, State, Thing, Version, as_json
from lineage_graph.ledger.uids import alias_uid, artifact_of, run_of, version_uid
from lineage_graph.names import LATEST


class Refused(Exception):
    """An event that is rejected; the text is the reason in its receipt."""


class Rules:
    """One batch: the state as it is while its events are taken in, and the rows that come of them.

    erased_before: erasures that the graph had. was: what became of the event before, where it is taken in again.
    """

    was: Json | None = None

    def __init__(self, state: State) -> None:
        self.state = state
        self.rows = Rows(state)
        self.erased_before = set(state.erasures.events)

    def outcome(self, event: Event) -> Json:
        """Takes one event in and says what became of it."""
        try:
            return self.take(event)
        except Refused as reason:
            return {"event": event.uid, "result": "rejected", "reason": str(reason)}

    def take(self, event: Event) -> Json:
        """The same; raises Refused instead of rejecting it."""
        return _TAKE[event.kind](self, event)

    # ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, text: str, at: str) -> tuple[Run, Row]:
        """The run of that name and its row; a stub when nobody introduced it yet."""
        name, uid = run_of(text)
        run = self.state.runs.get(uid)
        if run is None:
            run = self.state.runs[uid] = Run(uid, started_at=at, whole=True)
            props = {"project": name.project, "id": name.id, "name": name.id, "state": "running", "stub": True}
            return run, self.rows.begin(run, props, at)
        row = self.rows.run(run)
        if run.started_by is None and at < run.started_at:
            run.started_at = row["started_at"] = at
        return run, row

    def _run_started(self, event: RunStarted) -> Json:
        at = event.at_text
        key = (at, event.uid)
        name, uid = run_of(event.run)
        known = self.state.runs.get(uid)
        if event.role == "owner" and known is not None and known.started_by is not None:
            if known.started_by == event.uid:
                return _said(event, "repeated", run=event.run)
            raise Refused(f"run {event.run} was started before; give a new id, or resume it")
        run, row = self._run(event.run, at)
        if event.role != "owner":
            if event.role == "resumed" and at > run.resumed_at:
                run.resumed_at = row["resumed_at"] = at
                if at > run.ended[0]:
                    row["props"]["state"] = "running"
            return _said(event, run=event.run)
        run.started_by, run.started_at, run.begun = event.uid, at, key
        row["started_at"] = at
        props = row["props"]
        props |= {"name": event.name or name.id, "stub": None, "started_by": event.uid}
        for field in STARTED:
            value = getattr(event, field)
            if value is not None:
                props[field] = value
        if event.environment is not None:
            props["environment"] = as_json(event.environment)
        self._say(run, props, event, ("config", "description", "tags"), key)
        for kind in LINKS:
            target = getattr(event, kind)
            if target is not None:
                other, _ = self._run(target, at)
                self.rows.links.append({"run": uid, "kind": kind.upper(), "to": other.uid, "at": at})
        return _said(event, run=event.run)

    def _run_finished(self, event: RunFinished) -> Json:
        key = (event.at_text, event.uid)
        run, row = self._run(event.run, key[0])
        if event.uid == run.ended[1]:
            return _said(event, "repeated", run=event.run)
        props = row["props"]
        if key > run.ended:
            if "summary" not in run.said and run.values.get("summary") is not None:
                run.said["summary"] = run.ended
                props["said"] = run.said_texts
            run.ended = key
            row["ended_at"] = key[0]
            props |= {"finished_by": event.uid, "exit_code": event.exit_code}
            if key[0] >= run.resumed_at:
                props["state"] = event.state
        self._say(run, props, event, ("config", "summary"), key)
        return _said(event, run=event.run)

    @staticmethod
    def _say(thing: Thing, props: Row, event: Any, fields: Sequence[str], key: Key) -> None:
        for field in fields:
            value = getattr(event, field)
            if value is not None:
                props |= thing.say(field, value, key)

    # ── versions ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _version(self, event: Used | Logged, digest: str) -> Version:
        """The version with that digest, made when this event is the first to speak of it."""
        artifact = self.state.artifacts[artifact_of(event.artifact)[1]]
        if artifact.type is not None and event.type is not None and artifact.type != event.type:
            raise Refused(f"artifact {event.artifact} is of type {artifact.type!r} and cannot be {event.type!r} as well")
        uid = version_uid(event.artifact, digest)
        version = self.state.versions.get(uid)
        if version is None:
            if event.type is None:
                raise Refused(f"no version {event.artifact}@{digest} is recorded, and its type is not said")
            return self._new_version(event, artifact, uid, digest)
        if event.type is not None and (event.at_text < version.begun[0] or not same(version, event)):
            self._more(event, artifact, version)
        return version

    def _new_version(self, event: Used | Logged, artifact: Artifact, uid: str, digest: str) -> Version:
        at = event.at_text
        project = artifact_of(event.artifact)[0].project
        self.rows.touch(artifact)
        if artifact.type is None:
            artifact.type, artifact.created_at = event.type, at
            said = {"uid": artifact.uid, "project": project, "name": artifact_of(event.artifact)[0].name, "type": event.type}
            self.rows.artifacts[artifact.uid] = {"props": said, "at": at}
        elif at < artifact.created_at:
            artifact.created_at = at
            self.rows.change_artifact(artifact, {}, at)
        number = self._number(event.artifact, artifact)
        artifact.next = max(artifact.next, number + 1)
        version = Version(uid, (at, ""), artifact=event.artifact, name=f"{event.artifact}:v{number}")
        props: Row = {
            "uid": uid,
            "name": version.name,
            "artifact": event.artifact,
            "project": project,
            "version": number,
            "digest": digest,
            "type": event.type,
            "aliases": [],
        }
        for field in FACTS:
            value = version.facts[field] = getattr(event, field)
            if value is not None:
                props[field] = value
        if self.state.erasures.of_content(event, uid):
            props["content"] = version.facts["content"] = "erased"
        self._say(version, props, event, DESCRIBED, version.begun)
        self.rows.versions[uid] = {"props": props, "at": at, "of": artifact.uid}
        self.state.versions[uid] = version
        self.state.names[version.name] = uid
        self.state.digests_here.setdefault(artifact.uid, []).append((digest, uid))
        return version

    def _number(self, name: str, artifact: Artifact) -> int:
        """The number that a new version gets."""
        return artifact.next

    def _creates(self, version: Version, event: Logged) -> bool:
        """Whether the run that logs a version is its creator."""
        return not version.logged

    def _more(self, event: Used | Logged, artifact: Artifact, version: Version) -> None:
        """What an event says about a version that was there: that it is older, facts not known yet, descriptions anew."""
        at = event.at_text
        if event.uid in self.state.edits_seen or (alias_uid(event.artifact, LATEST), event.uid) in self.state.moves_seen:
            return
        props: Row = {}
        earlier = at < version.begun[0]
        if earlier:
            props |= version.begin_earlier(at)
            if at < artifact.created_at:
                artifact.created_at = at
                self.rows.change_artifact(artifact, {}, at)
        for field in FACTS:
            value = getattr(event, field)
            if version.adds(field, value):
                props[field] = version.facts[field] = value
        if earlier and version.facts["content"] is None and self.state.erasures.of_content(event, version.uid):
            props["content"] = version.facts["content"] = "erased"
        described = () if isinstance(event, Logged) and event.rerun else DESCRIBED
        changed = {
            field: value
            for field in described
            if (value := getattr(event, field)) is not None and stored(field, value) != version.values.get(field)
        }
        self._say(version, props, event, described, (at, event.uid))
        if changed and isinstance(event, Logged):
            self._edit(event, "ArtifactVersion", version.uid, changed)
        if changed or props or earlier:
            self.rows.touch(artifact)
            self.rows.change(version, props, at if earlier else None)

    def _used(self, event: Used) -> Json:
        at = event.at_text
        if event.digest is not None:
            version = self._version(event, event.digest)
        else:
            version = self._meant(event.artifact, at, number=event.number, prefix=event.prefix, alias=event.alias)
            has = self.state.artifacts[artifact_of(event.artifact)[1]].type
            if event.type is not None and has != event.type:
                raise Refused(f"artifact {event.artifact} is of type {has!r}, not {event.type!r}")
        uid = run_of(event.run)[1]
        edge = (uid, version.uid, event.used_as)
        asked = event.alias or (f"v{event.number}" if event.number is not None else event.prefix)
        said = {"run": event.run, "version": version.name, "version_uid": version.uid}
        before = self.state.used.get(edge)
        if before is not None and before <= at:
            return _said(event, "repeated", **said)
        self._run(event.run, at)
        self.state.used[edge] = at
        if before is not None:
            self.rows.edge_earlier("used", uid, version.uid, at, event.used_as, asked)
            return _said(event, "repeated", **said)
        self.rows.used[edge] = {"run": uid, "version": version.uid, "at": at, "used_as": event.used_as, "asked": asked}
        return _said(event, **said)

    def _logged(self, event: Logged) -> Json:
        at = event.at_text
        version = self._version(event, event.digest)
        artifact = self.state.artifacts[artifact_of(event.artifact)[1]]
        self.rows.touch(artifact)
        run, _ = self._run(event.run, at)
        created = self._creates(version, event)
        version.logged = True
        edge = (run.uid, version.uid)
        before = self.state.logged.get(edge)
        if before is None:
            self.rows.logged[edge] = {"run": run.uid, "version": version.uid, "at": at, "created": created}
        if before is None or at < before:
            self.state.logged[edge] = at
        if before is not None and at < before:
            self.rows.edge_earlier("logged", run.uid, version.uid, at, None, None)
        for alias in () if event.rerun else (LATEST, *(a for a in event.aliases if a != LATEST)):
            self._move(event, alias, version.uid)
        return {
            "event": event.uid,
            "result": "recorded" if before is None else "repeated",
            "run": event.run,
            "version": version.name,
            "version_uid": version.uid,
            "created": created,
        }

    # ── aliases ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _meant(self, artifact: str, at: str, *, number: int | None, prefix: str | None, alias: str | None) -> Version:
        """The version that a number, a digest's beginning or an alias means at a time."""
        state = self.state
        if number is not None:
            uid = state.names.get(f"{artifact}:v{number}")
            if uid is None:
                raise Refused(f"no version {artifact}:v{number} is recorded")
            return state.versions[uid]
        if prefix is not None:
            of = artifact_of(artifact)[1]
            found = set(state.prefixes.get((of, prefix), ()))
            for digest, uid in state.digests_here.get(of, ()):
                if digest.startswith(prefix) or digest.partition(":")[2].startswith(prefix):
                    found.add(uid)
            if len(found) != 1:
                raise Refused(f"{'no' if not found else 'more than one'} version {artifact}@{prefix} is recorded")
            return state.versions[found.pop()]
        alias = alias or LATEST
        uid = self._alias_at(alias_uid(artifact, alias), at)
        if uid is None:
            raise Refused(f"no version {artifact}:{alias} was recorded at {at}")
        return state.versions[uid]

    def _alias_at(self, alias: str, at: str) -> str | None:
        found = self.state.alias_then.get((alias, at), (NEVER, None))
        for key, version in self.state.moved_here.get(alias, ()):
            if key[0] <= at and key > found[0]:
                found = (key, version)
        return found[1]

    def _move(self, event: Logged | AliasMoved | AliasRemoved, alias: str, version: str) -> bool:
        """Moves an alias; False when this very event did so before."""
        uid, key = alias_uid(event.artifact, alias), (event.at_text, event.uid)
        state = self.state
        if (uid, key[1]) in state.moves_seen:
            return False
        state.moves_seen.add((uid, key[1]))
        removed = isinstance(event, AliasRemoved) or None
        target = None if removed else version
        actor = None if state.erasures.of_who(event, version) else event.actor
        move = {"version": version, "at": key[0], "event": key[1], "actor": actor, "removed": removed}
        self.rows.move(uid, event.artifact, alias, move)
        state.moved_here.setdefault(uid, []).append((key, target))
        if key > state.aliases[uid][0]:
            state.aliases[uid] = (key, target)
        return True

    def _alias(self, event: AliasMoved | AliasRemoved) -> Json:
        at = event.at_text
        if event.alias == LATEST:
            raise Refused("'latest' moves by itself, to the version logged last")
        if isinstance(event, AliasRemoved):
            try:
                version = self._meant(event.artifact, at, number=None, prefix=None, alias=event.alias)
            except Refused:
                raise Refused(f"no alias {event.artifact}:{event.alias} was there at {at}") from None
        elif event.digest is not None:
            found = self.state.versions.get(version_uid(event.artifact, event.digest))
            if found is None:
                raise Refused(f"no version {event.artifact}@{event.digest} is recorded")
            version = found
        else:
            version = self._meant(event.artifact, at, number=event.number, prefix=None, alias=event.source)
        self.rows.touch(self.state.artifacts[artifact_of(event.artifact)[1]])
        fresh = self._move(event, event.alias, version.uid)
        return _said(event, "recorded" if fresh else "repeated", version=version.name, version_uid=version.uid)

    # ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _edited(self, event: Edited) -> Json:
        values = {field: value for field in DESCRIBED if (value := getattr(event, field)) is not None}
        if event.digest is None and "metadata" in values:
            raise Refused("metadata belongs to versions; name one, or edit description or tags")
        key = (event.at_text, event.uid)
        props: Row = {}
        if event.run is not None:
            run = self.state.runs.get(run_of(event.run)[1])
            if run is None:
                raise Refused(f"no run {event.run} is recorded")
            if event.uid in self.state.edits_seen:
                return _said(event, "repeated", run=event.run)
            self._say(run, self.rows.run(run)["props"], event, tuple(values), key)
            self._edit(event, "Run", run.uid, values)
            return _said(event, run=event.run)
        if event.artifact is None:
            raise Refused("an edit names an artifact, a version or a run")
        artifact = self.state.artifacts[artifact_of(event.artifact)[1]]
        if event.digest is not None:
            version = self.state.versions.get(version_uid(event.artifact, event.digest))
            if version is None:
                raise Refused(f"no version {event.artifact}@{event.digest} is recorded")
            said = {"version": version.name, "version_uid": version.uid}
            if event.uid in self.state.edits_seen:
                return _said(event, "repeated", **said)
            self._say(version, props, event, tuple(values), key)
            self.rows.change(version, props)
            self._edit(event, "ArtifactVersion", version.uid, values)
        else:
            if artifact.type is None:
                raise Refused(f"no artifact {event.artifact} is recorded")
            said = {"artifact": event.artifact}
            if event.uid in self.state.edits_seen:
                return _said(event, "repeated", **said)
            self._say(artifact, props, event, tuple(values), key)
            self.rows.change_artifact(artifact, props)
            self._edit(event, "Artifact", artifact.uid, values)
        self.rows.touch(artifact)
        return _said(event, **said)

    def _edit(self, event: Edited | Logged, label: str, uid: str, values: Json) -> None:
        """Keeps what was said anew, whether it takes effect or something later was said already."""
        self.state.edits_seen.add(event.uid)
        props = {"uid": event.uid, "of": uid, "actor": event.actor, "fields": sorted(values), "values": as_json(values)}
        self.rows.edits.append({"label": label, "of": uid, "at": event.at_text, "props": props})


def _said(event: Event, result: str = "recorded", **facts: Any) -> Json:
    return {"event": event.uid, "result": result, **facts}


_TAKE: dict[str, Callable[[Rules, Any], Json]] = {
    "run_started": Rules._run_started,
    "used": Rules._used,
    "logged": Rules._logged,
    "run_finished": Rules._run_finished,
    "alias_moved": Rules._alias,
    "alias_removed": Rules._alias,
    "edited": Rules._edited,
    "erased": forgetting.erase,
    "asked": lambda rules, event: rules.rows.ask(event),
}
