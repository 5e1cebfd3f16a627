"""What a person looks up: things by a part of their name, and all about one."""

from __future__ import annotations

from lineage_graph.answers.card import Card, run_card, version_card
from lineage_graph.answers.search import Search, hits, parameters
from lineage_graph.answers.view import Asked
from lineage_graph.errors import NotRecorded, ParameterWrong
from lineage_graph.lineage.things import Things
from lineage_graph.lineage.values import Time, moment, seconds, time_text, whole_number
from lineage_graph.models import Run
from lineage_graph.names import check_project

LISTED = 50
SIBLINGS = 20
MOST_HITS = 100
LOOKED = 500  # what each full-text index is asked for


class Looking(Things):
    """Search, card."""

    def search(self, q: str, project: str | None = None, limit: int = 20, *, timeout: float | None = None) -> Search:
        """Projects, artifacts, versions, aliases and runs by parts of their names, in any case.

        q:       words, or parts of words of three characters and more; all of them must be in a name (of more than 16 words
                 the longest 16, and of a word the first 64 characters). 'name:v3' finds that
                 version as well, and the beginning of a digest (six characters and more) the versions that have it.
        project: only in this project. limit: at most so many, 100 at most.
        timeout: seconds.
        What was recorded a moment ago may be missing for another moment. Raises NameNotUnderstood, ParameterWrong, TimeRanOut,
        GraphProblem. Runs lineage/search.
        """
        if not isinstance(q, str):
            raise ParameterWrong("q", f"it is what to look for, not {q!r}")
        if not whole_number(limit, "limit", 1) or limit > MOST_HITS:
            raise ParameterWrong("limit", f"it is at most {MOST_HITS}, not {limit!r}")
        seconds(timeout, "timeout")
        given = parameters(q, None if project is None else check_project(project))
        if given is None:
            return Search(hits=(), truncated=False)
        [row] = self._read("lineage/search", timeout, **given, limit=limit + 1, look=LOOKED)
        return hits(row, q, limit)

    def card(self, name: str, *, as_of: Time = None, timeout: float | None = None) -> Card:
        """All about one run or version: what is recorded of it, and what is right before and after it.

        name:    '[project/]name[:version]' or 'project/runs/ID'.
        as_of:   only what had happened by then; aliases as they were then.
        timeout: seconds.
        Raises NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut, GraphProblem. Runs lineage/run_card or
        lineage/version_card.
        """
        then = time_text(as_of, "as_of")
        seconds(timeout, "timeout")
        home = self.find(name, as_of=as_of)
        is_run = isinstance(home, Run)
        query = "lineage/run_card" if is_run else "lineage/version_card"
        given = {"uid": home.uid, "limit": LISTED, "as_of": then} | ({} if is_run else {"siblings": SIBLINGS})
        rows = self._read(query, timeout, **given)
        if not rows:
            raise NotRecorded("uid", home.uid, "it was there a moment ago; ask again")
        first = ("lineage/run", {"run": home.full_name}) if is_run else ("lineage/version", {"version": home.full_name})
        asked = [Asked(name=first[0], parameters=first[1]), Asked(name=query, parameters=given)]
        if isinstance(home, Run):
            return run_card(home, rows[0], moment(as_of, "as_of"), asked)
        return version_card(home, rows[0], moment(as_of, "as_of"), asked)
