"""Property paths (SPARQL 1.1 section 18.1.7), a closed union, and what they may match.

Every node is frozen and hashable. Sequences and alternatives are flat: a long one is
no deep one.
"""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from strabon_store.algebra.terms import IRI


@dataclass(frozen=True, slots=True)
class Link:
    """One triple with this predicate."""

    iri: IRI


@dataclass(frozen=True, slots=True)
class Inverse:
    """`^ inner`: from object to subject."""

    inner: "PathExpression"


@dataclass(frozen=True, slots=True)
class Sequence:
    """`a / b / ...`: one after the other."""

    steps: tuple["PathExpression", ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """`a | b | ...`: any of them; what two of them find is found twice (18.4)."""

    branches: tuple["PathExpression", ...]


@dataclass(frozen=True, slots=True)
class ZeroOrMore:
    """`inner *`: each pair of terms that any number of steps connects, once."""

    inner: "PathExpression"


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """`inner +`: each pair of terms that one or more steps connect, once."""

    inner: "PathExpression"


@dataclass(frozen=True, slots=True)
class ZeroOrOne:
    """`inner ?`: each pair of terms that are equal or one step apart, once."""

    inner: "PathExpression"


@dataclass(frozen=True, slots=True)
class NegatedPropertySet:
    """`!(a | ^b | ...)`: one triple whose predicate is none of these.

    Attributes:
        forward: Predicates that a triple from subject to object must not have.
        inverse: The same for triples from object to subject; None where the set has no
            inverse member, so that nothing is looked for in that direction.

    With inverse members alone `forward` is None; `!()` is an empty `forward`.
    """

    forward: tuple[IRI, ...] | None
    inverse: tuple[IRI, ...] | None = None


PathExpression: TypeAlias = (
    Link
    | Inverse
    | Sequence
    | Alternative
    | ZeroOrMore
    | OneOrMore
    | ZeroOrOne
    | NegatedPropertySet
)


def inner_paths(path: PathExpression) -> tuple[PathExpression, ...]:
    """The paths directly below, in order."""
    match path:
        case Link() | NegatedPropertySet():
            return ()
        case Inverse() | ZeroOrMore() | OneOrMore() | ZeroOrOne():
            return (path.inner,)
        case Sequence(steps):
            return steps
        case Alternative(branches):
            return branches
        case _:
            assert_never(path)


def matches_zero_length(path: PathExpression) -> bool:
    """Whether the path connects every term of a graph with itself (18.4).

    Examples:
        >>> star = ZeroOrMore(Link(IRI("a:p")))
        >>> matches_zero_length(Sequence((star, star)))
        True
        >>> matches_zero_length(Sequence((star, Link(IRI("a:p")))))
        False
    """
    match path:
        case ZeroOrMore() | ZeroOrOne():
            return True
        case Link() | NegatedPropertySet():
            return False
        case Inverse(inner) | OneOrMore(inner):
            return matches_zero_length(inner)
        case Sequence(steps):
            return all(map(matches_zero_length, steps))
        case Alternative(branches):
            return any(map(matches_zero_length, branches))
        case _:
            assert_never(path)


def is_searched(path: PathExpression) -> bool:
    """Whether it matters where a search along the path begins.

    Examples:
        >>> is_searched(Inverse(OneOrMore(Link(IRI("a:p")))))
        True
    """
    if isinstance(path, ZeroOrMore | OneOrMore | ZeroOrOne):
        return True
    return any(map(is_searched, inner_paths(path)))
