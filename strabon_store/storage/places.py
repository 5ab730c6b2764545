"""Where literals stand in the files that a load read.

Nobody keeps places while a file is read, as nearly all literals are as they should be.
For those that are not, the files are looked through again, for the same text.
"""

import html
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import IO, Final

import pyoxigraph as ox

from strabon_store.results.decode import unescape
from strabon_store.storage.geometries import IllFormedGeometry
from strabon_store.storage.sources import Source

_LINES: Final = 65_536
"""Lines that are looked through at once."""

_LARGEST: Final = 2**28
"""Characters of a file that is looked through as a whole; larger ones are not."""

# What stands between quotes; IRIs and comments are told apart, as they may hold any.
_QUOTED: Final = re.compile(
    r"""<[^<>"\s]*>|#[^\n]*"""
    r'''|"""(?P<a>(?:[^"\\]|\\.|"(?!""))*)"""|\'\'\'(?P<b>(?:[^'\\]|\\.|'(?!''))*)\'\'\''''
    r"""|"(?P<c>(?:[^"\\\n\r]|\\.)*)"|'(?P<d>(?:[^'\\\n\r]|\\.)*)'""",
    re.DOTALL,
)
_XML_TEXT: Final = re.compile(r">(?P<a>[^<]*)<")
_JSON_STRING: Final = re.compile(r'(?P<a>"(?:[^"\\]|\\.)*")')


def locate(
    found: Sequence[IllFormedGeometry], sources: Sequence[Source]
) -> tuple[IllFormedGeometry, ...]:
    """The same literals, each with the first place where it stands.

    One that is found in no file, because it is in one that is too large to be looked
    through as a whole, stays without a place.

    Raises:
        LoadError: A file can be read no more.
    """
    places: dict[str, str] = {}
    wanted = {one.lexical for one in found}
    for source in sources:
        if wanted <= places.keys():
            break
        for line, text in _texts(source):
            if text in wanted:
                places.setdefault(text, f"{source.name}, line {line}")
                if len(places) == len(wanted):
                    break
    return tuple(replace(one, place=places.get(one.lexical)) for one in found)


def _texts(source: Source) -> Iterator[tuple[int, str]]:
    """What may be a literal of a file, with its line, from 1."""
    with source.open() as stream:
        line = 1
        for part in _parts(source, stream):
            at = 0
            for found in _pattern(source).finditer(part):
                if found.lastgroup is None:
                    continue
                line += part.count("\n", at, found.start())
                at = found.start()
                yield line, _plain(source, found[found.lastgroup])
            line += part.count("\n", at)


def _parts(source: Source, stream: IO[bytes]) -> Iterator[str]:
    """The text of a file: lines of it, or all of it where a literal has several."""
    buffered = io.BufferedReader(stream)  # type: ignore[type-var] # it can read into
    text = io.TextIOWrapper(buffered, "utf-8", "replace", newline="\n")
    if source.is_lines:
        while some := "".join(islice(text, _LINES)):
            yield some
        return
    whole = text.read(_LARGEST + 1)
    if len(whole) <= _LARGEST:
        yield whole


def _pattern(source: Source) -> re.Pattern[str]:
    match source.format:
        case ox.RdfFormat.RDF_XML:
            return _XML_TEXT
        case ox.RdfFormat.JSON_LD:
            return _JSON_STRING
        case _:
            return _QUOTED


def _plain(source: Source, text: str) -> str:
    """What stands in a file, without its escapes."""
    match source.format:
        case ox.RdfFormat.RDF_XML:
            return html.unescape(text)
        case ox.RdfFormat.JSON_LD:
            return str(json.loads(text, strict=False))
        case _:
            return unescape(text)
