"""Rows of a JSON document that is too long to be held, one after the other.

A row is decoded when its turn comes, by the standard library's decoder, and the rest of
the document is read to its end: what is cut off is an error, not a shorter document.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn, TextIO

from geotriples.errors import SourceError
from geotriples.sources.jsonpath import Json, Step, Wildcard, find
from geotriples.sources.text import UTF_8

_CHUNK: Final = 1 << 20
_SPACE: Final = " \t\n\r"


def refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are in Python's JSON, and in no other."""
    raise ValueError(f"{name} is not JSON")


DECODER: Final = json.JSONDecoder(parse_constant=refuse_constant)


def can_stream(steps: tuple[Step, ...]) -> bool:
    """Whether rows can be told before the document ends: names, then a wildcard."""
    names = _names(steps)
    return len(names) < len(steps) and isinstance(steps[len(names)], Wildcard)


def stream_rows(path: Path, steps: tuple[Step, ...]) -> Iterator[Json]:
    """The rows to which an iterator leads.

    Args:
        path: A JSON document in UTF-8.
        steps: The iterator; `can_stream` holds for it.

    Raises:
        SourceError: The document is broken; rows before that place have come already.
    """
    names = _names(steps)
    rest = steps[len(names) + 1 :]
    try:
        with path.open(encoding=UTF_8) as file:
            scanner = _Scanner(path, file)
            for element in scanner.elements(names):
                yield from find(element, rest)
            scanner.end()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(path, f"cannot be read: {error}") from error


def stream_lines(path: Path, name: Path) -> Iterator[Json]:
    """The documents of a file with one in each line; empty lines are none.

    Args:
        path: A file in UTF-8.
        name: What errors call it.

    Raises:
        SourceError: A line is broken.
    """
    try:
        with path.open(encoding=UTF_8) as lines:
            for number, line in enumerate(lines, 1):
                if not line.isspace():
                    yield _line(line, number, name)
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(name, f"cannot be read: {error}") from error


def _line(line: str, number: int, name: Path) -> Json:
    try:
        value: Json = json.loads(line, parse_constant=refuse_constant)
    except ValueError as error:
        raise SourceError(name, f"line {number} is not JSON: {error}") from error
    return value


def _names(steps: tuple[Step, ...]) -> tuple[str, ...]:
    names: list[str] = []
    for step in steps:
        if not isinstance(step, str):
            break
        names.append(step)
    return tuple(names)


@dataclass(slots=True)
class _Scanner:
    """A document, read as far as it was asked for."""

    path: Path
    file: TextIO
    text: str = ""
    at: int = 0
    lines_before: int = 0
    is_complete: bool = False
    _names: list[str] = field(default_factory=list)

    def elements(self, names: tuple[str, ...]) -> Iterator[Json]:
        """What is in the array or object to which names lead, to the end of all."""
        if names:
            yield from self.below(names)
        elif self.next() == "[":
            yield from self.items()
        elif self.next() == "{":
            for _ in self.members():
                yield self.value()
        else:
            self.value()

    def below(self, names: tuple[str, ...]) -> Iterator[Json]:
        if self.next() != "{":
            self.value()
            return
        found = False
        for name in self.members():
            if name != names[0]:
                self.value()
            elif found:
                self.fail(f"a second member {name!r}, which the iterator leads to")
            else:
                found = True
                yield from self.elements(names[1:])

    def items(self) -> Iterator[Json]:
        self.take("[")
        if self.next() == "]":
            self.take("]")
            return
        yield self.value()
        while self.next() == ",":
            self.take(",")
            yield self.value()
        self.take("]")

    def members(self) -> Iterator[str]:
        """The names of an object; the caller reads each value before the next name."""
        self.take("{")
        if self.next() == "}":
            self.take("}")
            return
        yield self.name()
        while self.next() == ",":
            self.take(",")
            yield self.name()
        self.take("}")

    def name(self) -> str:
        if self.next() != '"':
            self.fail("no name of a member")
        name = self.value()
        self.take(":")
        return str(name)

    def value(self) -> Json:
        """The next value, whole."""
        self.next()
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.is_complete:
                    self.at = error.pos
                    self.fail(error.msg)
            except ValueError as error:
                self.fail(str(error))
            else:
                # A number may go on behind the end of what is here.
                if end < len(self.text) or self.is_complete:
                    self.at = end
                    found: Json = value
                    return found
            self.more()

    def end(self) -> None:
        if self.next():
            self.fail("more after the end of the document")

    def take(self, character: str) -> None:
        if self.next() != character:
            self.fail(f"{self.next()!r} instead of {character!r}")
        self.at += 1

    def next(self) -> str:
        """The next character that is no white space; none at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if self.is_complete:
                return ""
            self.more()

    def more(self) -> None:
        """Read on, as much again as is left: a long value is tried a few times only."""
        self.lines_before += self.text.count("\n", 0, self.at)
        rest = self.text[self.at :]
        chunk = self.file.read(max(_CHUNK, len(rest)))
        self.text, self.at = rest + chunk, 0
        self.is_complete = not chunk

    def fail(self, what: str) -> NoReturn:
        line = self.lines_before + self.text.count("\n", 0, self.at) + 1
        raise SourceError(self.path, f"line {line} is not JSON: {what}")
