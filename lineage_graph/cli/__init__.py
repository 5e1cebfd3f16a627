"""The command line, `lineage-graph`: each command parses, calls the facade and shows the answer. The only room with click."""
