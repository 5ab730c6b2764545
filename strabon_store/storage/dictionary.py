"""Terms become ids, a batch at a time.

A batch gives each distinct term a row number; when it is complete, the dictionary is
asked once for all rows, and what it does not have is appended with new keys.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.relational.encoding import PAYLOAD_BITS
from strabon_store.relational.kinds import Kind, kind_of

Ids: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

NOT_FOUND: Final = -1
"""Stands where a term has no id."""

_INCOMING: Final = "incoming"
# The hashes come first, so that the strings of few terms are read; an IRI and a blank
# node may share their text, while a literal has one tag only.
_FIND_ALL: Final = """
WITH candidates AS MATERIALIZED (
  SELECT hashed.*, term_hashes.id FROM (
    SELECT *, hash(lexical, datatype, language) AS hash FROM incoming
  ) hashed JOIN term_hashes USING (hash)
)
SELECT candidates.row, terms.id
FROM candidates JOIN terms USING (id)
WHERE terms.lexical = candidates.lexical
  AND terms.datatype IS NOT DISTINCT FROM candidates.datatype
  AND terms.language IS NOT DISTINCT FROM candidates.language
  AND (terms.datatype IS NOT NULL OR terms.id >> $bits = candidates.tag)
"""
# With a hash, and then an id, that is known when a query is planned, zone maps lead to
# the place; a join of both may begin with the texts of the whole dictionary.
_FIND_HASH: Final = """
SELECT id FROM term_hashes
WHERE hash = hash($lexical, $datatype::VARCHAR, $language::VARCHAR)
"""
_FIND_ID: Final = """
SELECT lexical, datatype, language FROM terms WHERE id = $id
"""
_FEW: Final = 16
"""Up to so many terms are asked for one at a time."""

_APPEND: Final = """
INSERT INTO terms
SELECT id, lexical, datatype, language, number, make_timestamp(moment) FROM appended
ORDER BY id
"""
_APPEND_HASHES: Final = """
INSERT INTO term_hashes
SELECT hash(lexical, datatype, language) AS hash, id FROM appended ORDER BY hash
"""


class Key(NamedTuple):
    """What tells a dictionary term from all others."""

    kind: Kind
    lexical: str
    datatype: str | None = None
    language: str | None = None


def key_of(term: Term) -> Key:
    """The key of a term; those of inline literals are not in the dictionary."""
    kind = kind_of(term)
    match term:
        case Literal(lexical, datatype, language):
            return Key(kind, lexical, datatype, language)
        case BlankNode(label):
            return Key(kind, label)
        case IRI(value):
            return Key(kind, value)


def find_ids(cursor: duckdb.DuckDBPyConnection, keys: Sequence[Key]) -> Ids:
    """The id of each term, `NOT_FOUND` for those that the dictionary does not have."""
    if len(keys) <= _FEW:
        return np.array([_find_one(cursor, key) for key in keys], dtype=np.int64)
    ids = np.full(len(keys), NOT_FOUND, dtype=np.int64)
    cursor.register(_INCOMING, _incoming_table(keys))
    found = cursor.execute(_FIND_ALL, {"bits": PAYLOAD_BITS}).fetchnumpy()
    cursor.unregister(_INCOMING)
    ids[found["row"]] = found["id"]
    return ids


def _find_one(cursor: duckdb.DuckDBPyConnection, key: Key) -> int:
    said = {
        "lexical": key.lexical,
        "datatype": key.datatype,
        "language": key.language,
    }
    for (found,) in cursor.execute(_FIND_HASH, said).fetchall():
        texts = cursor.execute(_FIND_ID, {"id": found}).fetchall()
        has_tag = key.datatype is not None or found >> PAYLOAD_BITS == key.kind.tag
        if has_tag and texts == [tuple(said.values())]:
            return int(found)
    return NOT_FOUND


def append_terms(
    cursor: duckdb.DuckDBPyConnection, keys: Sequence[Key], first_key: int
) -> Ids:
    """Put terms that are not there into the dictionary; their ids.

    Args:
        cursor: Within a transaction.
        keys: Distinct terms that `find_ids` did not find.
        first_key: The key of the first; the others follow.
    """
    tags = np.array([key.kind.tag for key in keys], dtype=np.int64)
    ids = (tags << PAYLOAD_BITS) | np.arange(first_key, first_key + len(keys))
    kinds = [key.kind for key in keys]
    terms = _incoming_table(keys).select(["lexical", "datatype", "language"])
    columns = {
        "id": pa.array(ids),
        "number": pa.array([kind.number for kind in kinds], pa.float64()),
        "moment": pa.array([kind.moment for kind in kinds], pa.int64()),
    }
    for name, column in columns.items():
        terms = terms.append_column(name, column)
    cursor.register("appended", terms)
    cursor.execute(_APPEND)
    cursor.execute(_APPEND_HASHES)
    cursor.unregister("appended")
    return ids


def _incoming_table(keys: Sequence[Key]) -> pa.Table:
    return pa.table(
        {
            "row": pa.array(range(len(keys)), pa.int64()),
            "tag": pa.array([key.kind.tag for key in keys], pa.int64()),
            "lexical": pa.array([key.lexical for key in keys], pa.string()),
            "datatype": pa.array([key.datatype for key in keys], pa.string()),
            "language": pa.array([key.language for key in keys], pa.string()),
        }
    )
