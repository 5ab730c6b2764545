"""Algebra to SSE text, the notation of Apache Jena, for people, tests and `explain`.

The same algebra gives the same text. IRIs are shortened by the prefixes of
`ontologies.namespaces`; the text is for reading, not for parsing.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, assert_never

from ontologies.namespaces import XSD, compact
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
    TriplePattern,
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
    inner_paths,
)
from strabon_store.algebra.queries import (
    AskQuery,
    ConstructQuery,
    Dataset,
    DescribeQuery,
    Query,
    SelectQuery,
)
from strabon_store.algebra.terms import (
    IRI,
    XSD_STRING,
    BlankNode,
    Literal,
    TermOrVar,
    Var,
)
from strabon_store.algebra.traverse import operands, sources

_BARE: Final = {XSD.term(name) for name in ("integer", "decimal", "double", "boolean")}
_Operation: TypeAlias = (
    And
    | Or
    | Not
    | Comparison
    | In
    | Arithmetic
    | Negate
    | If
    | Coalesce
    | BuiltIn
    | FunctionCall
)
_SYMBOLS: Final[Mapping[type[_Operation], str]] = MappingProxyType(
    {
        And: "&&",
        Or: "||",
        Not: "!",
        Negate: "-",
        In: "in",
        If: "if",
        Coalesce: "coalesce",
    }
)
_PATHS: Final[Mapping[type[PathExpression], str]] = MappingProxyType(
    {
        Inverse: "reverse",
        Sequence: "seq",
        Alternative: "alt",
        ZeroOrMore: "path*",
        OneOrMore: "path+",
        ZeroOrOne: "path?",
        NegatedPropertySet: "notoneof",
    }
)
_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)


def render_query(query: Query) -> str:
    """The query as SSE; a SELECT over the store's own dataset is its pattern alone.

    Examples:
        >>> print(render_query(AskQuery(BGP(()))))
        (ask
          (bgp))
    """
    text = render(query.pattern)
    match query:
        case SelectQuery():
            pass
        case AskQuery():
            text = nest("ask", text)
        case ConstructQuery(template):
            triples = " ".join(_triple(triple) for triple in template)
            text = nest(f"construct ({triples})", text)
        case DescribeQuery(resources):
            text = nest(f"describe {_list(map(render_term, resources))}", text)
        case _:
            assert_never(query)
    return text if query.dataset == Dataset() else render_dataset(query.dataset, text)


def render_dataset(dataset: Dataset, text: str) -> str:
    """The text of a pattern, within the dataset that it asks."""
    graphs = [f"(default {compact(graph.value)})" for graph in dataset.default]
    graphs += [f"(named {compact(graph.value)})" for graph in dataset.named]
    return nest(f"dataset {_list(graphs)}", text)


def render(pattern: Pattern) -> str:
    """The pattern as SSE, a node per line, two spaces per level.

    Examples:
        >>> x = Var("x")
        >>> print(render(Filter(Bound(x), BGP((TriplePattern(x, IRI("p:p"), x),)))))
        (filter (bound ?x)
          (bgp
            (triple ?x <p:p> ?x)))
    """
    below = [render(source) for source in sources(pattern)]
    if isinstance(pattern, BGP):
        below = [_triple(triple) for triple in pattern.patterns]
    if isinstance(pattern, Service):
        below = [render(pattern.source)]
    return nest(_head(pattern), *below)


def nest(head: str, *below: str) -> str:
    """A node and what is below it, two spaces further in."""
    lines = "".join(f"\n{block}" for block in below).replace("\n", "\n  ")
    return f"({head}{lines})"


def _head(pattern: Pattern) -> str:  # noqa: C901, PLR0912 - an arm per node
    match pattern:
        case BGP() | Join() | Union() | Minus() | Distinct() | Reduced():
            return type(pattern).__name__.lower()
        case Path(subject, path, target):
            ends = render_term(subject), render_term(target)
            return f"path {ends[0]} {render_path(path)} {ends[1]}"
        case LeftJoin(_, _, condition):
            return "leftjoin" if condition is None else f"leftjoin {_show(condition)}"
        case Filter(condition, _):
            return f"filter {_show(condition)}"
        case Extend(_, variable, expression):
            return f"extend (({render_term(variable)} {_show(expression)}))"
        case Graph(name, _):
            return f"graph {render_term(name)}"
        case Service(name, _, silent):
            return f"service {'silent ' if silent else ''}{render_term(name)}"
        case Values():
            return _values(pattern)
        case Group(_, keys, aggregates):
            bound = (f"({render_term(v)} {_aggregate(a)})" for v, a in aggregates)
            return f"group {_list(map(render_term, keys))} {_list(bound)}"
        case OrderBy(_, conditions):
            return f"order {_list(map(_order_condition, conditions))}"
        case Project(_, variables):
            return f"project {_list(map(render_term, variables))}"
        case Slice(_, offset, limit):
            return f"slice {offset} {'_' if limit is None else limit}"
        case _:
            assert_never(pattern)


def render_path(path: PathExpression) -> str:
    """The path as SSE.

    Examples:
        >>> render_path(
        ...     ZeroOrMore(Sequence((Link(IRI("a:p")), Inverse(Link(IRI("a:q"))))))
        ... )
        '(path* (seq <a:p> (reverse <a:q>)))'
    """
    if isinstance(path, Link):
        return compact(path.iri.value)
    below = list(map(render_path, inner_paths(path)))
    if isinstance(path, NegatedPropertySet):
        below = [compact(iri.value) for iri in path.forward or ()]
        below += [f"(rev {compact(iri.value)})" for iri in path.inverse or ()]
    return _list((_PATHS[type(path)], *below))


def _values(values: Values) -> str:
    rows = (
        _list(("row", *(f"({render_term(v)} {render_term(t)})" for v, t in bound if t)))
        # Not strict: `validate` shows broken tables, too.
        for bound in (zip(values.variables, row, strict=False) for row in values.rows)
    )
    return " ".join(
        ("table", _list(("vars", *map(render_term, values.variables))), *rows)
    )


def _order_condition(condition: OrderCondition) -> str:
    text = _show(condition.expression)
    return f"(desc {text})" if condition.descending else text


def _aggregate(aggregate: Aggregate) -> str:
    iri = aggregate.iri
    parts = [aggregate.name.lower() if iri is None else _show(iri)]
    if aggregate.distinct:
        parts.append("distinct")
    if aggregate.name == "GROUP_CONCAT":
        parts.append(f"(separator {_quote(aggregate.separator)})")
    if aggregate.argument is not None:
        parts.append(_show(aggregate.argument))
    return _list(parts)


def render_expression(expression: Expression) -> str:
    """The expression as SSE in one line, operators as the grammar spells them.

    Examples:
        >>> render_expression(Not(In(Var("x"), (Literal("a"), Var("y")))))
        '(! (in ?x "a" ?y))'
    """
    return _show(expression)


def _show(expression: Expression) -> str:
    match expression:
        case IRI() | Literal() | Var():
            return render_term(expression)
        case Bound(variable):
            return f"(bound {render_term(variable)})"
        case Exists(pattern):
            # Newlines inside literals are escaped: these separate nodes.
            lines = (line.strip() for line in render(pattern).split("\n"))
            return f"(exists {' '.join(lines)})"
        case _:
            return _list((_operator(expression), *map(_show, operands(expression))))


def _operator(expression: _Operation) -> str:
    match expression:
        case Comparison(operator) | Arithmetic(operator):
            return operator.value
        case BuiltIn(name):
            return name.lower()
        case FunctionCall(function):
            return compact(function.value)
        case And() | Or() | Not() | Negate() | In() | If() | Coalesce():
            return _SYMBOLS[type(expression)]
        case _:
            assert_never(expression)


def render_term(term: TermOrVar) -> str:
    """A term or variable; numbers and booleans bare, as a query would have them.

    Examples:
        >>> render_term(Literal("1", "http://www.w3.org/2001/XMLSchema#integer"))
        '1'
        >>> render_term(Literal("is", language="da"))
        '"is"@da'
    """
    match term:
        case Var(name):
            return f"?{name}"
        case IRI(value):
            return compact(value)
        case BlankNode(label):
            return f"_:{label}"
        case Literal(lexical, _, str(language)):
            return f"{_quote(lexical)}@{language}"
        case Literal(lexical, datatype) if datatype == XSD_STRING:
            return _quote(lexical)
        case Literal(lexical, datatype) if datatype in _BARE and lexical:
            return lexical
        case Literal(lexical, datatype):
            return f"{_quote(lexical)}^^{compact(datatype)}"


def _triple(triple: TriplePattern) -> str:
    terms = (triple.subject, triple.predicate, triple.object)
    return _list(("triple", *map(render_term, terms)))


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _list(parts: Iterable[str]) -> str:
    return f"({' '.join(parts)})"
