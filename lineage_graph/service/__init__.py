"""The service: the facade over HTTP, and the explorer. `lineage_graph.serve()` runs it; `app.create_app` is what runs.

    shell     around every request: its id, limits, headers, metrics and log line      access    who may do what
    reads     the facade's questions as routes; `asked` the query files, `cards` the explorer's own
    answers   JSON with an ETag; `files` a walk as a file
    problems  errors as application/problem+json                                       streams   long work, as it goes on
    pages     the explorer's files, and the page that explains the API                 health    does it live, is it ready

Needs the extra `[service]`.
"""
