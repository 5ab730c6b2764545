"""Quads of terms become quads of ids, a batch at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import duckdb
import numpy as np
import pyoxigraph as ox

from strabon_store.errors import LoadError
from strabon_store.relational.encoding import DEFAULT_GRAPH, Tag
from strabon_store.relational.inline import encode_inline
from strabon_store.relational.kinds import (
    BLANK_KIND,
    IRI_KIND,
    OTHER_KIND,
    literal_kind,
)
from strabon_store.storage.dictionary import NOT_FOUND, Ids, Key, append_terms, find_ids
from strabon_store.storage.geometries import insert_geometries, parse_geometries
from strabon_store.storage.sources import Source

_Node: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_LiteralKey: TypeAlias = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class IllFormedGeometry:
    """A geometry literal that is stored as it stands, without a geometry.

    Attributes:
        lexical: Its lexical form.
        reason: What is wrong with it.
    """

    lexical: str
    reason: str


@dataclass(slots=True)
class BlankLabels:
    """Labels for the blank nodes of a file.

    They follow from the file's content and the order in it: no two files share a blank
    node, and the same file has the same ones when it is loaded again.
    """

    source: Source
    _labels: dict[str, str] = field(default_factory=dict)
    _prefix: str | None = None

    def label(self, written: str) -> str:
        """The label in the store of a blank node of the file."""
        found = self._labels.get(written)
        if found is None:
            if self._prefix is None:
                self._prefix = f"b{self.source.digest}n"
            found = self._labels[written] = f"{self._prefix}{len(self._labels)}"
        return found


class Batch:
    """Quads whose terms are numbered in the order of their first appearance.

    Numbers index `_ids`, where literals that are their own id have it at once; the
    others wait for the dictionary.
    """

    def __init__(self, blanks: BlankLabels) -> None:
        """For quads of the file that `blanks` belongs to."""
        self._blanks = blanks
        self._ids: list[int] = [DEFAULT_GRAPH]
        self._keys: list[Key] = []
        self._key_numbers: list[int] = []
        self._iris: dict[str, int] = {}
        self._blank_numbers: dict[str, int] = {}
        self._literals: dict[_LiteralKey, int] = {}
        self._quads: list[int] = []

    def extend(self, quads: Iterable[ox.Quad]) -> None:
        """Add quads.

        Raises:
            LoadError: A term is none of RDF 1.1: a quoted triple, a text direction.
        """
        append, number = self._quads.append, self._number
        default = ox.DefaultGraph
        for subject, predicate, value, graph in quads:
            append(0 if type(graph) is default else number(graph))
            append(number(subject))
            append(number(predicate))
            append(number(value))

    def __len__(self) -> int:
        """How many quads there are, repeated ones counted."""
        return len(self._quads) // 4

    def store_terms(
        self, cursor: duckdb.DuckDBPyConnection, next_key: int
    ) -> tuple[Ids, int, list[IllFormedGeometry]]:
        """Put new terms into the dictionary.

        Returns:
            The quads as ids, one a row (graph, subject, predicate, object); the next
            free key; the new geometry literals that are ill-formed.
        """
        found = find_ids(cursor, self._keys)
        new = np.flatnonzero(found == NOT_FOUND)
        keys = [self._keys[index] for index in new.tolist()]
        ill_formed: list[IllFormedGeometry] = []
        if keys:
            found[new], ill_formed = append_keys(cursor, keys, next_key)
        ids = np.array(self._ids, dtype=np.int64)
        ids[self._key_numbers] = found
        quads = ids[np.array(self._quads, dtype=np.intp)].reshape(-1, 4)
        return quads, next_key + len(keys), ill_formed

    def _number(self, term: _Node) -> int:
        if isinstance(term, ox.NamedNode):
            text = term.value
            found = self._iris.get(text)
            if found is None:
                found = self._iris[text] = self._new(Key(IRI_KIND, text))
            return found
        if isinstance(term, ox.Literal):
            return self._number_literal(term)
        if isinstance(term, ox.BlankNode):
            text = term.value
            found = self._blank_numbers.get(text)
            if found is None:
                key = Key(BLANK_KIND, self._blanks.label(text))
                found = self._blank_numbers[text] = self._new(key)
            return found
        raise LoadError(
            f"{self._blanks.source.path}: {term} is a quoted triple; RDF 1.1 has none, "
            "and the store holds no other"
        )

    def _number_literal(self, literal: ox.Literal) -> int:
        lexical, datatype = literal.value, literal.datatype.value
        key = (lexical, datatype, literal.language)
        found = self._literals.get(key)
        if found is not None:
            return found
        if literal.direction is not None:
            raise LoadError(
                f"{self._blanks.source.path}: {literal} has a text direction; RDF 1.1 "
                "has none, and the store holds no other"
            )
        inline = encode_inline(lexical, datatype)
        if inline is None:
            number = self._new(Key(literal_kind(lexical, datatype), *key))
        else:
            number = len(self._ids)
            self._ids.append(inline)
        self._literals[key] = number
        return number

    def _new(self, key: Key) -> int:
        number = len(self._ids)
        self._ids.append(NOT_FOUND)
        self._keys.append(key)
        self._key_numbers.append(number)
        return number


def append_keys(
    cursor: duckdb.DuckDBPyConnection, keys: list[Key], next_key: int
) -> tuple[Ids, list[IllFormedGeometry]]:
    """Put new terms into the dictionary, the geometries among them parsed.

    Returns:
        Their ids, and the geometry literals that are ill-formed.
    """
    rows = [index for index, key in enumerate(keys) if key.kind.tag is Tag.GEOMETRY]
    lexicals = [keys[row].lexical for row in rows]
    parsed = parse_geometries(lexicals, [str(keys[row].datatype) for row in rows])
    for index in parsed.problems:
        keys[rows[index]] = keys[rows[index]]._replace(kind=OTHER_KIND)
    ids = append_terms(cursor, keys, next_key)
    insert_geometries(cursor, ids[rows], parsed)
    ill_formed = [
        IllFormedGeometry(lexicals[index], reason)
        for index, reason in sorted(parsed.problems.items())
    ]
    return ids, ill_formed
