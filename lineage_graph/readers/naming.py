"""Names of others as names of ours, one to one.

A name that the grammar allows stays as it is. Any other becomes what can be read of it, '--' and ten hex digits of its SHA-256:
'raw data/x.csv' is 'raw_data_x.csv--…'. A name that ends like that without being made so is itself mapped; otherwise it could
be taken for another. No list of names is needed for this, so that all files, on all computers, map a name the same way.
"""

from __future__ import annotations

import re
from hashlib import sha256

from lineage_graph.names import SEGMENT

LONGEST = 128
DIGITS = 10
_MARKED = re.compile(rf".*--[0-9a-f]{{{DIGITS}}}")
_OTHERS = re.compile(r"[^A-Za-z0-9_.-]+")


def segment(original: str) -> str:
    """`original` as one segment of a name."""
    if is_segment(original) and not _MARKED.fullmatch(original):
        return original
    return marked(original, original.encode("utf-8", "surrogatepass"))


def is_segment(text: str) -> bool:
    """Whether the grammar allows `text` as it is."""
    return bool(SEGMENT.fullmatch(text)) and text not in {".", ".."}


def marked(readable: str, said: bytes) -> str:
    """A segment that begins as one can read, and is told from others by the digest of what is said."""
    mark = f"--{sha256(said).hexdigest()[:DIGITS]}"
    # The end of a long path tells more than its beginning.
    return _OTHERS.sub("_", readable)[len(mark) - LONGEST :] + mark
