"""Where an answer is written: stdout, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from lineage_graph.errors import ContentProblem, LineageError


def output_option(function: Callable[..., object]) -> Callable[..., object]:
    """-o --output, given to the command as `output`."""
    text = "The file; it appears when it is whole. Default: stdout."
    return click.option("-o", "--output", metavar="FILE", default="-", help=text)(function)


@contextmanager
def written(output: str) -> Iterator[Callable[[bytes], object]]:
    """Where to write: stdout, or a file that takes its name when all of it is there."""
    if output == "-":
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            try:
                yield file.write
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        if isinstance(error, LineageError | BrokenPipeError):
            raise
        raise ContentProblem(path, f"cannot be written ({error.strerror}); give another file") from None
