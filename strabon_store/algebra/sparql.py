"""Algebra to SPARQL text, for endpoints that are sent a part of a query.

`parse(to_sparql(pattern))` means what the pattern means. Variables that no text can
name, those of blank nodes and of aggregates, become ordinary ones.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, assert_never

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
    OrderCondition,
    Path,
    Pattern,
    Project,
    Reduced,
    Service,
    Slice,
    Union,
    Values,
)
from strabon_store.algebra.paths import (
    Alternative,
    Inverse,
    Link,
    NegatedPropertySet,
    OneOrMore,
    PathExpression,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
)
from strabon_store.algebra.terms import (
    IRI,
    XSD_STRING,
    BlankNode,
    Literal,
    Term,
    TermOrVar,
    Var,
)
from strabon_store.algebra.variables import in_scope
from strabon_store.errors import InternalError

_Subquery: TypeAlias = Group | OrderBy | Project | Distinct | Reduced | Slice

_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)
_HIDDEN: Final = re.compile(r"[.:]+")
_MARK: Final = "\ud800"
"""Begins a hidden name until the text is there; no query holds a surrogate."""

_CALLS: Final[Mapping[str, str]] = MappingProxyType(
    {"ISIRI": "isIRI", "ISBLANK": "isBlank", "ISLITERAL": "isLiteral"}
)


def to_sparql(pattern: Pattern, bindings: Iterable[Values] = ()) -> str:
    """A SELECT query for the solutions of the pattern.

    Args:
        pattern: The pattern.
        bindings: Tables that its solutions are joined with.

    Examples:
        >>> to_sparql(BGP(()))
        'SELECT * WHERE { }'
    """
    shown = " ".join(_var(v) for v in in_scope(pattern) if not v.is_blank)
    tables = " ".join(_values(each) for each in bindings)
    body = _elements(pattern) if not tables else f"{tables} {_group(pattern)}"
    text = f"SELECT {shown or '*'} WHERE {{ {body} }}".replace("{  }", "{ }")
    return _named(text)


def _named(text: str) -> str:
    """The text, its hidden variables with names that no other variable begins with."""
    prefix = "hidden_"
    while f"?{prefix}" in text:
        prefix += "_"
    return text.replace(_MARK, prefix)


def _group(pattern: Pattern) -> str:
    return f"{{ {_elements(pattern)} }}"


def _before(pattern: Pattern) -> str:
    """The elements that stand before another one in the same group."""
    # A filter would apply to what comes after it as well, and a subquery stands alone.
    is_apart = isinstance(pattern, Filter | _Subquery)
    return _group(pattern) if is_apart else _elements(pattern)


def _elements(pattern: Pattern) -> str:  # noqa: C901 - an arm per node
    match pattern:
        case BGP(patterns):
            triples = ((t.subject, t.predicate, t.object) for t in patterns)
            return " ".join(f"{' '.join(map(_term, triple))} ." for triple in triples)
        case Path(subject, path, target):
            return f"{_term(subject)} {_path(path)} {_term(target)} ."
        case Join(left, right):
            return f"{_before(left)} {_group(right)}"
        case LeftJoin(left, right, condition):
            test = "" if condition is None else f" FILTER {_show(condition)}"
            return f"{_before(left)} OPTIONAL {{ {_before(right)}{test} }}"
        case Minus(left, right):
            return f"{_before(left)} MINUS {_group(right)}"
        case Union(left, right):
            return f"{_group(left)} UNION {_group(right)}"
        case Filter(condition, source):
            return f"{_before(source)} FILTER {_show(condition)}"
        case Extend(source, variable, expression):
            value = f"BIND ({_show(expression)} AS {_var(variable)})"
            return f"{_before(source)} {value}"
        case Graph(name, source):
            return f"GRAPH {_term(name)} {_group(source)}"
        case Service(name, source, silent):
            keyword = "SERVICE SILENT" if silent else "SERVICE"
            return f"{keyword} {_term(name)} {_group(source)}"
        case Values():
            return _values(pattern)
        case _:
            return _subquery(pattern)


def _subquery(pattern: _Subquery) -> str:
    """One level of a query: the solution modifiers, and what they are applied to."""
    limits, keyword, order = "", "", ""
    node: Pattern = pattern
    if isinstance(node, Slice):
        limit = "" if node.limit is None else f" LIMIT {node.limit}"
        limits, node = f"{limit} OFFSET {node.offset}", node.source
    if isinstance(node, Distinct | Reduced):
        keyword, node = f"{type(node).__name__.upper()} ", node.source
    columns = " ".join(map(_var, in_scope(node))) or "*"
    if isinstance(node, Project):
        columns, node = " ".join(map(_var, node.variables)) or columns, node.source
    if isinstance(node, OrderBy):
        keys = " ".join(map(_order, node.conditions))
        order, node = f" ORDER BY {keys}", node.source
    groups = ""
    if isinstance(node, Group) and not order and not keyword:
        # What reads aggregates is above, in a query of its own.
        found = (f"({_aggregate(a)} AS {_var(v)})" for v, a in node.aggregates)
        columns = " ".join((*map(_var, node.keys), *found)) or "*"
        groups = "".join(f" {_var(key)}" for key in node.keys)
        groups = f" GROUP BY{groups}" if groups else ""
        node = node.source
    return f"SELECT {keyword}{columns} WHERE {_group(node)}{groups}{order}{limits}"


def _order(condition: OrderCondition) -> str:
    direction = "DESC" if condition.descending else "ASC"
    return f"{direction}({_show(condition.expression)})"


def _aggregate(aggregate: Aggregate) -> str:
    distinct = "DISTINCT " if aggregate.distinct else ""
    argument = "*" if aggregate.argument is None else _show(aggregate.argument)
    separator = ""
    if aggregate.name == "GROUP_CONCAT":
        separator = f"; SEPARATOR={_quote(aggregate.separator)}"
    name = aggregate.name if aggregate.iri is None else _term(aggregate.iri)
    return f"{name}({distinct}{argument}{separator})"


def _values(values: Values) -> str:
    names = " ".join(map(_var, values.variables))
    rows = " ".join(f"({' '.join(map(_cell, row))})" for row in values.rows)
    return f"VALUES ({names}) {{ {rows} }}"


def _cell(term: Term | None) -> str:
    return "UNDEF" if term is None else _term(term)


def _path(path: PathExpression) -> str:
    match path:
        case Link(iri):
            return _term(iri)
        case Inverse(inner):
            return f"^({_path(inner)})"
        case Sequence(steps):
            return f"({'/'.join(map(_path, steps))})"
        case Alternative(branches):
            return f"({'|'.join(map(_path, branches))})"
        case ZeroOrMore(inner):
            return f"({_path(inner)})*"
        case OneOrMore(inner):
            return f"({_path(inner)})+"
        case ZeroOrOne(inner):
            return f"({_path(inner)})?"
        case NegatedPropertySet(forward, inverse):
            members = [_term(iri) for iri in forward or ()]
            members += [f"^{_term(iri)}" for iri in inverse or ()]
            return f"!({'|'.join(members)})"
        case _:
            assert_never(path)


def _show(expression: Expression) -> str:  # noqa: C901, PLR0912 - an arm per node
    """The expression in brackets, or as a call."""
    match expression:
        case Var():
            return f"({_var(expression)})"
        case IRI() | Literal():
            return f"({_term(expression)})"
        case And(left, right):
            return f"({_show(left)} && {_show(right)})"
        case Or(left, right):
            return f"({_show(left)} || {_show(right)})"
        case Not(inner):
            return f"(! {_show(inner)})"
        case Negate(inner):
            return f"(- {_show(inner)})"
        case Comparison(operator, left, right) | Arithmetic(operator, left, right):
            return f"({_show(left)} {operator} {_show(right)})"
        case In(needle, haystack):
            return f"({_show(needle)} IN ({_listed(haystack)}))"
        case Bound(variable):
            return f"(BOUND({_var(variable)}))"
        case If(condition, then, otherwise):
            return f"(IF({_listed((condition, then, otherwise))}))"
        case Coalesce(arguments):
            return f"(COALESCE({_listed(arguments)}))"
        case Exists(pattern):
            return f"(EXISTS {_group(pattern)})"
        case BuiltIn(name, arguments):
            return f"({_CALLS.get(name, name)}({_listed(arguments)}))"
        case FunctionCall(function, arguments):
            return f"({_term(function)}({_listed(arguments)}))"
        case _:
            assert_never(expression)


def _listed(expressions: Iterable[Expression]) -> str:
    return ", ".join(map(_show, expressions))


def _var(variable: Var) -> str:
    # No name of a text has a dot or a colon in it.
    return f"?{_HIDDEN.sub(_MARK, variable.name)}"


def _term(term: TermOrVar) -> str:
    match term:
        case Var():
            return _var(term)
        case IRI(value):
            return f"<{value}>"
        case Literal(lexical, _, str(language)):
            return f"{_quote(lexical)}@{language}"
        case Literal(lexical, datatype) if datatype == XSD_STRING:
            return _quote(lexical)
        case Literal(lexical, datatype):
            return f"{_quote(lexical)}^^<{datatype}>"
        case BlankNode():
            raise InternalError("a blank node of the data has no text in a query")
        case _:
            assert_never(term)


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
