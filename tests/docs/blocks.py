"""The code in a page: fenced blocks, and which of them the tests run.

A block of `sh` or `python` is run, in the order of the page, all in one folder. Three things are not:

- a block whose first line is `# not run by the tests: WHY`;
- a line `make TARGET`, for which it is checked that there is such a target;
- blocks of any other language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"# not run by the tests: (.+)")
MAKE = re.compile(r"^make ([a-z]+)\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """line: where it begins in the page. not_run: why it is not run, or None."""

    language: str
    text: str
    line: int
    not_run: str | None

    @property
    def targets(self) -> list[str]:
        """The targets of its `make` lines."""
        return MAKE.findall(self.text) if self.language == "sh" else []

    @property
    def to_run(self) -> str:
        return MAKE.sub(":", self.text) if self.language == "sh" else self.text


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        language, code = found.groups()
        why = NOT_RUN.match(code)
        yield Block(language, code, text.count("\n", 0, found.start()) + 1, why[1] if why else None)
