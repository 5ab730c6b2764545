"""Rows of a source -> what its columns hold: types, keys, nulls; every row is read.

Types of text are found without loss: each value of a column must be a lexical form of
the datatype and stay as it is, and what has a leading zero or a plus is a string, since
people compare such codes as text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import duckdb

from engines.duckdb import connect
from engines.duckdb.failures import wrap_error
from geotriples.sources.base import Kind, Source
from geotriples.values import NATURAL_DATATYPES, WKT_LITERAL, XSD_STRING
from ontologies.namespaces import XSD

_INTEGER: Final = "(?:0|-?[1-9][0-9]*)"
_DECIMAL: Final = rf"(?:{_INTEGER}|-?(?:0|[1-9][0-9]*)\.[0-9]+)"
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_ZONE: Final = "(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_IS_MOMENT: Final = "TRY_CAST(v AS TIMESTAMPTZ) IS NOT NULL"
_WKT: Final = (
    r"(?:<[^>]+>\s*)?(?i:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)"
    r"\s*(?i:ZM?|M)?\s*(?:\(.*\)|(?i:EMPTY))"
)
_TYPES: Final = (
    (XSD.term("integer"), f"regexp_full_match(v, '{_INTEGER}')"),
    (XSD.term("decimal"), f"regexp_full_match(v, '{_DECIMAL}')"),
    (XSD.term("double"), f"regexp_full_match(v, '{_DECIMAL}(?:[eE][+-]?[0-9]+)?')"),
    (XSD.term("boolean"), "v IN ('true', 'false')"),
    (
        XSD.term("date"),
        f"regexp_full_match(v, '{_DATE}') AND TRY_CAST(v AS DATE) IS NOT NULL",
    ),
    (
        XSD.term("dateTime"),
        f"regexp_full_match(v, '{_DATE}T{_CLOCK}{_ZONE}') AND {_IS_MOMENT}",
    ),
    (WKT_LITERAL, f"regexp_full_match(v, '{_WKT}', 's')"),
    (XSD.term("anyURI"), "regexp_full_match(v, 'https?://[^\\s<>\"{}|\\\\^`]+')"),
)
"""Datatypes of text, and what must hold of every value; the first one that fits."""

_KEY_KINDS: Final = frozenset({Kind.STRING, Kind.INTEGER})
_KEY_NAME: Final = re.compile(
    r"(?i)(?:.*[_ .-])?(?:id|fid|gid|uuid|key|code|nr|no)|.*Id"
)
_PAIRED: Final = 6
"""How many columns are tried in pairs where none is a key."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What a column holds.

    Attributes:
        reference: The column.
        kind: What the source says that it holds.
        datatype: IRI of the datatype of its values; None where rows differ.
        is_declared: Whether the mapping must say the datatype.
        present: How many rows have a value.
        distinct: How many values differ; None where nobody counted.
        crs: A geometry's CRS.
        is_list: Whether a row may have several.
    """

    reference: str
    kind: Kind
    datatype: str | None
    is_declared: bool
    present: int
    distinct: int | None
    crs: str | None = None
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a table holds: its rows, its columns, and what tells rows apart."""

    rows: int
    columns: tuple[ColumnFacts, ...]
    key: tuple[str, ...]


def read_facts(
    source: Source, references: Sequence[str], *, is_text: bool = False
) -> TableFacts:
    """Read all rows, and say what the columns hold.

    Args:
        source: An opened source.
        references: The columns, each of which `source.explain` finds good.
        is_text: Whether the source has text only, whose datatypes are to be found; else
            a string is one, but that WKT is a geometry.

    Raises:
        SourceError: The source cannot be read.
    """
    with connect() as connection:
        return _Survey(source, tuple(references), is_text, connection).facts()


@dataclass(slots=True)
class _Survey:
    source: Source
    references: tuple[str, ...]
    is_text: bool
    connection: duckdb.DuckDBPyConnection

    def facts(self) -> TableFacts:
        names = {f"c{i}": text for i, text in enumerate(self.references)}
        told = self.query(names, ", ".join(self._counts(names)))
        rows = int(told.pop(0))
        columns = tuple(self._column(text, told) for text in self.references)
        return TableFacts(rows, columns, self._key(rows, columns))

    def query(self, names: dict[str, str], select: str) -> list[Any]:
        self.connection.register("rows", self.source.read(names))
        try:
            found = self.connection.execute(f"SELECT {select} FROM rows").fetchone()  # noqa: S608 - names are ours
        except duckdb.Error as error:
            raise wrap_error(error) from error
        assert found is not None  # noqa: S101 - an aggregate has one row
        return list(found)

    def _counts(self, names: dict[str, str]) -> Iterator[str]:
        yield "count(*)"
        for name, reference in names.items():
            kind, is_list = self._kind(reference)
            value = _value(name, kind, is_list=is_list)
            yield f"count({value})"
            if is_list or kind not in _KEY_KINDS | {Kind.TYPED}:
                continue
            yield f"count(DISTINCT {value})"
            if kind is Kind.TYPED:
                field = f"coalesce({name}.datatype, '{XSD_STRING}')"
                yield f"min({field}) FILTER ({value} IS NOT NULL)"
                yield f"max({field}) FILTER ({value} IS NOT NULL)"
            elif kind is Kind.STRING:
                for _, test in _TYPES:
                    fits = re.sub(r"\bv\b", value, test)
                    yield f"bool_and({fits}) FILTER ({value} IS NOT NULL)"

    def _kind(self, reference: str) -> tuple[Kind, bool]:
        column = self.source.column(reference)
        return column.kind, column.is_list

    def _column(self, reference: str, told: list[Any]) -> ColumnFacts:
        column = self.source.column(reference)
        count, distinct = int(told.pop(0)), None
        datatype: str | None = NATURAL_DATATYPES.get(column.kind)
        if not column.is_list and column.kind in _KEY_KINDS | {Kind.TYPED}:
            distinct = int(told.pop(0))
            if column.kind is Kind.TYPED:
                low, high = told.pop(0), told.pop(0)
                datatype = low if low == high else None
            elif column.kind is Kind.STRING:
                fits = [told.pop(0) for _ in _TYPES]
                found = zip(_TYPES, fits, strict=True)
                fitting = [iri for (iri, _), fit in found if fit]
                if not self.is_text:
                    fitting = [iri for iri in fitting if iri == WKT_LITERAL]
                datatype = next(iter(fitting), XSD_STRING)
        is_declared = column.kind is Kind.STRING and datatype != XSD_STRING
        return ColumnFacts(
            *(reference, column.kind, datatype, is_declared, count, distinct),
            *(column.crs, column.is_list),
        )

    def _key(self, rows: int, columns: Sequence[ColumnFacts]) -> tuple[str, ...]:
        """The column that tells all rows apart, or two of them that do."""
        whole = [one for one in columns if _may_be_key(one) and one.present == rows]
        single = [one for one in whole if one.distinct == rows and rows]
        named = [one for one in single if _KEY_NAME.fullmatch(one.reference)]
        if named:
            return (named[0].reference,)
        if single and rows > 1:
            return (single[0].reference,)
        names = [one.reference for one in whole][:_PAIRED]
        for pair in combinations(names, 2) if rows > 1 else ():
            asked = dict(zip(("a", "b"), pair, strict=True))
            kinds = (self._kind(one)[0] for one in pair)
            values = [
                _value(name, kind, is_list=False)
                for name, kind in zip(asked, kinds, strict=True)
            ]
            (count,) = self.query(asked, f"count(DISTINCT ({', '.join(values)}))")
            if count == rows:
                return pair
        return ()


def _may_be_key(one: ColumnFacts) -> bool:
    if one.distinct is None or one.is_list:
        return False
    numbers = {XSD.term("integer"), XSD_STRING, XSD.term("anyURI")}
    return one.datatype in numbers


def _value(name: str, kind: Kind, *, is_list: bool) -> str:
    """A value of a column; text that is empty is none, as in the mapping."""
    if is_list:
        return name
    if kind is Kind.TYPED:
        return f"{name}.lexical"
    return f"nullif({name}, '')" if kind is Kind.STRING else name
