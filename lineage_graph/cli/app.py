"""The group `lineage-graph`, its commands in the order in which a newcomer meets them."""

from __future__ import annotations

import click

from lineage_graph.cli import (
    ask,
    audit,
    change,
    cluster,
    compare,
    consequences,
    cypher,
    erase,
    local,
    move,
    paths,
    plan,
    record,
    reproduce,
    running,
    serve,
    status,
    token,
)
from lineage_graph.cli.door import Door
from lineage_graph.cli.options import CONTEXT
from lineage_graph.version import __version__

SECTIONS: dict[str, list[click.Command]] = {
    "Neo4j on this computer": [local.demo, local.up, local.down, status.status, local.doctor, local.browser],
    "Record": [running.run, record.log, record.use, change.alias_, change.edit],
    "Look": [ask.ls, ask.show_, change.download],
    "Walk": [ask.upstream, ask.downstream, paths.path, compare.diff, compare.why],
    "Consequences": [consequences.impact, consequences.stale],
    "Large graphs": [cluster.cluster, cluster.members],
    "Make again": [plan.plan, reproduce.reproduce],
    "Move": [move.export, move.import_, move.sync],
    "Trust": [audit.audit, erase.erase],
    "Serve": [serve.serve, token.token],
    "Cypher": [cypher.queries_, cypher.query, cypher.cypher],
}


@click.group(cls=Door, sections=SECTIONS, context_settings=CONTEXT, invoke_without_command=True)
@click.version_option(__version__, message="lineage-graph %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Where did a model come from? Records runs and artifact versions in Neo4j, and answers.

    Which Neo4j: LINEAGE_GRAPH_URI (or NEO4J_URI) with LINEAGE_GRAPH_PASSWORD, else the config file, else the local one that
    `up` starts. `--format json` gives one line of JSON on stdout, at every command that answers.

    Exit codes: 0 done; 2 wrong use or failure, with one sentence on stderr; 1 only where the answer itself is "no".
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
