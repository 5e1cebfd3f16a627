"""A walk as a file to keep: csv, dot, mermaid, svg, table."""

from __future__ import annotations

from typing import Literal, get_args
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from lineage_graph.formats import csv, dot, mermaid, svg, table
from lineage_graph.models import Lineage
from lineage_graph.service.access import seen
from lineage_graph.service.answers import tagged

Form = Literal["json", "csv", "dot", "mermaid", "svg", "table"]
WALKS = frozenset({"upstream", "downstream"})
MEDIA: dict[str, tuple[str, str]] = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "dot": ("text/vnd.graphviz; charset=utf-8", "dot"),
    "mermaid": ("text/plain; charset=utf-8", "mmd"),
    "svg": ("image/svg+xml", "svg"),
    "table": ("text/plain; charset=utf-8", "txt"),
}


def text_of(lineage: Lineage, form: str) -> str:
    """A walk as text."""
    if form == "table":
        return "".join(f"{line}\n" for line in table.lines(table.WALK, table.walk_rows(lineage)))
    return {"csv": csv.write, "dot": dot.draw, "mermaid": mermaid.draw, "svg": svg.draw}[form](lineage)


def file(request: Request, lineage: Lineage, form: Form) -> Response:
    """The file, as the caller may see it, named after what the walk began at."""
    lineage = seen(request, lineage)
    media_type, ending = MEDIA[form]
    name = f"{lineage.home.replace('/', '-').replace(':', '-')}-{lineage.direction}.{ending}"
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return tagged(
        request, text_of(lineage, form).encode("utf-8", "backslashreplace"), media_type, Content_Disposition=disposition
    )


assert set(MEDIA) | {"json"} == set(get_args(Form))
