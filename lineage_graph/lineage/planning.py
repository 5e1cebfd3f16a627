"""How to make something again: `plan`."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lineage_graph import queries
from lineage_graph.answers.plan import Plan
from lineage_graph.answers.planning import AtHand, ByRecord, Found, Row, Version, choose, ways_of
from lineage_graph.answers.recipes import planned
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.lineage.deadline import Deadline
from lineage_graph.lineage.things import Things
from lineage_graph.lineage.values import Time, cursor, time_text, whole_number
from lineage_graph.walks import unhurried


class Planning(Things):
    """What to do again."""

    def plan(
        self,
        name: str,
        *,
        have: str | os.PathLike[str] | None = None,
        from_scratch: bool = False,
        as_of: Time = None,
        known_at: Time = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> Plan:
        """The least that has to be done again to make a version (or to do a run) again, in an order in which it can be done.

        The run that made home is always in it. Of a version that several runs logged, its creator counts. What is there is
        fetched and not made: bytes that are in the content store, or in `have`.

        name:         '[project/]name[:version]' or 'project/runs/ID'.
        have:         a folder on this computer; files in it count by their bytes, whatever they are called.
        from_scratch: make again all that a run made; only what came from outside is fetched.
        as_of:        only what had happened by then; aliases as they were then.
        known_at:     only what the graph knew by then.
        limit:        at most so many runs, the first ones of the order; all else is of the whole plan.
        after:        the cursor of a plan that was cut, for its next runs.
        timeout:      seconds.
        Returns a Plan; its `missing` lists what stands in the way. Raises NameNotUnderstood, NotRecorded, ParameterWrong,
        TimeRanOut, GraphProblem. Runs reproduce/plan, then reproduce/recipes.
        """
        whole_number(limit, "limit", 1)
        left_out, deadline = cursor(after), Deadline("reproduce/plan", timeout)
        at_hand = self._at_hand(have)
        home = self.find(name, as_of=as_of, known_at=known_at)
        times = {"as_of": time_text(as_of, "as_of"), "known_at": time_text(known_at, "known_at")}
        rows = self._read("reproduce/plan", deadline.left(), uid=home.uid, **times)
        if not rows:
            raise NotRecorded("uid", home.uid, "it was there a moment ago; ask again")

        def find(version: Version) -> Found:
            deadline.left()
            return at_hand.find(version)

        with unhurried():
            ways = ways_of(rows[0])
            choice = choose(ways, find, from_scratch)
            full = home.full_name

            def take(rows: Iterable[Row]) -> Plan:
                return planned(ways, choice, rows, at_hand.has_blob, home=full, limit=limit, left_out=left_out, **times)

            if not choice.runs:
                return take(())
            uids = [ways.runs[run][0] for run in choice.runs]
            return self.graph.fold(queries.get("reproduce/recipes"), take, deadline.left(), runs=uids)

    def _at_hand(self, have: str | os.PathLike[str] | None) -> AtHand:
        """Where content is looked for; here there is no store, and what the graph says of it counts."""
        if have is not None:
            raise ParameterWrong("have", "a plan from the graph alone cannot look at files; ask lg.connect()")
        return ByRecord()
