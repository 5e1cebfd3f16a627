"""Everything that can go wrong, in one tree.

LineageError                    catch this one
├── WrongUse                    the caller can mend it
│   ├── NameNotUnderstood       a name outside the grammar
│   ├── NotRecorded             no such run, artifact, version or alias
│   ├── TypeClash               one artifact, two types
│   ├── NotJson                 config or metadata that JSON cannot hold
│   ├── ArtifactClosed          an artifact changed after it was logged
│   ├── RunClosed               a run used after it was finished
│   ├── ContentProblem          a file that is not there, not readable or not itself
│   ├── QueryUnknown            no such query file
│   ├── ParameterWrong          a query parameter missing, unknown or of a wrong type
│   ├── StatementRefused        a statement of one's own that does more than read, or is no Cypher
│   ├── SettingWrong            a setting that cannot be read
│   ├── TokenRefused            a token that is none, or is not good any more
│   ├── TooOften                too many of them from one place
│   ├── NotAllowed              what the one who asks may not do or see
│   └── ExtraMissing            an optional part that is not installed
├── CannotReproduce             what stands in the way of doing recorded work again
├── NotYetRecorded              the graph has not taken it up yet
├── Rejected                    the graph refused the event, and says why
├── JournalProblem              a journal that is broken or cannot be written
├── CheckpointProblem           a checkpoint or a key that cannot be read, written or used
├── TokensProblem               the file of tokens cannot be read or written
├── StoreProblem                the content store does not take or give what it should
├── ImportRefused               a file that cannot be imported; nothing of it was
├── QueryBroken                 a query file that breaks its own header
├── GraphProblem                Neo4j did not do what was asked
│   ├── GraphUnreachable        nothing answers at that address
│   ├── GraphRefusedLogin       wrong user or password
│   ├── GraphReadOnly           it answers and does not take writes
│   ├── GraphTooOld             a Neo4j older than 5.23
│   ├── GraphTooNew             a graph that a newer lineage-graph wrote
│   ├── SchemaDiffers           a step of the graph's schema is not what this program has under that name
│   ├── TimeRanOut              it was not done within the time it was given
│   └── GraphFailed             any other refusal
└── LocalServerProblem          the managed local Neo4j cannot be fetched or started

Each message is one sentence: what, where, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ArtifactClosed",
    "CannotReproduce",
    "CheckpointProblem",
    "ContentProblem",
    "ExtraMissing",
    "GraphFailed",
    "GraphProblem",
    "GraphReadOnly",
    "GraphRefusedLogin",
    "GraphTooNew",
    "GraphTooOld",
    "GraphUnreachable",
    "ImportRefused",
    "JournalProblem",
    "LineageError",
    "LocalServerProblem",
    "NameNotUnderstood",
    "NotAllowed",
    "NotJson",
    "NotRecorded",
    "NotYetRecorded",
    "ParameterWrong",
    "QueryBroken",
    "QueryUnknown",
    "Rejected",
    "RunClosed",
    "SchemaDiffers",
    "SettingWrong",
    "StatementRefused",
    "StoreProblem",
    "TimeRanOut",
    "TokenRefused",
    "TokensProblem",
    "TooOften",
    "TypeClash",
    "WrongUse",
]


class LineageError(Exception):
    """The root: every error this package raises on purpose."""


class WrongUse(LineageError):
    """The call was wrong; the sentence says how to mend it."""


class NameNotUnderstood(WrongUse, ValueError):
    """A name outside the grammar `[project/]name[:version]`."""

    def __init__(self, name: object, why: str) -> None:
        self.name = name
        said = repr(name)
        super().__init__(f"{said if len(said) <= 200 else f'{said[:100]}…'} is not understood: {why}")


class NotRecorded(WrongUse, LookupError):
    """No such run, artifact, version or alias in the graph."""

    def __init__(self, kind: str, name: str, hint: str = "") -> None:
        self.kind, self.name = kind, name
        super().__init__(f"no {kind} {name!r} is recorded" + (f"; {hint}" if hint else ""))


class TypeClash(WrongUse):
    """An artifact has one type for all its versions (as in W&B)."""

    def __init__(self, artifact: str, has: str, wanted: str) -> None:
        self.artifact, self.has, self.wanted = artifact, has, wanted
        super().__init__(
            f"artifact {artifact!r} is of type {has!r} and cannot be {wanted!r} as well; give it another name or that type"
        )


class NotJson(WrongUse, ValueError):
    """A value that JSON cannot hold exactly."""

    def __init__(self, where: str, why: str) -> None:
        self.where = where
        super().__init__(f"{where} cannot be recorded: {why}")


class ArtifactClosed(WrongUse):
    """A logged artifact does not change; make a new version."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"artifact {name!r} is logged and does not change any more; make a new lg.Artifact for the next version"
        )


class RunClosed(WrongUse):
    """The run was finished in this process."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"run {name!r} is finished; start another with lg.init()")


class ContentProblem(WrongUse, OSError):
    """A file that is not there, cannot be read, or is not what was recorded."""

    def __init__(self, path: object, why: str) -> None:
        self.path = str(path)
        super().__init__(f"{self.path}: {why}")


class QueryUnknown(WrongUse, LookupError):
    """No query file of that name."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        close = get_close_matches(name, list(known), n=1)
        hint = f"did you mean {close[0]!r}?" if close else "`lineage-graph queries` lists them"
        super().__init__(f"no query {name!r}; {hint}")


class ParameterWrong(WrongUse, ValueError):
    """A query parameter that is missing, unknown or of a wrong type."""

    def __init__(self, where: str, why: str) -> None:
        self.where = where
        super().__init__(f"{where}: {why}")


class StatementRefused(WrongUse, ValueError):
    """A statement of one's own that does more than read, or that the server does not understand. found: 'has LOAD CSV', …"""

    def __init__(self, found: str, todo: str = "") -> None:
        self.found = found
        super().__init__(f"the statement is not run: it {found}; {todo or 'this door takes what only reads the graph'}")


class SettingWrong(WrongUse, ValueError):
    """A setting from the environment or the config file that cannot be used."""

    def __init__(self, setting: str, why: str) -> None:
        self.setting = setting
        super().__init__(f"setting {setting}: {why}")


class ExtraMissing(WrongUse, ImportError):
    """An optional part of the package is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs an optional part: pip install 'lineage-graph[{extra}]'")


class TokenRefused(WrongUse):
    """A token that is not one of this service's, was revoked or has expired."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the token is not good: {why}; ask who runs this service for one (`lineage-graph token create`)")


class TooOften(WrongUse):
    """Too many tokens that are none. seconds: until the next try counts."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many tokens were refused that came from here; try again in {seconds} s")


class NotAllowed(WrongUse):
    """Something that is there, and not for the one who asks."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}; {todo}")


class CannotReproduce(LineageError):
    """Recorded work that cannot be done again here."""

    def __init__(self, what: object, why: str) -> None:
        self.what = str(what)
        super().__init__(f"{self.what} {why}")


class NotYetRecorded(LineageError, TimeoutError):
    """The event is safe in the journal; the graph has not answered for it yet."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        super().__init__(f"{what} is not in the graph yet ({why}); `lineage-graph sync` applies what waits")


class Rejected(LineageError):
    """The graph took note of the event and refused it; `status` lists these."""

    def __init__(self, what: str, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what} was rejected: {reason}")


class JournalProblem(LineageError):
    """A journal that is broken, has a gap, or cannot be written."""

    def __init__(self, path: object, why: str) -> None:
        self.path = str(path)
        super().__init__(f"journal {self.path}: {why}")


class CheckpointProblem(LineageError):
    """A checkpoint or a key that cannot be read, written or used."""

    def __init__(self, path: object, why: str) -> None:
        self.path = str(path)
        super().__init__(f"{self.path}: {why}")


class TokensProblem(LineageError):
    """The file of tokens cannot be read or written: nobody is let in until it can."""

    def __init__(self, path: object, why: str) -> None:
        self.path = str(path)
        super().__init__(f"tokens {self.path}: {why}")


class StoreProblem(LineageError):
    """The content store cannot be reached, or does not take what is given."""

    def __init__(self, store: object, why: str) -> None:
        self.store = str(store)
        super().__init__(f"content store {self.store}: {why}; `lineage-graph sync` tries again")


class ImportRefused(LineageError, ValueError):
    """A file that cannot be imported; nothing of it was applied. place: a line, or the way to a value."""

    def __init__(self, path: object, place: int | str | None, why: str) -> None:
        self.path, self.place = str(path), place
        at = f"{self.path}, line {place}" if isinstance(place, int) else f"{self.path}, {place}" if place else self.path
        super().__init__(f"{at}: {why}; nothing was imported")


class QueryBroken(LineageError):
    """A query file whose header and text do not agree."""

    def __init__(self, path: object, why: str) -> None:
        self.path = str(path)
        super().__init__(f"{self.path}: {why}")


class GraphProblem(LineageError):
    """Neo4j did not do what was asked."""


class GraphUnreachable(GraphProblem):
    """Nothing answers at that address."""

    def __init__(self, uri: str, why: str = "") -> None:
        self.uri = uri
        super().__init__(
            f"no Neo4j answers at {uri}{f' ({why})' if why else ''}; start it, or start the local one with `lineage-graph up`"
        )


class GraphRefusedLogin(GraphProblem):
    """Wrong user or password."""

    def __init__(self, uri: str, user: str) -> None:
        self.uri, self.user = uri, user
        super().__init__(f"Neo4j at {uri} refuses user {user!r}; set LINEAGE_GRAPH_USER and LINEAGE_GRAPH_PASSWORD")


class GraphReadOnly(GraphProblem):
    """It answers and takes no writes."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        super().__init__(
            f"Neo4j at {uri} is read-only; give the address of a member that takes writes, or make the database writable"
        )


class GraphTooOld(GraphProblem):
    """A server older than the oldest that is tried."""

    def __init__(self, uri: str, version: str, oldest: str) -> None:
        self.uri, self.version = uri, version
        super().__init__(f"Neo4j at {uri} is {version}; lineage-graph needs {oldest} or newer, so upgrade that server")


class GraphTooNew(GraphProblem):
    """A graph whose schema is newer than this program: it could misread it, and would write what does not belong."""

    def __init__(self, uri: str, has: int, by: str, knows: int, program: str) -> None:
        self.uri, self.has, self.knows = uri, has, knows
        super().__init__(
            f"the graph at {uri} has schema {has}, by lineage-graph {by}, and this lineage-graph {program} knows only {knows};"
            " upgrade it: pip install -U lineage-graph"
        )


class SchemaDiffers(GraphProblem):
    """A step of the schema that was applied to the graph is another one in this program."""

    def __init__(self, uri: str, step: str, by: str, at: str, program: str) -> None:
        self.uri, self.step = uri, step
        super().__init__(
            f"the graph at {uri} had {step} of the schema applied at {at} by lineage-graph {by}, and this lineage-graph"
            f" {program} has other statements in it; install lineage-graph anew, and put what changed into a new step"
        )


class TimeRanOut(GraphProblem, TimeoutError):
    """The server stopped at the time it was given."""

    def __init__(self, query: str, seconds: float | None = None) -> None:
        self.query, self.seconds = query, seconds
        given = f"{seconds:g} s" if seconds is not None else "the time it was given"
        super().__init__(f"{query} was not done within {given}; give it more, look less far (depth), or ask for fewer (limit)")


class GraphFailed(GraphProblem):
    """Any other refusal of the server, with its own words."""

    def __init__(self, uri: str, query: str, why: str) -> None:
        self.uri, self.query = uri, query
        super().__init__(f"Neo4j at {uri} refused {query}: {why}")


class LocalServerProblem(LineageError):
    """The managed local Neo4j cannot be fetched or started."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}; {todo}")
