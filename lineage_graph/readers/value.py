"""A value of a file together with its place, so that whatever is wrong is said with where."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lineage_graph.canonical import plain
from lineage_graph.errors import ImportRefused, NotJson
from lineage_graph.limits import JSON_INT


@dataclass(frozen=True, slots=True)
class Value:
    """One value. path: the way to it, such as 'workflow.specification.tasks[3].id'; empty for the whole file."""

    value: Any
    file: str
    path: str = ""

    def refused(self, why: str) -> ImportRefused:
        """The error to raise about this value."""
        return ImportRefused(self.file, self.path or None, why)

    def _is(self, kind: type | tuple[type, ...], what: str) -> Any:
        if not isinstance(self.value, kind) or isinstance(self.value, bool):
            raise self.refused(f"{what} is expected, not {_short(self.value)}")
        return self.value

    @property
    def mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = self._is(dict, "an object")
        return found

    def get(self, key: str) -> Value | None:
        """The value of a key; None where there is none, or null."""
        value = self.mapping.get(key)
        return None if value is None else self.at(key, value)

    def __getitem__(self, key: str) -> Value:
        found = self.get(key)
        if found is None:
            raise self.refused(f"{key!r} is missing")
        return found

    def at(self, key: str, value: Any) -> Value:
        """A value below this one."""
        return Value(value, self.file, f"{self.path}.{key}" if self.path else key)

    def items(self) -> list[Value]:
        """The values of a list."""
        return [Value(one, self.file, f"{self.path}[{i}]") for i, one in enumerate(self._is(list, "a list"))]

    def texts(self) -> list[str]:
        return [one.text() for one in self.items()]

    def text(self) -> str:
        """A text that says something."""
        text: str = self._is(str, "a text")
        if not text.strip():
            raise self.refused("it is empty")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self.refused(f"{_short(text)} is not Unicode") from None
        return text

    def whole(self) -> int:
        number: int = self._is(int, "a whole number")
        if not 0 <= number <= JSON_INT:
            raise self.refused(f"a whole number from 0 to 2^53 - 1 is expected, not {_short(number)}")
        return number

    def seconds(self) -> float:
        number = self._is((int, float), "a number of seconds")
        if not (number >= 0 and math.isfinite(number)):
            raise self.refused(f"a number of seconds from 0 on is expected, not {_short(number)}")
        return float(number)

    def time(self) -> datetime:
        """A time of ISO 8601 with its zone, in UTC."""
        return to_time(self.text(), self)

    def plain(self) -> Any:
        """The value as plain JSON."""
        try:
            return plain(self.value, self.path or "the file")
        except NotJson as error:
            why = str(error).removeprefix(error.where).lstrip()
            raise ImportRefused(self.file, error.where, f"it {why}") from None


def to_time(text: str, where: Value) -> datetime:
    """A time of ISO 8601 in UTC. Raises ImportRefused."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise where.refused(f"{_short(text)} is not a time; write it as 2026-01-05T08:00:00Z") from None
    raise where.refused(f"{_short(text)} has no time zone; write it as 2026-01-05T08:00:00Z")


def of_json(data: bytes, file: str) -> Value:
    """A file of JSON. Raises ImportRefused with the line that is wrong."""
    try:
        return Value(json.loads(data, parse_constant=_no_constant), file)
    except json.JSONDecodeError as error:
        raise ImportRefused(file, error.lineno, f"it is not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise ImportRefused(file, None, f"it is not JSON ({error})") from None


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _short(value: Any) -> str:
    """A value in a sentence."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:77]}…"
