"""CRSs without a code: their definitions, and the literals that wait for one.

A statement `<https://w3id.org/pytheas/crs/...> crs:asWKT2 "..."`, in any graph, defines
a CRS for the store (docs/adr/0018). Literals in such a CRS are read when all statements
of a write are there, so that a definition may come before them, after them, or in
another file; one that comes in a later write finds those that waited for it. What was
read stays read when the statement is taken away.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import duckdb

from ontologies.errors import OntologyError
from ontologies.geosparql.crs import OWN_CRS, OWN_CRS_BASE, define_crs
from ontologies.namespaces import CRS
from strabon_store.algebra.terms import IRI
from strabon_store.relational.encoding import PAYLOAD_BITS, PAYLOAD_MASK, Tag
from strabon_store.relational.layout import GEOMETRIES
from strabon_store.storage.compact import add_geometries, count_rows
from strabon_store.storage.dictionary import NOT_FOUND, find_ids, key_of
from strabon_store.storage.geometries import (
    IllFormedGeometry,
    NewGeometries,
    insert_geometries,
    parse_geometries,
)

_PREDICATE: Final = IRI(CRS.term("asWKT2"))
_BATCH_ROWS: Final = 20_000

_GIVEN: Final = """
SELECT DISTINCT subjects.lexical, objects.lexical
FROM query_table($statements) AS given
JOIN terms AS subjects ON subjects.id = given.subject
JOIN terms AS objects ON objects.id = given.object
WHERE given.predicate = $predicate AND starts_with(subjects.lexical, $base)
ORDER BY ALL
"""
_KEEP: Final = """
INSERT INTO crs_definitions
SELECT $iri, $definition
WHERE NOT EXISTS (FROM crs_definitions WHERE iri = $iri)
RETURNING iri
"""
# Few geometry literals have no geometry, and the strings of those alone are read.
_WAITING: Final = """
CREATE OR REPLACE TEMPORARY TABLE waiting AS
SELECT id, lexical, datatype, regexp_extract(lexical, $pattern) AS crs,
  row_number() OVER () AS row
FROM terms ANTI JOIN geometries USING (id)
WHERE id >> $bits = $tag
  AND (id & $mask >= $first_key OR regexp_extract(lexical, $pattern) IN $defined)
"""
_DEFINED: Final = """
SELECT id, lexical, datatype FROM waiting
SEMI JOIN crs_definitions ON crs_definitions.iri = waiting.crs
WHERE waiting.row > $first AND waiting.row <= $last
"""
_UNDEFINED: Final = """
SELECT lexical, crs FROM waiting
ANTI JOIN crs_definitions ON crs_definitions.iri = waiting.crs
ORDER BY id
"""
_READ_NOW: Final = (
    "CREATE OR REPLACE TEMPORARY TABLE read_now AS FROM geometries LIMIT 0"
)
_END: Final = ("DROP TABLE waiting", "DROP TABLE IF EXISTS read_now")


def settle(
    cursor: duckdb.DuckDBPyConnection,
    statements: str,
    met: NewGeometries,
    first_key: int,
) -> None:
    """Keep the definitions among some statements, and read what waited for them.

    Args:
        cursor: Within a transaction, with all terms in the dictionary.
        statements: A table with the columns of the quads: what a write added.
        met: The geometry literals that the write met; told of what has no geometry.
        first_key: The first key of the dictionary that the write gave away.
    """
    defined = _keep(cursor, _given(cursor, statements), met)
    if not (defined or met.waits):
        return
    _find_waiting(cursor, first_key, defined)
    _read_defined(cursor, met)
    for statement in _END:
        cursor.execute(statement)


def report_waiting(
    cursor: duckdb.DuckDBPyConnection, met: NewGeometries, first_key: int
) -> None:
    """Report the literals of a write whose CRS is still not defined at its end."""
    if not met.waits:
        return
    _find_waiting(cursor, first_key, ())
    rows = cursor.execute(_UNDEFINED).fetchall()
    met.ill_formed += [
        IllFormedGeometry(
            lexical,
            f"the store has no definition of <{crs}>, a CRS without a code; load the "
            "data set that defines it, and this literal is read then",
        )
        for lexical, crs in rows
    ]
    cursor.execute("DROP TABLE waiting")


def read_waiting(cursor: duckdb.DuckDBPyConnection) -> int:
    """Read all literals that wait for a CRS and need not; how many that are.

    Args:
        cursor: Within a transaction.
    """
    before = count_rows(cursor, GEOMETRIES)
    _find_waiting(cursor, 0, ())
    _read_defined(cursor, NewGeometries())
    for statement in _END:
        cursor.execute(statement)
    return count_rows(cursor, GEOMETRIES) - before


def _given(
    cursor: duckdb.DuckDBPyConnection, statements: str
) -> Mapping[tuple[str, str], None]:
    (predicate,) = find_ids(cursor, [key_of(_PREDICATE)]).tolist()
    if predicate == NOT_FOUND:
        return {}
    parameters = {
        "statements": statements,
        "predicate": predicate,
        "base": OWN_CRS_BASE,
    }
    return dict.fromkeys(cursor.execute(_GIVEN, parameters).fetchall())


def _keep(
    cursor: duckdb.DuckDBPyConnection,
    given: Iterable[tuple[str, str]],
    met: NewGeometries,
) -> list[str]:
    """Keep definitions that are those of their IRIs; the IRIs that had none before."""
    new: list[str] = []
    for iri, text in given:
        try:
            definition = define_crs(iri, text)
        except OntologyError as error:
            met.bad_definitions.append(str(error))
            continue
        kept = cursor.execute(_KEEP, {"iri": iri, "definition": definition}).fetchall()
        new += [each for (each,) in kept]
    return new


def _find_waiting(
    cursor: duckdb.DuckDBPyConnection, first_key: int, defined: Iterable[str]
) -> None:
    parameters = {
        "pattern": OWN_CRS.pattern,
        "bits": PAYLOAD_BITS,
        "mask": PAYLOAD_MASK,
        "tag": int(Tag.GEOMETRY),
        "first_key": first_key,
        "defined": list(defined),
    }
    cursor.execute(_WAITING, parameters)


def _read_defined(cursor: duckdb.DuckDBPyConnection, met: NewGeometries) -> None:
    """Give those a geometry whose CRS is defined; what is wrong with others."""
    cursor.execute(_READ_NOW)
    count = int(cursor.table("waiting").count("*").fetchall()[0][0])
    for first in range(0, count, _BATCH_ROWS):
        batch = {"first": first, "last": first + _BATCH_ROWS}
        rows = cursor.execute(_DEFINED, batch).to_arrow_table()
        lexicals = rows["lexical"].to_pylist()
        parsed = parse_geometries(lexicals, rows["datatype"].to_pylist())
        insert_geometries(cursor, rows["id"].to_numpy(), parsed, "read_now")
        met.add_problems(lexicals, parsed)
    add_geometries(cursor, "read_now")
