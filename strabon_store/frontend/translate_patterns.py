"""Group graph patterns to patterns, after section 18.2.2, step by step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from strabon_store.algebra.expressions import And, Expression
from strabon_store.algebra.nodes import (
    UNIT,
    Extend,
    Filter,
    Graph,
    Join,
    LeftJoin,
    Minus,
    Pattern,
    Service,
    Union,
    Values,
)
from strabon_store.algebra.terms import IRI, Term, Var
from strabon_store.algebra.variables import in_scope
from strabon_store.errors import InternalError
from strabon_store.frontend.balance import balance
from strabon_store.frontend.context import Context
from strabon_store.frontend.syntax import Child, Node, tokens
from strabon_store.frontend.translate_expressions import translate_expression
from strabon_store.frontend.translate_terms import translate_term
from strabon_store.frontend.translate_triples import TriplesBlock


@dataclass(frozen=True, slots=True)
class _Group:
    """A group before its filters are applied: OPTIONAL needs the two apart."""

    pattern: Pattern
    filters: tuple[Expression, ...]

    @property
    def condition(self) -> Expression | None:
        """The conjunction of the filters, or None where there are none."""
        return balance(And, self.filters) if self.filters else None


def translate_group(node: Node, context: Context) -> Pattern:
    """The pattern of a `group_graph_pattern` node (18.2.2.6).

    Filters apply to the whole group, wherever they stand in it.
    """
    group = _translate_group(node, context)
    if group.condition is None:
        return group.pattern
    return Filter(group.condition, group.pattern)


def translate_values(node: Node, context: Context) -> Values:
    """The table of an `inline_data` node (10.2)."""
    (block,) = node.children
    match block:
        case Node("one_variable", [variable, *values]):
            rows = [[value] for value in values]
            variables: list[Child] = [variable]
        case Node("many_variables", [Node() as header, *lines]):
            variables = header.children
            rows = [line.children for line in lines if isinstance(line, Node)]
            _check_arity(block, len(variables), context)
        case other:
            raise InternalError(f"no inline data: {other}")
    names = [Var(next(tokens(variable)).value[1:]) for variable in variables]
    if len(set(names)) < len(names):
        raise context.error(block, "VALUES names a variable twice")
    return Values(
        tuple(names),
        tuple(tuple(_data_value(value, context) for value in row) for row in rows),
    )


def join(left: Pattern, right: Pattern) -> Pattern:
    """`Join(left, right)` without the unit pattern (the simplification of 18.2.2.8)."""
    if left == UNIT:
        return right
    return left if right == UNIT else Join(left, right)


def _translate_group(node: Node, context: Context) -> _Group:
    match node.children:
        case [Node("sub_select") as select]:
            return _Group(context.translate_select(select, context), ())
        case elements:
            return _translate_elements(elements, context)


def _translate_elements(elements: list[Child], context: Context) -> _Group:
    context.begin_bgp()
    pattern: Pattern = UNIT
    filters: list[Expression] = []
    block = TriplesBlock(context)
    for element in elements:
        if not isinstance(element, Node):
            raise InternalError(f"a group has no element {element}")
        if element.rule == "triples_same_subject":
            block.add(element)
        elif element.rule == "filter":
            filters.append(_filter(element, context))
        else:
            pattern = join(pattern, block.pattern())
            context.begin_bgp()
            pattern = _ELEMENTS[element.rule](pattern, element, context)
            context.begin_bgp()
            block = TriplesBlock(context)
    return _Group(join(pattern, block.pattern()), tuple(filters))


def _filter(node: Node, context: Context) -> Expression:
    (constraint,) = node.children
    return translate_expression(constraint, context)


def _optional(left: Pattern, node: Node, context: Context) -> Pattern:
    """The filters of the optional group see both sides: they are the join's condition.

    Only those of the group itself: in `OPTIONAL { { P FILTER(c) } }` the filter belongs
    to the inner group and sees P alone (18.2.2.6 works before simplification).
    """
    group = _translate_group(_inner_group(node), context)
    return LeftJoin(left, group.pattern, group.condition)


def _minus(left: Pattern, node: Node, context: Context) -> Pattern:
    return Minus(left, translate_group(_inner_group(node), context))


def _bind(left: Pattern, node: Node, context: Context) -> Pattern:
    expression, name = node.children
    variable = Var(next(tokens(name)).value[1:])
    if variable in in_scope(left):
        raise context.error(
            name,
            f"?{variable.name} is used before this BIND in the same group; "
            "choose another name",
        )
    return Extend(left, variable, translate_expression(expression, context))


def _union(left: Pattern, node: Node, context: Context) -> Pattern:
    branches = [
        translate_group(child, context)
        for child in node.children
        if isinstance(child, Node)
    ]
    return join(left, balance(Union, branches))


def _nested_group(left: Pattern, node: Node, context: Context) -> Pattern:
    return join(left, translate_group(node, context))


def _graph(left: Pattern, node: Node, context: Context) -> Pattern:
    name = translate_term(node.children[0], context)
    if not isinstance(name, IRI | Var):
        raise InternalError(f"the grammar let {name} name a graph")
    was_in_graph, context.is_in_graph = context.is_in_graph, True
    inner = translate_group(_inner_group(node), context)
    context.is_in_graph = was_in_graph
    return join(left, Graph(name, inner))


def _service(left: Pattern, node: Node, context: Context) -> Pattern:
    _, *silent, endpoint, _ = node.children
    name = translate_term(endpoint, context)
    if not isinstance(name, IRI | Var):
        raise InternalError(f"the grammar let {name} name a service")
    source = translate_group(_inner_group(node), context)
    return join(left, Service(name, source, silent=bool(silent)))


def _inline_data(left: Pattern, node: Node, context: Context) -> Pattern:
    return join(left, translate_values(node, context))


def _inner_group(node: Node) -> Node:
    group = node.find("group_graph_pattern")
    if group is None:
        raise InternalError(f"{node.rule} without a group")
    return group


def _check_arity(block: Node, width: int, context: Context) -> None:
    for row in block.children[1:]:
        if isinstance(row, Node) and len(row.children) != width:
            place = row if row.children else block
            raise context.error(
                place,
                f"{len(row.children)} values for {width} variables; write UNDEF where "
                "there is no value",
            )


def _data_value(child: Child, context: Context) -> Term | None:
    if not isinstance(child, Node) and child.type == "UNDEF":
        return None
    term = translate_term(child, context)
    if isinstance(term, Var):
        raise InternalError(f"the grammar let the variable {term.name} into VALUES")
    return term


_Element = Callable[[Pattern, Node, Context], Pattern]

_ELEMENTS: Final[Mapping[str, _Element]] = MappingProxyType(
    {
        "optional": _optional,
        "minus": _minus,
        "bind": _bind,
        "union": _union,
        "group_graph_pattern": _nested_group,
        "graph": _graph,
        "service": _service,
        "inline_data": _inline_data,
    }
)
