"""ML Metadata in a process and an environment of its own: takes a world in, and walks it when asked. Imports nothing of ours.

One JSON object a line, in and out: {"load": [[run, [used], [logged]], …]}, then {"upstream": thing} as often as wanted.
"""

from __future__ import annotations

import json
import sys
import time

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

HOPS = 10_000_000


def main() -> None:
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri, config.sqlite.connection_mode = sys.argv[1], 3  # READWRITE_OPENCREATE
    store = metadata_store.MetadataStore(config)
    number: dict[str, int] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        started = time.perf_counter()
        if "load" in asked:
            number = load(store, asked["load"])
            answer = {"artifacts": len(number)}
        else:
            options = pb.LineageSubgraphQueryOptions(
                starting_artifacts=pb.LineageSubgraphQueryOptions.StartingNodes(
                    filter_query=f"id = {number[asked['upstream']]}"
                ),
                max_num_hops=HOPS,
                direction=pb.LineageSubgraphQueryOptions.Direction.UPSTREAM,
            )
            graph = store.get_lineage_subgraph(options)
            answer = {"artifacts": len(graph.artifacts), "executions": len(graph.executions), "events": len(graph.events)}
        print(json.dumps(answer | {"seconds": time.perf_counter() - started}), flush=True)


def load(store: metadata_store.MetadataStore, runs: list[tuple[str, list[str], list[str]]]) -> dict[str, int]:
    """Everything in one call; the id of each thing."""
    artifact_type = store.put_artifact_type(pb.ArtifactType(name="dataset"))
    execution_type = store.put_execution_type(pb.ExecutionType(name="work"))
    things = list(dict.fromkeys(thing for _, used, logged in runs for thing in (*used, *logged)))
    place = {thing: i for i, thing in enumerate(things)}
    edges = [
        (i, place[thing], pb.Event(type=kind))
        for i, (_, used, logged) in enumerate(runs)
        for kind, some in ((pb.Event.INPUT, used), (pb.Event.OUTPUT, logged))
        for thing in some
    ]
    _, ids, _ = store.put_lineage_subgraph(
        [pb.Execution(type_id=execution_type, name=run) for run, _, _ in runs],
        [pb.Artifact(type_id=artifact_type, name=thing, uri=thing) for thing in things],
        [],
        edges,
    )
    return dict(zip(things, ids, strict=True))


if __name__ == "__main__":
    main()
