"""A pattern that breaks an invariant is shown, wherever it is."""

import pytest

from strabon_store.algebra.expressions import Aggregate, Exists
from strabon_store.algebra.nodes import (
    BGP,
    UNIT,
    Distinct,
    Extend,
    Filter,
    Group,
    Pattern,
    Project,
    Slice,
    TriplePattern,
    Values,
)
from strabon_store.algebra.queries import AskQuery, SelectQuery
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Var
from strabon_store.algebra.validate import check_same_scope, validate
from strabon_store.errors import InternalError

X, Y = Var("x"), Var("y")
COUNT = Aggregate("COUNT", None)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        (BGP((TriplePattern(X, Literal("p"), X),)), "a predicate that is no IRI"),
        (BGP((TriplePattern(BlankNode("b"), X, X),)), "a blank node"),
        (Extend(Values((X,), ()), X, IRI("a:b")), "?x is bound twice"),
        (Values((X, X), ()), "a name twice"),
        (Values((X, Y), ((IRI("a:b"),),)), "a ragged row"),
        (Group(UNIT, (X,), ((X, COUNT),)), "a name twice"),
        (Project(UNIT, (X, X)), "a name twice"),
        (Slice(UNIT, -1), "a negative number"),
        (Distinct(Filter(Exists(Slice(UNIT, 0, -1)), UNIT)), "a negative number"),
    ],
)
def test_a_broken_invariant_is_shown(pattern: Pattern, problem: str) -> None:
    with pytest.raises(InternalError) as caught:
        validate(pattern)
    assert str(caught.value).startswith(f"{problem} in\n(")


def test_a_pass_that_loses_a_variable_is_found() -> None:
    before = AskQuery(Values((X, Y), ()))
    with pytest.raises(InternalError, match=r"\?y in scope on one side"):
        check_same_scope(before, AskQuery(Values((X,), ())))
    with pytest.raises(InternalError, match="query form"):
        check_same_scope(before, SelectQuery(before.pattern, (X, Y)))
    one, other = SelectQuery(before.pattern, (X, Y)), SelectQuery(before.pattern, (X,))
    with pytest.raises(InternalError, match="what is selected"):
        check_same_scope(one, other)
