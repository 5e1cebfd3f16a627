"""An answer as text, one file a format: tree, table, json, jsonl. Pure: models and rows in, text out; no Neo4j, no files."""
