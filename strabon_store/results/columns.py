"""Terms side by side: a batch of solutions as columns, and as rows.

A column holds what differs from term to term, the lexical forms, as one Arrow array,
and what hardly does, kind, datatype and language, as a few types that rows point to.
Serialisers work on whole columns; who wants terms reads rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final, TypeAlias, assert_never

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term

Row: TypeAlias = tuple[Term | None, ...]
"""One solution: a term for each variable of the header, None where unbound."""

Strings: TypeAlias = Any
"""An Arrow array of strings; pyarrow ships no types."""

Index: TypeAlias = NDArray[np.int64]
"""For each row, a position in a table."""


class TermKind(StrEnum):
    """What a term is (RDF 1.1 Concepts section 3.1)."""

    IRI = "iri"
    BLANK_NODE = "bnode"
    LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class TermType:
    """All that a term is but its lexical form.

    Attributes:
        kind: IRI, blank node or literal.
        datatype: The IRI of a literal's datatype; empty for other kinds.
        language: A literal's language tag.
    """

    kind: TermKind
    datatype: str = ""
    language: str | None = None

    def term(self, lexical: str) -> Term:
        """The term of this type with a lexical form."""
        match self.kind:
            case TermKind.IRI:
                return IRI(lexical)
            case TermKind.BLANK_NODE:
                return BlankNode(lexical)
            case TermKind.LITERAL:
                return Literal(lexical, self.datatype, self.language)
            case _:
                assert_never(self.kind)


IRI_TYPE: Final = TermType(TermKind.IRI)
BLANK_TYPE: Final = TermType(TermKind.BLANK_NODE)


def type_of(term: Term) -> TermType:
    """What a term is.

    Examples:
        >>> type_of(Literal("chat", language="fr")).language
        'fr'
    """
    match term:
        case IRI():
            return IRI_TYPE
        case BlankNode():
            return BLANK_TYPE
        case Literal(_, datatype, language):
            return TermType(TermKind.LITERAL, datatype, language)
        case _:
            assert_never(term)


def lexical_of(term: Term) -> str:
    """The IRI, the label or the lexical form."""
    match term:
        case IRI(text) | BlankNode(text) | Literal(text):
            return text
        case _:
            assert_never(term)


@dataclass(frozen=True, slots=True)
class TermColumn:
    """The terms of one variable, row by row.

    Attributes:
        lexical: IRIs, labels and lexical forms; NULL is an unbound variable.
        types: The types that occur; there is at least one, even when no term does.
        index: Which of the types each row has; None where all have the first. What it
            says of an unbound row means nothing.
    """

    lexical: Strings
    types: tuple[TermType, ...]
    index: Index | None = None

    def __len__(self) -> int:
        return len(self.lexical)

    def terms(self) -> list[Term | None]:
        """The terms; one that repeats is made once."""
        texts = self.lexical.to_pylist()
        if self.index is None:
            return _terms(texts, self.types[0])
        made: list[dict[str, Term]] = [{} for _ in self.types]
        found: list[Term | None] = []
        for text, number in zip(texts, self.index.tolist(), strict=True):
            if text is None:
                found.append(None)
                continue
            known = made[number]
            if text not in known:
                known[text] = self.types[number].term(text)
            found.append(known[text])
        return found

    def slice(self, start: int, length: int) -> "TermColumn":
        """Some rows of it."""
        index = None if self.index is None else self.index[start : start + length]
        return TermColumn(self.lexical.slice(start, length), self.types, index)

    def take(self, rows: Index) -> "TermColumn":
        """Rows of it by their numbers, in any order; unbound where one is negative.

        Examples:
            >>> column_of([IRI("urn:a"), IRI("urn:b")]).take(np.array([1, -1])).terms()
            [IRI(value='urn:b'), None]
        """
        is_unbound = rows < 0
        places = pa.array(rows, mask=is_unbound if is_unbound.any() else None)
        index = None if self.index is None else self.index[np.maximum(rows, 0)]
        return TermColumn(self.lexical.take(places), self.types, index)


def _terms(texts: list[str | None], only: TermType) -> list[Term | None]:
    made: dict[str | None, Term | None] = {
        text: only.term(text) for text in texts if text is not None
    }
    made[None] = None
    return [made[text] for text in texts]


def narrowed(
    types: tuple[TermType, ...], index: Index
) -> tuple[tuple[TermType, ...], Index | None]:
    """The types that an index points to, at least one, and an index of these."""
    used = np.flatnonzero(np.bincount(index, minlength=len(types)))
    kept = tuple(types[each] for each in used) or types[:1]
    if len(kept) == 1:
        return kept, None
    renumbered = np.zeros(len(types), dtype=np.int64)
    renumbered[used] = np.arange(len(used))
    return kept, renumbered[index]


def column_of(terms: Sequence[Term | None]) -> TermColumn:
    """Terms as a column.

    Examples:
        >>> column_of([IRI("urn:a"), None]).terms()
        [IRI(value='urn:a'), None]
    """
    texts = [None if term is None else lexical_of(term) for term in terms]
    numbers: dict[TermType, int] = {}
    index = [
        0 if term is None else numbers.setdefault(type_of(term), len(numbers))
        for term in terms
    ]
    lexical = pa.array(texts, pa.string())
    types = tuple(numbers) or (IRI_TYPE,)
    return TermColumn(lexical, types, np.array(index) if len(types) > 1 else None)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some solutions.

    Attributes:
        columns: One for each variable.
        length: How many solutions; without variables nothing else would tell.
    """

    columns: tuple[TermColumn, ...]
    length: int

    def rows(self) -> Iterator[Row]:
        """The solutions one by one."""
        if not self.columns:
            return iter([()] * self.length)
        return zip(*(column.terms() for column in self.columns), strict=True)

    def slice(self, start: int, length: int) -> "Batch":
        """Some of the solutions."""
        length = max(0, min(length, self.length - start))
        return Batch(tuple(c.slice(start, length) for c in self.columns), length)

    @property
    def text_bytes(self) -> int:
        """Bytes of the lexical forms."""
        return sum(each.lexical.nbytes for each in self.columns)

    def parts(self, most_bytes: int) -> "Iterator[Batch]":
        """The same in parts of so many bytes of text, or of one solution.

        Examples:
            >>> column = column_of([IRI("urn:a"), IRI("urn:b")])
            >>> [part.length for part in Batch((column,), 2).parts(1)]
            [1, 1]
        """
        if self.text_bytes <= most_bytes or self.length <= 1:
            yield self
            return
        half = self.length // 2
        yield from self.slice(0, half).parts(most_bytes)
        yield from self.slice(half, self.length).parts(most_bytes)


_LONGEST: Final = 1024
"""Rows in a batch that is made of rows."""


def batches_of(rows: Iterable[Row], width: int) -> Iterator[Batch]:
    """Rows as batches, small ones first: a slow source is not waited for.

    Args:
        rows: The rows.
        width: How many terms each has.
    """
    remaining, size = iter(rows), 1
    while chunk := list(islice(remaining, size)):
        columns = zip(*chunk, strict=True) if width else ()
        yield Batch(tuple(column_of(column) for column in columns), len(chunk))
        size = min(2 * size, _LONGEST)
