"""Taking values out of the record for good: erase."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, where_options

if TYPE_CHECKING:
    from lineage_graph.answers.erasure import Erased


@command("erase")
@click.argument("name", required=False)
@click.option("--content", is_flag=True, help="What it holds: config, metadata, command, descriptions, tags, files.")
@click.option("--personal", is_flag=True, help="Who and where: author, e-mail, host, and who did anything to it.")
@click.option(
    "--person",
    metavar="LOGIN",
    help="All that is personal of one login or e-mail, in every project, and what that one asked.",
)
@click.option("--all-versions", is_flag=True, help="NAME is an artifact: it, and all its versions.")
@click.option("--reason", required=True, metavar="TEXT", help="Why. It stays, in the clear: no personal data in it.")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@where_options
@format_option("text", "json")
def erase(
    name: str | None,
    content: bool,
    personal: bool,
    person: str | None,
    all_versions: bool,
    reason: str,
    dry_run: bool,
    yes: bool,
    where: Where,
    form: str,
) -> None:
    """Take values out of the record for good.

    NAME is a version ([project/]name with :vN, :alias or @digest; :latest if nothing is said) or a run (project/runs/ID).
    Values and their salts go from the graph, from this computer's journals and from the content store. What remains still
    verifies, `show` and `query audit/erasures` say that something was erased, and no old journal brings it back.

    Bytes that another version has stay. What cannot be reached is said: journals on other computers, where `erase` with the
    same NAME does the rest. Neo4j's own logs and backups keep what they have until they are pruned.
    """
    if (name is None) == (person is None):
        raise click.UsageError("give a NAME, or --person LOGIN")
    if person is None and not content and not personal:
        raise click.UsageError("say what is to go: --content, --personal or both")
    graph = where.connect()

    def do(dry: bool) -> Erased:
        return graph.erase(
            name,
            reason=reason,
            content=content,
            personal=personal,
            person=person,
            all_versions=all_versions,
            dry_run=dry,
        )

    if not dry_run and not yes and _at_a_terminal():
        would = do(True)
        click.echo(_counts(would), err=True)
        if not click.confirm(f"Erase {', '.join(would.groups)} of {would.of} for good?", err=True):
            raise click.ClickException("nothing was erased")
    answer = do(dry_run)
    if form == "json":
        show.json(answer)
        return
    show.line(f"{'would erase' if dry_run else 'erased'} {', '.join(answer.groups)} of {answer.of}: {_counts(answer)}")
    for copy in answer.elsewhere:
        show.line(
            f"journal {copy.journal} is not on this computer{f' but on {copy.host}' if copy.host else ''}; erase it there"
        )
    for sentence in answer.remains:
        show.line(sentence)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _counts(answer: Erased) -> str:
    from lineage_graph.formats import words

    parts = [
        f"{words.counted(answer.values, 'value')} in the graph",
        f"{answer.here:,} in journals here",
        f"{words.counted(answer.blobs, 'file')} ({words.size(answer.bytes)}) in the content store",
    ]
    return ", ".join(parts) + (f"; {words.counted(answer.kept, 'file')} stay for other versions" if answer.kept else "")
