"""Who may come in by the service: token create, list, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import CONTEXT, command, format_option

if TYPE_CHECKING:
    from lineage_graph.tokens import Role, Token, Tokens


@click.group("token", context_settings=CONTEXT)
def token() -> None:
    """Who may do what through `serve`? Make, list and revoke tokens.

    As long as there is none, whoever sits at this computer may do everything, and nobody else anything. A service that runs
    heeds each change at once.
    """


def _tokens() -> Tokens:
    from lineage_graph.settings import load
    from lineage_graph.tokens import Tokens

    return Tokens(load())


def _facts(one: Token) -> dict[str, Any]:
    return {**one.model_dump(mode="json", exclude={"digest"}), "state": one.state()}


@command("create")
@click.option(
    "--role",
    type=click.Choice(("reader", "recorder", "auditor", "admin")),
    required=True,
    help="reader reads; recorder reads and records; auditor reads, audits and asks in Cypher; admin may do everything.",
)
@click.option("--project", metavar="PROJECT", help="Only this project; of others it sees that something is there.")
@click.option("--expires", metavar="WHEN", help="Until when: 90d, 12h, or a day such as 2027-01-31. Default: no end.")
@click.option("--name", metavar="TEXT", help="What it is for, for `token list`.")
@format_option("text", "json")
def create(role: Role, project: str | None, expires: str | None, name: str | None, form: str) -> None:
    """Make a token, and show it this once.

    It goes into a request as `Authorization: Bearer TOKEN`, or into the form that the page shows. Only a digest of it is kept.
    """
    from lineage_graph.tokens import until

    made, text = _tokens().create(role, project=project, expires=until(expires) if expires else None, name=name)
    if form == "json":
        show.json({**_facts(made), "token": text})
        return
    show.line(text)
    of = f" of project {made.project}" if made.project else ""
    click.echo(f"token {made.id}, {made.role}{of}; it is shown only now, so keep it where secrets are kept", err=True)


@command("list")
@format_option("table", "json")
def list_(form: str) -> None:
    """Every token there ever was, but for its secret."""
    from lineage_graph.formats.json import steady

    found = _tokens().all()
    if form == "json":
        show.json([_facts(one) for one in found])
        return
    columns = ("id", "role", "project", "name", "created", "expires", "state")
    rows = [tuple(str(steady(_facts(one)[column]) or "") for column in columns) for one in found]
    show.table(columns, rows, "there is no token, so only who sits at this computer comes in")


@command("revoke")
@click.argument("id")
@format_option("text", "json")
def revoke(id: str, form: str) -> None:
    """End a token, from the next request on."""
    ended = _tokens().revoke(id)
    if form == "json":
        show.json(_facts(ended))
    else:
        show.line(f"token {ended.id} ({ended.role}) is revoked")


for one in (create, list_, revoke):
    token.add_command(one)
