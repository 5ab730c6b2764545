"""Units of measure that are known when the query runs, beside constants."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from ontologies.errors import OntologyError
from ontologies.namespaces import UOM
from strabon_store.store import Store
from tests.geometries import by_name, rows, store_of

LITERALS: Final[Mapping[str, str]] = {
    "ell": "POLYGON ((2 2, 6 2, 6 3, 3 3, 3 6, 2 6, 2 2))",
    "line": "LINESTRING (0 1, 3 1, 3 5, 7 5)",
    "point": "POINT (3 3)",
    "nothing": "POLYGON EMPTY",
    "bow": "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
    "cut": "POLYGON ((0 0, 1",
}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with store_of(tmp_path_factory.mktemp("units"), LITERALS) as store:
        yield store


UNITS_OF_ROWS: Final = (
    f"{UOM}metre",
    f"{UOM}degree",
    f"{UOM}radian",
    "http://qudt.org/vocab/unit/KiloM",
    "http://qudt.org/vocab/unit/HA",
    "https://www.opengis.net/def/uom/EPSG/0/9002",
    "http://www.opengis.net/def/uom/EPSG/8.5/9036",
    "urn:ogc:def:uom:EPSG:6.7:9001",
    "urn:ogc:def:uom:OGC:1.0:degree",
)
POINT: Final = '"POINT (20 1)"^^geo:wktLiteral'
MEASURES_BY_UNIT: Final = (
    'geof:distance(?x, "POINT (20 1)"^^geo:wktLiteral, {})',
    "geof:area(?x, {})",
    "geof:perimeter(?x, {})",
    "geof:length(geof:boundary(?x), {})",
    "geof:metricArea(geof:buffer(?x, 0.5, {}))",
)


@pytest.mark.parametrize("measure", MEASURES_BY_UNIT)
@pytest.mark.parametrize("unit", UNITS_OF_ROWS)
def test_a_unit_of_each_row_means_what_a_constant_means(
    shapes: Store, measure: str, unit: str
) -> None:
    def measured(given: str) -> dict[str, float | None]:
        by_row = measure.format("?u")
        return dict(
            rows(
                shapes,
                f"SELECT ?a ?v {{ VALUES ?u {{ {given} }} ?a g:has ?x "
                f"BIND ({by_row} AS ?v) }}",
            )
        )

    named = measured(f"<{unit}>")
    assert measured(f'"{unit}"') == named
    try:
        constant = by_name(shapes, measure.format(f"<{unit}>"))
    except OntologyError:
        assert set(named.values()) == {None}
        return
    assert named.keys() == constant.keys()
    for name, expected in constant.items():
        assert named[name] == (
            None if expected is None else pytest.approx(expected, rel=1e-12)
        )


@pytest.mark.parametrize("measure", MEASURES_BY_UNIT)
@pytest.mark.parametrize("unit", ["<http://x/metre>", '"metre"', "4", "UNDEF"])
def test_what_is_no_unit_is_an_error_of_the_row(
    shapes: Store, measure: str, unit: str
) -> None:
    query = (
        f"SELECT ?v {{ VALUES ?u {{ {unit} }} g:ell g:has ?x "
        f"BIND ({measure.format('?u')} AS ?v) }}"
    )
    assert rows(shapes, query) == [(None,)]


def test_a_unit_may_be_computed(shapes: Store) -> None:
    text = (
        f"geof:metricDistance(?x, {POINT})",
        (f'geof:distance(?x, {POINT}, IRI(CONCAT("{UOM}", "met", "re")))'),
    )
    one, other = (by_name(shapes, each) for each in text)
    assert one == other
    filtered = (
        f"SELECT ?a {{ VALUES ?u {{ uom:metre }} ?a g:has ?x "
        f"FILTER (geof:distance(?x, {POINT}, ?u) < 1700000) }}"
    )
    near = {name for name, metres in one.items() if metres and metres < 1_700_000}
    assert {name for (name,) in rows(shapes, filtered)} == near
