"""The parameters of a request: each is read, or the request is refused. A slip of the pen is no other question."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, get_args, get_origin

import fastapi
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError

from lineage_graph.service.working import LONGEST

Timeout = Annotated[float, fastapi.Query(gt=0, le=LONGEST, description="Seconds that the question may take.")]


async def all_read(request: Request) -> None:
    """Raises for a parameter that the route has not, and for one given twice that it takes once."""
    declared = request.scope["route"].dependant.query_params
    takes: dict[str, Any] = {one.alias: one.field_info.annotation for one in declared}
    must_be_among(request, takes, {name for name, kind in takes.items() if _repeats(kind)})


ALL_READ = (Depends(all_read),)


def must_be_among(request: Request, takes: Collection[str], repeated: Collection[str] = (), of: str = "") -> None:
    """Raises RequestValidationError. takes: the parameters there are; repeated: those that are lists; of: whose they are."""
    for name in request.query_params:
        if name not in takes:
            there = ", ".join(sorted(takes)) or "none"
            _refuse(name, f"there is no such parameter{of}; it takes {there}")
        if name not in repeated and len(request.query_params.getlist(name)) > 1:
            _refuse(name, "it is given more than once; give it once")


def _refuse(name: str, why: str) -> None:
    raise RequestValidationError([{"loc": ("query", name[:100]), "msg": why}])


def _repeats(kind: Any) -> bool:
    return any(get_origin(one) is list for one in (kind, *get_args(kind)))
