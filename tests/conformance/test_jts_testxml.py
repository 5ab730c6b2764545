"""The tests of the JTS Topology Suite, asked of a store as SPARQL.

All geometries are literals in an engineering CRS, loaded at once; one query asks an
operation of all that it is tested on.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import shapely

from ontologies.geosparql.crs import PLANE_IRI
from ontologies.geosparql.relations import RELATIONS, Family, matches
from strabon_store.store import Store
from tests.conformance.jts_cases import (
    CONSTRUCTIONS,
    PATTERNS,
    PREDICATES,
    SIZES,
    SUITE,
    JtsCase,
    read_jts_cases,
    wkt,
)
from tests.expected_failures import assert_all_known, load, parametrize
from tests.geometries import rows, store_of

CASES: Final = read_jts_cases()
EXPECTED: Final = load(Path(__file__).with_name("jts_testxml_expected_failures.toml"))
_AREA: Final = 2
ARC: Final = 0.0065
"""What 32 sides leave out of a circle, of its area; our buffers have 128."""

_PAIR: Final = "?p g:left ?a ; g:right ?b . ?a g:has ?x . ?b g:has ?y"


class Asked:
    """A store of all operands, and what it answers."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        texts = dict.fromkeys(t for case in CASES.values() for t in case.geometries)
        self._names = {text: f"n{number}" for number, text in enumerate(texts)}
        pairs = dict.fromkeys(
            case.geometries for case in CASES.values() if len(case.geometries) > 1
        )
        self._pairs = {pair: f"p{number}" for number, pair in enumerate(pairs)}
        path = folder / "jts.ttl"
        path.write_text("".join(self._turtle()))
        report = store.load([path])
        self.ill_formed = {each.lexical for each in report.ill_formed_geometries}
        self._known: dict[str, dict[str, Any]] = {}

    def _turtle(self) -> Iterator[str]:
        yield "@prefix g: <http://g/> .\n"
        yield "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
        for text, name in self._names.items():
            yield f"g:{name} g:has {literal(text)} .\n"
        for (left, right), name in self._pairs.items():
            ends = self._names[left], self._names[right]
            yield "g:{} g:left g:{} ; g:right g:{} .\n".format(name, *ends)
        for case in CASES.values():
            if case.operation == "relate":
                pair = self._pairs[case.geometries]
                yield f'g:{pair} g:pattern "{case.argument}" .\n'

    def of_one(self, expression: str, case: JtsCase) -> Any:
        """The value of an expression in ?x."""
        values = self._such(case)
        text = f"SELECT ?a ?v {{ {values} ?a g:has ?x BIND({expression} AS ?v) }}"
        return self._asked(text)[self._names[case.geometries[0]]]

    def _such(self, case: JtsCase) -> str:
        """The first operands of all cases of an operation with its argument."""
        such = case.operation, case.argument
        return "VALUES ?a " + self._values(
            each.geometries[0]
            for each in CASES.values()
            if (each.operation, each.argument) == such
        )

    def of_all_in(self, expression: str, case: JtsCase) -> Any:
        """The value of an expression in ?x, the union of the parts of a geometry."""
        collected = "SELECT ?a (geof:aggUnion(?y) AS ?x) { ?a g:has ?y } GROUP BY ?a"
        collected = collected.replace("{ ?a", f"{{ {self._such(case)} ?a")
        text = f"SELECT ?a ?v {{ {{ {collected} }} BIND({expression} AS ?v) }}"
        return self._asked(text)[self._names[case.geometries[0]]]

    def of_two(self, expression: str, geometries: tuple[str, ...]) -> Any:
        """The value of an expression in ?x and ?y, of all pairs that are related."""
        related = (c for c in CASES.values() if c.overlay is None)
        text = f"{self._such_pairs(related)} {_PAIR} BIND({expression} AS ?v)"
        return self._asked(f"SELECT ?p ?v {{ {text} }}")[self._pairs[geometries]]

    def _such_pairs(self, cases: Iterable[JtsCase]) -> str:
        pairs = (each.geometries for each in cases if len(each.geometries) > 1)
        found = dict.fromkeys(self._pairs[pair] for pair in pairs)
        return f"VALUES ?p {{ {' '.join(f'g:{name}' for name in found)} }}"

    def overlaid(self, case: JtsCase) -> Any:
        """The overlay of two, asked of all that have a case for it."""
        values = self._such_pairs(
            each for each in CASES.values() if each.overlay == case.overlay
        )
        call = f"geof:{case.overlay}(?x, ?y)"
        text = f"SELECT ?p ?v {{ {values} {_PAIR} BIND({call} AS ?v) }}"
        return self._asked(text)[self._pairs[case.geometries]]

    def _values(self, texts: Iterable[str]) -> str:
        names = dict.fromkeys(self._names[text] for text in texts)
        return f"{{ {' '.join(f'g:{name}' for name in names)} }}"

    def with_pattern(self, case: JtsCase) -> Any:
        """Whether the pattern of a case holds."""
        call = "geof:relate(?x, ?y, ?m)"
        text = f"SELECT ?p ?v {{ {_PAIR} . ?p g:pattern ?m BIND({call} AS ?v) }}"
        return self._asked(text)[self._pairs[case.geometries]]

    def of_constants(self, calls: Sequence[str]) -> list[Any]:
        """The values of expressions without variables."""
        named = " ".join(f"({call} AS ?v{n})" for n, call in enumerate(calls))
        (row,) = rows(self._store, f"SELECT {named} {{}}")
        return list(row)

    def beside(self, call: str, constant: str, text: str) -> Any:
        """The value of a call on a stored ?x and a constant for ?y."""
        values = f"VALUES ?a {self._values([text])}"
        query = f"SELECT ?v {{ {values} ?a g:has ?x BIND({call} AS ?v) }}"
        ((found,),) = rows(self._store, query.replace("?y", literal(constant)))
        return found

    def _asked(self, text: str) -> dict[str, Any]:
        if text not in self._known:
            found = rows(self._store, text)
            self._known[text] = dict(found)
            # A pair may have several patterns, all of which hold.
            assert len(self._known[text]) == len(set(found))
        return self._known[text]


def literal(text: str) -> str:
    """A literal in the plane."""
    return f'"<{PLANE_IRI}> {text}"^^geo:wktLiteral'


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("jts")
    with Store.open(folder / "store") as store:
        yield Asked(store, folder)


def test_all_cases_are_there(suites: Path) -> None:
    assert (suites / "jts-testxml").is_dir()
    assert len(list(SUITE.rglob("*.xml"))) == 122
    assert len(CASES) > 8000
    assert_all_known(EXPECTED, CASES)


@pytest.mark.parametrize("name", parametrize(CASES, EXPECTED))
def test_a_case(name: str, asked: Asked) -> None:
    case = CASES[name]
    if case.operation in PREDICATES:
        call = f"geof:{PREDICATES[case.operation]}(?x, ?y)"
        assert asked.of_two(call, case.geometries) is (case.expected == "true")
    elif case.operation in PATTERNS:
        calls = [f'geof:relate(?x, ?y, "{each}")' for each in PATTERNS[case.operation]]
        found = asked.of_two(" || ".join(calls), case.geometries)
        assert found is (case.expected == "true")
    elif case.operation == "relate":
        assert asked.with_pattern(case) is (case.expected == "true")
    else:
        _others(case)(case, asked)


def _others(case: JtsCase) -> Callable[[JtsCase, Asked], None]:
    if case.overlay is not None:
        return _overlay
    return _OTHERS[case.operation]


def _overlay(case: JtsCase, asked: Asked) -> None:
    assert_same(asked.overlaid(case), case)


def _unary_union(case: JtsCase, asked: Asked) -> None:
    assert_same(asked.of_all_in("?x", case), case)


def _construction(case: JtsCase, asked: Asked) -> None:
    call = f"geof:{CONSTRUCTIONS[case.operation]}(?x)"
    assert_same(asked.of_one(call, case), case)


def _size(case: JtsCase, asked: Asked) -> None:
    found = asked.of_all_in(f"geof:{SIZES[case.operation]}(?x)", case)
    assert found == pytest.approx(float(case.expected), abs=case.tolerance or 1e-9)


def _is_simple(case: JtsCase, asked: Asked) -> None:
    assert asked.of_one("geof:isSimple(?x)", case) is (case.expected == "true")


def _is_valid(case: JtsCase, asked: Asked) -> None:
    """What is invalid cannot be related; some of it is no geometry at all."""
    known = asked.of_one("BOUND(?x) && COALESCE(geof:sfEquals(?x, ?x), false)", case)
    assert known is (case.expected == "true")


def _distance(case: JtsCase, asked: Asked) -> None:
    found = asked.of_two("geof:metricDistance(?x, ?y)", case.geometries)
    expected = float(case.expected)
    # JTS has no distance to what is empty, and says 0.
    is_empty = any(shapely.from_wkt(each).is_empty for each in case.geometries)
    assert found == (None if is_empty else pytest.approx(expected, rel=1e-12))


def _is_within_distance(case: JtsCase, asked: Asked) -> None:
    call = f"geof:metricDistance(?x, ?y) <= {float(case.argument)!r}"
    found = asked.of_two(call, case.geometries)
    assert bool(found) is (case.expected == "true")


def _buffer(case: JtsCase, asked: Asked) -> None:
    """Within the tolerance of JTS's own tests, arcs of fewer sides apart."""
    distance = float(case.argument)
    text = asked.of_one(f"geof:metricBuffer(?x, {distance!r})", case)
    found, expected = _geometry(text), shapely.from_wkt(wkt(case.expected))
    if expected.is_empty:
        assert found.is_empty
        return
    apart = shapely.symmetric_difference(found, expected).area
    around = abs(distance) * expected.length * ARC
    assert apart <= 1e-3 * expected.area + around
    gap = shapely.hausdorff_distance(found.boundary, expected.boundary)
    assert gap <= max(abs(distance) / 40, 1e-8)


_OTHERS: Final = {
    **dict.fromkeys(CONSTRUCTIONS, _construction),
    **dict.fromkeys(SIZES, _size),
    "buffer": _buffer,
    "distance": _distance,
    "issimple": _is_simple,
    "isvalid": _is_valid,
    "iswithindistance": _is_within_distance,
    "union": _unary_union,
}


def _geometry(text: str | None) -> Any:
    assert text is not None
    assert text.startswith(f"<{PLANE_IRI}>")
    return shapely.from_wkt(text.partition("> ")[2])


def assert_same(text: str | None, case: JtsCase) -> None:
    """That a result is the set of points that it has to be, within the tolerance."""
    found = _geometry(text)
    if not case.expected:
        # Of these the suite says that there is a result, and no more.
        assert found.is_valid
        return
    expected = shapely.from_wkt(wkt(case.expected))
    if found.is_empty or expected.is_empty:
        assert found.is_empty is expected.is_empty or _is_same_on_grid(
            found, expected, case
        )
        return
    if found.equals(expected) or _is_same_on_grid(found, expected, case):
        return
    tolerance = max(case.tolerance, 1e-12 * shapely.get_coordinates(expected).max())
    ours, theirs = shapely.normalize([found, expected])
    if ours.equals_exact(theirs, tolerance):
        return
    assert shapely.hausdorff_distance(found, expected) <= tolerance
    assert shapely.get_dimensions(found) == shapely.get_dimensions(expected)
    apart = shapely.symmetric_difference(found, expected).area
    assert apart <= tolerance * max(expected.length, 1.0)


def _is_same_on_grid(found: Any, expected: Any, case: JtsCase) -> bool:
    """Whether a result of doubles is the expected one when it is put on the grid."""
    if case.grid is None:
        return False
    on_grid = shapely.set_precision(found, case.grid)
    return bool(on_grid.equals(expected) or (on_grid.is_empty and expected.is_empty))


def _areas(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == _AREA])


def test_on_a_grid_only_what_is_narrower_than_it_differs(asked: Asked) -> None:
    """Of those listed the areas are the suite's, which are those of snap rounding."""
    listed = [(CASES[name], CASES[name].grid) for name in EXPECTED]
    overlays = [(case, grid) for case, grid in listed if case.overlay and grid]
    assert len(overlays) == 51
    for case, grid in overlays:
        expected = shapely.from_wkt(wkt(case.expected))
        rounded = shapely.set_precision(_geometry(asked.overlaid(case)), grid)
        assert _areas(rounded).equals(_areas(expected)), case.id
        sides = [shapely.from_wkt(text) for text in case.geometries]
        snapped = _SNAPPING[str(case.overlay)](*sides, grid_size=grid)
        assert snapped.equals(expected), case.id


_SNAPPING: Final[dict[str, Any]] = {
    "difference": shapely.difference,
    "intersection": shapely.intersection,
    "symDifference": shapely.symmetric_difference,
    "union": shapely.union,
}


@cache
def matrices() -> dict[tuple[str, ...], str]:
    """The DE-9IM of pairs, where the suite tells all of it."""
    return {
        case.geometries: case.argument
        for case in CASES.values()
        if case.operation == "relate" and case.expected == "true"
        if set(case.argument) <= set("F012") and case.id not in EXPECTED
        if all(shapely.from_wkt(text).is_valid for text in case.geometries)
    }


def _dimensions(geometries: tuple[str, ...]) -> tuple[int, int]:
    """Of points 0, of lines 1, of areas 2; -1 of the empty collection."""
    left, right = shapely.get_dimensions([shapely.from_wkt(g) for g in geometries])
    return int(left), int(right)


def holds(name: str, geometries: tuple[str, ...]) -> bool:
    """Whether a relation holds, by the tables of GeoSPARQL and the suite's matrix."""
    patterns = RELATIONS[name].patterns_for(*_dimensions(geometries))
    return any(matches(matrices()[geometries], pattern) for pattern in patterns)


def test_the_suite_tells_many_matrices() -> None:
    assert len(matrices()) > 500
    kinds = {_dimensions(pair) for pair in matrices()}
    assert kinds >= {(a, b) for a in range(3) for b in range(3)}


@pytest.mark.parametrize("name", RELATIONS)
def test_a_relation_is_what_its_table_makes_of_the_matrix(
    name: str, asked: Asked
) -> None:
    call = f"geof:{name}(?x, ?y)"
    found = {pair: asked.of_two(call, pair) for pair in matrices()}
    assert found == {pair: holds(name, pair) for pair in matrices()}
    expected = {pair for pair, value in found.items() if value}
    assert expected, name
    if RELATIONS[name].family is Family.RCC8:
        assert all(_dimensions(pair) == (2, 2) for pair in expected)


def some(count: int) -> list[tuple[str, ...]]:
    """Pairs with a matrix, always the same, short enough to stand in a query."""
    short = [pair for pair in matrices() if sum(map(len, pair)) < 1000]
    return random.Random(7).sample(short, count)  # noqa: S311 - a choice of tests


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[str]]]:
    """A store of few operands, all pairs of which can be joined, and their texts."""
    texts = list(dict.fromkeys(text for pair in some(60) for text in pair))
    literals = {f"{n}": f"<{PLANE_IRI}> {text}" for n, text in enumerate(texts)}
    with store_of(tmp_path_factory.mktemp("few"), literals) as store:
        yield store, texts


@pytest.mark.parametrize("name", RELATIONS)
def test_a_join_finds_what_the_matrix_says(
    name: str, few: tuple[Store, list[str]]
) -> None:
    store, texts = few
    test = f"FILTER(geof:{name}(?x, ?y))"
    found = rows(store, f"SELECT ?a ?b {{ ?a g:has ?x . ?b g:has ?y {test} }}")
    joined = {(texts[int(a)], texts[int(b)]) for a, b in found}
    pairs = set(some(60))
    assert joined & pairs == {pair for pair in pairs if holds(name, pair)}


@pytest.mark.parametrize("name", RELATIONS)
def test_constants_are_related_as_what_is_stored(name: str, asked: Asked) -> None:
    pairs = some(60)
    calls = [f"geof:{name}({literal(a)}, {literal(b)})" for a, b in pairs]
    assert asked.of_constants(calls) == [holds(name, pair) for pair in pairs]


@pytest.mark.parametrize("name", RELATIONS)
def test_a_constant_is_related_to_what_is_stored(name: str, asked: Asked) -> None:
    for pair in some(8):
        left, right = pair
        known = holds(name, pair)
        assert asked.beside(f"geof:{name}(?x, ?y)", right, left) is known
        assert asked.beside(f"geof:{name}(?y, ?x)", left, right) is known
