"""The door to Neo4j, and the only room that imports its driver.

It runs the package's own query files, in read or in write transactions, and turns the driver's errors into ours.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import neo4j
from neo4j import exceptions as driver_errors

from lineage_graph import migrations, queries
from lineage_graph.errors import (
    GraphFailed,
    GraphProblem,
    GraphReadOnly,
    GraphRefusedLogin,
    GraphTooOld,
    GraphUnreachable,
    SettingWrong,
    TimeRanOut,
)
from lineage_graph.queries import Query
from lineage_graph.version import __version__

OLDEST = (5, 23)
SCHEMES = {f"{name}{secure}" for name in ("bolt", "neo4j") for secure in ("", "+s", "+ssc")}
CONTENTION_SECONDS = 60  # how long a write that others come in the way of is tried again
SCHEMA_SECONDS = 600  # how long to wait for another process that brings the schema up
STEPS = queries.get("lineage/schema_steps")
LOCK = queries.get("record/schema_lock")
NOTE = queries.get("record/schema_note")
ASKED = "the statement"  # what an error calls a person's own
FEW_ROWS = 100  # that are on their way at once, where a person may ask for rows of any size
T = TypeVar("T")
Rows = list[dict[str, Any]]
Run = Callable[..., Rows]

# The most specific class that matches decides; the functions build the sentence.
TRANSLATION: dict[type[Exception], Callable[[str, str, str, Exception], GraphProblem]] = {
    driver_errors.DriverError: lambda uri, user, query, e: GraphUnreachable(uri, _words(e)),
    driver_errors.Neo4jError: lambda uri, user, query, e: GraphFailed(uri, query, _words(e)),
    driver_errors.AuthError: lambda uri, user, query, e: GraphRefusedLogin(uri, user),
    driver_errors.NotALeader: lambda uri, user, query, e: GraphReadOnly(uri),
    driver_errors.ForbiddenOnReadOnlyDatabase: lambda uri, user, query, e: GraphReadOnly(uri),
    driver_errors.ConfigurationError: lambda uri, user, query, e: GraphUnreachable(uri, _words(e)),
    driver_errors.ResultError: lambda uri, user, query, e: GraphFailed(uri, query, _words(e)),
}


def _words(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error)
    return text.splitlines()[0][:300] if text else type(error).__name__


def translate(error: Exception, uri: str, user: str, query: str) -> GraphProblem:
    """Our error for one of the driver's: the nearest class in its ancestry decides."""
    if isinstance(error, driver_errors.Neo4jError):
        if error.code == "Neo.ClientError.Security.AuthenticationRateLimit":
            return GraphRefusedLogin(uri, user)
        if (error.code or "").startswith("Neo.ClientError.Transaction.TransactionTimedOut"):
            return TimeRanOut(query)
        words = _words(error).lower()
        if "read-only" in words or "read only" in words or "access mode" in words:
            return GraphReadOnly(uri)
    for kind in type(error).__mro__:
        if kind in TRANSLATION:
            return TRANSLATION[kind](uri, user, query, error)
    return GraphFailed(uri, query, _words(error))


class Clash(Exception):
    """A write that another one came in the way of, or whose outcome nobody heard: look again, then decide anew."""


def _comes_in_the_way(error: BaseException | None) -> bool:
    """Whether a statement failed because of what others do at this moment."""
    if isinstance(error, driver_errors.TransientError):
        return True
    return isinstance(error, driver_errors.Neo4jError) and "LockAcquisitionTimeout" in (error.code or "")


def _persist(call: Callable[[], T], seconds: float) -> T:
    """What `call` gives; it is called again, so long, while others come in its way."""
    until = time.monotonic() + seconds
    pause = 0.01
    while True:
        try:
            return call()
        except GraphFailed as problem:
            # Deadlocks are solved by one side's retry, and soon; the driver's own waits begin at a second.
            if not _comes_in_the_way(problem.__cause__) or time.monotonic() > until:
                raise
        time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
        pause = min(pause * 2, 0.5)


class Again(driver_errors.TransientError):
    """A write that another was faster than: the same work, begun again, will find what that one wrote."""


class Graph:
    """A Neo4j database.

    uri:       bolt:// for one server, neo4j:// for a cluster or Aura; both also with +s.
    database:  its name; 'neo4j' by default.
    connection_timeout: seconds until an address that does not answer counts as down.
    Nothing is sent before the first query; that one raises GraphUnreachable, GraphRefusedLogin, GraphTooOld or GraphTooNew.
    """

    def __init__(
        self, uri: str, user: str, password: str | None, database: str = "neo4j", connection_timeout: float = 5.0
    ) -> None:
        if uri.partition("://")[0] not in SCHEMES:
            raise SettingWrong("uri", f"an address begins with bolt:// or neo4j:// (or with +s), not {uri!r}")
        self.uri, self.user, self.database = uri, user, database
        try:
            self._driver = neo4j.GraphDatabase.driver(
                uri,
                auth=(user, password) if password is not None else None,
                connection_timeout=connection_timeout,
                connection_acquisition_timeout=10,
                max_transaction_retry_time=15,
                telemetry_disabled=True,
                user_agent=f"lineage-graph/{__version__}",
                notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF,
            )
        except (driver_errors.DriverError, ValueError) as error:
            raise GraphUnreachable(uri, _words(error)) from error
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        self._checked = False
        self._schema = threading.Event()
        self._lock = threading.Lock()

    def close(self) -> None:
        self._driver.close()

    def version(self) -> str:
        """The server's version, such as '2026.09.0'.

        Raises GraphUnreachable, GraphRefusedLogin, GraphTooOld, GraphTooNew.
        """
        with self._translated("its version"):
            agent = str(self._driver.get_server_info().agent)
        version = agent.partition("/")[2]
        parts = tuple(int(p) for p in version.split(".")[:2] if p.isdigit())
        if parts < OLDEST:
            raise GraphTooOld(self.uri, version, ".".join(map(str, OLDEST)))
        self._checked = True
        try:
            migrations.not_newer(self.uri, self._steps())
        except BaseException:
            self._checked = False
            raise
        return version

    def schema(self) -> int:
        """The graph's schema version; 0 where nothing was recorded yet. Raises GraphProblem. Runs lineage/schema_steps."""
        steps = self._steps()
        return int(steps[-1]["version"]) if steps else 0

    def _steps(self) -> Rows:
        return self.read(STEPS)

    @contextmanager
    def _translated(self, query: str) -> Iterator[None]:
        try:
            yield
        except (driver_errors.DriverError, driver_errors.Neo4jError, OSError) as error:
            raise translate(error, self.uri, self.user, query) from error

    def read(self, query: Query, timeout: float | None = None, **parameters: Any) -> Rows:
        """Runs a query file and returns its rows. timeout: seconds the server may take.

        Raises ParameterWrong, TimeRanOut and other GraphProblems.
        """
        return self.fold(query, list, timeout, **parameters)

    def fold(
        self, query: Query, take: Callable[[Iterator[dict[str, Any]]], T], timeout: float | None = None, **parameters: Any
    ) -> T:
        """What `take` makes of a query's rows, which it is given as they arrive; again from the first when the server asks
        for a retry. Otherwise as `read`."""
        query.check(parameters)

        def unit(tx: neo4j.ManagedTransaction) -> T:
            return take(dict(row) for row in tx.run(query.text, parameters))

        if not self._checked:
            self.version()
        metadata = {"app": "lineage-graph", "query": query.name}
        with self._translated(query.name), self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(neo4j.unit_of_work(metadata=metadata, timeout=timeout)(unit))

    def ask(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        must_only_read: Callable[[Any], None],
        take: Callable[[list[str], Iterator[tuple[Any, ...]]], T],
        timeout: float | None = None,
    ) -> T:
        """What `take` makes of a person's own statement, given its columns, and its rows as they arrive.

        It is sent as it is, once, in a transaction that only reads, after the server explained it and `must_only_read` did
        not raise at that plan. timeout: seconds the server may take. Raises GraphProblem.
        """
        if not self._checked:
            self.version()
        with (
            self._translated(ASKED),
            self._session(neo4j.READ_ACCESS, FEW_ROWS) as session,
            session.begin_transaction(metadata={"app": "lineage-graph", "query": "cypher"}, timeout=timeout) as tx,
        ):
            must_only_read(tx.run(f"EXPLAIN {statement}", dict(parameters)).consume().plan)
            result = tx.run(statement, dict(parameters))
            return take(list(result.keys()), (tuple(row.values()) for row in result))

    def _session(self, access: str, fetch_size: int = 1000) -> neo4j.Session:
        return self._driver.session(
            database=self.database, default_access_mode=access, bookmark_manager=self._bookmarks, fetch_size=fetch_size
        )

    def write(self, work: Callable[[Run], T], name: str) -> T:
        """Runs `work` in one write transaction, again from its beginning when the server asks for a retry.

        work: is given a function `run(query, **parameters) -> rows`; it must have no other effect.
        Raises GraphProblem.
        """
        self._ensure_schema()
        return _persist(lambda: self._run(name, work), CONTENTION_SECONDS)

    def write_once(self, plan: Sequence[tuple[Query, Mapping[str, Any]]], name: str) -> list[dict[str, Any]] | None:
        """Runs queries that give one row each, in one transaction (a single one in one round trip), and returns the rows.

        A query without a row calls it off: nothing is written, and the answer is None.
        Raises Clash where looking again may help, else GraphProblem.
        """
        self._ensure_schema()
        metadata = {"app": "lineage-graph", "query": name}
        try:
            with (
                self._translated(name),
                self._driver.session(database=self.database, bookmark_manager=self._bookmarks) as session,
            ):
                if len(plan) == 1:
                    [(query, parameters)] = plan
                    text = neo4j.Query(query.text, metadata=metadata)
                    row = session.run(text, dict(parameters)).single()
                    return None if row is None else [row.data()]
                rows: list[dict[str, Any]] = []
                with session.begin_transaction(metadata=metadata) as tx:
                    for query, parameters in plan:
                        row = tx.run(query.text, dict(parameters)).single()
                        if row is None:
                            tx.rollback()
                            return None
                        rows.append(row.data())
                    tx.commit()
                return rows
        except GraphProblem as problem:
            cause = problem.__cause__
            if isinstance(cause, driver_errors.ConstraintError | driver_errors.IncompleteCommit) or (
                isinstance(cause, driver_errors.Neo4jError | driver_errors.DriverError) and cause.is_retryable()
            ):
                raise Clash(str(problem)) from problem
            raise

    def _run(self, name: str, work: Callable[[Run], T]) -> T:
        if not self._checked:
            self.version()
        with (
            self._translated(name),
            self._session(neo4j.WRITE_ACCESS) as session,
            session.begin_transaction(metadata={"app": "lineage-graph", "query": name}) as tx,
        ):

            def run(query: Query, **parameters: Any) -> Rows:
                return [dict(r) for r in tx.run(query.text, parameters)]

            try:
                result = work(run)
            except driver_errors.ConstraintError as error:
                raise Again(str(error)) from error
            tx.commit()
            return result

    def explain(self, query: Query, parameters: Mapping[str, Any], mode: str = "EXPLAIN") -> tuple[list[str], Any]:
        """(column names, plan) of a query, by EXPLAIN (nothing runs) or PROFILE."""
        text = f"{mode} {query.text}"
        with self._translated(query.name), self._driver.session(database=self.database) as session:
            result = session.run(text, dict(parameters))
            keys = list(result.keys())
            summary = result.consume()
            return keys, summary.plan if mode == "EXPLAIN" else summary.profile

    def _ensure_schema(self) -> None:
        """Brings the schema up, once a process; safe when several do it at once. Raises GraphTooNew, SchemaDiffers."""
        if self._schema.is_set():
            return
        with self._lock:
            if self._schema.is_set():
                return
            if not self._checked:
                self.version()
            todo = migrations.pending(self.uri, self._steps())
            if todo:
                self._statements(migrations.FIRST)
            for step in todo:
                self._bring_up(step)
            self._schema.set()

    def _bring_up(self, step: migrations.Migration) -> None:
        """Applies one step of the schema, unless another process did.

        The lock is one transaction, and the statements are others: Neo4j has no transaction that changes both schema and data.
        A process that dies between a step and its note leaves the step to be applied again, which changes nothing.
        """

        def apply(run: Run) -> None:
            run(LOCK)
            if step in migrations.pending(self.uri, run(STEPS)):
                self._statements(step)
                run(NOTE, **step.noted)

        _persist(lambda: self._run(step.query.name, apply), SCHEMA_SECONDS)

    def _statements(self, step: migrations.Migration) -> None:
        for statement in step.query.statements:
            _persist(lambda text=statement: self._alone(step.query.name, text), SCHEMA_SECONDS)  # type: ignore[misc]

    def _alone(self, name: str, statement: str) -> None:
        """Runs a statement that is a transaction of its own."""
        with self._translated(name), self._driver.session(database=self.database) as session:
            session.run(statement).consume()
