"""Versions that are recorded: alias, edit, download."""

from __future__ import annotations

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, values, where_options
from lineage_graph.cli.record import changed
from lineage_graph.errors import NotRecorded


@command("alias")
@click.argument("name", metavar="NAME[:VERSION]")
@click.argument("alias")
@click.option("--remove", is_flag=True, help="Take the alias away from this version; its history stays.")
@where_options
@format_option("text", "json")
def alias_(name: str, alias: str, remove: bool, where: Where, form: str) -> None:
    """Move an alias to a version.

    What it pointed to before is kept: `upstream --as-of` and `query lineage/alias_at` still know. `latest` moves by itself.
    """
    from lineage_graph.recording.recorded import own_alias

    own_alias(alias)
    graph = where.connect()
    version = graph.artifact(name)
    if remove:
        holder = graph.version(f"{version.artifact_name}:{alias}").name
        if holder != version.name:
            raise NotRecorded("alias", f"{alias} of {version.name}", f"it points to {holder}")
        version.unalias(alias)
    else:
        version.alias(alias)
    changed(graph.recorder, f"alias {alias!r} of {version.artifact_name}")
    aliases = graph.version(version.name).aliases
    if form == "json":
        show.json({"version": version.name, "aliases": aliases})
    else:
        show.line(f"{version.name}: {', '.join(aliases) or 'no alias'}")


@command("edit")
@click.argument("name")
@click.option("--description", metavar="TEXT", help="What people should know of it.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Its tags from now on; repeatable. --tag '' takes all away.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="A fact (JSON or text); null takes it away; repeatable.")
@where_options
@format_option("text", "json")
def edit(name: str, description: str | None, tags: tuple[str, ...], metadata: tuple[str, ...], where: Where, form: str) -> None:
    """Say a version's description, tags or metadata anew.

    What was said before is kept. Metadata not named here stay as they are.
    """
    if description is None and not tags and not metadata:
        raise click.UsageError("say what to edit: --description, --tag or --metadata")
    graph = where.connect()
    version = graph.artifact(name)
    facts = values(metadata, "--metadata")
    merged = {k: v for k, v in (version.metadata | facts).items() if v is not None} if facts else None
    version.edit(description=description, tags=[t for t in tags if t] if tags else None, metadata=merged)
    changed(graph.recorder, f"the edit of {version.name}")
    record = version.record
    if form == "json":
        show.json({"version": record})
    else:
        show.facts([("version", record.name), ("description", record.description), ("tags", record.tags),
                    ("metadata", record.metadata)])  # fmt: skip


@command("download")
@click.argument("name")
@click.option("-o", "--output", metavar="DIR", help="The folder. Default: artifacts/NAME:vN.")
@where_options
@format_option("text", "json")
def download(name: str, output: str | None, where: Where, form: str) -> None:
    """Get a version's files, each checked against its digest.

    Files that are there already and right are left alone. Prints the folder.
    """
    version = where.connect().artifact(name)
    folder = version.download(output)
    if form == "json":
        show.json({"version": version.name, "folder": folder, "files": list(version.manifest)})
    else:
        show.line(str(folder))
