"""The one way in which the statements of a store change.

Whoever adds or removes statements puts them into temporary tables and calls
`apply_changes`, which keeps everything that is derived from them right.
"""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import duckdb

from strabon_store.relational.layout import QUADS, QUADS_BY_OBJECT, Table
from strabon_store.storage.compact import count_rows, is_much, rewrite
from strabon_store.storage.database import create_statement, read_meta, write_meta
from strabon_store.storage.star_upkeep import loosen_arriving, loosen_leaving
from strabon_store.storage.stars import rebuild_stars
from strabon_store.storage.statistics import add_statistics, remove_statistics

ARRIVING: Final = "arriving"
"""The temporary table of statements that the store does not have, and is to have."""

# Only what changes the store is a change: to delete a quad and to insert it again in
# one step touches nothing.
_LEAVING: Final = """
CREATE TEMPORARY TABLE leaving AS
SELECT DISTINCT graph, subject, predicate, object FROM query_table($deleted)
SEMI JOIN quads USING (graph, subject, predicate, object)
"""
_KEEP: Final = """
DELETE FROM leaving USING query_table($inserted) AS kept
WHERE leaving.graph = kept.graph AND leaving.subject = kept.subject
  AND leaving.predicate = kept.predicate AND leaving.object = kept.object
"""
# Sorted, what repeats stands side by side, and is found without a hash of every row;
# most loads have no repeats.
_ARRIVING: Final = """
CREATE TEMPORARY TABLE arriving AS
SELECT graph, subject, predicate, object FROM query_table($inserted)
ANTI JOIN quads USING (graph, subject, predicate, object)
ORDER BY predicate, subject, object, graph
"""
_HAS_REPEATS: Final = """
SELECT coalesce(bool_or(is_repeat), FALSE) FROM (
  SELECT subject = lag(subject) OVER () AND object = lag(object) OVER ()
    AND predicate = lag(predicate) OVER () AND graph = lag(graph) OVER () AS is_repeat
  FROM arriving
)
"""
_WITHOUT_REPEATS: Final = (
    """
CREATE TEMPORARY TABLE distinct_arriving AS
SELECT DISTINCT graph, subject, predicate, object FROM arriving
ORDER BY predicate, subject, object, graph
""",
    "DROP TABLE arriving",
    "ALTER TABLE distinct_arriving RENAME TO arriving",
)


class _Order(NamedTuple):
    """Statements that keep one order of the quads."""

    table: Table
    delete: str
    append: str
    merge: str


_ORDERS: Final = (
    _Order(
        QUADS,
        """
DELETE FROM quads USING leaving
WHERE quads.graph = leaving.graph AND quads.subject = leaving.subject
  AND quads.predicate = leaving.predicate AND quads.object = leaving.object
""",
        """
INSERT INTO quads SELECT graph, subject, predicate, object FROM arriving
""",
        """
INSERT INTO sorted
SELECT graph, subject, predicate, object FROM (FROM quads UNION ALL FROM arriving)
ORDER BY predicate, subject, object, graph
""",
    ),
    _Order(
        QUADS_BY_OBJECT,
        """
DELETE FROM quads_by_object USING leaving
WHERE quads_by_object.graph = leaving.graph
  AND quads_by_object.subject = leaving.subject
  AND quads_by_object.predicate = leaving.predicate
  AND quads_by_object.object = leaving.object
""",
        """
INSERT INTO quads_by_object SELECT graph, subject, predicate, object FROM arriving
ORDER BY predicate, object, subject, graph
""",
        """
INSERT INTO sorted
SELECT graph, subject, predicate, object
FROM (FROM quads_by_object UNION ALL FROM arriving)
ORDER BY predicate, object, subject, graph
""",
    ),
)
"""The orders that the quads stand in; every one holds all of them."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many statements a step took away from the store and added to it.

    Attributes:
        deleted: Those that the store had and no longer has.
        inserted: Those that it has and did not have.
    """

    deleted: int = 0
    inserted: int = 0

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.deleted or self.inserted)

    def __add__(self, other: "Changes") -> "Changes":
        """Both, as counts of what was done."""
        return Changes(self.deleted + other.deleted, self.inserted + other.inserted)


def create_quads(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make an empty temporary table for statements to delete or insert."""
    cursor.execute(create_statement(replace(QUADS, name=name), is_temporary=True))


def apply_changes(
    cursor: duckdb.DuckDBPyConnection, *, deleted: str | None, inserted: str | None
) -> Changes:
    """Take statements out of the store, then put others in.

    Args:
        cursor: Within a transaction.
        deleted: A temporary table with the columns of the quads, repeats allowed.
        inserted: Another; what stands in both is in the store afterwards.
    """
    done = Changes(
        deleted=_delete(cursor, deleted, inserted) if deleted else 0,
        inserted=_insert(cursor, inserted) if inserted else 0,
    )
    if done:
        next_generation(cursor)
    return done


def sort_orders(cursor: duckdb.DuckDBPyConnection) -> None:
    """Write every order of the quads anew, sorted through and through."""
    create_quads(cursor, "arriving")
    for order in _ORDERS:
        rewrite(cursor, order.table, order.merge)
    cursor.execute("DROP TABLE arriving")


def insert_arriving(cursor: duckdb.DuckDBPyConnection) -> Changes:
    """Put the statements of the table `arriving` into the store.

    Two steps for who has the store to itself: `find_arriving` before a transaction, and
    this within one. The engine knows more of a table that was there before a
    transaction, and sorts it in a quarter of the time.
    """
    done = Changes(inserted=_insert_arriving(cursor))
    if done:
        next_generation(cursor)
    return done


def next_generation(cursor: duckdb.DuckDBPyConnection) -> None:
    """Note that the statements of the store changed."""
    generation = int(read_meta(cursor, "generation")) + 1
    write_meta(cursor, "generation", str(generation))


def _delete(
    cursor: duckdb.DuckDBPyConnection, deleted: str, inserted: str | None
) -> int:
    cursor.execute(_LEAVING, {"deleted": deleted})
    if inserted is not None:
        cursor.execute(_KEEP, {"inserted": inserted})
    count = _count(cursor, "leaving")
    if count:
        for order in _ORDERS:
            cursor.execute(order.delete)
        remove_statistics(cursor, "leaving")
        loosen_leaving(cursor)
    cursor.execute("DROP TABLE leaving")
    return count


def _insert(cursor: duckdb.DuckDBPyConnection, inserted: str) -> int:
    find_arriving(cursor, inserted)
    count = _insert_arriving(cursor)
    cursor.execute("DROP TABLE arriving")
    return count


def find_arriving(cursor: duckdb.DuckDBPyConnection, inserted: str) -> None:
    """Make the table `arriving`: what stands in `inserted` and not in the store.

    Each statement stands in it once, by predicate, subject, object and graph.
    """
    cursor.execute(_ARRIVING, {"inserted": inserted})
    if cursor.execute(_HAS_REPEATS).fetchall()[0][0]:
        for statement in _WITHOUT_REPEATS:
            cursor.execute(statement)


def _insert_arriving(cursor: duckdb.DuckDBPyConnection) -> int:
    before = count_rows(cursor, QUADS)
    count = _count(cursor, "arriving")
    for order in _ORDERS if count else ():
        if before and is_much(count, before):
            rewrite(cursor, order.table, order.merge)
        else:
            cursor.execute(order.append)
    if count:
        add_statistics(cursor, "arriving")
        if is_much(count, before):
            rebuild_stars(cursor)
        else:
            loosen_arriving(cursor)
    return count


def _count(cursor: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(cursor.table(table).count("*").fetchall()[0][0])
