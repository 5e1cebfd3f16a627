"""The facade's questions as routes: one table, and what each takes is what the facade's method takes.

A question whose caller accepts text/event-stream is answered as a stream: that it goes on, how far it is, then the answer.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import dedent
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import fastapi
from fastapi import APIRouter, Request
from starlette.responses import Response

from lineage_graph import queries
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.service import answers, files, streams
from lineage_graph.service.parameters import ALL_READ, Timeout
from lineage_graph.service.working import LONGEST, TIMEOUT, work

NODES = 100_000  # runs and versions in one answer, at most; beyond, `truncated` says how to go on
NAMED = re.compile(r"\b([a-z]+/[a-z_]+)\b")
SAID = re.compile(r"^(\w+(?:, \w+)*):\s+(.*)$")


@dataclass(frozen=True)
class Read:
    """A route, and the method that answers it.

    left_out: parameters that make no sense from elsewhere, such as a folder.
    long:     whether it takes longer than other questions; it bounds its answer itself.
    """

    path: str
    method: str
    left_out: frozenset[str] = frozenset()
    long: bool = False


HERE = frozenset({"have", "progress", "checkpoint", "public_key"})
READS = (
    Read("projects", "projects"),
    Read("artifacts", "artifacts"),
    Read("versions", "versions"),
    Read("runs", "runs"),
    Read("find", "find"),
    Read("by_source", "by_source"),
    Read("inputs", "inputs"),
    Read("outputs", "outputs"),
    Read("producers", "producers"),
    Read("consumers", "consumers"),
    Read("upstream", "upstream"),
    Read("downstream", "downstream"),
    Read("clusters", "clusters"),
    Read("members", "members"),
    Read("lineage", "view"),
    Read("cluster", "view_members"),
    Read("search", "search"),
    Read("path", "path"),
    Read("diff", "diff"),
    Read("why", "why"),
    Read("plan", "plan", left_out=HERE),
    Read("impact", "impact"),
    Read("stale", "stale"),
    Read("trail", "trail"),
    Read("verify", "verify", left_out=HERE, long=True),
    Read("rejections", "rejections"),
)


def router(graph: LineageGraph) -> APIRouter:
    """All of them."""
    found = APIRouter(prefix="/api", dependencies=ALL_READ)
    for read in READS:
        found.add_api_route(
            f"/{read.path}",
            _endpoint(graph, read),
            methods=["GET"],
            summary=_summary(read.method),
            description=describe(read.method),
            tags=["questions"],
            response_class=Response,
        )
    return found


def declared(method: str) -> Callable[..., Any]:
    """The facade's method as it is declared with all its parameters: an override may take the rest as they come."""
    for cls in LineageGraph.__mro__:
        found = vars(cls).get(method)
        if found is not None and not any(p.kind is p.VAR_KEYWORD for p in inspect.signature(found).parameters.values()):
            return found  # type: ignore[no-any-return]
    raise AttributeError(method)


def _endpoint(graph: LineageGraph, read: Read) -> Callable[..., Any]:
    function = declared(read.method)
    hints = get_type_hints(function)
    meanings = _meanings(function)
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)]
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self" or name in read.left_out:
            continue
        required = parameter.default is parameter.empty
        default = ... if required else _default(read, name, parameter.default)
        kind: Any = (
            Timeout if name == "timeout" else Annotated[_of_query(hints[name]), fastapi.Query(description=meanings.get(name))]
        )
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=kind,
                default=parameter.empty if required else default,
            )
        )
    if read.method in files.WALKS:
        form = Annotated[files.Form, fastapi.Query(description="As which file; json is the answer itself.")]
        parameters.append(inspect.Parameter("format", inspect.Parameter.KEYWORD_ONLY, annotation=form, default="json"))
    numbers = {name for name, hint in hints.items() if set(get_args(hint)) == {int, str}}

    async def endpoint(request: Request, **given: Any) -> Response:
        form = given.pop("format", "json")
        given |= {name: int(given[name]) for name in numbers if str(given.get(name)).isdecimal()}
        seconds = LONGEST if read.long else TIMEOUT
        if "timeout" in given:
            seconds = given["timeout"]
        if given.get("limit") is not None:
            given["limit"] = min(given["limit"], NODES)
        ask = partial(getattr(graph, read.method), **given)
        if streams.wanted(request):
            return streams.stream(request, ask, progress="progress" in inspect.signature(function).parameters)

        def made() -> Response:
            found = ask()
            return answers.answer(request, found) if form == "json" else files.file(request, found, form)

        return await work(made, seconds)

    endpoint.__name__ = read.method
    endpoint.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return endpoint


def _default(read: Read, name: str, default: Any) -> Any:
    if name == "timeout":
        return TIMEOUT
    if name == "limit" and default is None and not read.long:
        return NODES
    return list(default) if isinstance(default, tuple) else default


def _of_query(hint: Any) -> Any:
    """A parameter's type as a query string has it: what can be a text is one, a sequence is repeated."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        members = [one for one in get_args(hint) if one is not type(None)]
        kind = str if str in members else _of_query(members[0])
        return kind | None if type(None) in get_args(hint) else kind
    if origin is Literal:
        return hint
    if origin is not None and issubclass(origin, Sequence):
        return list[_of_query(get_args(hint)[0])]  # type: ignore[misc]
    return hint


# ── what the OpenAPI page says ────────────────────────────────────────────────────────────────────────────────────────────


def _summary(method: str) -> str:
    return (inspect.getdoc(declared(method)) or "").split("\n\n")[0].replace("\n", " ")


def describe(method: str) -> str:
    """The method's own text, then the header of each query that it names."""
    text = dedent(inspect.getdoc(declared(method)) or "")
    named = dict.fromkeys(name for name in NAMED.findall(text) if name in queries.QUERIES)
    headers = [f"**{name}** — {(query := queries.get(name)).question} {query.about}" for name in named]
    return "\n\n".join([text, *headers])


def _meanings(function: Callable[..., Any]) -> dict[str, str]:
    """What a docstring says of each parameter."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (inspect.getdoc(function) or "").splitlines():
        match = SAID.match(line)
        if match:
            names = match[1].split(", ")
            found |= dict.fromkeys(names, match[2])
        elif line.startswith("   ") and names:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
        else:
            names = []
    return found
