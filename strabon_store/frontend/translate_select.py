"""Grouping, projection and solution modifiers around a pattern (18.2.4 and 18.2.5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from strabon_store.algebra.expressions import And, Expression
from strabon_store.algebra.nodes import (
    UNIT,
    Distinct,
    Extend,
    Filter,
    Group,
    OrderBy,
    OrderCondition,
    Pattern,
    Project,
    Reduced,
    Slice,
)
from strabon_store.algebra.terms import Var
from strabon_store.algebra.variables import expression_variables, in_scope
from strabon_store.errors import InternalError
from strabon_store.frontend.balance import balance
from strabon_store.frontend.context import Aggregates, Context
from strabon_store.frontend.syntax import Child, Node, Token, tokens
from strabon_store.frontend.translate_expressions import translate_expression
from strabon_store.frontend.translate_patterns import (
    join,
    translate_group,
    translate_values,
)


@dataclass(frozen=True, slots=True)
class Selection:
    """The parts of a query level, as nodes of the parse tree.

    Attributes:
        clause: `select_clause`, or None in the other query forms.
        group: `group_graph_pattern`, or None where DESCRIBE has no pattern.
        modifier: `solution_modifier`.
        values: The trailing `inline_data`, or None.
    """

    clause: Node | None
    group: Node | None
    modifier: Node | None
    values: Node | None


@dataclass(frozen=True, slots=True)
class _Column:
    """One member of a SELECT clause; `expression` is None for a plain variable."""

    variable: Var
    place: Token
    expression: Expression | None


def translate_selection(selection: Selection, context: Context) -> Pattern:
    """The pattern of a query level: WHERE, then each modifier in the order of 18.2.4.

    Raises:
        QuerySyntaxError: A variable is projected that the grouping does not keep, or AS
            names a variable that already is in scope.
    """
    group = selection.group
    pattern = UNIT if group is None else translate_group(group, context)
    outer = context.aggregates
    context.aggregates = None
    pattern, keys = _group_keys(
        pattern, _part(selection.modifier, "group_clause"), context
    )
    context.aggregates = aggregates = Aggregates()
    columns = _columns(selection.clause, context)
    having = _having(selection.modifier, context)
    order = _order(selection.modifier, context)
    context.aggregates = outer

    # Groups show their keys, and nothing else of the pattern (SPARQL 1.2, 18.4).
    visible = in_scope(pattern) if keys is None else keys
    _check_new_names(columns, visible, context)
    if keys is not None or aggregates.variables:
        _check_grouping(selection, columns, keys or (), aggregates, context)
        bound = tuple((var, item) for item, var in aggregates.variables.items())
        pattern = Group(pattern, keys or (), bound)
    if having:
        pattern = Filter(balance(And, having), pattern)
    if selection.values:
        pattern = join(pattern, translate_values(selection.values, context))
    for column in columns:
        if column.expression is not None:
            pattern = Extend(pattern, column.variable, column.expression)
    if order:
        pattern = OrderBy(pattern, order)
    pattern = _project(pattern, selection.clause, columns)
    return _slice(pattern, selection.modifier)


def translate_sub_select(node: Node, context: Context) -> Pattern:
    """The pattern of a `sub_select` node; it shows what it projects alone (12)."""
    selection = Selection(
        node.find("select_clause"),
        node.find("group_graph_pattern"),
        node.find("solution_modifier"),
        node.find("inline_data"),
    )
    return translate_selection(selection, context)


def _part(modifier: Node | None, rule: str) -> Node | None:
    return None if modifier is None else modifier.find(rule)


def _group_keys(
    pattern: Pattern, clause: Node | None, context: Context
) -> tuple[Pattern, tuple[Var, ...] | None]:
    """The pattern with grouping expressions as `Extend`, and the keys if grouped."""
    if clause is None:
        return pattern, None
    keys: list[Var] = []
    for condition in clause.children:
        expression, name = _group_condition(condition)
        value = translate_expression(expression, context)
        if name is None and isinstance(value, Var):
            keys.append(value)
            continue
        key = context.fresh(".key") if name is None else Var(name.value[1:])
        if name is not None and key in in_scope(pattern):
            raise context.error(name, _in_scope_already(key))
        pattern = Extend(pattern, key, value)
        keys.append(key)
    return pattern, tuple(dict.fromkeys(keys))


def _group_condition(condition: Child) -> tuple[Child, Token | None]:
    match condition:
        case Node("group_condition", [expression]):
            return expression, None
        case Node("group_condition", [expression, name]):
            return expression, next(tokens(name))
        case expression:
            return expression, None


def _columns(clause: Node | None, context: Context) -> list[_Column]:
    """The variables and expressions of a SELECT clause; none for `*`."""
    columns = []
    for child in () if clause is None else clause.children:
        match child:
            case Node("select_expression", [expression, name]):
                place = next(tokens(name))
                value = translate_expression(expression, context)
                columns.append(_Column(Var(place.value[1:]), place, value))
            case Node():
                raise InternalError(f"a SELECT clause has no {child.rule}")
            case token if token.type == "VAR":
                columns.append(_Column(Var(token.value[1:]), token, None))
    return columns


def _having(modifier: Node | None, context: Context) -> list[Expression]:
    clause = _part(modifier, "having_clause")
    constraints = () if clause is None else clause.children
    return [translate_expression(constraint, context) for constraint in constraints]


def _order(modifier: Node | None, context: Context) -> tuple[OrderCondition, ...]:
    clause = _part(modifier, "order_clause")
    conditions = () if clause is None else clause.children
    return tuple(_order_condition(condition, context) for condition in conditions)


def _order_condition(condition: Child, context: Context) -> OrderCondition:
    match condition:
        case Node("ascending" | "descending" as direction, [expression]):
            value = translate_expression(expression, context)
            return OrderCondition(value, descending=direction == "descending")
        case expression:
            return OrderCondition(translate_expression(expression, context))


def _check_new_names(
    columns: Iterable[_Column], visible: tuple[Var, ...], context: Context
) -> None:
    """The name after AS is new to the pattern and to the clause (19.8 note 13)."""
    taken = set(visible)
    for column in columns:
        if column.expression is not None:
            if column.variable in taken:
                raise context.error(column.place, _in_scope_already(column.variable))
            taken.add(column.variable)


def _in_scope_already(variable: Var) -> str:
    return f"?{variable.name} already has a meaning here; choose another name after AS"


def _check_grouping(
    selection: Selection,
    columns: Iterable[_Column],
    keys: tuple[Var, ...],
    aggregates: Aggregates,
    context: Context,
) -> None:
    """A grouped SELECT shows keys and aggregates only (11.4, 18.2.4.1)."""
    if selection.clause and selection.clause.has("STAR"):
        star = next(t for t in tokens(selection.clause) if t.type == "STAR")
        raise context.error(star, "SELECT * cannot show groups; name the variables")
    known = {*keys, *aggregates.variables.values()}
    for column in columns:
        read = (
            {column.variable}
            if column.expression is None
            else expression_variables(column.expression)
        )
        if loose := sorted(variable.name for variable in read - known):
            raise context.error(
                column.place,
                f"?{loose[0]} is neither in GROUP BY nor inside an aggregate; "
                f"add it to GROUP BY, or write (SAMPLE(?{loose[0]}) AS ?...)",
            )
        known.add(column.variable)


def _project(pattern: Pattern, clause: Node | None, columns: list[_Column]) -> Pattern:
    if clause is None:
        return pattern
    variables = (column.variable for column in columns)
    if clause.has("STAR"):
        variables = (v for v in in_scope(pattern) if not v.is_blank)
    pattern = Project(pattern, tuple(dict.fromkeys(variables)))
    if clause.has("DISTINCT"):
        return Distinct(pattern)
    return Reduced(pattern) if clause.has("REDUCED") else pattern


def _slice(pattern: Pattern, modifier: Node | None) -> Pattern:
    limit, offset = _number(modifier, "limit"), _number(modifier, "offset")
    if limit is None and offset is None:
        return pattern
    return Slice(pattern, offset or 0, limit)


def _number(modifier: Node | None, rule: str) -> int | None:
    node = _part(modifier, rule)
    return None if node is None else int(next(tokens(node)).value)
