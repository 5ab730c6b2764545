"""JSONPath, the part that references and iterators use (RFC 9535).

Names, indices and wildcards, in dot and bracket form.  Filters, slices, unions and
descendants are refused by name, not read as something else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`[*]` or `.*`: every element or member."""


Step: TypeAlias = str | int | Wildcard
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_STEP: Final = re.compile(
    r"""
      \.(?P<name>[^\s.\[\]'"*$@?()]+)
    | (?P<wild>\.\*|\[\s*\*\s*\])
    | \[\s*(?P<index>-?(?:0|[1-9][0-9]*))\s*\]
    | \[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
    | \[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
    """,
    re.VERBOSE,
)


def parse_jsonpath(text: str) -> tuple[Step, ...]:
    r"""Read a path.

    Raises:
        ValueError: It is not JSONPath, or a part of it that is not supported.

    Examples:
        >>> parse_jsonpath("$.persons[*]['full name'][0]")
        ('persons', Wildcard(), 'full name', 0)
    """
    if not text.startswith("$"):
        raise ValueError(f"{text!r} is not JSONPath: it must start with '$'")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(
                f"{text!r} is not JSONPath with names, indices and wildcards: "
                f"unexpected {text[at:]!r}"
            )
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["wild"] is not None:
        return Wildcard()
    if match["index"] is not None:
        return int(match["index"])
    if match["name"] is not None:
        return match["name"]
    quoted = match["single"] if match["single"] is not None else match["double"]
    return re.sub(r"\\(.)", r"\1", quoted)


def has_wildcard(steps: tuple[Step, ...]) -> bool:
    """Whether the path may lead to several places."""
    return any(isinstance(step, Wildcard) for step in steps)


def find(value: Json, steps: tuple[Step, ...]) -> Iterator[Json]:
    """Every value to which the path leads; none where it leads nowhere."""
    if not steps:
        yield value
        return
    for child in _children(value, steps[0]):
        yield from find(child, steps[1:])


def _children(value: Json, step: Step) -> Iterator[Json]:
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
