"""The size of a unit of measure that each row names for itself, in DuckDB's SQL."""

from functools import lru_cache
from typing import Final

from ontologies.geosparql.units import SAME_UNITS, Quantity, sizes
from strabon_store.backends.sql import Sql, Template, joined, literal

SIZE_OF_UNIT: Final = "size_of_unit:"
"""Begins the operation; the quantity comes behind it."""

_REPLACE: Final = Template("regexp_replace(:a, :b, :c)")
_ENTRY: Final = Template(":a: :b")


@lru_cache
def size_of_unit(operation: str) -> Template:
    """Its spelling: a look-up, which gives NULL for what is no unit of the quantity."""
    name = Sql(":a")
    for beginning, replacement in SAME_UNITS:
        name = _REPLACE.filled([name, literal(beginning), literal(replacement)])
    known = sizes(Quantity(operation.removeprefix(SIZE_OF_UNIT)))
    entries = [
        _ENTRY.filled([literal(iri), literal(size)])
        for iri, size in sorted(known.items())
    ]
    return Template(f"MAP {{{joined(', ', entries)}}}[{name}]")
