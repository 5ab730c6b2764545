"""The order of terms (SPARQL 1.1 section 15.1) as columns to sort by.

Unbound first, then blank nodes, IRIs and literals. Among literals, numbers come before
dates and times, these before booleans, and what is left sorts by its text: the standard
leaves that open, and one fixed order keeps answers the same everywhere.
"""

from typing import Final

from strabon_store.algebra.terms import XSD_STRING
from strabon_store.relational.encoding import Tag, Typed
from strabon_store.relational.scalars import Scalar, call
from strabon_store.relational.values import Value

PARTS: Final = 3
"""How many columns one term is sorted by."""


def sort_scalars(value: Value) -> tuple[Scalar, ...]:
    """What to compare, one after the other, to order by a value.

    A native column of numbers, strings or booleans is its own key.
    """
    if isinstance(value.encoding, Typed) and value.encoding.datatype != XSD_STRING:
        return (value.native,)
    if value.is_surely(Tag.STRING) or value.is_surely(Tag.IRI):
        return (value.text,)
    if value.is_surely(Tag.INTEGER):
        return (value.number,)
    rank = call("sort_rank", value.kind)
    amount = call("sort_number", value.number, value.moment, value.boolean)
    return rank, amount, call("sort_text", value.number, value.text, value.plain)
