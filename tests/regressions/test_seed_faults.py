"""Faults of the systems that this one replaces, each once and for all.

Letters are those of the list of faults. Those of mapping (a, c, i) are in
`tests/geotriples`, and b with them; linking and federation (g, j, k, m, n) have no part
here yet that could have them.
"""

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pyproj
import pytest
import shapely

from ontologies.geosparql.relations import RELATIONS
from ontologies.namespaces import GEO
from strabon_store.results.graphs import Graph
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.store import Store
from tests.conformance.geosparql_cases.relations import SHAPES, holds
from tests.geometries import rows

GEOD: Final = pyproj.Geod(ellps="WGS84")
HAS: Final = "?a g:has ?x . ?b g:has ?y"
PAIRS: Final = list(itertools.product(SHAPES, repeat=2))


def _turtle(shapes: dict[str, str]) -> str:
    return "".join(
        f'<http://g/{name}> <http://g/has> "{wkt}"^^<{GEO}wktLiteral> .\n'
        for name, wkt in shapes.items()
    )


def _store(folder: Path, text: str, name: str = "data.ttl") -> Store:
    (folder / name).write_text(text, "utf-8")
    store = Store.open(folder / "store")
    store.load([folder / name])
    return store


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Points, lines and areas of every kind, see the cases of the requirements."""
    folder = tmp_path_factory.mktemp("shapes")
    with _store(folder, _turtle({n: s.wkt for n, s in SHAPES.items()})) as opened:
        yield opened


def _dimension(name: str) -> int:
    return int(shapely.get_dimensions(SHAPES[name]))


# ---- d: truth tables ----


@pytest.mark.parametrize(
    "relation", ["sfOverlaps", "ehOverlap", "sfEquals", "ehEquals"]
)
@pytest.mark.parametrize("dimensions", list(itertools.product(range(3), repeat=2)))
def test_d_overlaps_and_equals_hold_as_the_standard_says(
    shapes: Store, relation: str, dimensions: tuple[int, int]
) -> None:
    pairs = [(a, b) for a, b in PAIRS if (_dimension(a), _dimension(b)) == dimensions]
    query = f"SELECT ?a ?b {{ {HAS} FILTER(geof:{relation}(?x, ?y)) }}"
    found = {pair for pair in rows(shapes, query) if pair in pairs}
    assert found == {(a, b) for a, b in pairs if holds(relation, SHAPES[a], SHAPES[b])}


@pytest.mark.parametrize(
    ("relation", "one", "other", "expected"),
    [
        # Lines overlap in a stretch, and do not in a crossing.
        ("sfOverlaps", "LINESTRING (0 0, 2 0)", "LINESTRING (1 0, 3 0)", True),
        ("sfOverlaps", "LINESTRING (0 0, 2 2)", "LINESTRING (0 2, 2 0)", False),
        ("sfOverlaps", "MULTIPOINT (0 0, 1 1)", "MULTIPOINT (1 1, 2 2)", True),
        ("sfOverlaps", "POINT (1 1)", "POINT (1 1)", False),
        # Of unequal dimensions nothing overlaps.
        (
            "sfOverlaps",
            "LINESTRING (0 0, 3 3)",
            "POLYGON ((1 1, 2 1, 2 2, 1 1))",
            False,
        ),
        # What is equal has neither a first vertex nor a direction.
        ("ehEquals", "POINT (1 1)", "POINT (1 1)", True),
        ("ehEquals", "LINESTRING (0 0, 1 1)", "LINESTRING (1 1, 0 0)", True),
        ("ehEquals", "LINESTRING (0 0, 2 0)", "LINESTRING (0 0, 1 0, 2 0)", True),
        (
            "ehEquals",
            "POLYGON ((0 0, 1 0, 1 1, 0 0))",
            "POLYGON ((1 1, 0 0, 1 0, 1 1))",
            True,
        ),
        (
            "ehEquals",
            "LINESTRING (0 0, 1 0, 1 1, 0 0)",
            "POLYGON ((0 0, 1 0, 1 1, 0 0))",
            False,
        ),
    ],
)
def test_d_overlaps_and_equals_by_hand(
    shapes: Store, relation: str, one: str, other: str, *, expected: bool
) -> None:
    arguments = ", ".join(f"'{each}'^^geo:wktLiteral" for each in (one, other))
    query = f"SELECT (geof:{relation}({arguments}) AS ?v) {{}}"
    assert rows(shapes, query) == [(expected,)]


# ---- e: literals come back as they went in ----

LITERALS: Final = (
    ox.Literal('Ærø, "Ø"\n\t\\ ,;\'', language="da"),
    ox.Literal("colour", language="en-gb"),
    ox.Literal(""),
    ox.Literal(" space "),
    *(
        ox.Literal(
            text, datatype=ox.NamedNode(f"http://www.w3.org/2001/XMLSchema#{name}")
        )
        for text, name in (
            ("007", "integer"),
            ("+1", "integer"),
            ("1.50", "decimal"),
            ("1E0", "double"),
            ("INF", "double"),
            ("1", "boolean"),
            ("2020-01-01T00:00:00.000+00:00", "dateTime"),
            ("no number", "integer"),
        )
    ),
    *(
        ox.Literal(text, datatype=ox.NamedNode(f"{GEO}{name}"))
        for text, name in (
            ("POINT(1 2)", "wktLiteral"),
            (
                "<http://www.opengis.net/def/crs/EPSG/0/3413> POINT (1e3 -2.0)",
                "wktLiteral",
            ),
            (
                "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (60 10)",
                "wktLiteral",
            ),
            ('{"type":"Point","coordinates":[1,2]}', "geoJSONLiteral"),
            ("POINT (1", "wktLiteral"),
        )
    ),
    ox.Literal("x", datatype=ox.NamedNode("http://example.org/own")),
)
FORMATS: Final = {
    "json": ox.QueryResultsFormat.JSON,
    "tsv": ox.QueryResultsFormat.TSV,
}


@pytest.fixture(scope="module", params=["nt", "ttl"])
def literals(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Store]:
    lines = "".join(
        f"<http://g/s> <http://g/p{n}> {literal} .\n"
        for n, literal in enumerate(LITERALS)
    )
    folder = tmp_path_factory.mktemp("literals")
    with _store(folder, lines, f"data.{request.param}") as opened:
        yield opened


def _written(store: Store, name: str) -> bytes:
    result = store.query("SELECT ?p ?o { <http://g/s> ?p ?o }")
    assert not isinstance(result, Graph)
    return b"".join(RESULT_FORMATS[name].serialize(result))


@pytest.mark.parametrize("name", FORMATS)
def test_e_tags_datatypes_and_crs_survive_results(literals: Store, name: str) -> None:
    parsed = ox.parse_query_results(_written(literals, name), FORMATS[name])
    assert isinstance(parsed, ox.QuerySolutions)
    found = {str(row["p"]): row["o"] for row in parsed}
    assert found == {f"<http://g/p{n}>": each for n, each in enumerate(LITERALS)}


def test_e_tags_datatypes_and_crs_survive_xml(literals: Store) -> None:
    space = "{http://www.w3.org/2005/sparql-results#}"
    found = set()
    for row in ET.fromstring(_written(literals, "xml")).iter(f"{space}result"):
        predicate, literal = (binding[0] for binding in row)
        language = literal.get("{http://www.w3.org/XML/1998/namespace}lang")
        datatype = literal.get("datatype")
        found.add((predicate.text, literal.text or "", language, datatype))
    string = "http://www.w3.org/2001/XMLSchema#string"
    assert found == {
        (
            f"http://g/p{n}",
            each.value,
            each.language,
            None
            if each.language or each.datatype.value == string
            else each.datatype.value,
        )
        for n, each in enumerate(LITERALS)
    }


def test_e_lexical_forms_survive_csv(literals: Store) -> None:
    text = _written(literals, "csv").decode()
    _, *found = csv.reader(io.StringIO(text, newline=""))
    assert {(p, o) for p, o in found} == {
        (f"http://g/p{n}", each.value) for n, each in enumerate(LITERALS)
    }


@pytest.mark.parametrize("suffix", ["nt", "nq", "ttl"])
def test_e_literals_survive_a_dump(
    literals: Store, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"dump.{suffix}"
    literals.dump(path)
    graph = list(ox.parse(path=path))
    assert {str(quad.predicate): quad.object for quad in graph} == {
        f"<http://g/p{n}>": each for n, each in enumerate(LITERALS)
    }
    if suffix != "ttl":
        text = path.read_text("utf-8")
        # A tab may stand as it is, and pyoxigraph writes it otherwise.
        plain = [each for each in LITERALS if "\t" not in each.value]
        assert [each for each in plain if str(each) not in text] == []


# ---- f: metres at 80 degrees north ----

NORTH: Final = {
    "dot": "POINT (25 80)",
    "far": "POINT (-170 80)",
    "line": "LINESTRING (20 79, 20 80)",
    "west": "POLYGON ((9 80, 10 80, 10 80.5, 9 80.5, 9 80))",
    "east": "POLYGON ((11 80, 12 80, 12 80.5, 11 80.5, 11 80))",
}
# Meridians converge, so the nearest places of these are their northern ends.
NEAREST: Final = {
    ("dot", "far"): ((25, 80), (-170, 80)),
    ("dot", "line"): ((25, 80), (20, 80)),
    ("east", "west"): ((11, 80.5), (10, 80.5)),
}


@pytest.fixture(scope="module")
def north(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with _store(tmp_path_factory.mktemp("north"), _turtle(NORTH)) as opened:
        yield opened


@pytest.mark.parametrize("pair", NEAREST, ids="-".join)
def test_f_metres_at_80_north_are_geodesic(north: Store, pair: tuple[str, str]) -> None:
    (lon, lat), (other_lon, other_lat) = NEAREST[pair]
    expected = GEOD.inv(lon, lat, other_lon, other_lat)[2]
    for one, other in (pair, pair[::-1]):
        assert _metres(north, one, other) == pytest.approx(expected, rel=1e-9)


def test_f_metres_between_edges_are_the_least_of_all_places(north: Store) -> None:
    found = _metres(north, "east", "line")
    least = _least(NORTH["east"], NORTH["line"])
    assert least * (1 - 1e-6) < found <= least


def _metres(store: Store, one: str, other: str) -> float:
    query = (
        "SELECT (geof:distance(?x, ?y, uom:metre) AS ?d) "
        f"{{ g:{one} g:has ?x . g:{other} g:has ?y }}"
    )
    ((found,),) = rows(store, query)
    return float(found)


def _least(one: str, other: str) -> float:
    """The least distance of places along the edges, 0.005 degrees apart."""
    lines = (shapely.from_wkt(each) for each in (one, other))
    a, b = (
        shapely.get_coordinates(
            shapely.segmentize(line.boundary if line.area else line, 5e-3)
        )
        for line in lines
    )
    lon, lat, other_lon, other_lat = (
        each.ravel()
        for each in (
            a[:, 0].repeat(len(b)),
            a[:, 1].repeat(len(b)),
            b[:, 0][None].repeat(len(a), 0),
            b[:, 1][None].repeat(len(a), 0),
        )
    )
    return float(GEOD.inv(lon, lat, other_lon, other_lat)[2].min())


def test_f_a_filter_by_metres_at_80_north_keeps_what_is_near(north: Store) -> None:
    # 19.4 km; as many degrees at the equator would be 111 km.
    limit = GEOD.inv(10, 80.5, 11, 80.5)[2]
    for metres, expected in ((limit + 1, {("west", "east")}), (limit - 1, set())):
        query = (
            f"SELECT ?a ?b {{ {HAS} FILTER(STR(?a) > STR(?b) && "
            f"geof:distance(?x, ?y, uom:metre) < {metres}) }}"
        )
        assert set(rows(north, query)) == expected


# ---- h: constants on either side ----

FIXED: Final = ("p1", "m1", "l2", "a1", "a5")


@pytest.mark.parametrize("relation", RELATIONS)
def test_h_a_constant_on_either_side_is_as_a_stored_geometry(
    shapes: Store, relation: str
) -> None:
    query = f"SELECT ?a ?b {{ {HAS} FILTER(geof:{relation}(?x, ?y)) }}"
    stored = set(rows(shapes, query))
    assert stored == {(a, b) for a, b in PAIRS if holds(relation, SHAPES[a], SHAPES[b])}
    for name in FIXED:
        constant = f"'{SHAPES[name].wkt}'^^geo:wktLiteral"
        left = f"SELECT ?b {{ ?b g:has ?y FILTER(geof:{relation}({constant}, ?y)) }}"
        assert {(name, b) for (b,) in rows(shapes, left)} == {
            pair for pair in stored if pair[0] == name
        }
        right = f"SELECT ?a {{ ?a g:has ?x FILTER(geof:{relation}(?x, {constant})) }}"
        assert {(a, name) for (a,) in rows(shapes, right)} == {
            pair for pair in stored if pair[1] == name
        }


def test_h_both_constants_are_as_stored_geometries(shapes: Store) -> None:
    for one, other in itertools.product(FIXED, repeat=2):
        arguments = ", ".join(
            f"'{SHAPES[each].wkt}'^^geo:wktLiteral" for each in (one, other)
        )
        calls = " ".join(f"(geof:{n}({arguments}) AS ?{n})" for n in RELATIONS)
        (found,) = rows(shapes, f"SELECT {calls} {{}}")
        expected = [holds(n, SHAPES[one], SHAPES[other]) for n in RELATIONS]
        assert list(found) == expected, (one, other)


# ---- l: aggregates, negation and order over geometries ----


def _areas() -> list[str]:
    return [name for name in SHAPES if _dimension(name) == 2]


def test_l_count_of_pairs_that_meet(shapes: Store) -> None:
    expected = sum(bool(SHAPES[a].intersects(SHAPES[b])) for a, b in PAIRS)
    query = f"SELECT (COUNT(*) AS ?n) {{ {HAS} FILTER(geof:sfIntersects(?x, ?y)) }}"
    assert rows(shapes, query) == [(expected,)]


def test_l_count_by_group_with_having(shapes: Store) -> None:
    counts = {
        a: sum(bool(s.intersects(o)) for o in SHAPES.values())
        for a, s in SHAPES.items()
    }
    query = (
        f"SELECT ?a (COUNT(?b) AS ?n) {{ {HAS} FILTER(geof:sfIntersects(?x, ?y)) }} "
        "GROUP BY ?a HAVING (COUNT(?b) > 8)"
    )
    expected = {(a, float(n)) for a, n in counts.items() if n > 8}
    assert expected
    assert set(rows(shapes, query)) == expected


@pytest.mark.parametrize("relation", ["sfTouches", "sfWithin", "ehInside", "rcc8po"])
def test_l_not_exists_over_a_relation(shapes: Store, relation: str) -> None:
    query = (
        "SELECT ?a { ?a g:has ?x FILTER NOT EXISTS { ?b g:has ?y "
        f"FILTER(?a != ?b && geof:{relation}(?x, ?y)) }} }}"
    )
    assert set(rows(shapes, query)) == {
        (a,)
        for a, one in SHAPES.items()
        if not any(holds(relation, one, o) for b, o in SHAPES.items() if a != b)
    }


def test_l_minus_of_what_meets_a_constant(shapes: Store) -> None:
    wkt = SHAPES["a5"].wkt
    query = (
        "SELECT ?a { ?a g:has ?x MINUS { ?a g:has ?z "
        f"FILTER(geof:sfIntersects(?z, '{wkt}'^^geo:wktLiteral)) }} }}"
    )
    expected = {(a,) for a, s in SHAPES.items() if not s.intersects(SHAPES["a5"])}
    assert set(rows(shapes, query)) == expected


def test_l_order_by_an_expression_of_geometries(shapes: Store) -> None:
    query = (
        "SELECT ?a { ?a g:has ?x } ORDER BY DESC(geof:maxX(?x) - geof:minX(?x)) "
        "geof:distance(?x, 'POINT (20 20)'^^geo:wktLiteral, uom:degree) ?a"
    )
    place = shapely.Point(20, 20)

    def key(name: str) -> tuple[float, float, str]:
        west, _, east, _ = SHAPES[name].bounds
        return (west - east, float(SHAPES[name].distance(place)), name)

    assert [name for (name,) in rows(shapes, query)] == sorted(SHAPES, key=key)


def test_l_sum_of_areas_by_expression(shapes: Store) -> None:
    query = (
        "SELECT (SUM(geof:metricArea(?x)) AS ?m) (AVG(geof:dimension(?x)) AS ?d) "
        "{ ?a g:has ?x }"
    )
    total = sum(abs(GEOD.geometry_area_perimeter(SHAPES[name])[0]) for name in _areas())
    ((metres, dimension),) = rows(shapes, query)
    assert metres == pytest.approx(total, rel=1e-9)
    assert dimension == pytest.approx(sum(map(_dimension, SHAPES)) / len(SHAPES))
