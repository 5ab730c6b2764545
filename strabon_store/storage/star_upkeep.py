"""A subject whose statements change leaves its star table, in the same transaction.

Its statements are loose from then on, until the star tables are built anew.
"""

from typing import Final

import duckdb

from strabon_store.backends.sql import Template, function, identifier, literal
from strabon_store.relational.encoding import DEFAULT_GRAPH
from strabon_store.relational.stars import StarTable
from strabon_store.storage.stars import read_stars

_TOUCHED: Final = """
CREATE TEMPORARY TABLE touched AS
SELECT DISTINCT subject FROM query_table($changed) WHERE graph = $graph
"""
_EVICTED: Final = """
CREATE TEMPORARY TABLE evicted (subject BIGINT, predicate BIGINT, object BIGINT)
"""
_TAKE: Final = Template("""
INSERT INTO evicted
SELECT subject, unnest(:a) AS predicate, unnest(:b) AS object
FROM :c SEMI JOIN touched USING (subject)
""")
_LEAVE: Final = Template(
    "DELETE FROM :a WHERE subject IN (SELECT subject FROM touched)"
)
_LOOSEN: Final = """
INSERT INTO loose SELECT subject, predicate, object FROM evicted
WHERE object IS NOT NULL ORDER BY predicate, subject, object
"""
_ADD: Final = """
INSERT INTO loose SELECT subject, predicate, object FROM arriving
WHERE graph = $graph ORDER BY predicate, subject, object
"""
_REMOVE: Final = """
DELETE FROM loose USING leaving
WHERE leaving.graph = $graph AND loose.subject = leaving.subject
  AND loose.predicate = leaving.predicate AND loose.object = leaving.object
"""
_COUNT: Final = """
MERGE INTO loose_statements USING (
  SELECT predicate, sum(one) AS change FROM (
    SELECT predicate, 1 AS one FROM evicted WHERE object IS NOT NULL
    UNION ALL
    SELECT predicate, $sign AS one FROM query_table($changed) WHERE graph = $graph
  ) GROUP BY predicate
) AS changes ON loose_statements.predicate = changes.predicate
WHEN MATCHED THEN UPDATE SET statements = statements + changes.change
WHEN NOT MATCHED THEN INSERT VALUES (changes.predicate, changes.change)
"""


def loosen_leaving(cursor: duckdb.DuckDBPyConnection) -> None:
    """Keep star tables right when the quads of the table `leaving` are deleted."""
    _loosen(cursor, "leaving", _REMOVE, -1)


def loosen_arriving(cursor: duckdb.DuckDBPyConnection) -> None:
    """Keep star tables right when the quads of the table `arriving` are inserted."""
    _loosen(cursor, "arriving", _ADD, 1)


def _loosen(
    cursor: duckdb.DuckDBPyConnection, changed: str, apply: str, sign: int
) -> None:
    tables = read_stars(cursor).tables
    if not tables:
        return
    parameters = {"changed": changed, "graph": DEFAULT_GRAPH}
    cursor.execute(_TOUCHED, parameters)
    cursor.execute(_EVICTED)
    for table in tables:
        _evict(cursor, table)
    cursor.execute(_LOOSEN)
    cursor.execute(apply, {"graph": DEFAULT_GRAPH})
    cursor.execute(_COUNT, {**parameters, "sign": sign})
    cursor.execute("DROP TABLE touched")
    cursor.execute("DROP TABLE evicted")


def _evict(cursor: duckdb.DuckDBPyConnection, table: StarTable) -> None:
    columns = table.columns.values()
    predicates = [literal(column.predicate) for column in columns]
    objects = [identifier(column.name) for column in columns]
    pieces = [
        function("list_value", *predicates),
        function("list_value", *objects),
        identifier(table.name),
    ]
    taken = cursor.execute(_TAKE.filled(pieces)).fetchall()[0][0]
    if taken:
        cursor.execute(_LEAVE.filled([identifier(table.name)]))
