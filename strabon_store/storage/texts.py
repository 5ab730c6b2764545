"""The dictionary by id: what it says of few terms, without reading the rest of it."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from strabon_store.relational.encoding import PAYLOAD_BITS, Tag
from strabon_store.results.columns import BLANK_TYPE, IRI_TYPE, TermKind, TermType
from strabon_store.results.texts import Text
from strabon_store.sessions import Session, Sessions

_REMEMBERED: Final = 50_000
"""Terms that are kept in memory."""

_CHARACTERS: Final = 20_000_000
"""How long the texts of all of them may be together."""

_TYPES: Final = 1_000
"""Datatypes and language tags that are kept."""

_AT_ONCE: Final = 32
"""Ids of one statement."""

_FEW: Final = 96
"""Up to so many ids each is found by zone maps; for more, all ids are read."""

_ONE: Final = "SELECT id, lexical, datatype, language FROM terms WHERE id = $1"
_STATEMENTS: Final = {
    size: " UNION ALL ".join(_ONE.replace("$1", f"${i + 1}") for i in range(size))
    for size in (1, 2, 4, 8, 16, _AT_ONCE)
}
"""By how many ids they look up: one statement each, zone maps work for `=` alone."""

_NO_ID: Final = -1
_MANY: Final = """
SELECT id, lexical, datatype, language FROM terms
WHERE id IN (SELECT unnest($1::BIGINT[]))
"""


class TermTexts:
    """What the dictionary says of terms, by id; remembers some of it.

    A term keeps its id and its text for as long as the store exists.
    """

    def __init__(self, sessions: Sessions) -> None:
        """Read by sessions of a store."""
        self._sessions = sessions
        self._known: dict[int, Text] = {}
        self._characters = 0

    def read(self, ids: Iterable[int]) -> Mapping[int, Text]:
        """The texts of those ids that the dictionary has."""
        wanted, known = list(ids), self._known
        found = {key: known[key] for key in wanted if key in known}
        missing = [key for key in wanted if key not in found]
        if missing:
            read = self._read(missing)
            found |= read
            self._remember(read)
        return found

    def _remember(self, read: Mapping[int, Text]) -> None:
        self._characters += sum(len(text.lexical or "") for text in read.values())
        if self._characters > _CHARACTERS or len(self._known) > _REMEMBERED:
            # Others may be reading what was known.
            self._known, self._characters = {}, 0
        else:
            self._known.update(read)

    def _read(self, ids: list[int]) -> dict[int, Text]:
        session = self._sessions.take()
        try:
            session.keep_to(self._sessions.generation)
            if len(ids) > _FEW:
                rows = session.cursor.execute(_MANY, [ids]).fetchall()
            else:
                rows = list(_few(session, ids))
        finally:
            session.close()
        return {key: Text(text, _type_of(key, *rest)) for key, text, *rest in rows}


@lru_cache(_TYPES)
def _literal_type(datatype: str, language: str | None) -> TermType:
    return TermType(TermKind.LITERAL, datatype, language)


def _type_of(term_id: int, datatype: str | None, language: str | None) -> TermType:
    """What a term is; the same object for the same, which is compared at once."""
    if datatype is not None:
        return _literal_type(datatype, language)
    return BLANK_TYPE if term_id >> PAYLOAD_BITS == Tag.BLANK else IRI_TYPE


def _few(session: Session, ids: list[int]) -> Iterator[Any]:
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        size = next(size for size in _STATEMENTS if size >= len(some))
        padded = some + [_NO_ID] * (size - len(some))
        yield from session.execute(_STATEMENTS[size], padded).fetchall()
