"""How single values read: sizes, times, digests, and texts that came from outside."""

from __future__ import annotations

from datetime import datetime

from rich.filesize import decimal


def printable(value: object) -> str:
    """A text that cannot move a terminal's cursor: what is not printable (line breaks too) is written as an escape."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def size(count: int | None) -> str:
    """Bytes for people: 1200 is '1.2 kB'; nothing where the size is not known."""
    return "" if count is None else decimal(count)


def moment(at: datetime | None) -> str:
    """A time to the second, in UTC."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%SZ")


def took(start: datetime | None, end: datetime | None) -> str:
    """How long something took: '0.4 s', '3 min 20 s', '2 h 5 min', '3 d 4 h'."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    for unit, smaller, per, step in (("min", "s", 60, 1), ("h", "min", 3600, 60), ("d", "h", 86400, 3600)):
        if seconds < {"min": 3600, "h": 86400}.get(unit, float("inf")):
            whole, rest = divmod(int(seconds), per)
            return f"{whole} {unit} {rest // step} {smaller}"
    raise AssertionError("not reached")


def digest(text: str) -> str:
    """The beginning of a digest, without its algorithm: enough for `name@…`."""
    return text.rpartition(":")[2][:8]


def counted(count: int, one: str) -> str:
    """'1 run', '2 runs', '10,000 runs'."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"
