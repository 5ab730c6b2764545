"""Kinds of literals that an older program did not know, or called otherwise.

The kind of a term is part of its id, so a literal whose kind is another one now gets
another id, in the dictionary and in every statement.
"""

from collections.abc import Iterator
from typing import Final

import duckdb
import pyarrow as pa

from engines.duckdb import cursor_of
from strabon_store.relational.encoding import PAYLOAD_BITS, PAYLOAD_MASK, Tag
from strabon_store.relational.kinds import literal_kind

_BATCH_ROWS: Final = 100_000
_UNSURE: Final = [int(tag) for tag in (Tag.OTHER, Tag.NUMBER, Tag.MOMENT)]
_LITERALS: Final = """
SELECT id, lexical, datatype FROM terms
WHERE datatype IS NOT NULL AND (id >> $bits) IN (SELECT unnest($tags))
"""
_CREATE: Final = """
CREATE TEMPORARY TABLE renewed (
  id BIGINT, renewed_id BIGINT, number DOUBLE, moment BIGINT
)
"""
_STEPS: Final = (
    "UPDATE quads SET object = renewed_id FROM renewed WHERE object = renewed.id",
    """
    UPDATE terms
    SET id = renewed_id, number = renewed.number,
        moment = make_timestamp(renewed.moment)
    FROM renewed WHERE terms.id = renewed.id
    """,
    "DROP TABLE renewed",
)


def renew_kinds(connection: duckdb.DuckDBPyConnection) -> None:
    """Give each literal of the dictionary the kind that it has today.

    Args:
        connection: Within a transaction, to a store of format 1.
    """
    connection.execute(_CREATE)
    with cursor_of(connection) as reading:
        parameters = {"bits": PAYLOAD_BITS, "tags": _UNSURE}
        reading.execute(_LITERALS, parameters)
        while rows := reading.fetchmany(_BATCH_ROWS):
            _note(connection, list(_renewed(rows)))
    for step in _STEPS:
        connection.execute(step)


def _renewed(
    rows: list[tuple[int, str, str]],
) -> Iterator[tuple[int, int, float | None, int | None]]:
    for term_id, lexical, datatype in rows:
        kind = literal_kind(lexical, datatype)
        # An ill-formed geometry is of another kind than its datatype says.
        if kind.tag not in {Tag.GEOMETRY, term_id >> PAYLOAD_BITS}:
            payload = term_id & PAYLOAD_MASK
            renewed = int(kind.tag) << PAYLOAD_BITS | payload
            yield term_id, renewed, kind.number, kind.moment


def _note(
    connection: duckdb.DuckDBPyConnection,
    found: list[tuple[int, int, float | None, int | None]],
) -> None:
    if not found:
        return
    types = (pa.int64(), pa.int64(), pa.float64(), pa.int64())
    names = ("id", "renewed_id", "number", "moment")
    columns = zip(names, zip(*found, strict=True), types, strict=True)
    table = pa.table({name: pa.array(each, of) for name, each, of in columns})
    connection.register("found_kinds", table)
    connection.execute("INSERT INTO renewed FROM found_kinds")
    connection.unregister("found_kinds")
