"""Terms that turn out to be of another kind, which is a part of their ids."""

from typing import Any, Final, TypeAlias

import duckdb
import numpy as np

from strabon_store.backends.sql import Template, identifier, literal
from strabon_store.relational.encoding import PAYLOAD_BITS, PAYLOAD_MASK, Tag

Ids: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

_RENUMBER: Final = Template(
    "UPDATE :a SET :b = now FROM query_table(:c) AS told WHERE :a.:b = told.id"
)
_HOLDERS: Final = (
    ("terms", "id"),
    ("term_hashes", "id"),
    ("quads", "object"),
    ("quads_by_object", "object"),
)


def with_tag(ids: Ids, tag: Tag) -> Ids:
    """The ids of the same terms as terms of a kind."""
    return np.asarray((int(tag) << PAYLOAD_BITS) | (ids & PAYLOAD_MASK))


def renumber(cursor: duckdb.DuckDBPyConnection, told: str) -> None:
    """Give literals other ids in the dictionary and in both orders of the statements.

    What is derived from these is not changed.

    Args:
        cursor: Within a transaction.
        told: A table of ids (`id`) and what they are from now on (`now`).
    """
    for table, column in _HOLDERS:
        renumber_in(cursor, told, table, column)


def renumber_in(
    cursor: duckdb.DuckDBPyConnection, told: str, table: str, column: str
) -> int:
    """The same in one column; how many rows have another id for it."""
    names = [identifier(table), identifier(column), literal(told)]
    ((count,),) = cursor.execute(_RENUMBER.filled(names)).fetchall()
    return int(count)
