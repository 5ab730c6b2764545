"""Write a constant where a filter lets a variable have one value only."""

from collections.abc import Sequence
from functools import reduce

from strabon_store.algebra.expressions import (
    And,
    BuiltIn,
    Comparison,
    ComparisonOperator,
    Expression,
)
from strabon_store.algebra.nodes import (
    BGP,
    Extend,
    Filter,
    Join,
    Path,
    Pattern,
    TriplePattern,
    Values,
)
from strabon_store.algebra.paths import matches_zero_length
from strabon_store.algebra.terms import IRI, XSD_STRING, Literal, TermOrVar, Var
from strabon_store.algebra.traverse import conjuncts, transform_up
from strabon_store.algebra.variables import expression_variables, in_scope


def substitute_constants(pattern: Pattern) -> Pattern:
    """Turn `Filter(?x = <c>, BGP)` into `Extend(BGP with <c> for ?x, ?x, <c>)`.

    Only directly above a basic graph pattern or a property path that binds the
    variable, and only where equality is identity of terms (17.4.1.7):

    - IRIs and plain strings with `=`, any term with `sameTerm`. Counter-example:
      `?x = 1` also accepts `01` and `1.0`, which are other terms;
    - a literal only where the variable is an object and nothing else: as predicate it
      would be no triple pattern;
    - at an end of a path that matches ways of length zero the constant is joined, not
      written: `<c> :p* ?y` has a solution where <c> is in no graph, `?x :p* ?y` has
      none.

    Other conditions that read the variable stay above, where it is bound again.

    Examples:
        >>> x = Var("x")
        >>> bgp = BGP((TriplePattern(x, IRI("a:p"), Var("y")),))
        >>> found = Filter(Comparison(ComparisonOperator.EQ, x, IRI("a:c")), bgp)
        >>> substitute_constants(found).source.patterns[0].subject
        IRI(value='a:c')
    """
    return transform_up(pattern, _substitute)


def _substitute(pattern: Pattern) -> Pattern:
    if not isinstance(pattern, Filter) or not isinstance(pattern.source, BGP | Path):
        return pattern
    source = pattern.source
    conditions = conjuncts(pattern.condition)
    for index, condition in enumerate(conditions):
        equation = _equation(condition)
        if equation is not None and _may_replace(*equation, source):
            rest = conditions[:index] + conditions[index + 1 :]
            return _apply(*equation, rest, source)
    return pattern


def _apply(
    variable: Var, term: IRI | Literal, rest: Sequence[Expression], source: BGP | Path
) -> Pattern:
    if isinstance(source, Path) and matches_zero_length(source.path):
        return _filter(rest, Join(Values((variable,), ((term,),)), source))
    below = [c for c in rest if variable not in expression_variables(c)]
    above = [c for c in rest if variable in expression_variables(c)]
    # There may be more equations among those below.
    replaced = _substitute(_filter(below, _replace(variable, term, source)))
    return _filter(above, Extend(replaced, variable, term))


def _equation(condition: Expression) -> tuple[Var, IRI | Literal] | None:
    """The variable and the one term that it is where the condition is true."""
    match condition:
        case Comparison(ComparisonOperator.EQ, left, right) if not (
            _compares_by_value(left) or _compares_by_value(right)
        ):
            pass
        case BuiltIn("SAMETERM", (left, right)):
            pass
        case _:
            return None
    match left, right:
        case (Var() as variable, (IRI() | Literal()) as term) | (
            (IRI() | Literal()) as term,
            Var() as variable,
        ):
            return variable, term
        case _:
            return None


def _compares_by_value(operand: Expression) -> bool:
    if not isinstance(operand, Literal):
        return False
    return operand.datatype != XSD_STRING


def _may_replace(variable: Var, term: IRI | Literal, source: BGP | Path) -> bool:
    if variable not in in_scope(source):
        return False
    if isinstance(term, IRI) or isinstance(source, Path):
        return True
    return all(variable not in {t.subject, t.predicate} for t in source.patterns)


def _replace(variable: Var, term: IRI | Literal, source: BGP | Path) -> BGP | Path:
    def put(old: TermOrVar) -> TermOrVar:
        return term if old == variable else old

    if isinstance(source, Path):
        return Path(put(source.subject), source.path, put(source.object))
    return BGP(
        tuple(
            TriplePattern(put(t.subject), put(t.predicate), put(t.object))
            for t in source.patterns
        )
    )


def _filter(conditions: Sequence[Expression], pattern: Pattern) -> Pattern:
    return Filter(reduce(And, conditions), pattern) if conditions else pattern
