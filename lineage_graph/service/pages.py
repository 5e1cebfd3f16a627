"""The explorer's page and its files, and a page that explains the API. Nothing on them comes from elsewhere."""

from __future__ import annotations

import os
from hashlib import blake2b
from html import escape
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from lineage_graph.service.access import role_for
from lineage_graph.service.answers import tagged

VERSION = "{{version}}"  # stands in index.html where the files' version goes
FOREVER = "public, max-age=31536000, immutable"
FOLDER = files("lineage_graph.service") / "static"


class _Kept(StaticFiles):
    """Files whose address changes with them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOREVER
        return response


def install(app: FastAPI) -> None:
    """Adds the pages to the app."""
    with as_file(FOLDER) as folder:
        version = version_of(folder)
        index = (folder / "index.html").read_text(encoding="utf-8").replace(VERSION, version).encode()
        app.mount(f"/static/{version}", _Kept(directory=folder), name="static")

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return tagged(request, index, "text/html; charset=utf-8")

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        return Response(status_code=204)

    @app.get("/api/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(explained(app.openapi(), f"/static/{version}/docs.css"))


def version_of(folder: Path) -> str:
    """A name for just these files: a browser keeps them until one of them changes."""
    digest = blake2b(digest_size=8)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            digest.update(f"{path.relative_to(folder).as_posix()}{os.sep}".encode() + path.read_bytes())
    return digest.hexdigest()


def explained(openapi: dict[str, Any], style: str) -> str:
    """The OpenAPI description as a page that needs no script."""
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>lineage_graph: the API</title><link rel=stylesheet href='{style}'></head><body><main>",
        f"<h1>The API</h1><p>{escape(openapi['info'].get('description', ''))}</p>",
        "<p><a href='/'>The explorer</a> · <a href='/api/openapi.json'>openapi.json</a></p>",
    ]
    for path, methods in openapi["paths"].items():
        for method, said in methods.items():
            role = role_for(method.upper(), path)
            needs = f"<small>needs the role {escape(role)}</small>" if role else ""
            parts.append(f"<section><h2><code>{method.upper()} {escape(path)}</code> {needs}</h2>")
            parts += [f"<p>{escape(part)}</p>" for part in said.get("description", "").split("\n\n") if part.strip()]
            rows = "".join(
                f"<tr><td><code>{escape(p['name'])}</code></td><td>{'required' if p.get('required') else ''}</td>"
                f"<td>{escape(p.get('description') or '')}</td></tr>"
                for p in said.get("parameters", ())
            )
            parts.append(f"<table>{rows}</table></section>" if rows else "</section>")
    return "".join([*parts, "</main></body></html>"])
