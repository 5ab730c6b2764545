"""Invariants of the algebra, checked between passes in tests.

A broken invariant is a bug of ours, never of the query: what a query may do wrong is
found in the frontend.
"""

from typing import assert_never

from strabon_store.algebra.expressions import Exists
from strabon_store.algebra.nodes import (
    BGP,
    Distinct,
    Extend,
    Filter,
    Graph,
    Group,
    Join,
    LeftJoin,
    Minus,
    OrderBy,
    Path,
    Pattern,
    Project,
    Reduced,
    Service,
    Slice,
    TriplePattern,
    Union,
    Values,
)
from strabon_store.algebra.queries import Query, SelectQuery
from strabon_store.algebra.render import render, render_term
from strabon_store.algebra.terms import IRI, BlankNode, Var
from strabon_store.algebra.traverse import own_expressions, sources, walk_expression
from strabon_store.algebra.variables import in_scope
from strabon_store.errors import InternalError


def validate(pattern: Pattern) -> None:
    """Check every node of the pattern, those inside EXISTS included.

    Raises:
        InternalError: A node breaks an invariant; the message shows both.

    Examples:
        >>> validate(Extend(BGP(()), Var("x"), IRI("a:b")))
    """
    if problem := _problem(pattern):
        raise InternalError(f"{problem} in\n{render(pattern)}")
    below = (pattern.source,) if isinstance(pattern, Service) else sources(pattern)
    for source in below:
        validate(source)
    for expression in own_expressions(pattern):
        for part in walk_expression(expression):
            if isinstance(part, Exists):
                validate(part.pattern)


def _problem(pattern: Pattern) -> str | None:
    match pattern:
        case BGP(patterns):
            return next(filter(None, map(_triple_problem, patterns)), None)
        case Path(subject, _, target):
            is_blank = BlankNode in {type(subject), type(target)}
            return "a blank node" if is_blank else None
        case Extend(source, variable, _):
            taken = variable in in_scope(source)
            return f"{render_term(variable)} is bound twice" if taken else None
        case Values():
            return _values_problem(pattern)
        case Group(_, keys, aggregates):
            names = [*keys, *(variable for variable, _ in aggregates)]
            return None if len(set(names)) == len(names) else "a name twice"
        case Slice(_, offset, limit):
            return "a negative number" if min(offset, limit or 0) < 0 else None
        case Project(_, variables):
            return None if len(set(variables)) == len(variables) else "a name twice"
        case Service() | Join() | LeftJoin() | Union() | Minus() | Filter() | Graph():
            return None
        case OrderBy() | Distinct() | Reduced():
            return None
        case _:
            assert_never(pattern)


def _triple_problem(triple: TriplePattern) -> str | None:
    """Predicates are IRIs, and blank nodes of a query are variables (4.1.4)."""
    if not isinstance(triple.predicate, IRI | Var):
        return "a predicate that is no IRI"
    is_blank = BlankNode in {type(triple.subject), type(triple.object)}
    return "a blank node" if is_blank else None


def _values_problem(values: Values) -> str | None:
    if len(set(values.variables)) != len(values.variables):
        return "a name twice"
    width = len(values.variables)
    return None if all(len(row) == width for row in values.rows) else "a ragged row"


def check_same_scope(before: Query, after: Query) -> None:
    """Check that a pass kept the variables in scope at the root.

    Raises:
        InternalError: It did not.
    """
    lost = set(in_scope(before.pattern)) ^ set(in_scope(after.pattern))
    if lost:
        names = ", ".join(sorted(map(render_term, lost)))
        raise InternalError(f"{names} in scope on one side of a pass only")
    if isinstance(before, SelectQuery) and isinstance(after, SelectQuery):
        if before.variables != after.variables:
            raise InternalError("a pass changed what is selected")
    elif type(before) is not type(after):
        raise InternalError("a pass changed the query form")
