"""Terms become ids while a write runs; those that are new get ids of their own."""

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np

from strabon_store.algebra.terms import Literal, Term
from strabon_store.relational.encoding import Tag
from strabon_store.relational.inline import encode_inline
from strabon_store.relational.kinds import OTHER_KIND
from strabon_store.storage.database import read_meta, write_meta
from strabon_store.storage.dictionary import (
    NOT_FOUND,
    Ids,
    Key,
    append_terms,
    find_ids,
    key_of,
)
from strabon_store.storage.encode import Encoding
from strabon_store.storage.geometries import (
    NewGeometries,
    insert_geometries,
    parse_geometries,
    waits_for_crs,
)


class TermWriter:
    """The dictionary within one transaction.

    Attributes:
        next_key: The key of the next new term.
        met: The new geometry literals that have no geometry.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Within the transaction of `cursor`; call `save` before its end."""
        self._cursor = cursor
        self.next_key = int(read_meta(cursor, "next_key"))
        self.met = NewGeometries()

    def find(self, terms: Sequence[Term]) -> Ids:
        """The id of each term, `NOT_FOUND` for those that nothing stored mentions."""
        ids = np.array([_inline(term) for term in terms], dtype=np.int64)
        others = np.flatnonzero(ids == NOT_FOUND)
        keys = [key_of(terms[index]) for index in others.tolist()]
        ids[others] = find_ids(self._cursor, keys)
        return ids

    def store(self, terms: Sequence[Term]) -> Ids:
        """The id of each of some distinct terms, put into the dictionary if new."""
        ids = self.find(terms)
        new = np.flatnonzero(ids == NOT_FOUND)
        keys = [key_of(terms[index]) for index in new.tolist()]
        if keys:
            ids[new] = _append_keys(self._cursor, keys, self.next_key, self.met)
            self.next_key += len(keys)
        return ids

    def store_tokens(self, tokens: Any, table: str) -> None:
        """Put many distinct terms into the dictionary if new, in the engine.

        Args:
            tokens: An Arrow table with the terms in N-Triples in its column `token`.
            table: Gets each of them with its id.
        """
        encoding = Encoding(self._cursor, self.next_key, self.met)
        encoding.begin()
        encoding.encode_terms(tokens)
        encoding.keep()
        self._cursor.table("identified").insert_into(table)
        encoding.end()
        self.next_key = encoding.next_key

    def save(self) -> None:
        """Write down which key is the next."""
        write_meta(self._cursor, "next_key", str(self.next_key))


def _inline(term: Term) -> int:
    if not isinstance(term, Literal):
        return NOT_FOUND
    found = encode_inline(term.lexical, term.datatype)
    return NOT_FOUND if found is None else found


def _append_keys(
    cursor: duckdb.DuckDBPyConnection,
    keys: list[Key],
    next_key: int,
    met: NewGeometries,
) -> Ids:
    """Put new terms into the dictionary, geometries parsed; their ids."""
    literals = [row for row, key in enumerate(keys) if key.kind.tag is Tag.GEOMETRY]
    rows = [row for row in literals if not waits_for_crs(keys[row].lexical)]
    met.waits |= len(rows) < len(literals)
    lexicals = [keys[row].lexical for row in rows]
    parsed = parse_geometries(lexicals, [str(keys[row].datatype) for row in rows])
    for index in parsed.problems:
        keys[rows[index]] = keys[rows[index]]._replace(kind=OTHER_KIND)
    ids = append_terms(cursor, keys, next_key)
    insert_geometries(cursor, ids[rows], parsed)
    met.add_problems(lexicals, parsed)
    return ids
