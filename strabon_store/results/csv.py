"""SPARQL 1.1 Query Results CSV Format: values alone, lossy by design (section 3)."""

from collections.abc import Iterator
from typing import Final

import pyarrow.compute as pc

from strabon_store.results.columns import (
    Batch,
    Strings,
    TermColumn,
    TermKind,
    TermType,
)
from strabon_store.results.solutions import Tabular
from strabon_store.results.text import CellStyle, joined, write_rows

_END: Final = "\r\n"
_NEEDS_QUOTES: Final = '[",\r\n]'


def serialize_csv(result: Tabular) -> Iterator[bytes]:
    r"""The result as lines ended by CR LF, as RFC 4180 wants them.

    The format has no form for ASK; like other stores we answer one field, `true` or
    `false`.

    Examples:
        >>> b"".join(serialize_csv(False))
        b'false\r\n'
    """
    if isinstance(result, bool):
        yield f"{str(result).lower()}{_END}".encode()
        return
    yield (",".join(result.variables) + _END).encode()
    yield from write_rows(result.batches(), _lines)


def _lines(batch: Batch) -> Strings:
    pieces: list[object] = []
    for column in batch.columns:
        pieces += [_STYLE.cells(column), ","]
    return joined([*pieces[:-1], _END], batch.length)


def _around(kind: TermType) -> tuple[str, str]:
    return ("_:", "") if kind.kind is TermKind.BLANK_NODE else ("", "")


def _quoted(column: TermColumn) -> Strings:
    texts = column.lexical
    needs_quotes = pc.match_substring_regex(texts, _NEEDS_QUOTES)
    if not pc.any(needs_quotes).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    quoted = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(needs_quotes, quoted, texts)


_STYLE: Final = CellStyle(_around, _quoted)
