"""VALUES without the rows that nothing stored can match."""

from functools import reduce

from strabon_store.algebra.nodes import BGP, Join, Pattern, Values
from strabon_store.algebra.terms import Var
from strabon_store.algebra.variables import in_scope
from strabon_store.relational.context import TermCatalog


def trim_values(join: Join, catalog: TermCatalog) -> Join:
    """The join, its tables without rows whose terms the store does not have.

    Only where a basic graph pattern of the same chain of joins binds the variable: it
    binds it to stored terms. What is left is ids, which engines join; a single term
    that has none would make strings of them all.
    """
    members = _members(join)
    bound = {v for m in members if isinstance(m, BGP) for v in in_scope(m)}
    if not bound or not any(isinstance(member, Values) for member in members):
        return join
    trimmed = [
        _trimmed(member, bound, catalog) if isinstance(member, Values) else member
        for member in members
    ]
    first, second, *others = trimmed
    return reduce(Join, others, Join(first, second))


def _trimmed(values: Values, bound: set[Var], catalog: TermCatalog) -> Values:
    places = [i for i, each in enumerate(values.variables) if each in bound]
    cells = ((row, (row[i] for i in places)) for row in values.rows)
    rows = tuple(
        row
        for row, read in cells
        if all(term is None or catalog.term_id(term) is not None for term in read)
    )
    return Values(values.variables, rows)


def _members(pattern: Pattern) -> list[Pattern]:
    if isinstance(pattern, Join):
        return [*_members(pattern.left), *_members(pattern.right)]
    return [pattern]
