"""Which parts of a plan Spark's SQL says as DuckDB's does, and how.

A plan's trees are written for DuckDB.  A part is native when Spark gives the same value
for every input; whatever is not listed here is not.  Two engines that both have a
function of a name seldom mean the same by it (upper case of ß, a double as text).
"""

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Final

import pyarrow as pa
from sqlglot import exp

from geotriples.mapping.grammar import ABSOLUTE_IRI

Types = Mapping[str, pa.DataType]
"""Column to type."""

IS_ABSOLUTE_IRI: Final = "RDF_IS_ABSOLUTE_IRI"

_NODES: Final = (
    exp.Alias,
    exp.And,
    exp.Boolean,
    exp.Case,
    exp.Coalesce,
    exp.Column,
    exp.DPipe,
    exp.EQ,
    exp.Identifier,
    exp.If,
    exp.Is,
    exp.Literal,
    exp.NEQ,
    exp.Not,
    exp.Null,
    exp.Or,
    exp.Paren,
    exp.Star,
    exp.StructExtract,
    exp.Tuple,
    exp.Where,
)
_FUNCTIONS: Final = frozenset(
    {
        *("RDF_IRI_SAFE", "RDF_URI_SAFE", "RDF_ABSOLUTE"),
        *("RDF_BLANK_LABEL", "RDF_ESCAPE", "RDF_GEOMETRY_TYPE_WKB"),
    }
)
_ABSOLUTE_IRI: Final = exp.Literal.string(ABSOLUTE_IRI)
_TEXT_ALIKE: Final[tuple[Callable[[pa.DataType], bool], ...]] = (
    *(pa.types.is_integer, pa.types.is_boolean, pa.types.is_string),
)
"""Types whose values both engines write as the same text."""
_TEXT: Final = frozenset({exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT})
_PERCENT: Final = "%[0-9A-Fa-f][0-9A-Fa-f]"


def is_native_select(select: exp.Select, types: Callable[[], Types]) -> bool:
    """Whether Spark's SQL means the same by what a SELECT takes from its rows.

    Args:
        select: A SELECT that goes row by row.
        types: Finds the types of the columns, which is asked only where they matter.
    """
    where = select.args.get("where")
    parts = [*map(_unnested, select.expressions), *([] if where is None else [where])]
    known = types() if any(part.find(exp.Cast) for part in parts) else {}
    return all(is_native(part, known) for part in parts)


def is_native(part: exp.Expr, types: Types) -> bool:
    """Whether Spark's SQL means the same by a part of a plan.

    Args:
        part: An expression over columns.
        types: The types of the columns.
    """
    return all(_is_native_node(node, types) for node in part.walk())


def _unnested(column: exp.Expr) -> exp.Expr:
    """Of a list whose elements are written out, the list; else the column itself."""
    value = column.unalias()
    if isinstance(value, exp.Unnest) and isinstance(value.expressions[0], exp.Array):
        elements = value.expressions[0].expressions
        return exp.Tuple(expressions=[one.copy() for one in elements])
    return column


def _is_native_node(node: exp.Expr, types: Types) -> bool:
    match node:
        case exp.Anonymous():
            return node.name.upper() in _FUNCTIONS
        case exp.RegexpLike():
            return bool(node.expression == _ABSOLUTE_IRI)
        case exp.Cast():
            return _is_native_cast(node, types)
        case exp.DataType():
            return isinstance(node.parent, exp.Cast)
        case _:
            return isinstance(node, _NODES)


def _is_native_cast(cast: exp.Cast, types: Types) -> bool:
    """Integers and truth values as text; of doubles each engine has its own."""
    if cast.to.this not in _TEXT or not isinstance(cast.this, exp.Column):
        return False
    known = types.get(cast.this.name)
    return known is not None and any(test(known) for test in _TEXT_ALIKE)


def spelled_select(select: exp.Select) -> exp.Select:
    """What a native SELECT takes from its rows, in the words of Spark."""
    columns = [one.transform(_spelled) for one in select.expressions]
    outer = exp.select(*columns).from_(select.args["from_"].this)
    where = select.args.get("where")
    return outer if where is None else outer.where(where.this.transform(_spelled))


def _spelled(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.RegexpLike():
            return exp.Anonymous(this=IS_ABSOLUTE_IRI, expressions=[node.this])
        case exp.Unnest():
            return exp.alias_(exp.Explode(this=node.expressions[0]), node.alias)
        case _:
            return node


def function_definitions() -> tuple[str, ...]:
    """The statements that make the native primitives known to a session."""
    text = files("geotriples.spark").joinpath("primitives.sql").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    statements = "\n".join(lines).split(";\n")
    return (*(one for one in statements if one.strip()), _is_absolute_iri())


def _is_absolute_iri() -> str:
    """`ABSOLUTE_IRI` without groups that repeat.

    Java's expressions call themselves for each round of such a group, and a long IRI
    ends in a stack overflow.  A tilde may stand exactly where percent and two digits
    may, so these are replaced by one, and a class of characters is left to repeat.
    """
    group = re.compile(r"\(\?:(\[[^\]]*\])\|" + re.escape(_PERCENT) + r"\)")
    pattern = group.sub(r"\1", ABSOLUTE_IRI)
    java = rf"\A{pattern.removeprefix('^').removesuffix('$')}\z"
    literals = [exp.Literal.string(one).sql("spark") for one in (_PERCENT, java)]
    return (
        "CREATE OR REPLACE TEMPORARY FUNCTION rdf_is_absolute_iri(x STRING) "
        "RETURNS BOOLEAN RETURN "
        f"regexp_replace(x, {literals[0]}, '~') RLIKE {literals[1]}"
    )
