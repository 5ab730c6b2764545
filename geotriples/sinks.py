"""Columns of terms -> lines of N-Quads, as SQL; lines -> files, whole or not at all.

A line is a quad in the syntax of N-Quads with its line feed.  Equal quads are equal
lines, so sorting the lines makes the output a set, and the same one for any order of
the input's rows.
"""

import hashlib
import io
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
from sqlglot import exp

from engines.term_columns import TermKind
from engines.whole_files import whole_file
from geotriples.compressed import COMPRESS
from geotriples.errors import OutputError
from geotriples.formats import FileKind, Format, file_kind
from geotriples.plan import QuadColumns
from geotriples.serialize import Encoded, write_format, write_texts
from geotriples.terms import TermColumn
from geotriples.values import concatenation, text_literal


def line_parts(quad: QuadColumns) -> tuple[exp.Expr, ...]:
    """The N-Quads line of a quad, cut where one term ends; NULL where there is none."""
    parts = [part for term in quad.terms for part in (_rendered(term), _text(" "))]
    return (*parts, _text(".\n"))


def marked_parts(quad: QuadColumns) -> tuple[exp.Expr, ...]:
    """The same with the graph and a tab before it, so that sorting sorts by graph."""
    graph = () if quad.graph is None else (_rendered(quad.graph),)
    return (*graph, _text("\t"), *line_parts(quad))


def key_parts(quad: QuadColumns, *, marked: bool) -> tuple[exp.Expr, ...]:
    """What the quad's line begins with: its subject and what ends that.

    No subject begins another with its end, so lines are sorted by these first.
    """
    subject = (_rendered(quad.subject), _text(" "))
    if not marked:
        return subject
    graph = () if quad.graph is None else (_rendered(quad.graph),)
    return (*graph, _text("\t"), *subject)


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
    """What a file holds.

    Attributes:
        quads: How many quads.
        sha256: The SHA-256 of its bytes.
        path: The file; None where a caller knows.
        appends: Whether it also holds what the file held before.
    """

    quads: int
    sha256: str
    path: Path | None = None
    appends: bool = False


def check_output(path: Path) -> FileKind:
    """What a file will hold; refuses what cannot be written, before any work is done.

    Raises:
        OutputError: The name tells no format, or the folder does not exist.
    """
    kind = file_kind(path)
    check_folder(path)
    return kind


def check_folder(path: Path) -> None:
    """Refuse a file in a folder that is none.

    Raises:
        OutputError: The folder does not exist, or the file is a folder.
    """
    if not path.parent.is_dir():
        raise OutputError(path, "is in a folder that does not exist")
    if path.is_dir():
        raise OutputError(path, "is a folder")


@contextmanager
def written_file(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose bytes become a file when the block ends well.

    Raises:
        OutputError: The disk is full, or does not let us.
    """
    try:
        with whole_file(path) as stream:
            yield stream
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(path, f"cannot be written: {reason}") from error


def write(
    texts: Iterable[pa.Array],
    stream: IO[bytes],
    path: Path,
    kind: FileKind,
    spill: Path,
    *,
    before: bytes = b"",
) -> Written:
    """Write sorted lines, each once, as a file holds them.

    Args:
        texts: Lines of N-Quads, in order, each once; a text is one or several. Where
            the format has graphs and is none of lines, sorted by graph first.
        stream: Where to.
        path: The file that it will be.
        kind: The format; has graphs where lines have.
        spill: A folder for what does not fit in memory.
        before: Bytes that the file begins with.

    Raises:
        OutputError: The format cannot say what a line says.
    """
    rdf_format = kind.format
    hashed = _Hashed(stream)
    hashed.write(before)
    inner = path.name
    for ending in (".gz", ".xz", ".bz2", ".zst", ".zip", ".tar"):
        inner = inner.removesuffix(ending)
    with COMPRESS[kind.compression](cast("IO[bytes]", hashed), inner) as packed:
        out = packed if kind.encoding == "utf-8" else Encoded(packed, kind)
        target = cast("IO[bytes]", out)
        if rdf_format.is_lines:
            count = write_texts(texts, target)
        else:
            text = spill / f"{uuid.uuid4().hex}.nq"
            with text.open("wb") as file:
                count = write_texts(texts, file)
            write_format(text, target, rdf_format, path)
            text.unlink()
    return Written(count, hashed.digest, path)


def needs_marks(rdf_format: Format) -> bool:
    """Whether lines must be sorted by graph first, as `marked_parts` lets them be."""
    return rdf_format.has_graphs and not rdf_format.is_lines


class _Hashed(io.RawIOBase):
    """A stream that knows the SHA-256 of what went through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self._stream.write(data)
        return memoryview(data).nbytes

    def tell(self) -> int:
        return self._stream.tell()
