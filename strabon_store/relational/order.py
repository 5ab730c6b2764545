"""The order of terms (SPARQL 1.1 section 15.1) as columns to sort by.

Unbound first, then blank nodes, IRIs and literals. Among literals, numbers come before
dates and times, these before booleans, and what is left sorts by its text: the standard
leaves that open, and one fixed order keeps answers the same everywhere.
"""

from typing import Final

from strabon_store.algebra.terms import XSD_STRING
from strabon_store.relational.encoding import Encoding, Tag, TermId, Typed
from strabon_store.relational.scalars import NULL, Column, Scalar, call
from strabon_store.relational.values import Value

_BY_ID: Final = (Tag.INTEGER, Tag.DATETIME, Tag.DATE)
"""Tags of which the ids sort as the values do."""

_NUMBERS: Final = (Tag.INTEGER, Tag.DECIMAL, Tag.NUMBER, Tag.EXACT)


def sort_scalars(value: Value) -> tuple[Scalar, ...]:
    """What to compare, one after the other, to order by a value.

    What is known of all values makes it less: a native column of numbers, strings or
    booleans is its own key, and so are ids that sort as their values do.
    """
    if isinstance(value.encoding, Typed) and value.encoding.datatype != XSD_STRING:
        return (value.native,)
    if value.is_surely(Tag.STRING) or value.is_surely(Tag.IRI):
        return (value.text,)
    if isinstance(value.native, Column):
        known = _sort_stored(value, value.encoding)
        if known:
            return known
    rank = call("sort_rank", value.kind)
    duration = call("duration_seconds", value.kind, value.text)
    amount = call(
        "sort_number", value.number, value.temporal.moment, value.boolean, duration
    )
    # Numbers that are one as doubles may be two; what is left sorts by its text.
    text = call("sort_text", value.number, value.text, value.plain)
    return rank, amount, *_whole(value), _exact(value), text


def _exact(value: Value) -> Scalar:
    """Tells apart what is one as doubles; a double is the decimal that it is near."""
    return call("sort_exact", value.numeric.decimal, value.number)


def _whole(value: Value) -> tuple[Scalar, ...]:
    """The same beyond the decimals of the engine."""
    numeric = value.numeric
    is_small = isinstance(value.encoding, TermId) and not value.encoding.can_be(
        Tag.EXACT
    )
    if is_small or numeric.integer == NULL:
        return ()
    return (call("sort_whole", numeric.integer, value.number),)


def _sort_stored(value: Value, encoding: Encoding) -> tuple[Scalar, ...]:
    """What is enough for stored terms of few kinds; nothing for others."""
    if not isinstance(encoding, TermId):
        return ()
    if any(encoding.is_within(tag) for tag in _BY_ID):
        return (value.native,)
    if encoding.is_within(Tag.NUMBER):
        return (value.number,)
    if encoding.is_within(*_NUMBERS):
        return value.number, *_whole(value), _exact(value)
    return ()
