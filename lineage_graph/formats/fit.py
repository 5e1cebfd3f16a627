"""How wide a text is where its font is not known, and how to make it fit. Widths are those of a wide font: nothing is cut."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

# Of the font's size; as in DejaVu Sans, one of the widest that a browser falls back to.
_WIDTHS = {c: width for chars, width in ((" .,:/;'|!ijlI", 0.34), ('-frt()[]{}\\`"', 0.42), ("mMwW%@", 0.99)) for c in chars}
_UPPER, _OTHER, _STRANGE, _WIDE = 0.75, 0.635, 0.8, 1.1


def width_of(text: str, size: float) -> float:
    """At least the width of `text` in a font of `size`."""
    return size * sum(map(_width, text))


def _width(c: str) -> float:
    if c in _WIDTHS:
        return _WIDTHS[c]
    if c.isascii():
        return _UPPER if c.isupper() else _OTHER
    if combining(c):
        return 0.0
    return _WIDE if east_asian_width(c) in "WF" else _STRANGE


def fitted(text: str, size: float, room: float, keep: int = 0) -> str:
    """`text` itself where it fits into `room`, else shortened by '…' before its last `keep` characters."""
    if width_of(text, size) <= room:
        return text
    end = text[-keep:] if keep else ""
    left = room - width_of("…" + end, size)
    if left < 0 and keep:
        return fitted(text, size, room)
    head = ""
    for c in text[: len(text) - keep]:
        left -= size * _width(c)
        if left < 0:
            break
        head += c
    return f"{head}…{end}"


def wrapped(text: str, size: float, room: float) -> list[str]:
    """`text` in lines that fit into `room`, broken at spaces; a word that is too long is shortened."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or width_of(longer, size) <= room:
            lines[-1] = fitted(longer, size, room)
        else:
            lines.append(fitted(word, size, room))
    return lines
