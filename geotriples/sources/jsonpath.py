"""JSONPath (RFC 9535), as references and iterators use it.

Paths of names, indices and wildcards, which are nearly all, are followed here and may
be read as a stream; filters, slices, unions and descendants are left to a library.  A
name may have any character that is no part of the syntax, as in `$.eo:bands`, and a
path that starts with a name instead of `$` starts at the row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import jsonpath_rfc9535
from jsonpath_rfc9535 import JSONPathError, JSONPathQuery


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`[*]` or `.*`: every element or member."""


Step: TypeAlias = str | int | Wildcard
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonPath: TypeAlias = tuple[Step, ...] | JSONPathQuery
"""Simple steps, or what only the library can follow."""

_STEP: Final = re.compile(
    r"""
      \.(?P<name>[^\s.\[\]'"*$@?(),;<>=!&|]+)
    | (?P<wild>\.\*|\[\s*\*\s*\])
    | \[\s*(?P<index>-?(?:0|[1-9][0-9]*))\s*\]
    | \[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
    | \[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
    """,
    re.VERBOSE,
)
_NAME_FIRST: Final = re.compile(r"[^\W\d]")


def parse_jsonpath(text: str) -> JsonPath:
    r"""Read a path.

    Raises:
        ValueError: It is not JSONPath.

    Examples:
        >>> parse_jsonpath("$.persons[*]['full name'][0]")
        ('persons', Wildcard(), 'full name', 0)
        >>> parse_jsonpath("name")
        ('name',)
    """
    whole = _from_root(text)
    steps: list[Step] = []
    at = 1
    while at < len(whole):
        match = _STEP.match(whole, at)
        if match is None:
            return _parse_with_library(text, whole)
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _from_root(text: str) -> str:
    if text.startswith("$"):
        return text
    if text.startswith("["):
        return f"${text}"
    if _NAME_FIRST.match(text):
        return f"$.{text}"
    raise ValueError(f"{text!r} is not JSONPath: it starts with neither '$' nor a name")


def _parse_with_library(text: str, whole: str) -> JsonPath:
    try:
        return jsonpath_rfc9535.compile(whole)
    except JSONPathError as error:
        raise ValueError(f"{text!r} is not JSONPath (RFC 9535): {error}") from error


def _step(match: re.Match[str]) -> Step:
    if match["wild"] is not None:
        return Wildcard()
    if match["index"] is not None:
        return int(match["index"])
    if match["name"] is not None:
        return match["name"]
    quoted = match["single"] if match["single"] is not None else match["double"]
    return re.sub(r"\\(.)", r"\1", quoted)


def is_plural(path: JsonPath) -> bool:
    """Whether the path may lead to several places."""
    if isinstance(path, tuple):
        return any(isinstance(step, Wildcard) for step in path)
    return not path.singular_query()


def find(value: Json, path: JsonPath) -> Iterator[Json]:
    """Every value to which the path leads; none where it leads nowhere."""
    if isinstance(path, tuple):
        yield from _follow(value, path)
        return
    document: Any = value
    for node in path.finditer(document):
        found: Any = node.value
        yield found


def _follow(value: Json, steps: tuple[Step, ...]) -> Iterator[Json]:
    if not steps:
        yield value
        return
    for child in children(value, steps[0]):
        yield from _follow(child, steps[1:])


def children(value: Json, step: Step) -> Iterator[Json]:
    """The values to which one step leads."""
    match step, value:
        case Wildcard(), list():
            yield from value
        case Wildcard(), dict():
            yield from value.values()
        case str(), dict() if step in value:
            yield value[step]
        case int(), list() if -len(value) <= step < len(value):
            yield value[step]
        case _:
            return
