"""Scalars of the relational plan in DuckDB's SQL: a table of templates and the rest."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias, assert_never

from engines.duckdb.dialect import NATIVE, NECESSARY, RELATE, RELATE_ON_GLOBE
from engines.duckdb.functions import PATTERN_SEPARATOR
from engines.duckdb.interrupts import CONNECTION
from engines.duckdb.large import by_size
from ontologies.geosparql.relations import RELATIONS
from strabon_store.backends.duckdb_numbers import NUMBERS
from strabon_store.backends.duckdb_operators import (
    AGGREGATES,
    FUNCTIONS,
    GEOMETRY,
    OPERATORS,
    SUBSTRING,
)
from strabon_store.backends.duckdb_periods import PERIOD_OPERATIONS
from strabon_store.backends.duckdb_spellings import TERMS
from strabon_store.backends.duckdb_times import TIMES
from strabon_store.backends.duckdb_units import SIZE_OF_UNIT, size_of_unit
from strabon_store.backends.share_scalars import Spelling
from strabon_store.backends.sql import Output, Sql, Template, function, joined, literal
from strabon_store.errors import InternalError
from strabon_store.relational.scalars import Call, Column, Constant, Scalar

_SPELLINGS: Final = {
    **TERMS,
    **NUMBERS,
    **TIMES,
    **OPERATORS,
    **FUNCTIONS,
    **AGGREGATES,
    **GEOMETRY,
    **PERIOD_OPERATIONS,
}
_RELATION: Final = "relation:"
_ON_GLOBE: Final = "on_globe:"
_Arguments: TypeAlias = Sequence[Sql]


def scalar(value: Scalar, columns: Mapping[str, Output]) -> Sql:
    """The SQL of a scalar over columns with these texts."""
    match value:
        case Column(name):
            return columns[name].text
        case Constant(constant):
            return literal(constant)
        case Call(operation, arguments):
            written = [scalar(each, columns) for each in arguments]
            return Sql(f"({_call(operation, written)})")
        case _:
            assert_never(value)


@lru_cache(maxsize=512)
def spelling(operation: str, arguments: int) -> Spelling:
    """How long an operation is in SQL, and how often it writes each argument."""
    if operation.startswith((_RELATION, _ON_GLOBE)):
        return Spelling(2 * len(operation), (2,) * arguments)
    template = _template(operation, arguments)
    if template is None:
        return Spelling(len(operation), (1,) * arguments)
    return Spelling(template.length, template.copies(arguments))


@lru_cache(maxsize=1024)
def _template(operation: str, arguments: int) -> Template | None:
    if operation == "substring":
        return Template(SUBSTRING[arguments])
    if operation.startswith(SIZE_OF_UNIT):
        return size_of_unit(operation)
    text = _SPELLINGS.get(operation)
    return None if text is None else Template(text)


def _call(operation: str, arguments: _Arguments) -> Sql:
    template = _template(operation, len(arguments))
    if template is not None:
        return template.filled(arguments)
    if special := _SPECIAL.get(operation):
        return special(arguments)
    if operation.startswith(_RELATION):
        return _relation(operation.removeprefix(_RELATION), *arguments)
    if operation.startswith(_ON_GLOBE):
        return _on_globe(operation.removeprefix(_ON_GLOBE), *arguments)
    raise InternalError(f"DuckDB has no spelling for {operation!r}")


def _relation(name: str, left: Sql, right: Sql) -> Sql:
    if native := NATIVE[name]:
        return function(native, left, right)
    patterns = PATTERN_SEPARATOR.join(RELATIONS[name].patterns)
    exact = _RELATED.filled([left, right, literal(patterns)])
    necessary = function(str(NECESSARY[name]), left, right)
    return joined(" AND ", [necessary, exact])


def _on_globe(relation: str, left: Sql, right: Sql) -> Sql:
    patterns = PATTERN_SEPARATOR.join(RELATIONS[relation].patterns)
    return _RELATED_ON_GLOBE.filled([left, right, literal(patterns)])


_BLOBS: Final = ("CAST(ST_AsWKB(:a) AS BLOB)", "CAST(ST_AsWKB(:b) AS BLOB)")
_RELATED: Final = Template(f"({by_size(RELATE, *_BLOBS, others=(':c', CONNECTION))})")
_RELATED_ON_GLOBE: Final = Template(
    f"({by_size(RELATE_ON_GLOBE, *_BLOBS, others=(':c', CONNECTION))})"
)
_WHEN: Final = Template("WHEN :a THEN :b")
_CASE: Final = Template("CASE :a ELSE :b END")
_IN: Final = Template(":a IN (:b)")
_ORDERED: Final = Template("first(:a ORDER BY :b)")
_COUNT_DISTINCT: Final = Template("COUNT(DISTINCT row(:a))")


def _case(arguments: _Arguments) -> Sql:
    *pairs, otherwise = arguments
    cases = zip(pairs[::2], pairs[1::2], strict=True)
    branches = [_WHEN.filled(case) for case in cases]
    return _CASE.filled([joined(" ", branches), otherwise])


def _common_language(arguments: _Arguments) -> Sql:
    first, *rest = arguments
    same = joined(" AND ", [joined(" = ", (first, each)) for each in rest])
    case = _WHEN.filled([same, first])
    return _CASE.filled([case, literal("")])


def _extreme(direction: str) -> Callable[[_Arguments], Sql]:
    def build(arguments: _Arguments) -> Sql:
        chosen, *keys = arguments
        order = [Sql(f"{key} {direction} NULLS LAST") for key in keys]
        return _ORDERED.filled([chosen, joined(", ", order)])

    return build


_SPECIAL: Final[Mapping[str, Callable[[_Arguments], Sql]]] = MappingProxyType(
    {
        "case": _case,
        "coalesce": lambda arguments: function("coalesce", *arguments),
        "is_one_of": lambda arguments: _IN.filled(
            [arguments[0], joined(", ", arguments[1:])]
        ),
        "concat": lambda arguments: joined(" || ", arguments),
        "common_language": _common_language,
        "first_of": _extreme("ASC"),
        "last_of": _extreme("DESC"),
        "count_distinct_rows": lambda arguments: _COUNT_DISTINCT.filled(
            [joined(", ", arguments)]
        ),
    }
)
"""Operations of any number of arguments."""
