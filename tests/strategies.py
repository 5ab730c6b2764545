"""Hypothesis strategies for SPARQL: small data and queries that meet in it.

Every text of `queries()` is valid SPARQL 1.1, and its answer is the same in every right
engine: LIMIT comes with a total order, SAMPLE reads a key, MIN, MAX and GROUP_CONCAT
are asked for what does not depend on the order of solutions. Numbers may differ in
their lexical form and decimals in their last digits: compare them by value.

A new operator of the algebra joins here.
"""

from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

BASE: Final = "http://example.org/"
PROLOGUE: Final = f"PREFIX : <{BASE}>\n"

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_VARIABLES: Final = ("?x", "?y", "?z")
_SUBJECTS: Final = (":a", ":b", ":c")
_PREDICATES: Final = (":p", ":q", ":r")
_LITERALS: Final = ("1", "2", "2.5", "true", '"x"', '"xy"', '"x"@en')
_TESTS: Final = (
    "bound({0})",
    "!bound({0})",
    "!bound({0}) || !isIRI({0})",
    "isIRI({0}) && bound({1})",
    "isLiteral({0}) || {1} != :a",
    "{0} != :b",
    "{0} > 1",
    "{0} != {1}",
    "sameTerm({0}, {1})",
    "str({0}) <= str({1})",
)
"""Conditions that some solutions of `datasets()` meet and some do not; at the top of a
filter an error counts as false, so that comparisons need no guard."""
_GRAPHS: Final = (":g", ":h")
_MAX_DEPTH: Final = 2

variables = st.sampled_from(_VARIABLES)
constants = st.sampled_from((*_SUBJECTS, *_LITERALS))


def _expand(term: str) -> str:
    """A term of the vocabulary as N-Triples."""
    if term.startswith(":"):
        return f"<{BASE}{term[1:]}>"
    if term.startswith('"'):
        return term
    kind = {"true": "boolean", "2.5": "decimal"}.get(term, "integer")
    return f'"{term}"^^<{_XSD}{kind}>'


@st.composite
def _quads(draw: st.DrawFn) -> str:
    graph = draw(st.sampled_from(("", "", "", *_GRAPHS)))
    terms = [
        draw(st.sampled_from(_SUBJECTS)),
        draw(st.sampled_from(_PREDICATES)),
        draw(st.sampled_from((*_SUBJECTS * 2, *_LITERALS))),
    ]
    return " ".join([*map(_expand, terms), _expand(graph) if graph else "", "."])


def datasets() -> st.SearchStrategy[str]:
    """N-Quads text of up to sixty quads in the default graph and two named ones.

    Mostly many: conditions and joins leave few solutions, and no solutions tell little.
    """
    few = st.lists(_quads(), max_size=6, unique=True)
    many = st.lists(_quads(), min_size=30, max_size=60, unique=True)
    return st.integers(0, 5).flatmap(lambda n: many if n else few).map("\n".join)


def queries() -> st.SearchStrategy[str]:
    """SELECT and ASK queries over the vocabulary of `datasets()`."""
    return st.one_of(_selects(), _selects(), _selects(), _asks())


class _Names:
    """Fresh variables: what AS names must be new to its scope (19.8 note 13)."""

    def __init__(self) -> None:
        self._count = 0

    def fresh(self) -> str:
        self._count += 1
        return f"?n{self._count}"


# Expressions


def _atoms() -> st.SearchStrategy[str]:
    return st.one_of(variables, variables, constants)


def _unary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    shapes = (
        "(! {})",
        "(- {})",
        "str({})",
        "lang({})",
        "datatype({})",
        "isIRI({})",
        "isLiteral({})",
        "isNumeric({})",
        "strlen(str({}))",
        "ucase(str({}))",
        "abs({})",
        "coalesce({}, 1)",
        'contains(str({}), "x")',
        "({} IN (:a, :c))",
        "({} NOT IN (:a, :b))",
        "(isNumeric({0}) && {0} IN (1, 2.5))",
        "({} = :a)",
        "({} != :b)",
        "({} < 2)",
        "(2.5 <= {})",
        "(isNumeric({0}) && {0} != 2)",
    )
    return st.builds(lambda shape, e: shape.format(e), st.sampled_from(shapes), inner)


def _binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Comparisons are guarded: engines read 17.4.1.7 in two ways for `1 = "x"`.

    An error or false: the two differ below `!` and in BIND. So do `:a < :a`.
    """
    shapes = (
        "({0} && {1})",
        "({0} || {1})",
        "({0} + {1})",
        "({0} - {1})",
        "({0} * {1})",
        "(isNumeric({0}) && isNumeric({1}) && {0} = {1})",
        "(isNumeric({0}) && isNumeric({1}) && {0} <= {1})",
        "(str({0}) < str({1}))",
        "(str({0}) != str({1}))",
        "(isIRI({0}) && {0} = {1})",
    )
    return st.builds(
        lambda shape, left, right: shape.format(left, right),
        st.sampled_from(shapes),
        inner,
        inner,
    )


def _conditional(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda a, b, c: f"if({a}, {b}, {c})", inner, inner, inner),
        st.builds(lambda a, b: f"coalesce({a}, {b})", inner, inner),
        st.builds(lambda a, b: f"sameTerm({a}, {b})", inner, inner),
        st.builds(lambda variable: f"bound({variable})", variables),
    )


def expressions() -> st.SearchStrategy[str]:
    """Expressions in brackets or calls, so that they may stand anywhere."""
    return st.recursive(
        _atoms(),
        lambda inner: st.one_of(_unary(inner), _binary(inner), _conditional(inner)),
        max_leaves=4,
    )


@st.composite
def _conditions(draw: st.DrawFn, *, is_outermost: bool) -> str:
    """What may follow FILTER.

    EXISTS stands in the outermost group only: in an inner one Oxigraph lets it see
    variables of the outer group, which are not in scope there.
    """
    kinds = ("plain", "test", "test", "equal", "exists")
    kind = draw(st.sampled_from(kinds if is_outermost else kinds[:-1]))
    if kind == "plain":
        return f"({draw(expressions())})"
    if kind == "test":
        test = draw(st.sampled_from(_TESTS))
        return f"({test.format(draw(variables), draw(variables))})"
    if kind == "equal":
        return f"({draw(variables)} = {draw(constants)})"
    negation = draw(st.sampled_from(("", "NOT ")))
    condition = draw(st.one_of(st.just(""), expressions().map("FILTER({})".format)))
    return f"{negation}EXISTS {{ {draw(_triples())} {condition} }}"


# Patterns


@st.composite
def _triples(draw: st.DrawFn) -> str:
    shapes = (
        "{s} {p} {o} .",
        "{s} {p} {o} .",
        "{s} {p} {o} ; {p} {o} .",
        "{s} {p} {o} , {o} .",
        "{s} {path} {o} .",
        "{s} {p} [ {p} {o} ] .",
        "{s} {variable} {o} .",
    )
    text = draw(st.sampled_from(shapes))
    predicates = st.sampled_from(_PREDICATES)
    parts: dict[str, st.SearchStrategy[str]] = {
        "{s}": _mostly(variables, st.sampled_from(_SUBJECTS)),
        "{p}": predicates,
        "{o}": _mostly(variables, constants),
        "{variable}": variables,
        "{path}": _paths(predicates),
    }
    for part, strategy in parts.items():
        while part in text:
            text = text.replace(part, draw(strategy), 1)
    return text


def _mostly(
    usual: st.SearchStrategy[str], other: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    """Seven times in eight the usual: constants everywhere leave no solutions."""
    return st.integers(0, 7).flatmap(lambda n: other if n == 7 else usual)


def _paths(predicates: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Without `|` but inside `*`, `+` and `?`: of what both sides find, Oxigraph drops
    one (18.4 keeps two), and so with the two directions of a negated set.
    """
    return st.recursive(
        predicates,
        lambda inner: st.one_of(
            st.builds(lambda path: f"^({path})", inner),
            st.builds(lambda left, right: f"({left}/{right})", inner, inner),
            st.builds(
                lambda left, right, sign: f"({left}|{right}){sign}",
                inner,
                inner,
                st.sampled_from("*+?"),
            ),
            st.builds(
                lambda path, sign: f"({path}){sign}", inner, st.sampled_from("*+?")
            ),
            st.sampled_from(("!:p", "!(:p|:q)", "!(^:p)", "(!(:p|^:q))+")),
        ),
        max_leaves=3,
    )


@st.composite
def _values(draw: st.DrawFn) -> str:
    names = draw(st.lists(variables, min_size=1, max_size=2, unique=True))
    cells = st.one_of(st.sampled_from(_SUBJECTS), constants, st.just("UNDEF"))
    row = st.lists(cells, min_size=len(names), max_size=len(names)).map(" ".join)
    rows = draw(st.lists(row.map("({})".format), max_size=5))
    return f"VALUES ({' '.join(names)}) {{ {' '.join(rows)} }}"


def _element(draw: st.DrawFn, names: _Names, depth: int) -> str:
    """One element of a group; those that hold groups only while `depth` allows."""
    flat: list[Callable[[], str]] = [
        lambda: draw(_triples()),
        lambda: draw(_triples()),
        lambda: f"FILTER {draw(_conditions(is_outermost=depth == _MAX_DEPTH))}",
        lambda: f"BIND({draw(expressions())} AS {names.fresh()})",
        lambda: draw(_values()),
    ]
    if depth == 0:
        return draw(st.sampled_from(flat))()

    def group() -> str:
        return _group(draw, names, depth - 1)

    nested: list[Callable[[], str]] = [
        lambda: f"OPTIONAL {group()}",
        lambda: f"OPTIONAL {group()}",
        lambda: f"{group()} UNION {group()}",
        lambda: f"MINUS {group()}",
        lambda: f"GRAPH {draw(st.sampled_from((*_GRAPHS, *_VARIABLES)))} {group()}",
        lambda: f"{{ {_select(draw, names, depth - 1)} }}",
        group,
    ]
    return draw(st.sampled_from(flat + nested))()


def _group(draw: st.DrawFn, names: _Names, depth: int) -> str:
    size = draw(st.integers(0, 2))
    elements = [_element(draw, names, depth) for _ in range(size)]
    group = f"{{ {draw(_triples())} {' '.join(elements)} }}"
    if draw(st.integers(0, 5)):
        return group
    return f"{{ {group} FILTER {draw(_conditions(is_outermost=False))} }}"


# Queries


def _select(draw: st.DrawFn, names: _Names, depth: int) -> str:
    build = draw(st.sampled_from((_plain_select, _plain_select, _grouped_select)))
    return build(draw, names, depth)


def _plain_select(draw: st.DrawFn, names: _Names, depth: int) -> str:
    shown = draw(st.lists(variables, min_size=1, max_size=3, unique=True))
    where = _group(draw, names, depth)
    columns = list(shown)
    if draw(st.booleans()):
        shown.append(names.fresh())
        columns.append(f"({draw(expressions())} AS {shown[-1]})")
    distinct = draw(st.sampled_from(("", "", "DISTINCT ")))
    return f"SELECT {distinct}{' '.join(columns)} WHERE {where}{_order(draw, shown)}"


def _grouped_select(draw: st.DrawFn, names: _Names, depth: int) -> str:
    keys = draw(st.lists(variables, max_size=2, unique=True))
    where = _group(draw, names, depth)
    columns = [f"({_aggregate(draw, keys)} AS {names.fresh()})" for _ in range(2)]
    having = draw(st.sampled_from(("", "", "", " HAVING(COUNT(*) > 1)")))
    group_by = f" GROUP BY {' '.join(keys)}" if keys else ""
    return f"SELECT {' '.join(keys + columns)} WHERE {where}{group_by}{having}"


def _aggregate(draw: st.DrawFn, keys: list[str]) -> str:
    shapes = [
        "COUNT(*)",
        "COUNT(DISTINCT *)",
        "COUNT({})",
        "COUNT(DISTINCT {})",
        "SUM({})",
        "AVG({})",
        "MIN(strlen(str({})))",
        "MAX(DISTINCT strlen(str({})))",
        'strlen(GROUP_CONCAT(str({}); SEPARATOR="--"))',
    ]
    shape = draw(st.sampled_from(shapes))
    if keys and draw(st.integers(0, 5)) == 0:
        return f"SAMPLE({keys[0]})"
    return shape.format(draw(variables))


def _order(draw: st.DrawFn, shown: list[str]) -> str:
    """Nothing, or a slice in an order in which only equal solutions tie."""
    if draw(st.integers(0, 3)):
        return ""
    keys = " ".join(f"str({v}) lang({v}) str(datatype({v}))" for v in shown)
    offset = draw(st.integers(0, 1))
    return f" ORDER BY {keys} LIMIT {draw(st.integers(1, 5))} OFFSET {offset}"


@st.composite
def _selects(draw: st.DrawFn) -> str:
    return PROLOGUE + _select(draw, _Names(), _MAX_DEPTH)


@st.composite
def _asks(draw: st.DrawFn) -> str:
    return f"{PROLOGUE}ASK {_group(draw, _Names(), _MAX_DEPTH)}"
