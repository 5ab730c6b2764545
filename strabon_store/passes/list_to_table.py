"""Join with a table where a filter lets a variable have the values of a list only."""

from collections.abc import Sequence
from functools import reduce

from strabon_store.algebra.expressions import And, Expression, In
from strabon_store.algebra.nodes import BGP, Filter, Join, Pattern, Values
from strabon_store.algebra.terms import IRI, XSD_STRING, Literal, Var
from strabon_store.algebra.traverse import conjuncts, transform_up
from strabon_store.algebra.variables import in_scope


def list_to_table(pattern: Pattern) -> Pattern:
    """Turn `Filter(?x IN (<a>, <b>), BGP)` into `Join(BGP, Values(?x, <a>, <b>))`.

    Only directly above a basic graph pattern that binds the variable, and only for
    lists of IRIs and plain strings, where equality is identity of terms (17.4.1.7):
    `?x IN (1)` also accepts `01` and `1.0`. A table has each term once, so that a
    solution that a list accepts twice does not come twice.

    Examples:
        >>> from strabon_store.algebra.nodes import TriplePattern
        >>> x = Var("x")
        >>> bgp = BGP((TriplePattern(x, IRI("a:p"), Var("y")),))
        >>> found = Filter(In(x, (IRI("a:c"), IRI("a:d"), IRI("a:c"))), bgp)
        >>> list_to_table(found).right.rows
        ((IRI(value='a:c'),), (IRI(value='a:d'),))
    """
    return transform_up(pattern, _rewrite)


def _rewrite(pattern: Pattern) -> Pattern:
    if not isinstance(pattern, Filter) or not isinstance(pattern.source, BGP):
        return pattern
    bound = in_scope(pattern.source)
    conditions = conjuncts(pattern.condition)
    tables = [_table(condition, bound) for condition in conditions]
    if not any(tables):
        return pattern
    operands: list[Pattern] = [pattern.source, *filter(None, tables)]
    joined = reduce(Join, operands)
    rest = [c for c, t in zip(conditions, tables, strict=True) if t is None]
    return Filter(reduce(And, rest), joined) if rest else joined


def _table(condition: Expression, bound: Sequence[Var]) -> Values | None:
    match condition:
        case In(Var() as variable, haystack) if variable in bound:
            terms = [t for t in dict.fromkeys(haystack) if _is_only_itself(t)]
            if len(terms) == len(set(haystack)):
                rows = tuple((t,) for t in terms if isinstance(t, IRI | Literal))
                return Values((variable,), rows)
    return None


def _is_only_itself(term: Expression) -> bool:
    """Whether no other term is equal to this one."""
    if isinstance(term, Literal):
        return term.datatype == XSD_STRING
    return isinstance(term, IRI)
