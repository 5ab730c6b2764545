"""A patch: statements that go and statements that come, in one transaction."""

from collections.abc import Iterable
from typing import Final

import duckdb

from engines.duckdb.failures import wrap_error
from engines.term_columns import StatementBatch
from strabon_store.relational.layout import GEOMETRIES
from strabon_store.storage.arrivals import stage
from strabon_store.storage.changes import Changes, apply_changes, create_quads
from strabon_store.storage.compact import count_rows, sort_geometries
from strabon_store.storage.crs_definitions import report_waiting, settle
from strabon_store.storage.database import Database
from strabon_store.storage.encode import Encoding
from strabon_store.storage.terms import TermWriter
from strabon_store.storage.transaction import write_transaction

_GONE: Final = "patch_gone"
_COME: Final = "patch_come"


def apply_patch(
    database: Database,
    removed: Iterable[StatementBatch],
    added: Iterable[StatementBatch],
) -> Changes:
    """Take statements out of the store and put others in: all of it, or nothing.

    Blank nodes are those that have the same labels. What is removed and added stays.

    Args:
        database: The store.
        removed: Statements that the store need not have.
        added: Statements that it may have already.

    Returns:
        How many statements went, and how many came.

    Raises:
        StoreUnavailable: The store is open for reading only.
        EngineError: The engine failed; the store is as before.
    """
    try:
        with write_transaction(database) as cursor:
            return _apply(cursor, {_GONE: removed, _COME: added})
    except duckdb.Error as error:
        raise wrap_error(error) from error


def _apply(
    cursor: duckdb.DuckDBPyConnection,
    statements: dict[str, Iterable[StatementBatch]],
) -> Changes:
    terms = TermWriter(cursor)
    first_key, geometries = terms.next_key, count_rows(cursor, GEOMETRIES)
    encoding = Encoding(cursor, first_key, terms.met)
    encoding.begin()
    for table, batches in statements.items():
        create_quads(cursor, table)
        for batch in batches:
            stage(cursor, table, encoding.encode_batch(batch))
    encoding.keep()
    encoding.end()
    terms.next_key = encoding.next_key
    changes = apply_changes(cursor, deleted=_GONE, inserted=_COME)
    settle(cursor, _COME, terms.met, first_key)
    report_waiting(cursor, terms.met, first_key)
    sort_geometries(cursor, geometries)
    terms.save()
    for table in statements:
        cursor.execute(f"DROP TABLE {table}")
    return changes
