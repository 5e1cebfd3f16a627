"""The service: the facade over HTTP, and the explorer. `lineage_graph.serve()` runs it; `app.create_app` is what runs.

    shell     around every request: its id, limits, headers, metrics and log line
    guard     in front of every route: who asks, by `access`, the one table of who may do what; `sessions` for browsers
    redact    what a project's token sees of an answer, `pictures` of pictures, `veil` of names and single things
    taking    events from elsewhere, into the journal; `catching_up` what an earlier process left there
    reads     the facade's questions as routes; `asked` the query files, `cypher` one's own, `cards` the explorer's own
    working   the threads that questions are asked in, and their time; `parameters` each is read or refused
    answers   JSON with an ETag; `files` a walk as a file
    problems  errors as application/problem+json                                       streams   long work, as it goes on
    pages     the explorer's files, and the page that explains the API                 health    does it live, is it ready

Needs the extra `[service]`.
"""
