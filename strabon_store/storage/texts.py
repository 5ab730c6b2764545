"""The dictionary by id: what it says of few terms, without reading the rest of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from strabon_store.results.texts import Text
from strabon_store.sessions import Session, Sessions

_REMEMBERED: Final = 50_000
"""Terms that are kept in memory, if their texts are short."""

_SHORT: Final = 200
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

    def read(self, ids: Iterable[int]) -> Mapping[int, Text]:
        """The texts of those ids that the dictionary has."""
        wanted = list(ids)
        found = {key: self._known[key] for key in wanted if key in self._known}
        missing = [key for key in wanted if key not in found]
        if missing:
            read = self._read(missing)
            found |= read
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            short = {k: t for k, t in read.items() if len(t.lexical or "") < _SHORT}
            self._known |= short
        return found

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
        return {key: Text(*text) for key, *text in rows}


def _few(session: Session, ids: list[int]) -> Iterator[Any]:
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        size = next(size for size in _STATEMENTS if size >= len(some))
        padded = some + [_NO_ID] * (size - len(some))
        yield from session.execute(_STATEMENTS[size], padded).fetchall()
