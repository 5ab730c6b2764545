"""Expressions of the query text to expressions of the algebra (sections 17, 18.2)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from ontologies.geosparql.functions import FUNCTIONS_BY_IRI
from strabon_store.algebra.expressions import (
    Aggregate,
    And,
    Arithmetic,
    ArithmeticOperator,
    Bound,
    BuiltIn,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Exists,
    Expression,
    FunctionCall,
    If,
    In,
    Negate,
    Not,
    Or,
)
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Var
from strabon_store.errors import InternalError, UnknownFunction
from strabon_store.frontend.balance import balance
from strabon_store.frontend.builtins import BUILTINS, SYNONYMS, arity_words
from strabon_store.frontend.context import Context
from strabon_store.frontend.escapes import unquote
from strabon_store.frontend.stsparql import geosparql_function, stsparql_call
from strabon_store.frontend.syntax import Child, Node, Token, place_of, tokens
from strabon_store.frontend.translate_terms import translate_literal, translate_term

_Translator: TypeAlias = Callable[[Node, Context], Expression]


def translate_expression(child: Child, context: Context) -> Expression:
    """The expression of a node or token of the grammar's `_expression`.

    Raises:
        QuerySyntaxError: An unknown prefix, a wrong number of arguments, an aggregate
            where none may stand.
        UnknownFunction: What is no aggregate takes DISTINCT.
    """
    if isinstance(child, Node):
        return _TRANSLATORS[child.rule](child, context)
    term = translate_term(child, context)
    if isinstance(term, BlankNode):
        raise InternalError(f"the grammar let a blank node into an expression: {term}")
    return term


def _operands(node: Node, context: Context) -> list[Expression]:
    return [translate_expression(child, context) for child in node.children]


def _or(node: Node, context: Context) -> Expression:
    return balance(Or, _operands(node, context))


def _and(node: Node, context: Context) -> Expression:
    return balance(And, _operands(node, context))


def _comparison(node: Node, context: Context) -> Expression:
    left, operator, right = node.children
    return Comparison(
        ComparisonOperator(next(tokens(operator)).value),
        translate_expression(left, context),
        translate_expression(right, context),
    )


def _in(node: Node, context: Context) -> Expression:
    needle, *haystack = _operands(node, context)
    return In(needle, tuple(haystack))


def _not_in(node: Node, context: Context) -> Expression:
    return Not(_in(node, context))


def _arithmetic(operator: ArithmeticOperator) -> _Translator:
    def translate(node: Node, context: Context) -> Expression:
        left, right = _operands(node, context)
        return Arithmetic(operator, left, right)

    return translate


def _add_signed(node: Node, context: Context) -> Expression:
    """`?x -1 * ?y`: the sign that the lexer took for the number's is an operator."""
    left, product = node.children
    operator = ArithmeticOperator(next(tokens(product)).value[0])
    return Arithmetic(
        operator,
        translate_expression(left, context),
        _signed_product(product, context),
    )


def _signed_product(child: Child, context: Context) -> Expression:
    if not isinstance(child, Node):
        signed = translate_literal(child, context)
        return Literal(signed.lexical[1:], signed.datatype)
    left, right = child.children
    is_product = child.rule == "multiply_signed"
    return Arithmetic(
        ArithmeticOperator.MULTIPLY if is_product else ArithmeticOperator.DIVIDE,
        _signed_product(left, context),
        translate_expression(right, context),
    )


def _not(node: Node, context: Context) -> Expression:
    return Not(translate_expression(node.children[0], context))


def _negate(node: Node, context: Context) -> Expression:
    return Negate(translate_expression(node.children[0], context))


def _plus(node: Node, context: Context) -> Expression:
    # The algebra has no unary plus. Negating twice keeps each number, the negative zero
    # among them, and is an error for what is no number, as unary plus is.
    return Negate(_negate(node, context))


def _builtin_call(node: Node, context: Context) -> Expression:
    keyword = next(tokens(node))
    name = keyword.value.upper()
    given = node.children[1:]
    fewest, most = BUILTINS[name]
    if len(given) < fewest or (most is not None and len(given) > most):
        raise context.error(
            keyword, f"{name} takes {arity_words(name)}, {len(given)} given"
        )
    if name == "BOUND":
        return _bound(given[0], context)
    arguments = tuple(translate_expression(child, context) for child in given)
    match name:
        case "IF":
            return If(*arguments)
        case "COALESCE":
            return Coalesce(arguments)
        case "IRI" | "URI":
            return _iri(arguments, context)
        case _:
            return BuiltIn(SYNONYMS.get(name, name), arguments)


def _bound(argument: Child, context: Context) -> Expression:
    if isinstance(argument, Node) or argument.type != "VAR":
        raise context.error(argument, "BOUND takes a variable")
    return Bound(Var(argument.value[1:]))


def _iri(arguments: tuple[Expression, ...], context: Context) -> Expression:
    """IRI resolves a relative reference by the query's base (17.4.2.8): it is added."""
    base = context.prologue.base
    return BuiltIn("IRI", arguments if base is None else (*arguments, IRI(base)))


def _function_call(node: Node, context: Context) -> Expression:
    name, arguments = node.children
    if not isinstance(arguments, Node) or isinstance(name, Node):
        raise InternalError(f"no function call: {node}")
    function = geosparql_function(context.prologue.iri(name), arguments)
    known = FUNCTIONS_BY_IRI.get(function.value)
    if known is not None and known.is_aggregate:
        return _grouped(name, lambda: _custom(function, arguments, context), context)
    place = place_of(name)
    if arguments.has("DISTINCT"):
        problem = f"there is no aggregate <{function.value}>, which DISTINCT asks for"
        raise UnknownFunction(function.value, problem, place)
    translated = stsparql_call(function, tuple(_operands(arguments, context)))
    if isinstance(translated, FunctionCall):
        return replace(translated, place=place)
    return translated


def _custom(function: IRI, arguments: Node, context: Context) -> Aggregate:
    """A set function named by an IRI: a call like others, DISTINCT allowed (19.8)."""
    given = [
        child
        for child in arguments.children
        if isinstance(child, Node) or child.type not in {"DISTINCT", "NIL"}
    ]
    if len(given) != 1:
        problem = f"<{function.value}> takes 1 argument, {len(given)} given"
        raise context.error(arguments, problem)
    argument = translate_expression(given[0], context)
    return Aggregate(function.value, argument, distinct=arguments.has("DISTINCT"))


def _aggregate(node: Node, context: Context) -> Expression:
    keyword = next(tokens(node))
    return _grouped(keyword, lambda: _set_function(keyword, node, context), context)


def _grouped(
    place: Token, translate: Callable[[], Aggregate], context: Context
) -> Expression:
    """The variable that the aggregate is bound to by the group (18.2.4.1).

    Equal aggregates of one SELECT share a variable; those that call RAND and its like
    do not differ in how often they are evaluated from what the standard leaves open.
    """
    scope = context.aggregates
    if scope is None:
        raise context.error(
            place, "aggregates may stand in SELECT, HAVING and ORDER BY only"
        )
    if scope.is_inside:
        raise context.error(place, "an aggregate may not stand inside another one")
    scope.is_inside = True
    aggregate = translate()
    scope.is_inside = False
    if aggregate not in scope.variables:
        scope.variables[aggregate] = context.fresh(".agg")
    return scope.variables[aggregate]


def _set_function(keyword: Token, node: Node, context: Context) -> Aggregate:
    name = keyword.value.upper()
    separator = node.find("separator")
    arguments = [
        child
        for child in node.children[1:]
        if child is not separator
        and (isinstance(child, Node) or child.type != "DISTINCT")
    ]
    (argument,) = arguments
    is_star = not isinstance(argument, Node) and argument.type == "STAR"
    if is_star and name != "COUNT":
        raise context.error(argument, f"{name} takes an expression; only COUNT takes *")
    if separator and name != "GROUP_CONCAT":
        raise context.error(separator, f"{name} has no SEPARATOR; GROUP_CONCAT has")
    return Aggregate(
        name,
        None if is_star else translate_expression(argument, context),
        distinct=node.has("DISTINCT"),
        separator=unquote(next(tokens(separator)).value) if separator else " ",
    )


def _exists(node: Node, context: Context) -> Expression:
    (group,) = node.children
    if not isinstance(group, Node):
        raise InternalError(f"no group graph pattern: {group}")
    outer, context.aggregates = context.aggregates, None
    context.begin_bgp()
    pattern = context.translate_group(group, context)
    context.begin_bgp()
    context.aggregates = outer
    return Exists(pattern)


def _not_exists(node: Node, context: Context) -> Expression:
    return Not(_exists(node, context))


_TRANSLATORS: Final[Mapping[str, _Translator]] = MappingProxyType(
    {
        "or": _or,
        "and": _and,
        "comparison": _comparison,
        "in": _in,
        "not_in": _not_in,
        "add": _arithmetic(ArithmeticOperator.ADD),
        "subtract": _arithmetic(ArithmeticOperator.SUBTRACT),
        "multiply": _arithmetic(ArithmeticOperator.MULTIPLY),
        "divide": _arithmetic(ArithmeticOperator.DIVIDE),
        "add_signed": _add_signed,
        "not": _not,
        "plus": _plus,
        "negate": _negate,
        "builtin_call": _builtin_call,
        "function_call": _function_call,
        "aggregate": _aggregate,
        "exists": _exists,
        "not_exists": _not_exists,
        "tagged_literal": translate_literal,
        "typed_literal": translate_literal,
    }
)
