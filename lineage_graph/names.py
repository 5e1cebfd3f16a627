"""The grammar of names, and the uids that follow from them.

    [project/]name            an artifact; `project` is one or two segments
    [project/]name:v3         one version
    [project/]name:best       the version an alias points to; no suffix means `latest`
    [project/]name@1f3a…      the version with that digest, or the one digest that begins so
    project/runs/ID           a run

A segment is `[A-Za-z0-9_.-]{1,128}`, not `.` or `..`; `runs` is no project segment. Source: W&B's rule for artifact names.

A uid is a function of the name (and, for a version, the digest), so two machines that never met give one thing one uid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from lineage_graph.errors import NameNotUnderstood
from lineage_graph.limits import ALIAS, NAME, TAG, TAGS, TEXT, TYPE, WORD

SEGMENT = re.compile(rf"[A-Za-z0-9_.-]{{1,{NAME}}}")
_TYPE = re.compile(rf"[^/:\x00-\x1f\x7f]{{1,{TYPE}}}")
NUMBER = re.compile(r"v(0|[1-9][0-9]{0,17})")
DIGEST_PREFIX = re.compile(r"([a-z0-9]+:)?[A-Za-z0-9+/=_.-]{4,}")
DEFAULT_PROJECT = "uncategorized"
LATEST = "latest"


def uid_of(kind: str, *parts: str) -> str:
    """The 32 hex digits that identify a thing of `kind` with these name parts."""
    return sha256("\n".join((kind, *parts)).encode()).hexdigest()[:32]


def _segment(text: str, whole: str, what: str) -> str:
    if not SEGMENT.fullmatch(text) or text in {".", ".."}:
        raise NameNotUnderstood(
            whole, f"{what} {text[:100]!r} must be 1 to {NAME} letters, digits, '_', '.' or '-'; write project/name:version"
        )
    return text


def check_project(project: str, whole: str | None = None) -> str:
    """`project` itself when it is one or two segments, none of them `runs`; else NameNotUnderstood."""
    whole = project if whole is None else whole
    segments = project.split("/")
    if len(segments) > 2:
        raise NameNotUnderstood(whole, "a project is one or two segments, 'project' or 'team/project'")
    for segment in segments:
        if _segment(segment, whole, "project") == "runs":
            raise NameNotUnderstood(whole, "'runs' cannot be a project, as 'project/runs/ID' names a run")
    return project


def check_alias(alias: str) -> str:
    """`alias` itself when it can be one: no '/', ':' or '@', no line break, not 'vN'; else NameNotUnderstood."""
    if not isinstance(alias, str) or not alias.strip() or len(alias) > ALIAS:
        raise NameNotUnderstood(alias, f"an alias is 1 to {ALIAS} characters")
    if any(c in "/:@" or not c.isprintable() for c in alias):
        raise NameNotUnderstood(alias, "an alias has no '/', ':', '@' or control character")
    if re.fullmatch(r"v[0-9]+", alias):
        raise NameNotUnderstood(alias, "'v' and digits name a version, not an alias")
    return alias


def check_type(kind: str) -> str:
    """`kind` itself when it can be an artifact's type: 1 to 128 characters, no '/' or ':'. Else NameNotUnderstood."""
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind) or not kind.strip():
        why = f"an artifact's type is 1 to {TYPE} characters without '/' and ':', such as 'dataset'"
        raise NameNotUnderstood(kind, why)
    return kind


def check_tags(tags: Sequence[str] | None) -> tuple[str, ...] | None:
    """Tags without repetitions, in order. Raises NameNotUnderstood."""
    if tags is None:
        return None
    for tag in tags:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > TAG or not tag.isprintable():
            raise NameNotUnderstood(tag, f"a tag is 1 to {TAG} printable characters")
    if len(tags) > TAGS:
        raise NameNotUnderstood(f"{tags[0]}, …", f"{len(tags):,} tags are more than the {TAGS:,} that one thing can have")
    return tuple(dict.fromkeys(tags))


def check_word(word: str | None, what: str) -> str | None:
    """`word` itself when it can be a run's name, job type, step, group, or a role: 1 to 512 characters of Unicode.

    what: what to call it in the NameNotUnderstood that is raised for any other.
    """
    return word if word is None else _short_text(word, what, 1, WORD)


def check_text(text: str | None, what: str) -> str | None:
    """`text` itself when it can be a description or a command: at most a million characters. Else NameNotUnderstood."""
    return text if text is None else _short_text(text, what, 0, TEXT)


def _short_text(text: str, what: str, least: int, most: int) -> str:
    if not isinstance(text, str) or not least <= len(text) <= most:
        raise NameNotUnderstood(text, f"{what} is a text of {least} to {most:,} characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NameNotUnderstood(text, f"{what} is not Unicode ({error.reason})") from None
    return text


@dataclass(frozen=True, slots=True)
class ArtifactName:
    """A named collection of versions."""

    project: str
    name: str

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"

    @property
    def uid(self) -> str:
        return uid_of("artifact", str(self))

    def version_uid(self, digest: str) -> str:
        """Same bytes under one name are one version, wherever and whenever recorded."""
        return uid_of("version", str(self), digest)

    def alias_uid(self, alias: str) -> str:
        return uid_of("alias", str(self), alias)


@dataclass(frozen=True, slots=True)
class VersionName:
    """One version of an artifact, asked for by exactly one of number, alias or digest prefix."""

    artifact: ArtifactName
    number: int | None = None
    alias: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        if self.digest is not None:
            return f"{self.artifact}@{self.digest}"
        return f"{self.artifact}:{f'v{self.number}' if self.number is not None else self.alias}"


@dataclass(frozen=True, slots=True)
class RunName:
    """A run, by its project and id."""

    project: str
    id: str

    def __str__(self) -> str:
        return f"{self.project}/runs/{self.id}"

    @property
    def uid(self) -> str:
        return uid_of("run", self.project, self.id)


def parse_artifact(text: str, project: str | None = None) -> ArtifactName:
    """'[project/]name' → ArtifactName; `project` fills in a missing project. Raises NameNotUnderstood."""
    if not isinstance(text, str) or not text:
        raise NameNotUnderstood(text, "a name is a text such as project/name")
    head, _, name = text.rpartition("/")
    if not text.rpartition("/")[1]:
        head = project or DEFAULT_PROJECT
    return ArtifactName(check_project(head, text), _segment(name, text, "name"))


def parse_version(text: str, project: str | None = None) -> VersionName:
    """'[project/]name[:vN|:alias|@digest]' → VersionName, `latest` where nothing is said. Raises NameNotUnderstood."""
    if not isinstance(text, str) or not text:
        raise NameNotUnderstood(text, "a name is a text such as project/name:version")
    base, at, digest = text.partition("@")
    if at:
        artifact = parse_artifact(base, project)
        if not DIGEST_PREFIX.fullmatch(digest):
            raise NameNotUnderstood(text, "after '@' stands a digest or at least its first 4 characters")
        return VersionName(artifact, digest=digest)
    base, colon, version = text.partition(":")
    artifact = parse_artifact(base, project)
    if not colon:
        return VersionName(artifact, alias=LATEST)
    if NUMBER.fullmatch(version):
        return VersionName(artifact, number=int(version[1:]))
    try:
        return VersionName(artifact, alias=check_alias(version))
    except NameNotUnderstood as error:
        raise NameNotUnderstood(text, "after ':' stands 'v' and a number, or an alias without '/', ':', '@'") from error


def parse_asked(text: str, aliases: str | Sequence[str] | None, project: str | None = None) -> VersionName:
    """As `parse_version`, where a name without a version may have its alias beside it. Raises NameNotUnderstood."""
    asked = parse_version(text, project)
    wanted = [aliases] if isinstance(aliases, str) else list(aliases or ())
    if not wanted:
        return asked
    if len(wanted) > 1:
        raise NameNotUnderstood(wanted, "one alias says which version is used")
    if ":" in text or "@" in text:
        raise NameNotUnderstood(text, f"it says a version already; leave out aliases={wanted[0]!r}, or ':…'")
    return parse_version(f"{text}:{wanted[0]}", project)


def parse_run(text: str, project: str | None = None) -> RunName:
    """'project/runs/ID' (or an ID alone, with `project`) → RunName. Raises NameNotUnderstood."""
    if not isinstance(text, str) or not text:
        raise NameNotUnderstood(text, "a run is named project/runs/ID")
    head, slash, run_id = text.rpartition("/")
    if not slash:
        return RunName(check_project(project or DEFAULT_PROJECT, text), _segment(run_id, text, "run id"))
    before, _, marker = head.rpartition("/")
    if marker != "runs" or not before:
        raise NameNotUnderstood(text, "a run is named project/runs/ID")
    return RunName(check_project(before, text), _segment(run_id, text, "run id"))


def is_run(text: str) -> bool:
    """Whether `text` has the form of a run's name."""
    return isinstance(text, str) and text.rpartition("/")[0].rpartition("/")[2] == "runs"


def parse(text: str, project: str | None = None) -> VersionName | RunName:
    """A run's name or a version's. Raises NameNotUnderstood."""
    return parse_run(text) if is_run(text) else parse_version(text, project)
