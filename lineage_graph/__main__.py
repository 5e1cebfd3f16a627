"""`python -m lineage_graph` is `lineage-graph`."""

from lineage_graph.cli.__main__ import main

if __name__ == "__main__":
    main()
