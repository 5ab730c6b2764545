"""Sorted lines of N-Quads -> a stream in any format, in bounded memory.

N-Quads and N-Triples are the lines themselves. The other formats are written by
pyoxigraph, or here, from a file of lines, statement by statement: what belongs together
stands together, because the lines are sorted.
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyoxigraph as ox

from geotriples.errors import OutputError
from geotriples.formats import FileKind, Format
from ontologies.namespaces import PREFIXES, XSD

_LINE_FEED: Final = ord("\n")
_MARK: Final = "^[^\t]*\t"
"""What stands before a line that is sorted by its graph first."""


def distinct(lines: Iterable[pa.Array], *, is_marked: bool) -> Iterator[pa.Array]:
    """Sorted lines, each once.

    Args:
        lines: Equal ones are neighbors.
        is_marked: Whether the graph and a tab stand before each, which go.
    """
    last: str | None = None
    for column in lines:
        if not len(column):
            continue
        before = pa.array([last], column.type)
        shifted = pa.concat_arrays([before, column.slice(0, len(column) - 1)])
        is_new = pc.fill_null(pc.not_equal(column, shifted), fill_value=True)
        last = column[-1].as_py()
        kept = column.filter(is_new)
        yield pc.replace_substring_regex(kept, _MARK, "") if is_marked else kept


def write_texts(texts: Iterable[pa.Array], stream: IO[bytes]) -> int:
    """Write texts of one or several lines, one after the other; how many lines."""
    return sum(_write_column(column, stream) for column in texts)


def _write_column(column: pa.Array, stream: IO[bytes]) -> int:
    """Write the strings as they lie in Arrow's buffer, and count their lines."""
    whole = column.cast(pa.large_string())
    _, offsets, characters = whole.buffers()
    if characters is None or not len(whole):
        return 0
    bounds = pa.Array.from_buffers(pa.int64(), len(whole) + 1, [None, offsets])
    start, end = bounds[whole.offset].as_py(), bounds[-1].as_py()
    text = np.frombuffer(characters, np.uint8)[start:end]
    stream.write(text.data)
    return int(np.count_nonzero(text == _LINE_FEED))


def write_format(
    lines: Path, stream: IO[bytes], rdf_format: Format, name: Path
) -> None:
    """Write a file of lines in another format.

    Args:
        lines: Distinct lines of N-Quads; those of a graph stand together.
        stream: Where to.
        rdf_format: Not one of lines.
        name: The file that it will be, for messages.

    Raises:
        OutputError: The format cannot say what a line says.
    """
    quads = ox.parse(path=lines, format=ox.RdfFormat.N_QUADS)
    if rdf_format.rdf is None:
        _write_rdf_json(quads, stream)
        return
    statements = quads if rdf_format.has_graphs else (one.triple for one in quads)
    prefixes = {name: str(namespace) for name, namespace in PREFIXES.items()}
    if rdf_format.rdf is ox.RdfFormat.JSON_LD:
        prefixes = {}
    try:
        ox.serialize(
            statements,
            cast("IO[bytes]", _SortedPrefixes(stream, len(prefixes))),
            format=rdf_format.rdf,
            prefixes=prefixes,
        )
    except ValueError as error:
        reason = f"cannot be written as {rdf_format.name}: {error}"
        raise OutputError(name, reason) from error


class _SortedPrefixes:
    """A stream that sorts the first lines: the serializer has an order for each run."""

    def __init__(self, stream: IO[bytes], count: int) -> None:
        self._stream = stream
        self._count = count
        self._head = b""

    def write(self, data: bytes) -> int:
        """Pass bytes on, the first lines once they are all there."""
        if not self._count:
            self._stream.write(data)
            return len(data)
        self._head += data
        if self._head.count(b"\n") >= self._count:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Pass on what was kept."""
        lines = self._head.splitlines(keepends=True)
        first = [one for one in lines[: self._count] if one.startswith(b"@prefix")]
        rest = lines[len(first) :]
        self._stream.write(b"".join([*sorted(first), *rest]))
        self._head, self._count = b"", 0


def _write_rdf_json(quads: Iterable[ox.Quad], stream: IO[bytes]) -> None:
    """Write RDF 1.1 JSON: subject to predicate to objects (W3C Note, section 2)."""
    between = "{\n"
    for subject, of_subject in groupby(quads, lambda one: one.subject):
        values: dict[str, list[dict[str, str]]] = {}
        for quad in of_subject:
            values.setdefault(quad.predicate.value, []).append(_json(quad.object))
        text = json.dumps(values, ensure_ascii=False)
        stream.write(f"{between}{json.dumps(_label(subject))}: {text}".encode())
        between = ",\n"
    stream.write((between if between == "{\n" else "\n").encode() + b"}\n")


def _label(term: Any) -> str:
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else str(term.value)


def _json(term: Any) -> dict[str, str]:
    if not isinstance(term, ox.Literal):
        kind = "bnode" if isinstance(term, ox.BlankNode) else "uri"
        return {"type": kind, "value": _label(term)}
    told = {"type": "literal", "value": term.value}
    if term.language:
        return {**told, "lang": term.language}
    datatype = term.datatype.value
    return told if datatype == XSD.term("string") else {**told, "datatype": datatype}


class Encoded:
    """A stream of UTF-8 that writes another encoding; begins with its mark, if any."""

    def __init__(self, stream: IO[bytes], kind: FileKind) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._encoder = codecs.getincrementalencoder(kind.encoding)()

    def write(self, data: Any) -> int:
        """Pass bytes on in the other encoding."""
        text = self._decoder.decode(bytes(data))
        self._stream.write(self._encoder.encode(text))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""
