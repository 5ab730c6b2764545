"""What follows WHERE in DuckDB's SQL."""

from collections.abc import Sequence
from typing import Final

from strabon_store.backends.sql import Grade, Select, Sql, Template, joined
from strabon_store.relational.plan_columns import SortKey

_GROUP_BY: Final = Template("GROUP BY :a")
_ORDER_BY: Final = Template("ORDER BY :a")
_ASCENDING: Final = Template(":a NULLS FIRST")
_DESCENDING: Final = Template(":a DESC NULLS LAST")


def group_by(keys: Sequence[str], select: Select) -> Sql:
    """GROUP BY some outputs of a SELECT; without a key all rows are one group."""
    # Also where there are no aggregates.
    by = [select.outputs[key].text for key in keys] or [Sql("()")]
    return _GROUP_BY.filled([joined(", ", by)])


def order_by(order: Sequence[SortKey], select: Select) -> Sql:
    """ORDER BY outputs of a SELECT; nothing where none of them can order rows."""
    # Unbound comes first in the order of 15.1, and last when that is reversed. A number
    # that stands here would name a column by its place, and no constant orders rows.
    keys = []
    for key in order:
        output = select.outputs[key.column]
        if output.grade != Grade.CONSTANT:
            template = _DESCENDING if key.descending else _ASCENDING
            keys.append(template.filled([output.text]))
    return _ORDER_BY.filled([joined(", ", keys)]) if keys else Sql("")
