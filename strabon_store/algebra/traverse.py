"""Ways through patterns and expressions: what lies below a node, and rewriting it.

A rule given to `transform_up` or `transform_down` sees one node at a time and returns
it or its replacement. Both also enter the patterns of EXISTS.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias, assert_never

from strabon_store.algebra.expressions import (
    Aggregate,
    And,
    Arithmetic,
    Bound,
    BuiltIn,
    Coalesce,
    Comparison,
    Exists,
    Expression,
    FunctionCall,
    If,
    In,
    Negate,
    Not,
    Or,
)
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
    Union,
    Values,
)
from strabon_store.algebra.terms import IRI, Literal, Term, Var

PatternRule: TypeAlias = Callable[[Pattern], Pattern]
ExpressionRule: TypeAlias = Callable[[Expression], Expression]


def sources(pattern: Pattern) -> tuple[Pattern, ...]:
    """The patterns that this node reads from, left first; those of EXISTS are none."""
    match pattern:
        case BGP() | Path() | Service() | Values():
            return ()
        case Join() | LeftJoin() | Union() | Minus():
            return (pattern.left, pattern.right)
        case (
            Filter()
            | Extend()
            | Graph()
            | Group()
            | OrderBy()
            | Project()
            | Distinct()
            | Reduced()
            | Slice()
        ):
            return (pattern.source,)
        case _:
            assert_never(pattern)


def map_sources(pattern: Pattern, rule: PatternRule) -> Pattern:
    """The node with `rule` applied to each pattern that it reads from."""
    match pattern:
        case BGP() | Path() | Service() | Values():
            return pattern
        case Join() | LeftJoin() | Union() | Minus():
            return replace(pattern, left=rule(pattern.left), right=rule(pattern.right))
        case (
            Filter()
            | Extend()
            | Graph()
            | Group()
            | OrderBy()
            | Project()
            | Distinct()
            | Reduced()
            | Slice()
        ):
            return replace(pattern, source=rule(pattern.source))
        case _:
            assert_never(pattern)


def own_expressions(pattern: Pattern) -> tuple[Expression, ...]:
    """The expressions that stand in this node itself, or in its aggregates.

    Examples:
        >>> own_expressions(Filter(Var("x"), BGP(())))
        (Var(name='x'),)
    """
    match pattern:
        case Filter(condition, _):
            return (condition,)
        case LeftJoin(_, _, condition):
            return () if condition is None else (condition,)
        case Extend(_, _, expression):
            return (expression,)
        case Group(_, _, aggregates):
            arguments = (aggregate.argument for _, aggregate in aggregates)
            return tuple(a for a in arguments if a is not None)
        case OrderBy(_, conditions):
            return tuple(condition.expression for condition in conditions)
        case _:
            return ()


def map_expressions(pattern: Pattern, rule: ExpressionRule) -> Pattern:
    """The node with `rule` applied to each expression that stands in it."""
    match pattern:
        case Filter(condition, _):
            return replace(pattern, condition=rule(condition))
        case LeftJoin(_, _, condition):
            if condition is None:
                return pattern
            return replace(pattern, condition=rule(condition))
        case Extend(_, _, expression):
            return replace(pattern, expression=rule(expression))
        case Group(_, _, aggregates):
            mapped = tuple((var, _map_argument(item, rule)) for var, item in aggregates)
            return replace(pattern, aggregates=mapped)
        case OrderBy(_, conditions):
            keys = (replace(key, expression=rule(key.expression)) for key in conditions)
            return replace(pattern, conditions=tuple(keys))
        case _:
            return pattern


def _map_argument(aggregate: Aggregate, rule: ExpressionRule) -> Aggregate:
    if aggregate.argument is None:
        return aggregate
    return replace(aggregate, argument=rule(aggregate.argument))


def transform_up(pattern: Pattern, rule: PatternRule) -> Pattern:
    """`rule` applied to every node, to what a node reads from before the node itself.

    Examples:
        >>> drop_distinct = lambda p: p.source if isinstance(p, Distinct) else p
        >>> transform_up(Slice(Distinct(BGP(())), 0, 1), drop_distinct)
        Slice(source=BGP(patterns=()), offset=0, limit=1)
    """
    below = map_sources(pattern, lambda source: transform_up(source, rule))
    return rule(_enter_exists(below, lambda inner: transform_up(inner, rule)))


def transform_down(pattern: Pattern, rule: PatternRule) -> Pattern:
    """`rule` applied to every node, to a node before what its result reads from.

    Examples:
        >>> narrow = lambda p: p.source if isinstance(p, Reduced) else p
        >>> transform_down(Project(Reduced(BGP(())), ()), narrow)
        Project(source=BGP(patterns=()), variables=())
    """
    above = rule(pattern)
    below = map_sources(above, lambda source: transform_down(source, rule))
    return _enter_exists(below, lambda inner: transform_down(inner, rule))


def _enter_exists(pattern: Pattern, rule: PatternRule) -> Pattern:
    def enter(expression: Expression) -> Expression:
        if isinstance(expression, Exists):
            return Exists(rule(expression.pattern))
        return expression

    return map_expressions(pattern, lambda each: transform_expression(each, enter))


def operands(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly below, in order; a pattern of EXISTS is none of them."""
    match expression:
        case IRI() | Literal() | Var() | Bound() | Exists():
            return ()
        case And(left, right) | Or(left, right):
            return (left, right)
        case Comparison(_, left, right) | Arithmetic(_, left, right):
            return (left, right)
        case Not(inner) | Negate(inner):
            return (inner,)
        case In(needle, haystack):
            return (needle, *haystack)
        case If(condition, then, otherwise):
            return (condition, then, otherwise)
        case Coalesce() | BuiltIn() | FunctionCall():
            return expression.arguments
        case _:
            assert_never(expression)


def map_operands(expression: Expression, rule: ExpressionRule) -> Expression:
    """The expression with `rule` applied to each expression directly below it."""
    match expression:
        case IRI() | Literal() | Var() | Bound() | Exists():
            return expression
        case And() | Or() | Comparison() | Arithmetic():
            left, right = rule(expression.left), rule(expression.right)
            return replace(expression, left=left, right=right)
        case Not() | Negate():
            return replace(expression, inner=rule(expression.inner))
        case In(needle, haystack):
            return In(rule(needle), tuple(rule(member) for member in haystack))
        case If(condition, then, otherwise):
            return If(rule(condition), rule(then), rule(otherwise))
        case Coalesce() | BuiltIn() | FunctionCall():
            arguments = tuple(rule(argument) for argument in expression.arguments)
            return replace(expression, arguments=arguments)
        case _:
            assert_never(expression)


def transform_expression(expression: Expression, rule: ExpressionRule) -> Expression:
    """`rule` applied to every expression below and then to this one; EXISTS is a leaf.

    Examples:
        >>> name = lambda e: Var("y") if e == Var("x") else e
        >>> transform_expression(Not(Var("x")), name)
        Not(inner=Var(name='y'))
    """
    return rule(map_operands(expression, lambda e: transform_expression(e, rule)))


def walk_expression(expression: Expression) -> Iterator[Expression]:
    """The expression and every one below it; EXISTS is a leaf."""
    yield expression
    for operand in operands(expression):
        yield from walk_expression(operand)


def height(pattern: Pattern) -> int:
    """How many nodes lie on the longest way down, those of expressions included.

    Examples:
        >>> height(Filter(Not(Var("x")), BGP(())))
        3
    """
    tallest = 0
    pending: list[tuple[Pattern | Expression, int]] = [(pattern, 1)]
    while pending:
        node, level = pending.pop()
        tallest = max(tallest, level)
        pending.extend((below, level + 1) for below in _below(node))
    return tallest


def most_triples(pattern: Pattern) -> int:
    """The number of different triple patterns in the largest basic graph pattern.

    Examples:
        >>> most_triples(Filter(Exists(BGP(())), BGP(())))
        0
    """
    most = 0
    pending: list[Pattern | Expression] = [pattern]
    while pending:
        node = pending.pop()
        if isinstance(node, BGP):
            most = max(most, len(set(node.patterns)))
        pending.extend(_below(node))
    return most


def stored_terms(pattern: Pattern) -> set[Term]:
    """The constants of basic graph patterns and tables at and below a pattern.

    Examples:
        >>> stored_terms(Values((Var("x"),), ((IRI("a:b"),), (None,))))
        {IRI(value='a:b')}
    """
    terms: set[Term] = set()
    pending: list[Pattern | Expression] = [pattern]
    while pending:
        node = pending.pop()
        match node:
            case BGP(patterns):
                ends = (e for t in patterns for e in (t.subject, t.predicate, t.object))
                terms.update(end for end in ends if not isinstance(end, Var))
            case Values(_, rows):
                terms.update(t for row in rows for t in row if t is not None)
            case _:
                pending.extend(_below(node))
    return terms


def _below(node: Pattern | Expression) -> Iterator[Pattern | Expression]:
    if isinstance(node, Exists):
        yield node.pattern
    elif isinstance(node, Pattern):
        yield from sources(node)
        yield from own_expressions(node)
    else:
        yield from operands(node)


def conjuncts(condition: Expression) -> tuple[Expression, ...]:
    """The conditions that `condition` is the conjunction of, in order.

    Examples:
        >>> [v.name for v in conjuncts(And(And(Var("a"), Var("b")), Var("c")))]
        ['a', 'b', 'c']
    """
    match condition:
        case And(left, right):
            return (*conjuncts(left), *conjuncts(right))
        case _:
            return (condition,)
