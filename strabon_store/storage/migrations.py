"""From each older format to the next, as statements; the store keeps what it holds.

A step says what was true of its own format, whatever today's layout is: it is never
edited when the layout changes, only followed by another.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import duckdb

from strabon_store.storage.kinds_anew import renew_kinds
from strabon_store.storage.planes_anew import place_anew
from strabon_store.storage.statistics import rebuild_statistics


class Migration(NamedTuple):
    """A step from one format to the next.

    Attributes:
        to: The format that it leads to.
        prepare: What is done before the statements.
        statements: What is run, in one transaction with all other steps.
    """

    to: str
    prepare: Callable[[duckdb.DuckDBPyConnection], None]
    statements: tuple[str, ...]


_TO_2: Final = (
    'CREATE TABLE term_hashes ("hash" UBIGINT NOT NULL, id BIGINT NOT NULL)',
    """
INSERT INTO term_hashes SELECT hash(lexical, datatype, language), id
FROM terms ORDER BY ALL
""",
    """
CREATE TABLE quads_by_object (
  graph BIGINT NOT NULL, subject BIGINT NOT NULL,
  predicate BIGINT NOT NULL, object BIGINT NOT NULL
)
""",
    """
INSERT INTO quads_by_object SELECT graph, subject, predicate, object
FROM quads ORDER BY predicate, object, subject, graph
""",
    """
CREATE TABLE predicate_statistics (
  predicate BIGINT NOT NULL, statements BIGINT NOT NULL, subjects BIGINT NOT NULL,
  objects BIGINT NOT NULL, tags BIGINT NOT NULL, datatype VARCHAR
)
""",
    "CREATE TABLE star_tables (star BIGINT NOT NULL, subjects BIGINT NOT NULL)",
    """
CREATE TABLE star_columns (
  star BIGINT NOT NULL, predicate BIGINT NOT NULL, is_nullable BOOLEAN NOT NULL,
  tags BIGINT NOT NULL, datatype VARCHAR, lowest BIGINT NOT NULL,
  highest BIGINT NOT NULL
)
""",
    """
CREATE TABLE loose (
  subject BIGINT NOT NULL, predicate BIGINT NOT NULL, object BIGINT NOT NULL
)
""",
    """
CREATE TABLE loose_statements (
  predicate BIGINT NOT NULL, statements BIGINT NOT NULL
)
""",
    "INSERT INTO meta SELECT 'hash_probe', hash('probe', NULL, 'en')",
    "INSERT INTO meta VALUES ('star_subjects', '1000')",
)

_TO_3: Final = (
    # A column that may not be NULL cannot be added to a table with rows.
    """
CREATE TABLE described (
  star BIGINT NOT NULL, predicate BIGINT NOT NULL, is_nullable BOOLEAN NOT NULL,
  tags BIGINT NOT NULL, datatype VARCHAR, lowest BIGINT NOT NULL,
  highest BIGINT NOT NULL, has_text BOOLEAN NOT NULL
)
""",
    "INSERT INTO described SELECT *, false FROM star_columns",
    "DROP TABLE star_columns",
    "ALTER TABLE described RENAME TO star_columns",
)

_TO_4: Final = (
    """
CREATE TABLE described (
  star BIGINT NOT NULL, subjects BIGINT NOT NULL, is_by_subject BOOLEAN NOT NULL
)
""",
    "INSERT INTO described SELECT *, false FROM star_tables",
    "DROP TABLE star_tables",
    "ALTER TABLE described RENAME TO star_tables",
    """
CREATE TABLE described (
  star BIGINT NOT NULL, predicate BIGINT NOT NULL, is_nullable BOOLEAN NOT NULL,
  tags BIGINT NOT NULL, datatype VARCHAR, lowest BIGINT NOT NULL,
  highest BIGINT NOT NULL, has_text BOOLEAN NOT NULL, may_be_nan BOOLEAN NOT NULL
)
""",
    "INSERT INTO described SELECT *, true FROM star_columns",
    "DROP TABLE star_columns",
    "ALTER TABLE described RENAME TO star_columns",
)


_TO_6: Final = (
    "CREATE TABLE crs_definitions (iri VARCHAR NOT NULL, definition VARCHAR NOT NULL)",
)

_TO_7: Final = (
    """
CREATE TABLE described (
  star BIGINT NOT NULL, predicate BIGINT NOT NULL, is_nullable BOOLEAN NOT NULL,
  tags BIGINT NOT NULL, datatype VARCHAR, lowest BIGINT NOT NULL,
  highest BIGINT NOT NULL, has_text BOOLEAN NOT NULL, may_be_nan BOOLEAN NOT NULL,
  has_points BOOLEAN NOT NULL
)
""",
    "INSERT INTO described SELECT *, false FROM star_columns",
    "DROP TABLE star_columns",
    "ALTER TABLE described RENAME TO star_columns",
)
_TO_8: Final = (
    """
UPDATE geometries SET minx = -180, maxx = 180
WHERE ST_XMin(geometry) <= -180 OR ST_XMax(geometry) >= 180
  OR ST_YMin(geometry) <= -90 OR ST_YMax(geometry) >= 90
""",
    """
INSERT INTO planes SELECT 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'
WHERE EXISTS (FROM geometries WHERE minx = -180 AND maxx = 180)
  AND 'http://www.opengis.net/def/crs/OGC/1.3/CRS84' NOT IN (FROM planes)
""",
)


def _nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """Of a step that is statements alone."""
    del connection


MIGRATIONS: Final[Mapping[str, Migration]] = MappingProxyType(
    {
        "1": Migration("2", renew_kinds, _TO_2),
        "2": Migration("3", _nothing, _TO_3),
        "3": Migration("4", _nothing, _TO_4),
        "4": Migration("5", place_anew, ()),
        "5": Migration("6", _nothing, _TO_6),
        "6": Migration("7", _nothing, _TO_7),
        "7": Migration("8", _nothing, _TO_8),
    }
)
"""The steps, by the format that they begin with."""

_HASH_TERMS: Final = """
INSERT INTO term_hashes SELECT hash(lexical, datatype, language), id
FROM terms ORDER BY ALL
"""
_REHASH: Final = (
    "DELETE FROM term_hashes",
    _HASH_TERMS,
    "UPDATE meta SET value = hash('probe', NULL, 'en') WHERE key = 'hash_probe'",
)
_HASHES_AS_BEFORE: Final = """
SELECT value = hash('probe', NULL, 'en')::VARCHAR FROM meta WHERE key = 'hash_probe'
"""


def migrate(connection: duckdb.DuckDBPyConnection, found: str, wanted: str) -> bool:
    """Bring a store from the format `found` to `wanted`; whether steps lead there.

    What is only derived from the statements is derived anew at the end. Nothing is
    changed when the steps lead elsewhere, or when one fails.
    """
    connection.begin()
    try:
        while found != wanted and (step := MIGRATIONS.get(found)):
            step.prepare(connection)
            for statement in step.statements:
                connection.execute(statement)
            found = step.to
        if found == wanted:
            rebuild_statistics(connection)
            connection.execute(
                "UPDATE meta SET value = ? WHERE key = 'format'", [wanted]
            )
            connection.commit()
            return True
        connection.rollback()
    except BaseException:
        connection.rollback()
        raise
    return False


def has_other_hashes(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the engine hashes otherwise than the one that wrote the store."""
    return connection.execute(_HASHES_AS_BEFORE).fetchall() != [(True,)]


def rehash(connection: duckdb.DuckDBPyConnection) -> None:
    """Hash all terms anew, with the engine as it is."""
    connection.begin()
    for statement in _REHASH:
        connection.execute(statement)
    connection.commit()
