"""How large things may be, in one place; README.md has the table, and a test does what it says."""

from __future__ import annotations

# Names. NAME is of a segment: of a project, an artifact, a run's id.
NAME = 128  # characters
ALIAS = 128
TAG = 128
TYPE = 128
WORD = 512  # a run's name, its job type, step and group, a role, a person, a host
DIGEST = 200
SOURCE_ID = 2_000  # Neo4j's index takes no text of more than 8 kB, and a character has up to four bytes
TEXT = 1_000_000  # a description, a command
TAGS = 1_000  # of one thing

# JSON: config, summary, metadata, environment.
JSON_BYTES = 4_000_000  # each, as text
JSON_DEPTH = 64
JSON_INT = 2**53 - 1
DOTTED = 200  # values of one of them that are properties of their own
DOTTED_TEXT = 8_000  # characters of such a value

# Content.
FILES = 1_000_000  # in one version
FILE_PATH = 4_096  # characters of a path in a version, or of a reference
PATCH_BYTES = 10_000_000

# What is on its way.
ENTRY_BYTES = 64_000_000  # one line of a journal, or of a file that is imported
POST_BYTES = 256_000_000  # of one request with events
POST_LINES = 100_000
LINE_BYTES = 16_000_000  # one event in it
BATCH_EVENTS = 2_000  # in one transaction
BATCH_BYTES = 16_000_000
PENDING_ENTRIES = 5_000  # in memory, beside the journal, until they are applied
PENDING_BYTES = 32_000_000
KEPT_BYTES = 64_000_000  # in memory, while the disk takes nothing
USED = 10_000  # versions that a run remembers to have used
KNOWN = 100_000  # versions that this host knows without the graph
