"""Columns of terms traced back to the columns of a source that they are made of."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from sqlglot import exp

from geotriples.rows import Compute, Rows
from geotriples.virtual.shapes import flattened

_ENCODED: Final = frozenset({"RDF_IRI_SAFE", "RDF_URI_SAFE"})
_GEOMETRIES: Final = frozenset({"RDF_WKT_LITERAL", "RDF_TRANSFORM_WKB"})
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~%-]|[^\x00-\x7f]")
"""What a value may bring into an IRI when it is percent-encoded (R2RML 7.3)."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text and columns that make the lexical forms of a term.

    Attributes:
        columns: The columns, by their names in the rows.
        pattern: What matches a lexical form, with a group for each column.
        is_encoded: Whether values are percent-encoded.
    """

    columns: tuple[str, ...]
    pattern: re.Pattern[str]
    is_encoded: bool

    def values(self, lexicals: Iterable[str]) -> Iterator[tuple[str, ...]]:
        """What the columns hold in rows that make one of these lexical forms."""
        for lexical in lexicals:
            if match := self.pattern.fullmatch(lexical):
                found = match.groups()
                yield tuple(map(unquote, found)) if self.is_encoded else found


def template_of(lexical: exp.Expr) -> Template | None:
    """The template behind lexical forms; None where they cannot be taken apart."""
    parts = flattened(lexical)
    columns = [_column(part) for part in parts if not isinstance(part, exp.Literal)]
    if not columns or any(one is None for one in columns):
        return None
    found = [one for one in columns if one is not None]
    encodings = {is_encoded for _, is_encoded in found}
    is_encoded = encodings == {True}
    if len(encodings) > 1 or (len(found) > 1 and not is_encoded):
        return None
    pattern = _pattern(parts)
    if pattern is None:
        return None
    return Template(tuple(name for name, _ in found), pattern, is_encoded)


def _column(part: exp.Expr) -> tuple[str, bool] | None:
    """The column that a part is made of, and whether it is percent-encoded."""
    is_encoded = isinstance(part, exp.Anonymous) and part.name.upper() in _ENCODED
    inner = part.expressions[0] if is_encoded else part
    if isinstance(inner, exp.Cast):
        inner = inner.this
    return (inner.name, is_encoded) if isinstance(inner, exp.Column) else None


def _pattern(parts: list[exp.Expr]) -> re.Pattern[str] | None:
    pieces = []
    for place, part in enumerate(parts):
        if isinstance(part, exp.Literal):
            pieces.append(re.escape(part.name))
            continue
        following = parts[place + 1] if place + 1 < len(parts) else None
        is_last = not any(
            not isinstance(one, exp.Literal) for one in parts[place + 1 :]
        )
        if is_last:
            pieces.append("(.*)")
        elif not isinstance(following, exp.Literal) or _UNRESERVED.match(
            following.name
        ):
            # Where one value ends and the next begins, nobody can tell.
            return None
        else:
            pieces.append(f"([^{re.escape(following.name[0])}]*)")
    return re.compile("".join(pieces), re.DOTALL)


def number_column(lexical: exp.Expr, rows: Rows) -> str | None:
    """The column of the source whose numbers are written out, by its name there."""
    sql = _unfolded(lexical, _computed(rows))
    while True:
        match sql:
            case exp.Cast(this=inner):
                sql = _unfolded(inner, _computed(rows))
            case exp.Anonymous() if sql.name.upper() == "RDF_DOUBLE_TEXT":
                sql = _unfolded(sql.expressions[0], _computed(rows))
            case exp.Column() if sql.name in rows.references:
                return str(sql.name)
            case _:
                return None


def geometry_column(lexical: exp.Expr, rows: Rows) -> tuple[str, str] | None:
    """The column of the source whose geometries are written out, and its CRS."""
    computed = _computed(rows)
    sql = _unfolded(lexical, computed)
    if not isinstance(sql, exp.Anonymous) or sql.name.upper() not in _GEOMETRIES:
        return None
    column, crs = sql.expressions[0], sql.expressions[1]
    if not isinstance(column, exp.Column) or not isinstance(crs, exp.Literal):
        return None
    return (column.name, crs.name) if column.name in rows.references else None


def _computed(rows: Rows) -> Mapping[str, exp.Expr]:
    return {step.name: step.sql for step in rows.steps if isinstance(step, Compute)}


def _unfolded(sql: exp.Expr, computed: Mapping[str, exp.Expr]) -> exp.Expr:
    while isinstance(sql, exp.Column) and sql.name in computed:
        sql = computed[sql.name]
    return sql
