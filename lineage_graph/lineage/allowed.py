"""What a person's own statement may do: read the graph, and nothing else.

The server explains a statement before it is run. Every operator of that plan must be one that is listed here, so what is not
known is refused. Plans do not show what stands inside of expressions (a subquery in a list, a function), so the text is
looked at as well: what it begins with, the procedures it calls, functions that are not Cypher's own, and LOAD CSV wherever
it stands. The transaction is one that only reads besides; what it would let through is what this is for: files, addresses,
settings, other people's transactions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from lineage_graph.errors import ParameterWrong, StatementRefused

LONGEST = 100_000  # characters of a statement
BEGINS = frozenset({"CALL", "FILTER", "LET", "MATCH", "OPTIONAL", "RETURN", "UNWIND", "WHEN", "WITH"})
PROCEDURES = frozenset(
    {
        "db.index.fulltext.queryNodes",
        "db.labels",
        "db.propertyKeys",
        "db.relationshipTypes",
        "db.schema.nodeTypeProperties",
        "db.schema.relTypeProperties",
        "db.schema.visualization",
    }
)
# Where functions of Cypher itself are that have a dot in their name; what is installed beside them has other ones.
NAMESPACES = frozenset({"coll", "date", "datetime", "duration", "localdatetime", "localtime", "point", "time", "vector"})

_RELATIONSHIPS = (
    "ByElementIdSeek", "ByIdSeek", "FulltextIndexSearch", "IndexContainsScan", "IndexEndsWithScan", "IndexScan", "IndexSeek",
    "IndexSeekByRange", "TypeScan", "UniqueIndexSeek", "UniqueIndexSeekByRange", "VectorIndexSearch",
)  # fmt: skip
# Names of plans as EXPLAIN gives them, without what stands in brackets after them.
OPERATORS = frozenset(
    word
    for line in (
        # where rows come from
        "AllNodesScan Argument DynamicLabelNodeLookup EmptyRow IntersectionNodeByLabelsScan MultiNodeIndexSeek",
        "NodeByElementIdSeek NodeByIdSeek NodeByLabelScan NodeCountFromCountStore NodeFulltextIndexSearch",
        "NodeIndexContainsScan NodeIndexEndsWithScan NodeIndexScan NodeIndexSeek NodeIndexSeekByRange NodeUniqueIndexSeek",
        "NodeUniqueIndexSeekByRange NodeVectorIndexSearch RelationshipCountFromCountStore SubtractionNodeByLabelsScan",
        "UnionNodeByLabelsScan DynamicDirectedRelationshipTypeLookup DynamicUndirectedRelationshipTypeLookup",
        *(f"{way}Relationship{name}" for way in ("Directed", "Undirected") for name in _RELATIONSHIPS),
        "DirectedAllRelationshipsScan DirectedUnionRelationshipTypesScan",
        "UndirectedAllRelationshipsScan UndirectedUnionRelationshipTypesScan",
        # where they go from there
        "BFSPruningVarExpand BidirectionalRepeat Expand OptionalExpand PathPropagatingBFS ProjectEndpoints Repeat",
        "ShortestPath StatefulShortestPath VarLengthExpand",
        # how they are joined
        "AntiSemiApply Apply CartesianProduct LetAntiSemiApply LetSelectOrAntiSemiApply LetSelectOrSemiApply LetSemiApply",
        "NodeHashJoin NodeLeftOuterHashJoin NodeRightOuterHashJoin Optional OrderedUnion RollUpApply SelectOrAntiSemiApply",
        "SelectOrSemiApply SemiApply TriadicBuild TriadicFilter TriadicSelection Union ValueHashJoin ValueMergeJoin",
        "AntiConditionalApply ConditionalApply",
        # what is made of them
        "CacheProperties Distinct Eager EagerAggregation Filter Limit OrderedAggregation OrderedDistinct PartialSort",
        "PartialTop PreserveOrder ProcedureCall ProduceResults Projection Skip Sort Top Unwind",
    )
    for word in line.split()
)  # fmt: skip

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\r\n]*|/\*.*?\*/)
    |(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    |(?P<quoted>`(?:``|[^`])*`)
    |(?P<word>[^\W\d]\w*)
    |(?P<number>\d+)
    |(?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)
NO_CLAUSE_AFTER = frozenset({".", ":", "$", "|", "&", "AS"})  # what follows these is a name, whatever it looks like


class _Token(NamedTuple):
    """kind: as in TOKEN. key: a word in capitals, a sign itself, else ''. name: what a word, a quoted name or a number says."""

    kind: str
    key: str
    name: str = ""


def must_read(statement: str, parameters: Mapping[str, Any]) -> None:
    """Raises StatementRefused unless a statement's text is one that may read, ParameterWrong unless its parameters fit."""
    if len(statement) > LONGEST:
        raise StatementRefused(f"has more than {LONGEST:,} characters", "ask in several statements")
    if any("\ud800" <= character <= "\udfff" for character in statement):
        raise StatementRefused("has characters that are not Unicode")
    if re.search(r"\\u", statement, re.IGNORECASE):
        raise StatementRefused("has an escape that begins with \\u", "write the character itself")
    tokens = list(_tokens(statement))
    if not tokens:
        raise ParameterWrong("the statement", "there is none; give one in Cypher")
    _must_begin(tokens)
    for found in _found(tokens):
        raise StatementRefused(f"has {found}")
    _must_fit(tokens, parameters)


def must_only_read(plan: Mapping[str, Any]) -> None:
    """Raises StatementRefused unless every operator of a plan, as EXPLAIN gives it, only reads. The lowest is named."""
    for child in plan.get("children", ()):
        must_only_read(child)
    operator = str(plan["operatorType"]).partition("@")[0]
    name, _, variant = operator.partition("(")
    if name.removeprefix("Partitioned") not in OPERATORS or "Locking" in variant:
        raise StatementRefused(f"has the operator {operator}")
    if name == "ProcedureCall":
        called = str(plan.get("args", {}).get("Details", "")).partition("(")[0].strip()
        if called not in PROCEDURES:
            raise StatementRefused(f"has the procedure {called or '(its name is not told)'}")


def _tokens(statement: str) -> Iterator[_Token]:
    """What a statement is made of, without blanks, comments, and signs that Cypher does not use."""
    for match in TOKEN.finditer(statement):
        kind, text = str(match.lastgroup), match[0]
        if kind == "word":
            yield _Token(kind, text.upper(), text)
        elif kind == "quoted":
            yield _Token(kind, "", text[1:-1].replace("``", "`"))
        elif kind == "sign" and text.isascii() and text.isprintable():
            yield _Token(kind, text)
        elif kind == "number":
            yield _Token(kind, "", text)
        elif kind == "text":
            yield _Token(kind, "")


def _must_begin(tokens: list[_Token]) -> None:
    """Raises unless a statement begins as a question does; the version of Cypher may stand before it."""
    at = 0
    if tokens[0].key == "CYPHER":
        at = 2 if len(tokens) > 1 and tokens[1].name in ("5", "25") else 1
    first = tokens[at] if at < len(tokens) else tokens[0]
    if first.key not in BEGINS:
        begins = first.key or repr(first.name[:60])
        todo = "ask the question itself" if begins in ("EXPLAIN", "PROFILE") else ""
        raise StatementRefused(f"begins with {begins[:60]}", todo)


def _found(tokens: list[_Token]) -> Iterator[str]:
    """What of the text is not allowed, in words."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1].key if at else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else _Token("sign", "")
        if token.key == "LOAD" and after.key == "CSV" and before not in NO_CLAUSE_AFTER:
            yield "LOAD CSV"
        elif token.key == "CALL" and after.kind in ("word", "quoted") and before not in NO_CLAUSE_AFTER:
            name, _ = _dotted(tokens, at + 1)
            if name not in PROCEDURES:
                yield f"the procedure {name}"
        elif token.kind in ("word", "quoted") and before != "." and not _is_called(tokens, at):
            name, end = _dotted(tokens, at)
            opens = end < len(tokens) and tokens[end].key == "("
            if opens and "." in name and name.partition(".")[0].lower() not in NAMESPACES:
                yield f"the function {name}"


def _is_called(tokens: list[_Token], at: int) -> bool:
    """Whether the name at this place is that of a procedure."""
    return at > 0 and tokens[at - 1].key == "CALL"


def _dotted(tokens: list[_Token], at: int) -> tuple[str, int]:
    """The name with dots that begins at a place, and where it ends."""
    names = [tokens[at].name]
    at += 1
    while at + 1 < len(tokens) and tokens[at].key == "." and tokens[at + 1].kind in ("word", "quoted"):
        names.append(tokens[at + 1].name)
        at += 2
    return ".".join(names), at


def _must_fit(tokens: list[_Token], parameters: Mapping[str, Any]) -> None:
    used = {b.name for a, b in pairwise(tokens) if a.key == "$" and b.name}
    known = ", ".join(f"${name}" for name in sorted(used)) or "none"
    for name in parameters:
        if name not in used:
            raise ParameterWrong("the statement", f"it has no parameter ${name}; it has {known}")
    for name in sorted(used - set(parameters)):
        raise ParameterWrong("the statement", f"parameter ${name} is missing; give it with -p {name}=… or in `parameters`")
