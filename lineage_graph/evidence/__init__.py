"""Whether the record is what was written.

chain → entries and receipts, link by link; claims → what they say about each thing; facts → what the graph must hold then;
compare → in what it differs; verify → all of it, in bounded memory. seals → how far the chains were, signed; trail → one
thing's history.
"""
