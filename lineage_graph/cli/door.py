"""The group that holds the commands: its help in sections, and one sentence for whatever goes wrong.

Exit codes: 0 done; 2 wrong use or failure; 1 only where the answer itself is "no"; 130 interrupted; 141 the reader of a pipe
went away.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from lineage_graph.errors import LineageError

FAILED, INTERRUPTED, PIPE_CLOSED = 2, 130, 141
TRACEBACK = "LINEAGE_GRAPH_TRACEBACK"


def say(sentence: str) -> None:
    """One line on stderr."""
    with suppress(OSError):
        click.echo(f"lineage-graph: {' '.join(sentence.split())}", err=True)


class Door(click.Group):
    """A group whose commands stand in sections, and which answers every error with one sentence."""

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[click.Command]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections
        for commands in sections.values():
            for command in commands:
                self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [str(command.name) for commands in self.sections.values() for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(str(c.name), c.get_short_help_str(formatter.width)) for c in commands])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            close = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "`lineage-graph --help` lists the commands"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Parses and runs a command line, and ends the process with its exit code."""
        given = list(sys.argv[1:] if args is None else args)
        self._main_shell_completion({}, prog_name or "lineage-graph")
        sys.exit(answered(lambda: self._run(given)))

    def _run(self, args: list[str]) -> int:
        with self.make_context("lineage-graph", args) as ctx:
            self.invoke(ctx)
        return 0


def answered(work: Callable[[], int]) -> int:
    """The exit code of `work`; what it raises becomes a sentence on stderr."""
    code = FAILED
    with warnings.catch_warnings():
        _mute()
        try:
            code = work()
            _close_recorders()
            sys.stdout.flush()
        except click.exceptions.Exit as end:
            code = _ended(end.exit_code)
        except (KeyboardInterrupt, click.Abort):
            say("interrupted")
            code = INTERRUPTED
        except BrokenPipeError:
            _forget_stdout()
            code = PIPE_CLOSED
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            say(_sentence(error))
        finally:
            with suppress(KeyboardInterrupt):
                _close_recorders()
    return code


def _ended(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return PIPE_CLOSED
    return code


def _sentence(error: Exception) -> str:
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "lineage-graph"
        if isinstance(error, click.NoSuchOption) and error.possibilities:
            return f"no such option {error.option_name!r}; did you mean {error.possibilities[0]!r}?"
        message = error.format_message().rstrip(".")
        see = "" if "; " in message else f"; see `{path} --help`"
        return f"{message[:1].lower()}{message[1:]}{see}"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, LineageError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    return f"this should not happen ({type(error).__name__}: {error}); set {TRACEBACK}=1 to see where, and report it"


def _mute() -> None:
    """Commands that look say themselves what goes wrong; those that record ask for the recorder's warnings again."""
    warnings.filterwarnings("ignore", message="lineage-graph: ")


def _close_recorders() -> None:
    recorder = sys.modules.get("lineage_graph.recording.recorder")
    if recorder is not None:
        recorder.close_all()


def _forget_stdout() -> None:
    """Nobody reads it any more; without this, Python complains when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
