"""The order of terms (SPARQL 1.1 section 15.1) as columns to sort by.

Unbound first, then blank nodes, IRIs and literals. Among literals, numbers come before
dates and times, these before booleans, and what is left sorts by its text: the standard
leaves that open, and one fixed order keeps answers the same everywhere.
"""

from strabon_store.algebra.terms import XSD_STRING
from strabon_store.relational.encoding import Tag, Typed
from strabon_store.relational.scalars import NULL, Scalar, call
from strabon_store.relational.values import Value


def sort_scalars(value: Value) -> tuple[Scalar, ...]:
    """What to compare, one after the other, to order by a value.

    A native column of numbers, strings or booleans is its own key.
    """
    if isinstance(value.encoding, Typed) and value.encoding.datatype != XSD_STRING:
        return (value.native,)
    if value.is_surely(Tag.STRING):
        return (value.text,)
    rank = call("sort_rank", value.kind)
    duration = call("duration_seconds", value.kind, value.text)
    amount = call(
        "sort_number", value.number, value.temporal.moment, value.boolean, duration
    )
    # Numbers that are one as doubles may be two; what is left sorts by its text.
    exact = call("coalesce", value.numeric.decimal, NULL)
    return rank, amount, exact, call("sort_text", value.number, value.text, value.plain)
