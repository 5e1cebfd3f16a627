"""`serve`: the explorer and the API."""

from __future__ import annotations

import webbrowser

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, where_options


@command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen. Beyond this computer only with tokens.")
@click.option("--port", type=click.IntRange(0, 65535), default=8137, show_default=True, help="0 takes any that is free.")
@click.option("--open", "browse", is_flag=True, help="Open the explorer in the browser.")
@click.option(
    "--allow-origin", "origins", multiple=True, metavar="ORIGIN", help="Whose pages may call the API besides its own."
)
@where_options
def serve(host: str, port: int, browse: bool, origins: tuple[str, ...], where: Where) -> None:
    """The lineage explorer in the browser, and the API under /api.

    It ends at Ctrl-C, when what is being answered is. A line of JSON a request goes to stderr. Events that it takes in wait in
    its journal while Neo4j is away.
    """
    import lineage_graph

    def up(address: str) -> None:
        show.line(f"the explorer is at {address}")
        if browse:
            webbrowser.open(address)

    lineage_graph.serve(where.settings(), uri=where.uri, host=host, port=port, origins=origins, up=up)
