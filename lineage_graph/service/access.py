"""Who may do what, in one place: every route with the right that it takes, and what of it a project's token may ask.

Whoever asks says who he is by a token: `Authorization: Bearer …`, or the cookie that POST /api/session makes of one. As long as
there is no token at all, who sits at this computer may do everything, as with any program that he starts; a browser is then a
way in for the pages that it shows, so requests must come from our own page and be for this computer by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.routing import compile_path

from lineage_graph.errors import NameNotUnderstood, NotAllowed, NotRecorded, TokenRefused
from lineage_graph.names import ArtifactName, RunName, VersionName, is_run, parse, parse_artifact
from lineage_graph.service.redact import shown
from lineage_graph.service.veil import GROUP, Veil, project_of
from lineage_graph.tokens import Role as Role
from lineage_graph.tokens import Tokens

COOKIE = "lineage_graph_token"
Right = Literal["open", "read", "record", "audit"]
MAY: dict[Role, frozenset[Right]] = {
    "reader": frozenset({"open", "read"}),
    "recorder": frozenset({"open", "read", "record"}),
    "auditor": frozenset({"open", "read", "audit"}),
    "admin": frozenset({"open", "read", "record", "audit"}),
}
ANYBODY = "anonymous"  # stands in the record where somebody at this computer sent events without a token
# What a parameter of a query string names; a project's token may name nothing of another project.
What = Literal["thing", "artifact", "scope", "more", "group", "hidden", "text", "never"]


@dataclass(frozen=True)
class Identity:
    """Who asks. token: the id of the token, None for whoever sits at this computer. project: the only one that counts."""

    role: Role
    token: str | None = None
    project: str | None = None

    @property
    def via(self) -> str:
        """By whom events came, as the record says it."""
        return self.token or ANYBODY


@dataclass(frozen=True)
class Need:
    """What a route takes.

    right:    that the one who asks must have.
    names:    what its parameters name; others must not look like a name.
    of_one:   whether a project's token may ask it. bound: the parameter `project` becomes the token's project.
    plain:    its answer tells nothing of any project, and is not looked at.
    """

    right: Right
    names: Mapping[str, What] = field(default_factory=dict)
    of_one: bool = True
    bound: bool = False
    plain: bool = False


OPEN = Need("open", plain=True)
_NAME: dict[str, What] = {"name": "thing"}
_BOTH: dict[str, What] = {"a": "thing", "b": "thing"}
_VIEW: dict[str, What] = {"home": "thing", "out": "thing", "hide": "hidden", "more": "more", "search": "never"}
ROUTES: dict[str, dict[str, Need]] = {
    "/": {"GET": OPEN},
    "/favicon.ico": {"GET": OPEN},
    "/static/{path:path}": {"GET": OPEN},
    "/healthz": {"GET": OPEN},
    "/readyz": {"GET": OPEN},
    "/metrics": {"GET": Need("read", of_one=False)},
    "/api/docs": {"GET": OPEN},
    "/api/openapi.json": {"GET": OPEN},
    "/api/session": {"POST": OPEN, "DELETE": OPEN},
    "/api/me": {"GET": Need("read", plain=True)},
    "/api/projects": {"GET": Need("read")},
    "/api/artifacts": {"GET": Need("read", bound=True)},
    "/api/versions": {"GET": Need("read", {"artifact": "artifact"})},
    "/api/runs": {"GET": Need("read", bound=True)},
    "/api/find": {"GET": Need("read", _NAME)},
    "/api/by_source": {"GET": Need("read", {"source_id": "text"}, bound=True)},
    "/api/inputs": {"GET": Need("read", {"run": "thing"})},
    "/api/outputs": {"GET": Need("read", {"run": "thing"})},
    "/api/producers": {"GET": Need("read", {"version": "thing"})},
    "/api/consumers": {"GET": Need("read", {"version": "thing"})},
    "/api/upstream": {"GET": Need("read", _NAME)},
    "/api/downstream": {"GET": Need("read", _NAME)},
    "/api/clusters": {"GET": Need("read", {"name": "scope", "apart": "thing"})},
    "/api/members": {"GET": Need("read", {"name": "scope", "apart": "thing", "group": "group", "search": "never"})},
    "/api/lineage": {"GET": Need("read", _VIEW)},
    "/api/cluster": {"GET": Need("read", {**_VIEW, "group": "group"})},
    "/api/card": {"GET": Need("read", _NAME)},
    "/api/search": {"GET": Need("read", {"q": "text"}, bound=True)},
    "/api/path": {"GET": Need("read", _BOTH)},
    "/api/diff": {"GET": Need("read", _BOTH)},
    "/api/why": {"GET": Need("read", _BOTH)},
    "/api/plan": {"GET": Need("read", _NAME)},
    "/api/impact": {"GET": Need("read", _NAME)},
    "/api/stale": {"GET": Need("read", {"scope": "scope"})},
    "/api/trail": {"GET": Need("audit", {"name": "artifact"})},
    "/api/verify": {"GET": Need("audit", _NAME, bound=True)},
    "/api/rejections": {"GET": Need("audit", of_one=False)},
    "/api/status": {"GET": Need("audit", of_one=False)},
    "/api/queries": {"GET": Need("read", plain=True)},
    "/api/queries/{area}/{name}/text": {"GET": Need("read", plain=True)},
    "/api/query/{area}/{name}": {"GET": Need("audit", of_one=False)},
    "/api/audit": {"GET": Need("read", plain=True)},
    "/api/audit/{name}": {"GET": Need("audit", bound=True)},
    "/api/cypher": {"POST": Need("audit", of_one=False)},
    "/api/events": {"POST": Need("record", plain=True)},
}
_PATTERNS = [(compile_path(path)[0], methods) for path, methods in ROUTES.items()]


def need_of(method: str, path: str) -> Need | None:
    """What a request takes; None where there is nothing at that address."""
    for pattern, methods in _PATTERNS:
        if pattern.match(path):
            return methods.get("GET" if method == "HEAD" else method)
    return None


def role_for(method: str, path: str) -> Role | None:
    """The least role that a route takes, for people to read; None where anybody may."""
    need = need_of(method, path)
    return None if need is None or need is OPEN else next(role for role, rights in MAY.items() if need.right in rights)


def who(request: Request) -> Identity:
    """Who asks, as the guard found before the request came here."""
    found: Identity = request.scope["who"]
    return found


def seen(request: Request, answer: Any) -> Any:
    """What a route answers with, as the one who asks may see it. Raises NotAllowed."""
    veil: Veil | None = request.scope.get("veil")
    if veil is None:
        return answer
    request.scope["veiled"] = True  # without this, the guard lets no answer through
    return shown(veil, answer)


def unhinted(scope: MutableMapping[str, Any], problem: bytes) -> bytes:
    """A problem's JSON as the one who asks may read it: hints tell what there is elsewhere."""
    veil: Veil | None = scope.get("veil")
    if veil is None:
        return problem
    said = json.loads(problem)
    detail = said["detail"].partition("; ")[0] if said["status"] == HTTPStatus.NOT_FOUND else said["detail"]
    return json.dumps(said | {"detail": veil.said(detail)}, ensure_ascii=False).encode("utf-8", "backslashreplace")


# ── who asks ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def token_in(request: Request) -> str | None:
    """The token that a request brings. The header counts before the cookie."""
    said = request.headers.get("authorization")
    if said is not None:
        kind, _, text = said.partition(" ")
        return text.strip() if kind.lower() == "bearer" else ""
    return request.cookies.get(COOKIE)


def identity(request: Request, tokens: Tokens, loopback: bool) -> Identity:
    """Who asks. loopback: only this computer reaches the service. Raises TokenRefused, NotAllowed, TokensProblem."""
    text = token_in(request)
    if text:
        token = tokens.check(text)
        return Identity(token.role, token.id, token.project)
    if text is not None or tokens.all() or not loopback:
        raise TokenRefused("there is none in the request (`Authorization: Bearer TOKEN`)")
    must_be_here(request)
    return Identity("admin")


def must_be_here(request: Request) -> None:
    """Raises NotAllowed for a request without a token that is not this computer's own.

    A page from elsewhere can have its own name lead here; the browser then still says that name.
    """
    caller = request.client.host if request.client is not None else "127.0.0.1"
    forwarded = next((name for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via") if name in request.headers), None)
    if forwarded is not None or not is_here(caller):
        raise NotAllowed("the request came from elsewhere, by a proxy", "make a token with `lineage-graph token create`")
    host = host_of(request.headers.get("host", ""))
    if not is_here(host):
        raise NotAllowed(f"the request is for {host[:100]!r}, not for this computer", "open http://127.0.0.1 or localhost")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def host_of(netloc: str) -> str:
    """A host without its port; empty for what is none."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def is_here(host: str) -> bool:
    """Whether a host's name or address is this computer's alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def must_be_our_page(request: Request, origins: frozenset[str]) -> None:
    """Raises NotAllowed for what another site's page has a browser do here. origins: whose pages may."""
    safe = request.method in ("GET", "HEAD", "OPTIONS")
    origin = request.headers.get("origin")
    if origin in origins:
        return
    followed = safe and request.headers.get("sec-fetch-mode") == "navigate"  # a link, whose answer that page cannot read
    site = request.headers.get("sec-fetch-site", "none")
    own = origin is None or _netloc(origin) == request.headers.get("host", "")
    if (site not in ("none", "same-origin") and not followed) or not (own or safe):
        raise NotAllowed("a page of another site asked for this", "use the explorer itself, or --allow-origin for that site")


def must_have(asks: Identity, need: Need) -> None:
    """Raises NotAllowed, saying which role is needed."""
    if need.right not in MAY[asks.role]:
        roles = " or ".join(role for role, rights in MAY.items() if need.right in rights)
        raise NotAllowed(f"this takes the role {roles}, and token {asks.token} has {asks.role}", "ask with such a token")
    if asks.project is not None and not need.of_one:
        raise NotAllowed(
            f"this is about all projects, and token {asks.token} is for {asks.project!r} alone",
            "ask with a token of all projects",
        )


# ── what a project's token may name, and see ──────────────────────────────────────────────────────────────────────────────


def narrowed(query: str, veil: Veil, need: Need) -> str:
    """A query string with every name in full, and of the token's project. Raises NotRecorded for what is of another one:
    whether that is there, nobody is told. Raises NameNotUnderstood.
    """
    given = parse_qsl(query, keep_blank_values=True)
    found = [(key, _narrow(veil, need.names.get(key), key, text)) for key, text in given]
    said = {key for key, text in found if text}
    if need.bound and not said & {"project", "name"}:
        found.append(("project", veil.project))
    if "scope" in need.names and "scope" not in said:
        found.append(("scope", veil.project))
    return urlencode(found)


def _narrow(veil: Veil, what: What | None, key: str, text: str) -> str:
    if what == "text" or not text:
        return text
    if what == "never":
        raise NotAllowed(f"{key} looks at names of other projects, too", "leave it out, or ask with a token of all projects")
    if what == "group" or (what == "hidden" and text.startswith(GROUP)):
        return veil.ungroup(text)
    if what == "more":
        return _named(veil, text[:-1]) + text[-1:]
    if key == "project" or what == "scope":
        if text == veil.project:
            return text
        if key == "project":
            raise NotRecorded("project", text)
    if what is not None:
        return _named(veil, text, bare=what == "artifact")
    return text if "/" not in text else _named(veil, text)


def _named(veil: Veil, text: str, bare: bool = False) -> str:
    """A name in full. bare: an artifact's own name stays without a version."""
    named: ArtifactName | VersionName | RunName | None
    try:
        named = parse(text, veil.project)
        if bare and not isinstance(named, RunName) and not any(mark in text for mark in ":@"):
            named = parse_artifact(text, veil.project)
    except NameNotUnderstood:
        if project_of(text) in ("", veil.project):
            raise
        named = None
    if named is None or not veil.owns(str(named)):
        raise NotRecorded("run" if is_run(text) else "artifact", text)
    return str(named)
