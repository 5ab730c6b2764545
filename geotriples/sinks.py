"""Columns of terms -> lines of N-Quads, as SQL; lines -> files, whole or not at all.

A line is a quad in the syntax of N-Quads with its line feed.  Equal quads are equal
lines, so sorting the lines makes the output a set, and the same one for any order of
the input's rows.
"""

import hashlib
import io
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyoxigraph as ox
from sqlglot import exp

from geotriples.errors import OutputError
from geotriples.plan import QuadColumns
from geotriples.terms import TermColumn, TermKind
from geotriples.values import concatenation, text_literal
from ontologies.namespaces import PREFIXES

FORMATS: Final = (".nq", ".nt", ".ttl")
"""Suffixes of the files that can be written."""


def line_parts(quad: QuadColumns) -> tuple[exp.Expr, ...]:
    """The N-Quads line of a quad, cut where one term ends; NULL where there is none."""
    parts = [part for term in quad.terms for part in (_rendered(term), _text(" "))]
    return (*parts, _text(".\n"))


def _rendered(term: TermColumn) -> exp.Expr:
    match term.kind:
        case TermKind.IRI:
            text = concatenation(_text("<"), term.lexical, _text(">"))
        case TermKind.BLANK_NODE:
            text = concatenation(_text("_:"), term.lexical)
        case TermKind.LITERAL:
            text = _literal(term)
    if not term.checks:
        return text
    valid = exp.and_(*(check.is_valid for check in term.checks))
    return exp.case().when(valid, text)


def _literal(term: TermColumn) -> exp.Expr:
    if isinstance(term.lexical, exp.Literal):
        lexical: exp.Expr = _text(escape(term.lexical.name))
    else:
        lexical = exp.func("RDF_ESCAPE", term.lexical)
    return concatenation(_text('"'), lexical, _text('"'), *_suffix(term))


def _suffix(term: TermColumn) -> tuple[exp.Expr, ...]:
    if term.language is not None:
        return (_text("@"), term.language)
    match term.datatype:
        case None | exp.Null():
            return ()
        case exp.Literal():
            return (_text("^^<"), term.datatype, _text(">"))
        case datatype:
            typed = concatenation(_text("^^<"), datatype, _text(">"))
            untyped = exp.Is(this=datatype, expression=exp.null())
            return (exp.case().when(untyped, _text("")).else_(typed),)


def escape(text: str) -> str:
    r"""A string as it stands between the quotes of a literal in N-Quads.

    Examples:
        >>> escape('say "hi"')
        'say \\"hi\\"'
    """
    return (
        text.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("\n", "\\n")
        .replace("\r", "\\r")
    )


_text = text_literal


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds: its quads, and the SHA-256 of its bytes."""

    quads: int
    sha256: str


def check_output(path: Path) -> None:
    """Refuse what `write` could not write, before any work is done.

    Raises:
        OutputError: The suffix names no format, or the folder does not exist.
    """
    if path.suffix not in FORMATS:
        raise OutputError(path, f"ends in none of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise OutputError(path, "is in a folder that does not exist")


def write(lines: Iterable[pa.Array], path: Path) -> Written:
    """Write sorted lines, each once, in the format that the suffix names.

    The file appears when it is complete and not before; one that was there is replaced
    then.

    Args:
        lines: Sorted lines of N-Quads; equal ones are neighbors.
        path: The file, with a suffix of `FORMATS`.

    Raises:
        OutputError: The format has no named graphs and the lines do.
    """
    with _atomic(path) as temporary:
        count = _write_lines(lines, temporary)
        if path.suffix != ".nq":
            _convert(temporary, path)
        with temporary.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(count, sha256)


@contextmanager
def _atomic(path: Path) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_lines(lines: Iterable[pa.Array], path: Path) -> int:
    count = 0
    last: str | None = None
    with path.open("wb") as file:
        for column in lines:
            if not len(column):
                continue
            before = pa.array([last], column.type)
            shifted = pa.concat_arrays([before, column.slice(0, len(column) - 1)])
            is_new = pc.fill_null(pc.not_equal(column, shifted), fill_value=True)
            kept = column.filter(is_new)
            last = column[-1].as_py()
            count += len(kept)
            _write_column(kept, file)
        file.flush()
        os.fsync(file.fileno())
    return count


def _write_column(column: pa.Array, file: IO[bytes]) -> None:
    """Write the strings one after the other, as they lie in Arrow's buffer."""
    whole = column.cast(pa.large_string())
    _, offsets, characters = whole.buffers()
    if characters is None:
        return
    bounds = pa.Array.from_buffers(pa.int64(), len(whole) + 1, [None, offsets])
    start, end = bounds[whole.offset].as_py(), bounds[-1].as_py()
    file.write(memoryview(characters)[start:end])


def _convert(temporary: Path, path: Path) -> None:
    """Rewrite N-Quads in a format without graphs."""
    quads = list(ox.parse(path=temporary, format=ox.RdfFormat.N_QUADS))
    if any(not isinstance(one.graph_name, ox.DefaultGraph) for one in quads):
        raise OutputError(path, "cannot hold named graphs; write .nq instead")
    if path.suffix == ".ttl":
        temporary.write_bytes(_turtle([one.triple for one in quads]))


def _turtle(triples: list[ox.Triple]) -> bytes:
    prefixes = {name: str(namespace) for name, namespace in PREFIXES.items()}
    buffer = io.BytesIO()
    ox.serialize(triples, buffer, format=ox.RdfFormat.TURTLE, prefixes=prefixes)
    lines = buffer.getvalue().splitlines(keepends=True)
    # The serializer writes the prefixes in an order of its own, another in each run.
    lines[: len(prefixes)] = sorted(lines[: len(prefixes)])
    return b"".join(lines)
