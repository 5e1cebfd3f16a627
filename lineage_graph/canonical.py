"""One written form of a value, its digest, and commitments to values that may be erased later.

The form is RFC 8785 (JSON Canonicalization Scheme): sorted keys, no blanks, shortest numbers, UTF-8. A *commitment* is the
SHA-256 of a random salt and the canonical value. It goes where the value may not go: once value and salt are dropped, what
remains says that something was there, and nothing about it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from hashlib import sha256
from pathlib import PurePath
from typing import Any

import rfc8785

from lineage_graph.errors import NotJson
from lineage_graph.limits import JSON_BYTES, JSON_DEPTH, JSON_INT

SALT = 16
# A value within itself ends in a RecursionError; looking for one at every step takes a fifth of the time.
_plain = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def _is_easy(value: Any) -> bool:
    """Whether Python's own encoder writes `value` as RFC 8785 wants it: ASCII keys, numbers that need no other spelling."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-JSON_INT <= value <= JSON_INT)
    if kind is float:
        return bool(1e-4 <= abs(value) < 1e16) and not value.is_integer()
    if kind is dict:
        for key, one in value.items():
            if type(key) is not str or not key.isascii() or not (type(one) is str or _is_easy(one)):
                return False
        return True
    return (kind is list or kind is tuple) and all(map(_is_easy, value))


def canonical(value: Any) -> bytes:
    """`value` (already plain JSON) in its one written form. Raises NotJson."""
    try:
        if _is_easy(value):
            return _plain(value).encode()
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise NotJson("value", str(error)) from error


def canonical_plain(value: Any) -> bytes:
    """The same, four times as fast, for values with ASCII keys, no floats and no integer beyond 2^53."""
    try:
        return _plain(value).encode()
    except UnicodeEncodeError as error:
        raise NotJson("text", f"it is not Unicode ({error.reason})") from error


def digest_of(data: bytes) -> str:
    """'sha256:' and 64 hex digits."""
    return "sha256:" + sha256(data).hexdigest()


def commit(value: Any, salt: bytes | None = None) -> tuple[str, dict[str, Any]]:
    """(commitment, opening) for a value; the opening is {'salt': 32 hex digits, 'value': value}.

    salt: 16 random bytes, where the caller has some; never the same twice.
    """
    if salt is None:
        salt = os.urandom(SALT)
    return digest_of(salt + canonical(value)), {"salt": salt.hex(), "value": value}


def opens(commitment: str, opening: Mapping[str, Any]) -> bool:
    """Whether `opening` is the one that `commitment` was made of."""
    try:
        return commitment == digest_of(bytes.fromhex(opening["salt"]) + canonical(opening["value"]))
    except (KeyError, TypeError, ValueError):
        return False


def plain(value: Any, where: str, depth: int = 0) -> Any:
    """`value` as plain JSON: tuples and sets become lists, NumPy scalars and arrays their Python values, paths and times text,
    NaN null (as in W&B).

    where: what to call it in an error, such as 'config.lr'.
    Raises NotJson for infinity, integers beyond 2^53 - 1, and objects that have no JSON form.
    """
    if depth > JSON_DEPTH:
        raise NotJson(where, f"it is nested deeper than {JSON_DEPTH} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value, where, depth + 1)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        if abs(value) > JSON_INT:
            raise NotJson(where, f"{value} is beyond 2^53 - 1, where JSON numbers stop being exact; give it as text")
        return int(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            raise NotJson(where, "JSON has no infinity; give it as text")
        return float(value)
    if isinstance(value, Mapping):
        return {text(str(k)): plain(v, f"{where}.{k}", depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(value)]
    if isinstance(value, set | frozenset):
        return sorted((plain(v, where, depth + 1) for v in value), key=canonical)
    if isinstance(value, PurePath):
        return text(str(value))
    if isinstance(value, datetime):
        return iso(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, torch tensors
        return plain(value.tolist(), where, depth + 1)
    raise NotJson(where, f"a {type(value).__name__} has no JSON form; give numbers, texts, lists or dictionaries")


def recordable(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`values` as plain JSON, where that is no more than can be recorded. Raises NotJson."""
    found: dict[str, Any] = plain(dict(values), where)
    size = len(canonical(found))
    if size > JSON_BYTES:
        raise NotJson(where, f"it is {size:,} bytes as JSON, and {JSON_BYTES:,} is the most; log it as a file")
    return found


def fitting(values: Mapping[str, Any], where: str) -> tuple[dict[str, Any], list[NotJson]]:
    """Those of `values` that can be recorded, in order, as plain JSON; and why the others cannot."""
    kept: dict[str, Any] = {}
    problems: list[NotJson] = []
    left = JSON_BYTES - 1
    for key, value in list(values.items()):
        try:
            one = plain({key: value}, where)
            size = len(canonical(one)) - 1  # a brace less, and a comma more for all but one
            if size > left:
                raise NotJson(f"{where}.{key}", f"{where} would be more than {JSON_BYTES:,} bytes; log it as a file")
            left -= size
            kept |= one
        except NotJson as problem:
            problems.append(problem)
    return kept, problems


def text(value: str) -> str:
    """`value` with what is not Unicode (lone surrogates, as in odd file names) written out as escapes."""
    return value.encode("utf-8", "backslashreplace").decode() if not value.isascii() else value


def iso(at: datetime) -> str:
    """A time in UTC with microseconds, as 2026-01-05T08:00:00.000000Z: fixed width, so texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"
