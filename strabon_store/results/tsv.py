"""SPARQL 1.1 Query Results TSV Format: terms in Turtle's spelling (section 4)."""

from collections.abc import Iterator
from typing import Final

from strabon_store.results.columns import Batch, Strings
from strabon_store.results.ntriples import NTRIPLES
from strabon_store.results.solutions import Tabular
from strabon_store.results.text import joined, write_rows

_END: Final = "\n"


def serialize_tsv(result: Tabular) -> Iterator[bytes]:
    r"""The result as tab-separated lines; terms keep datatype and language.

    Examples:
        >>> b"".join(serialize_tsv(True))
        b'true\n'
    """
    if isinstance(result, bool):
        yield f"{str(result).lower()}{_END}".encode()
        return
    yield ("\t".join(f"?{name}" for name in result.variables) + _END).encode()
    yield from write_rows(result.batches(), _lines)


def _lines(batch: Batch) -> Strings:
    pieces: list[object] = []
    for column in batch.columns:
        pieces += [NTRIPLES.cells(column), "\t"]
    return joined([*pieces[:-1], _END], batch.length)
