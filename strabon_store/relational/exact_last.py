"""The exact test of a geometry comes after what else leaves few of them.

Engines put a condition on one table into the scan of it. That is right for the boxes of
a window, and wrong for a relation or a distance if a tag that one feature in a thousand
has is joined afterwards: the test then runs for a thousand geometries instead of one.
If there are still fewer in the window, it runs there, and the rest is looked up for
those alone.
"""

from typing import Final

from strabon_store.relational.context import Context, TermCatalog
from strabon_store.relational.estimates import Estimate, estimate
from strabon_store.relational.lookups import columns_of
from strabon_store.relational.nodes import Plan
from strabon_store.relational.scalars import Call, Column, Scalar, call
from strabon_store.relational.windows import window_of

_GEOMETRY: Final = ".geometry"
_FEW: Final = 2
"""How many times as many geometries there are as rows, at least."""


def exact_last(condition: Scalar, plan: Plan, context: Context) -> Scalar:
    """The condition, whose exact tests wait for the rows of the plan if these are few.

    A test that reads the key of a geometry beside the geometry cannot be tried before
    the two are joined. Where there is no key there is no geometry, and no answer.
    """
    if not _is_window(condition):
        return condition
    rows = estimate(plan, context.catalog)
    return _waiting(condition, rows, context.catalog)


def waits_for_rows(condition: Scalar, plan: Plan, context: Context) -> bool:
    """Whether the exact test of a window is to be tried on the rows of a plan alone."""
    rows = estimate(plan, context.catalog)
    return _waiting(condition, rows, context.catalog) != condition


def key_of(exact: Scalar) -> str | None:
    """The variable of the one stored geometry that a test reads; None of several."""
    read = {name for name in columns_of(exact) if name.endswith(_GEOMETRY)}
    return read.pop().removesuffix(_GEOMETRY) if len(read) == 1 else None


def _is_window(condition: Scalar) -> bool:
    match condition:
        case Call("within_window", _):
            return True
        case Call("and", arguments):
            return any(map(_is_window, arguments))
        case _:
            return False


def _waiting(condition: Scalar, rows: Estimate, catalog: TermCatalog) -> Scalar:
    match condition:
        case Call("and", (left, right)):
            sides = (_waiting(each, rows, catalog) for each in (left, right))
            return call("and", *sides)
        case Call("within_window", (window, exact)):
            key = key_of(exact)
            if key is None or _FEW * max(rows.rows, 1.0) >= rows.domain(key):
                return condition
            if not _is_rarer(window, rows, catalog):
                return call(
                    "within_window", window, call("if_bound", Column(key), exact)
                )
            return condition
        case _:
            return condition


def _is_rarer(window: Scalar, rows: Estimate, catalog: TermCatalog) -> bool:
    """Whether there are fewer geometries in a window than rows."""
    found = window_of(window)
    count = None if found is None else catalog.count_geometries(found.box)
    return count is not None and count < rows.rows
