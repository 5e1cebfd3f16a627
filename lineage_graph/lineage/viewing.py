"""The picture around one run or version: chosen, filtered and grouped, for those who draw it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from lineage_graph import queries
from lineage_graph.answers.choosing import Choice, Depth, Filters, Found, choose, with_runs
from lineage_graph.answers.cluster import Members, Sort
from lineage_graph.answers.groups import LEAST_CARDS
from lineage_graph.answers.picture import Picture, Stage, arrange
from lineage_graph.answers.shape import Shape, distances, part_of, shape
from lineage_graph.answers.view import Asked, Scope, View
from lineage_graph.answers.viewed import GROUP, alone, to_be_named, view_of
from lineage_graph.errors import NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.lineage.deadline import FIRST_LOOK, Deadline
from lineage_graph.lineage.grouping import Grouping
from lineage_graph.lineage.values import Time, moment, times, whole_number
from lineage_graph.models import ArtifactVersion, Run, Truncated
from lineage_graph.walks import unhurried

MOST_CARDS = 400
MOST_LEVELS = 64  # that one card is expanded by
FURTHER = 4  # times as far as before is looked, when it could be more
WALKS = {"<": "cluster/shape_upstream", ">": "cluster/shape_downstream"}
Row = dict[str, Any]


@dataclass(frozen=True)
class _Look:
    """What is asked of every query of one picture."""

    home: Run | ArtifactVersion
    up: Depth
    down: Depth
    full: bool
    filters: Filters
    at_least: int
    out: list[str]
    hide: list[tuple[str, bool]]  # what it is looked up by, and whether its whole card is meant
    then: dict[str, str | None]
    deadline: Deadline
    wanted: list[str] = field(default_factory=list)  # uids and full names whose numbers are wanted as well
    numbers: dict[str, int] = field(default_factory=dict)  # the server's, of all that is looked up
    asked: list[Asked] = field(default_factory=list)

    def node(self, shape: Shape, key: str) -> int | None:
        """The node of something that was looked up; None when it is not on the shape."""
        return shape.index.get(self.numbers.get(key, -1))


class Viewing(Grouping):
    """A view, and the members of a group on it."""

    def view(
        self,
        home: str,
        *,
        up: int | str = "auto",
        down: int | str = "auto",
        scope: Scope = "direct",
        type: Sequence[str] = (),
        job_type: Sequence[str] = (),
        out: Sequence[str] = (),
        hide: Sequence[str] = (),
        more: Sequence[str] = (),
        cards: int = MOST_CARDS,
        at_least: int = 5,
        as_of: Time = None,
        known_at: Time = None,
        timeout: float | None = None,
    ) -> View:
        """What is before and after a run or version, as no more cards than can be drawn.

        home:      '[project/]name[:version]' or 'project/runs/ID'.
        up, down:  how many relationships to look before and after it; 'all', or 'auto': as far as the picture stays readable.
        scope:     'direct': what it was made from and what was made from it; 'full': also what else the runs used and logged.
        type, job_type: keep only versions of these types, runs of these job types; '' is none. Home stays, and ways through
                   what is left out are edges.
        out:       full names of runs and versions that stay single.
        hide:      full names, or ids of groups, that are left out and listed.
        more:      'NAME<' adds what is one relationship before NAME, 'NAME>' what is after it; twice adds two. What is on the
                   picture already keeps its cards.
        cards:     at most so many; coarser groups are made until they are, and `coarsened` says how.
        at_least:  how many runs or versions make a group.
        as_of:     only what had happened by then; aliases as they were then. known_at: only what the graph knew by then.
        timeout:   seconds; what was found by then is drawn, whole up to some depth, and `truncated` says so.
        Raises NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut, GraphProblem. Runs cluster/shape_upstream and
        shape_downstream, cluster/between or cluster/around, then cluster/names and cluster/degrees.
        """
        with unhurried():
            look = self._asked(home, up, down, scope, type, job_type, out, hide, more, at_least, as_of, known_at, timeout)
            found, choice, picture, cut = self._picture(look, more, cards)
            numbers = [picture.shape.numbers[node] for node in alone(picture)]
            [row] = self._read("cluster/degrees", timeout, numbers=numbers, **look.then)
            index = picture.shape.index
            return view_of(
                picture,
                found,
                choice,
                self._named(picture.shape, to_be_named(picture), as_of, known_at, timeout),
                {index[number]: (before, after) for number, before, after in row["degrees"]},
                name=look.home.full_name,
                scope=scope,
                as_of=moment(as_of, "as_of"),
                known_at=moment(known_at, "known_at"),
                hide=hide,
                truncated=None if cut is None else Truncated(reason="time", limit=timeout or 0, cursor=str(cut)),
                queries=look.asked,
            )

    def view_members(
        self,
        home: str,
        group: str,
        *,
        search: str | None = None,
        sort: Sort = "name",
        descending: bool = False,
        limit: int = 50,
        after: str | None = None,
        up: int | str = "auto",
        down: int | str = "auto",
        scope: Scope = "direct",
        type: Sequence[str] = (),
        job_type: Sequence[str] = (),
        out: Sequence[str] = (),
        hide: Sequence[str] = (),
        more: Sequence[str] = (),
        cards: int = MOST_CARDS,
        at_least: int = 5,
        as_of: Time = None,
        known_at: Time = None,
        timeout: float | None = None,
    ) -> Members:
        """The runs and versions of one group of a view, a page at a time.

        home, and up to known_at: as they were given to `view`. group: the group's id in its answer.
        search, sort, descending, limit, after: as for `members`. timeout: seconds; all or TimeRanOut.
        Raises as `members` does. Runs what `view` does for the picture, then cluster/members.
        """
        if not isinstance(group, str) or not group.startswith(GROUP):
            raise ParameterWrong("group", f"{group!r} is not the id of a group; `view` gives them")
        with unhurried():
            look = self._asked(home, up, down, scope, type, job_type, out, hide, more, at_least, as_of, known_at, timeout)
            uid = group.removeprefix(GROUP)
            look.wanted.append(uid)
            found, _, picture, cut = self._picture(look, more, cards)
            if cut is not None:
                raise TimeRanOut("cluster/members", timeout)
            node = look.node(picture.shape, uid)
            nodes = [] if node is None else picture.card_with(node)
            depths = distances(found.shape, found.home, [found.shape.before, found.shape.after])
            return self._page(
                look.home.full_name,
                group,
                [picture.shape.numbers[node] for node in nodes],
                {found.shape.numbers[node]: depth for node, depth in depths.items()},
                search=search,
                sort=sort,
                descending=descending,
                limit=limit,
                after=after,
                as_of=as_of,
                known_at=known_at,
                timeout=look.deadline.left(),
            )

    # ── what was asked ────────────────────────────────────────────────────────────────────────────────────────────────

    def _asked(
        self,
        home: str,
        up: int | str,
        down: int | str,
        scope: Scope,
        types: Sequence[str],
        job_types: Sequence[str],
        out: Sequence[str],
        hide: Sequence[str],
        more: Sequence[str],
        at_least: int,
        as_of: Time,
        known_at: Time,
        timeout: float | None,
    ) -> _Look:
        if scope not in get_args(Scope):
            raise ParameterWrong("scope", f"it is 'direct' or 'full', not {scope!r}")
        whole_number(at_least, "at_least", 2)
        happened, known = times(as_of, known_at)
        for text in more:
            if not isinstance(text, str) or text[-1:] not in WALKS or len(text) < 2:
                raise ParameterWrong("more", f"it is NAME< for what is before, or NAME> for what is after, not {text!r}")
        return _Look(
            home=self.find(home, as_of=as_of, known_at=known_at),
            up=_depth(up, "up"),
            down=_depth(down, "down"),
            full=scope == "full",
            filters=Filters(frozenset(types), frozenset(job_types)),
            at_least=at_least,
            out=self._keys(out, as_of, known_at),
            hide=[
                (text.removeprefix(GROUP), True) if text.startswith(GROUP) else (self._keys([text], as_of, known_at)[0], False)
                for text in hide
            ],
            then={"as_of": happened, "known_at": known},
            deadline=Deadline("cluster/shape_upstream", timeout),
        )

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _picture(self, look: _Look, more: Sequence[str], cards: int) -> tuple[Found, Choice, Picture, int | None]:
        """(what was found, what was chosen of it, its cards, and how far was looked where the time did not last)."""
        if not LEAST_CARDS <= (whole_number(cards, "cards", LEAST_CARDS) or 0) <= MOST_CARDS:
            raise ParameterWrong("cards", f"it is at most {MOST_CARDS}, not {cards}")
        rows, found, choice, cut = self._chosen(look)
        if cut is not None:  # what was found has its names and what was added to it, as long as they take
            look = replace(look, deadline=Deadline(look.deadline.question, look.deadline.timeout))
        numbers = found.shape.numbers
        chosen = [numbers[node] for node in choice.nodes]
        if more:
            whole, added = self._expanded(look, rows, chosen, more)
        else:
            whole, added = choice.shape or part_of(found.shape, choice.nodes), []
        index = whole.index
        home = index[look.numbers[look.home.uid]]
        stages = [Stage([index[number] for number in chosen], grouping=choice.grouping)]
        stages += [Stage(sorted(index[number] for number in new), index[origin]) for origin, new in added if new]
        out = [node for key in look.out if (node := look.node(whole, key)) is not None]
        hide = [(look.node(whole, key), card) for key, card in look.hide]
        filtered = look.filters.left_out(whole, home)
        return found, choice, arrange(whole, home, stages, out, filtered, hide, cards, look.at_least), cut

    def _chosen(self, look: _Look) -> tuple[list[Row], Found, Choice, int | None]:
        """Looks further and further where that is 'auto', and where time may run out."""
        looked, last = FIRST_LOOK, None
        steps = look.deadline.timeout is not None
        while True:
            bounds = tuple(
                looked if depth == "auto" or (depth is None and steps) else None if depth is None else depth + 1
                for depth in (look.up, look.down)
            )
            try:
                rows, found = self._found(look, (bounds[0], bounds[1]))
            except TimeRanOut:
                if last is None:
                    raise TimeRanOut(look.deadline.question, look.deadline.timeout) from None
                return (*last, looked // FURTHER)
            out = [node for key in look.out if (node := look.node(found.shape, key)) is not None]
            choice = choose(found, look.up, look.down, look.filters, look.at_least, out)
            ends = (look.up is None and not found.whole_up) or (look.down is None and not found.whole_down)
            if not choice.further and not ends:
                return rows, found, choice, None
            last, looked = (rows, found, choice), looked * FURTHER

    def _found(self, look: _Look, bounds: tuple[int | None, int | None]) -> tuple[list[Row], Found]:
        keys = [*look.out, *(key for key, _ in look.hide), *look.wanted]
        look.asked.clear()
        up, down = (self._walk_from(look, look.home.uid, sign, bound, keys) for sign, bound in zip(WALKS, bounds, strict=True))
        look.numbers[look.home.uid] = up["home"]
        rows = [up, down]
        if look.full:
            rows.append(self._around(look, rows))
        elif (up["runs"] or len(up["versions"]) > 1) and (down["runs"] or len(down["versions"]) > 1):
            rows.append(self._between(look, _runs(down), _versions(up), _runs(up), _versions(down)))
        whole = shape(rows)
        whole_up, whole_down = (bound is None or row["deepest"] < bound for row, bound in zip(rows, bounds, strict=False))
        return rows, Found(whole, whole.index[up["home"]], bounds, whole_up, whole_down, look.full)

    def _expanded(
        self, look: _Look, rows: list[Row], chosen: Sequence[int], more: Sequence[str]
    ) -> tuple[Shape, list[tuple[int, set[int]]]]:
        """(the shape of all that is on the picture, and of each of `more` its origin and what it adds, as numbers)."""
        here, rows = set(chosen), list(rows)
        walked: dict[str, Found] = {}
        for text, levels in Counter(more).items():
            if levels > MOST_LEVELS:
                raise ParameterWrong("more", f"{text!r} is there {levels} times; {MOST_LEVELS} is the most")
            uid = self.find(text[:-1], as_of=look.then["as_of"], known_at=look.then["known_at"]).uid
            row = self._walk_from(look, uid, text[-1], levels, [])
            new = [row]
            if look.full:
                new.append(self._around(look, new))
            rows += new
            whole = shape(new)
            walked[text] = Found(whole, whole.index[row["home"]], (levels, levels), False, False, look.full)
        added, times_seen = [], Counter[str]()
        for text in more:
            found = walked[text]
            numbers = found.shape.numbers
            times_seen[text] += 1
            far = found.up if text[-1] == "<" else found.down
            if numbers[found.home] not in here:
                continue
            near = [node for node, distance in far.items() if distance <= times_seen[text]]
            reached = with_runs(found.shape, near) if look.full else near
            added.append((numbers[found.home], {numbers[node] for node in reached} - here))
            here |= added[-1][1]
        runs = [number for number in _runs(*rows) if number in here]
        versions = [number for number in _versions(*rows) if number in here]
        rows.append(self._between(look, runs, versions, runs, versions))
        whole = shape(rows)
        return part_of(whole, sorted(whole.index[number] for number in here)), added

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _walk_from(self, look: _Look, uid: str, sign: str, bound: int | None, keys: list[str]) -> Row:
        name = WALKS[sign]
        given: Row = {"uid": uid, "depth": bound, **look.then, "apart": keys}
        look.asked.append(Asked(name=name, parameters=given))
        rows = self.graph.read(queries.get(name).bounded(bound), look.deadline.left(name), **given)
        if not rows:
            raise NotRecorded("uid", uid, "it was there a moment ago; ask again")
        look.numbers.update(rows[0]["apart"])
        return rows[0]

    def _around(self, look: _Look, rows: Sequence[Row]) -> Row:
        name = "cluster/around"
        return self._read(name, look.deadline.left(name), runs=_runs(*rows), **look.then)[0]

    def _between(self, look: _Look, users: list[int], used: list[int], makers: list[int], made: list[int]) -> Row:
        name = "cluster/between"
        given = {"users": users, "used": used, "makers": makers, "made": made}
        return {"runs": [], "versions": [], **self._read(name, look.deadline.left(name), **given, **look.then)[0]}


def _runs(*rows: Row) -> list[int]:
    return list({number for row in rows for _, _, numbers in row["runs"] for number in numbers})


def _versions(*rows: Row) -> list[int]:
    return list({number for row in rows for _, _, numbers in row["versions"] for number in numbers})


def _depth(value: int | str | None, where: str) -> Depth:
    if value == "auto":
        return "auto"
    if value == "all" or value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ParameterWrong(where, f"it is 'auto', 'all' or a whole number from 0 on, not {value!r}")
    return value
