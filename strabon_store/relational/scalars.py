"""Scalar expressions of the relational plan: columns, constants and named operations.

An operation is a name from the backend's table of spellings; what it computes is said
there once per engine. NULL is unbound and error alike (SPARQL 1.1 section 17.2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

ConstantValue: TypeAlias = bool | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Column:
    """The value of a column of the node's input."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same in every row; None is NULL."""

    value: ConstantValue


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of the backend's table, applied to arguments."""

    operation: str
    arguments: "tuple[Scalar, ...]" = ()


VOLATILE: Final = frozenset({"fresh_blank", "random", "uuid_iri", "uuid_text"})
"""Operations that give something else in each row and each time they are computed.

Their argument tells calls apart: where it is the same, the value has to be.
"""

Scalar: TypeAlias = Column | Constant | Call

NULL = Constant(None)
TRUE = Constant(value=True)
FALSE = Constant(value=False)


def call(operation: str, *arguments: Scalar) -> Call:
    """`operation(arguments...)`.

    Examples:
        >>> call("not", TRUE).operation
        'not'
    """
    return Call(operation, arguments)


def parts_of(scalar: Scalar) -> Iterator[Scalar]:
    """The scalar and all that stands in it, each part once."""
    seen: set[int] = set()
    waiting = [scalar]
    while waiting:
        part = waiting.pop()
        # By identity: scalars share their parts, and paths to them are many.
        if id(part) not in seen:
            seen.add(id(part))
            yield part
            if isinstance(part, Call):
                waiting.extend(reversed(part.arguments))


def is_volatile(scalar: Scalar) -> bool:
    """Whether to compute it again gives something else.

    Examples:
        >>> is_volatile(call("add_doubles", call("random", Constant("0")), Constant(1)))
        True
    """
    return any(
        isinstance(part, Call) and part.operation in VOLATILE
        for part in parts_of(scalar)
    )


def all_of(conditions: "tuple[Scalar, ...]") -> Scalar:
    """The conjunction, TRUE when there is nothing to hold.

    Examples:
        >>> all_of(()) == TRUE
        True
    """
    return _balanced("and", conditions) if conditions else TRUE


def any_of(conditions: "tuple[Scalar, ...]") -> Scalar:
    """The disjunction, FALSE when nothing can hold."""
    return _balanced("or", conditions) if conditions else FALSE


def _balanced(operation: str, conditions: "tuple[Scalar, ...]") -> Scalar:
    """A tree as low as can be: every stage below recurses."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    left = _balanced(operation, conditions[:middle])
    return call(operation, left, _balanced(operation, conditions[middle:]))
