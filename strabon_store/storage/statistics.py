"""What is known of the statements of each predicate, kept as they change.

The planner orders joins by the counts. The tags and the datatype of the objects tell
the compiler what it need not ask: both may only say too much, so that a deletion leaves
them as they are, and a rewrite of the store finds them anew.
"""

from collections.abc import Mapping
from typing import Final

import duckdb

from strabon_store.algebra.terms import RDF_LANG_STRING, XSD_STRING
from strabon_store.relational.encoding import PAYLOAD_BITS, Tag, TermId
from strabon_store.relational.layout import PredicateStatistics, Shapes
from strabon_store.relational.numbers import XSD_DECIMAL, XSD_INTEGER
from strabon_store.relational.values import XSD_BOOLEAN, XSD_DATE, XSD_DATETIME
from strabon_store.storage.star_points import IS_POINT

DATATYPES: Final = {
    Tag.STRING: XSD_STRING,
    Tag.LANGUAGE: RDF_LANG_STRING,
    Tag.INTEGER: XSD_INTEGER,
    Tag.DECIMAL: XSD_DECIMAL,
    Tag.BOOLEAN: XSD_BOOLEAN,
    Tag.DATETIME: XSD_DATETIME,
    Tag.DATE: XSD_DATE,
}
"""The datatype of literals whose tag tells it."""

_RESOURCES: Final = 1 << Tag.IRI | 1 << Tag.BLANK

_CREATE: Final = """
CREATE TEMPORARY TABLE observed (
  predicate BIGINT, statements BIGINT, subjects BIGINT, objects BIGINT, tags BIGINT,
  datatype VARCHAR
)
"""
_OBSERVE: Final = """
INSERT INTO observed
WITH changed AS MATERIALIZED (FROM query_table($table)),
counted AS (
  SELECT predicate, count(*) AS statements,
    approx_count_distinct(subject) AS subjects,
    approx_count_distinct(object) AS objects,
    bit_or(CAST(1 AS BIGINT) << (object >> $bits)) AS tags
  FROM changed GROUP BY predicate
),
-- Datatypes that only the dictionary tells, the least and the greatest for a predicate.
written AS (
  SELECT predicate, min(datatype) AS least, max(datatype) AS greatest
  FROM changed JOIN terms ON terms.id = object
  WHERE object >> $bits NOT IN (SELECT unnest($told)) AND object >> $bits > $blank
  GROUP BY predicate
),
told AS (
  SELECT predicate, datatype
  FROM counted
  JOIN (SELECT unnest($told) AS tag, unnest($datatypes) AS datatype)
    ON tags & (CAST(1 AS BIGINT) << tag) <> 0
  UNION ALL SELECT predicate, least FROM written
  UNION ALL SELECT predicate, greatest FROM written
),
common AS (
  SELECT predicate, min(datatype) AS datatype FROM told
  GROUP BY predicate HAVING count(DISTINCT datatype) = 1
)
SELECT predicate, statements, greatest(least(subjects, statements), 1),
  greatest(least(objects, statements), 1), tags, datatype
FROM counted LEFT JOIN common USING (predicate)
"""
_MERGE: Final = """
INSERT INTO observed
SELECT predicate, statements, subjects, objects, tags, datatype
FROM predicate_statistics SEMI JOIN observed USING (predicate)
"""
_REPLACE: Final = """
DELETE FROM predicate_statistics USING observed
WHERE predicate_statistics.predicate = observed.predicate
"""
_STORE: Final = """
INSERT INTO predicate_statistics
SELECT predicate, sum(statements), sum(subjects), sum(objects), bit_or(tags),
  CASE WHEN min(datatype) = max(datatype)
    AND count(*) FILTER (tags & ~$resources <> 0) = count(datatype)
  THEN min(datatype) END
FROM observed GROUP BY predicate
"""
_FORGET: Final = """
UPDATE predicate_statistics SET statements = statements - gone
FROM (
  SELECT predicate AS key, count(*) AS gone
  FROM query_table($table) GROUP BY predicate
)
WHERE predicate = key
"""
_FORGET_EMPTY: Final = "DELETE FROM predicate_statistics WHERE statements = 0"
_READ: Final = """
SELECT predicate, statements, subjects, objects, tags, datatype
FROM predicate_statistics
"""


def rebuild_statistics(cursor: duckdb.DuckDBPyConnection) -> None:
    """Find out anew what there is to know of all quads."""
    cursor.execute("DELETE FROM predicate_statistics")
    add_statistics(cursor, "quads")


def add_statistics(cursor: duckdb.DuckDBPyConnection, inserted: str) -> None:
    """Take note of quads that are new.

    Args:
        cursor: Within a transaction.
        inserted: The table that they stand in, each once.
    """
    parameters = {
        "table": inserted,
        "bits": PAYLOAD_BITS,
        "told": [int(tag) for tag in DATATYPES],
        "datatypes": list(DATATYPES.values()),
        "blank": int(Tag.BLANK),
    }
    cursor.execute(_CREATE)
    cursor.execute(_OBSERVE, parameters)
    cursor.execute(_MERGE)
    cursor.execute(_REPLACE)
    cursor.execute(_STORE, {"resources": _RESOURCES})
    cursor.execute("DROP TABLE observed")


def remove_statistics(cursor: duckdb.DuckDBPyConnection, deleted: str) -> None:
    """Take note of quads that are gone, each of which stands once in a table."""
    cursor.execute(_FORGET, {"table": deleted})
    cursor.execute(_FORGET_EMPTY)


def read_planes(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """IRIs of the CRSs in whose planes there may be geometries."""
    return frozenset(iri for (iri,) in cursor.execute("FROM planes").fetchall())


def read_statistics(
    cursor: duckdb.DuckDBPyConnection,
) -> Mapping[int, PredicateStatistics]:
    """What is known of each predicate, by its id."""
    planes = read_planes(cursor)
    return {
        key: PredicateStatistics(
            statements,
            subjects,
            objects,
            TermId(tags_of(mask), datatype, planes=planes),
        )
        for key, statements, subjects, objects, mask, datatype in cursor.execute(
            _READ
        ).fetchall()
    }


def tags_of(mask: int) -> frozenset[Tag]:
    """The tags of a mask that has a bit for each."""
    return frozenset(tag for tag in Tag if mask >> tag & 1)


_SHAPES: Final = """
SELECT count(*), bool_and({is_point}),
  coalesce(bool_and(ST_GeometryType(geometry) IN ('POLYGON', 'MULTIPOLYGON')), false),
  sum((maxx - minx) * (maxy - miny)), sum(maxx - minx + maxy - miny),
  sum(ST_NPoints(geometry)), sum((maxy - miny) * ST_NPoints(geometry)),
  coalesce(
    bool_and(ST_GeometryType(geometry) IN ('LINESTRING', 'MULTILINESTRING')), false),
  coalesce(sum(ST_Length(geometry)), 0),
  (max(maxx) - min(minx)) * (max(maxy) - min(miny))
FROM geometries
WHERE is_valid AND minx IS NOT NULL AND id IN (SELECT {column} FROM {table} {where})
"""


def read_shapes(
    cursor: duckdb.DuckDBPyConnection, table: str, column: str, predicate: int | None
) -> Shapes | None:
    """What geometries a column of a table has; None where it has none."""
    where = "" if predicate is None else f"WHERE predicate = {int(predicate)}"
    names = {"column": f'"{column}"', "table": f'"{table}"', "where": where}
    names["is_point"] = IS_POINT
    rows = cursor.execute(_SHAPES.format(**names)).fetchall()
    return Shapes(*rows[0]) if rows[0][0] else None
