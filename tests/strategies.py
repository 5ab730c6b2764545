"""Hypothesis strategies for SPARQL: small data and queries that meet in it.

Every text of `queries()` is valid SPARQL 1.1, and its answer is the same in every right
engine: LIMIT comes with a total order, SAMPLE reads a key, MIN, MAX and GROUP_CONCAT
are asked for what does not depend on the order of solutions. Numbers may differ in
their lexical form and decimals in their last digits: compare them by value.

What queries are made of is a `Language`: `CORE` is small enough for an evaluator that
follows the standard by the letter, `tests/strategies_wide.py` has most of SPARQL 1.1.
A new operator of the algebra joins here.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

BASE: Final = "http://example.org/"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
PROLOGUE: Final = f"PREFIX : <{BASE}>\nPREFIX xsd: <{XSD}>\n"
VARIABLES: Final = ("?x", "?y", "?z")
GRAPHS: Final = (":g", ":h")

_PREFIXED: Final = re.compile(r"(^|\^\^)(xsd)?:(\w+)$")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MAX_DEPTH: Final = 2

variables = st.sampled_from(VARIABLES)


@dataclass(frozen=True, slots=True)
class Language:
    """What data and queries are made of, as SPARQL writes it after `PROLOGUE`.

    Attributes:
        nodes: Subjects of the data, and most of its objects.
        predicates: Their predicates.
        literals: The other objects.
        tests: Conditions over two variables that some solutions meet and some do not;
            at the top of a filter an error counts as false, so they need no guard.
        expressions: Expressions in brackets or calls, so that they may stand anywhere.
        conditions: Those of them that may follow FILTER.
        paths: Property paths.
        aggregates: Over an expression.
        orders: Conditions under which the order of the values of a variable is total.
        has_inner_exists: Whether EXISTS stands in other places than a top filter.
    """

    nodes: tuple[str, ...]
    predicates: tuple[str, ...]
    literals: tuple[str, ...]
    tests: tuple[str, ...]
    expressions: st.SearchStrategy[str]
    conditions: st.SearchStrategy[str]
    paths: st.SearchStrategy[str]
    aggregates: tuple[str, ...]
    orders: tuple[str, ...]
    has_inner_exists: bool = False

    @property
    def constants(self) -> tuple[str, ...]:
        """Terms that a query may name: a blank node there is a variable."""
        return (*(n for n in self.nodes if not n.startswith("_:")), *self.literals)


def expand(term: str) -> str:
    """A term of a language as N-Triples writes it."""
    if _NUMBER.fullmatch(term) or term in {"true", "false"}:
        kind = "decimal" if "." in term else "integer"
        return f'"{term}"^^<{XSD}{"boolean" if term[0] in "tf" else kind}>'
    return _PREFIXED.sub(
        lambda found: f"{found[1]}<{XSD if found[2] else BASE}{found[3]}>", term
    )


@st.composite
def _quads(draw: st.DrawFn, language: Language) -> str:
    graph = draw(st.sampled_from(("", "", "", *GRAPHS)))
    nodes, literals = (
        st.sampled_from(language.nodes),
        st.sampled_from(language.literals),
    )
    terms = [
        draw(st.sampled_from(language.nodes)),
        draw(st.sampled_from(language.predicates)),
        draw(st.one_of(nodes, nodes, literals)),
    ]
    return " ".join([*map(expand, terms), expand(graph) if graph else "", "."])


# Expressions and paths of `CORE`


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
    return fill(shapes, inner)


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
    return fill(shapes, inner, inner)


def _conditional(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        fill(("if({0}, {1}, {2})",), inner, inner, inner),
        fill(("coalesce({0}, {1})", "sameTerm({0}, {1})"), inner, inner),
        fill(("bound({0})",), variables),
    )


def fill(
    shapes: tuple[str, ...], *parts: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    """One of the shapes with `{0}`, `{1}` ... taken from the parts."""
    return st.builds(
        lambda shape, *texts: shape.format(*texts), st.sampled_from(shapes), *parts
    )


def _paths() -> st.SearchStrategy[str]:
    """Without `|` and negated sets but inside `*`, `+` and `?`: of what two sides, or
    two predicates, find, Oxigraph drops one (18.4 keeps two). A literal at the end of a
    path of no length has no beginning there; by 18.4 it has itself.
    """
    closures = tuple(
        f"({inner}){sign}" for inner in ("{0}", "{0}|{1}") for sign in "*+?"
    )
    return st.recursive(
        st.sampled_from((":p", ":q", ":r")),
        lambda inner: st.one_of(
            fill(("^({0})", "({0}/{1})", *closures), inner, inner),
            st.sampled_from(("(!:p)+", "(!(:p|:q))?", "(!(^:p))*", "(!(:p|^:q))+")),
        ),
        max_leaves=3,
    )


_CORE_NODES: Final = (":a", ":b", ":c")
_CORE_LITERALS: Final = ("1", "2", "2.5", "true", '"x"', '"xy"')

_CORE_EXPRESSIONS: Final = st.recursive(
    st.one_of(variables, variables, st.sampled_from((*_CORE_NODES, *_CORE_LITERALS))),
    lambda inner: st.one_of(_unary(inner), _binary(inner), _conditional(inner)),
    max_leaves=4,
)

CORE: Final = Language(
    nodes=_CORE_NODES,
    predicates=(":p", ":q", ":r"),
    literals=_CORE_LITERALS,
    tests=(
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
    ),
    expressions=_CORE_EXPRESSIONS,
    conditions=_CORE_EXPRESSIONS,
    paths=_paths(),
    aggregates=(
        "COUNT(*)",
        "COUNT(DISTINCT *)",
        "COUNT({0})",
        "COUNT(DISTINCT {0})",
        "SUM({0})",
        "AVG({0})",
        "MIN(strlen(str({0})))",
        "MAX(DISTINCT strlen(str({0})))",
        'strlen(GROUP_CONCAT(str({0}); SEPARATOR="--"))',
    ),
    orders=("isIRI({0})", "isNumeric({0})"),
)


def datasets(language: Language = CORE) -> st.SearchStrategy[str]:
    """N-Quads text of up to sixty quads in the default graph and two named ones.

    Mostly many: conditions and joins leave few solutions, and no solutions tell little.
    """
    quads = _quads(language)
    few = st.lists(quads, max_size=6, unique=True)
    many = st.lists(quads, min_size=30, max_size=60, unique=True)
    return st.integers(0, 5).flatmap(lambda n: many if n else few).map("\n".join)


@st.composite
def queries(draw: st.DrawFn, language: Language = CORE) -> str:
    """SELECT and ASK queries over the vocabulary of `datasets()`."""
    writer = _Writer(draw, language)
    if draw(st.integers(0, 3)):
        return PROLOGUE + writer.select(_MAX_DEPTH)
    return f"{PROLOGUE}ASK {writer.group(_MAX_DEPTH)}"


@st.composite
def ordered_queries(draw: st.DrawFn, language: Language = CORE) -> str:
    """SELECT queries of which the order of the values of `?x` is determined."""
    writer = _Writer(draw, language)
    condition = draw(st.sampled_from(language.orders)).format("?x")
    direction = draw(st.sampled_from(("ASC", "DESC")))
    shown = draw(st.sampled_from(("?x", "?x ?y", "DISTINCT ?x", "(?x AS ?n) ?x")))
    return (
        f"{PROLOGUE}SELECT {shown} WHERE {{ {writer.group(1)} "
        f"FILTER({condition}) }} ORDER BY {direction}(?x)"
    )


class _Writer:
    """Writes one query.

    What AS names must be new to its scope (19.8 note 13), so fresh names are counted.
    """

    def __init__(self, draw: st.DrawFn, language: Language) -> None:
        self._draw = draw
        self._language = language
        self._count = 0

    def _fresh(self) -> str:
        self._count += 1
        return f"?n{self._count}"

    def _pick(self, *choices: str) -> str:
        return self._draw(st.sampled_from(choices))

    def _variable(self) -> str:
        return self._pick(*VARIABLES)

    def _expression(self) -> str:
        return self._draw(self._language.expressions)

    # Conditions

    def _condition(self, *, is_outermost: bool) -> str:
        """What may follow FILTER.

        EXISTS stands in the outermost group only: in an inner one Oxigraph lets it see
        variables of the outer group, which are not in scope there.
        """
        kind = self._pick("plain", "test", "test", "equal", "exists")
        if kind == "exists" and is_outermost:
            return self._exists()
        if kind == "test":
            test = self._pick(*self._language.tests)
            return f"({test.format(self._variable(), self._variable())})"
        if kind == "equal":
            return f"({self._variable()} = {self._pick(*self._language.constants)})"
        return f"({self._draw(self._language.conditions)})"

    def _exists(self) -> str:
        negation = self._pick("", "NOT ")
        other = self._draw(self._language.conditions)
        condition = self._pick("", f"FILTER({other})")
        inside = f"{self._triples()} {self._beside()} {condition}"
        exists = f"{negation}EXISTS {{ {inside} }}"
        if not self._language.has_inner_exists:
            return exists
        shape = self._pick("{0}", "({0} || {1})", "(!{0})", "({0} && {1})")
        return shape.format(exists, other)

    def _beside(self) -> str:
        """What may stand beside triples within EXISTS.

        Nothing that sees less than the whole group in one engine and more in another:
        no subquery, and no MINUS, whose shared variables are values here (18.6).
        """
        test = self._draw(self._language.conditions)
        shapes: dict[str, Callable[[], str]] = {
            "": str,
            "triples": self._triples,
            "optional": lambda: f"OPTIONAL {{ {self._triples()} FILTER({test}) }}",
            "union": lambda: f"{{ {self._triples()} }} UNION {{ {self._triples()} }}",
            "bind": lambda: f"BIND({self._expression()} AS {self._fresh()})",
            "values": self._values,
            "nested": lambda: f"FILTER EXISTS {{ {self._triples()} FILTER({test}) }}",
            "none": lambda: f"FILTER NOT EXISTS {{ {self._triples()} }}",
        }
        return shapes[self._pick("", "", *shapes)]()

    # Patterns

    def _triples(self) -> str:
        text = self._pick(
            "{s} {p} {o} .",
            "{s} {p} {o} .",
            "{s} {p} {o} ; {p} {o} .",
            "{s} {p} {o} , {o} .",
            "{s} {path} {node} .",
            "{s} {p} [ {p} {o} ] .",
            "{s} {variable} {o} .",
        )
        constants = self._language.constants
        nodes = tuple(n for n in constants if n.startswith(":"))
        # The same variable twice matches next to nothing.
        names = iter(self._draw(st.permutations(VARIABLES)) * 2)
        parts: dict[str, Callable[[], str]] = {
            "{s}": lambda: self._mostly(next(names), nodes),
            "{p}": lambda: self._pick(*self._language.predicates),
            "{o}": lambda: self._mostly(next(names), constants),
            "{node}": lambda: self._mostly(next(names), nodes),
            "{variable}": self._variable,
            "{path}": lambda: self._draw(self._language.paths),
        }
        for part, write in parts.items():
            while part in text:
                text = text.replace(part, write(), 1)
        return text

    def _mostly(self, variable: str, constants: tuple[str, ...]) -> str:
        """Now and then a constant, or any variable: they leave few solutions."""
        choice = self._draw(st.integers(0, 15))
        if choice < 2:
            return self._pick(*constants)
        return self._variable() if choice == 2 else variable

    def _values(self) -> str:
        names = self._draw(st.lists(variables, min_size=1, max_size=2, unique=True))
        cells = st.sampled_from((*self._language.constants, "UNDEF"))
        row = st.lists(cells, min_size=len(names), max_size=len(names)).map(" ".join)
        rows = self._draw(st.lists(row.map("({})".format), max_size=5))
        return f"VALUES ({' '.join(names)}) {{ {' '.join(rows)} }}"

    def _element(self, depth: int) -> str:
        """One element of a group; those that hold groups only while `depth` allows."""
        is_outermost = depth == _MAX_DEPTH
        flat: list[Callable[[], str]] = [
            self._triples,
            self._triples,
            lambda: f"FILTER {self._condition(is_outermost=is_outermost)}",
            lambda: f"BIND({self._expression()} AS {self._fresh()})",
            lambda: f"BIND({self._expression()} AS {self._fresh()})",
            self._values,
        ]
        nested: list[Callable[[], str]] = [
            lambda: f"OPTIONAL {self.group(depth - 1)}",
            lambda: f"OPTIONAL {self.group(depth - 1)}",
            lambda: f"OPTIONAL {self.group(depth - 1)}",
            lambda: f"{self.group(depth - 1)} UNION {self.group(depth - 1)}",
            lambda: f"{self.group(depth - 1)} UNION {self.group(depth - 1)}",
            lambda: f"MINUS {self.group(depth - 1)}",
            lambda: f"GRAPH {self._graph()} {self.group(depth - 1)}",
            lambda: f"{{ {self.select(depth - 1)} }}",
            lambda: self.group(depth - 1),
        ]
        return self._draw(st.sampled_from(flat + nested if depth else flat))()

    def _graph(self) -> str:
        return self._pick(*GRAPHS, "?g", "?g", self._variable())

    def group(self, depth: int) -> str:
        """A group graph pattern; groups in it are nested `depth` deep at most."""
        size = self._draw(st.integers(0, 2))
        elements = [self._element(depth) for _ in range(size)]
        group = f"{{ {self._triples()} {' '.join(elements)} }}"
        if self._draw(st.integers(0, 5)):
            return group
        return f"{{ {group} FILTER {self._condition(is_outermost=False)} }}"

    # Queries

    def select(self, depth: int) -> str:
        """A SELECT query without its prologue."""
        if self._draw(st.integers(0, 2)):
            return self._plain(depth)
        return self._grouped(min(depth, 1))

    def _plain(self, depth: int) -> str:
        shown = self._draw(st.lists(variables, min_size=1, max_size=3, unique=True))
        where = self.group(depth)
        distinct = self._pick("", "", "DISTINCT ")
        if not self._draw(st.integers(0, 3)):
            return (
                f"SELECT {distinct}{' '.join(shown)} WHERE {self._sliced(where, shown)}"
            )
        if self._draw(st.booleans()):
            shown.append(f"({self._expression()} AS {self._fresh()})")
        return f"SELECT {distinct}{' '.join(shown)} WHERE {where}"

    def _sliced(self, where: str, shown: list[str]) -> str:
        """A slice in an order in which only equal solutions tie."""
        named = " ".join(f"FILTER(!bound({v}) || !isBlank({v}))" for v in shown)
        keys = " ".join(f"str({v}) lang({v}) str(datatype({v}))" for v in shown)
        limit, offset = self._draw(st.integers(1, 5)), self._draw(st.integers(0, 1))
        return f"{{ {where} {named} }} ORDER BY {keys} LIMIT {limit} OFFSET {offset}"

    def _grouped(self, depth: int) -> str:
        keys = self._draw(st.lists(variables, max_size=2, unique=True))
        where = self.group(depth)
        columns = [f"({self._aggregate(keys)} AS {self._fresh()})" for _ in range(2)]
        having = self._pick("", "", "", " HAVING(COUNT(*) > 1)")
        group_by = f" GROUP BY {' '.join(keys)}" if keys else ""
        return f"SELECT {' '.join(keys + columns)} WHERE {where}{group_by}{having}"

    def _aggregate(self, keys: list[str]) -> str:
        if keys and self._draw(st.integers(0, 5)) == 0:
            return f"SAMPLE({keys[0]})"
        return self._pick(*self._language.aggregates).format(self._variable())
