"""Characters of text files: any encoding -> UTF-8, and where a file is wrong.

Readers take UTF-8.  A file in another encoding is copied once, to a folder of the run.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from geotriples.errors import SourceError

UTF_8: Final = "utf-8"
_CHUNK: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def is_encoding(name: str) -> bool:
    """Whether a character encoding of this name is known.

    Examples:
        >>> is_encoding("UTF-16"), is_encoding("latin1"), is_encoding("base64")
        (True, True, False)
    """
    try:
        return "".encode(name) is not None
    except (LookupError, TypeError):
        return False


def in_utf_8(path: Path, encoding: str | None, folder: Path) -> Path:
    """The text of a file in UTF-8, without a byte order mark.

    Args:
        path: The file.
        encoding: Its encoding; None for UTF-8, unless a byte order mark tells another.
        folder: Where a copy is put, if one is needed.

    Raises:
        SourceError: The file is not in its encoding.
    """
    if encoding is not None and not is_encoding(encoding):
        raise SourceError(path, f"encoding {encoding!r} is unknown")
    name = codecs.lookup(encoding or _marked(path) or UTF_8).name
    if name == UTF_8:
        name = _marked(path) or UTF_8
    if name == UTF_8:
        return path
    target = folder / path.name
    if target == path:
        target = folder / f"utf-8-{path.name}"
    with target.open("wb") as file:
        for chunk in _characters(path, name):
            file.write(chunk.encode(UTF_8))
    return target


def check_utf_8(path: Path) -> None:
    """Say where a file is not UTF-8.

    Raises:
        SourceError: With line and byte, if it is not.
    """
    for _ in _characters(path, UTF_8):
        pass


def _marked(path: Path) -> str | None:
    """The encoding that the byte order mark of a file tells."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except OSError as error:
        raise SourceError(path, f"cannot be read: {error}") from error
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def _characters(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    read, line = 0, 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            read += len(chunk)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, "ignore")
                line += before.count("\n")
                byte = read - len(error.object) + error.start + 1
                raise SourceError(path, _wrong(line, byte, error)) from error
            yield text
            line += text.count("\n")
            if not chunk:
                return


def _wrong(line: int, byte: int, error: UnicodeDecodeError) -> str:
    return (
        f"line {line}, byte {byte}: is not {error.encoding} ({error.reason}); "
        "say which encoding it has (rml:encoding)"
    )
