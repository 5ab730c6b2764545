import math

import pytest

from ontologies.errors import OntologyError
from ontologies.geosparql.units import UNITS, Quantity, unit_from_iri


@pytest.mark.parametrize(
    ("iri", "quantity", "factor"),
    [
        ("http://www.opengis.net/def/uom/OGC/1.0/metre", "length", 1.0),
        ("https://www.opengis.net/def/uom/OGC/1.0/degree", "angle", math.pi / 180),
        ("urn:ogc:def:uom:OGC:1.0:radian", "angle", 1.0),
        ("http://www.opengis.net/def/uom/OGC/1.0/unity", "scale", 1.0),
        ("http://www.opengis.net/def/uom/EPSG/0/9001", "length", 1.0),
        ("http://www.opengis.net/def/uom/EPSG/0/9030", "length", 1852.0),
        ("urn:ogc:def:uom:EPSG::9036", "length", 1000.0),
        ("http://www.opengis.net/def/uom/EPSG/0/9122", "angle", math.pi / 180),
        ("http://qudt.org/vocab/unit/KiloM", "length", 1000.0),
        ("http://qudt.org/vocab/unit/HA", "area", 10_000.0),
        ("http://qudt.org/vocab/unit/AC", "area", 4046.8564224),
    ],
)
def test_a_unit_has_its_size(iri: str, quantity: str, factor: float) -> None:
    unit = unit_from_iri(iri)
    assert unit.quantity == quantity
    assert unit.factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    "iri",
    [
        "http://www.opengis.net/def/uom/OGC/1.0/parsec",
        "http://www.opengis.net/def/uom/EPSG/0/1",
        "metre",
        "",
        # Sexagesimal degrees are a notation, they have no factor.
        "http://www.opengis.net/def/uom/EPSG/0/9110",
    ],
)
def test_an_unknown_unit_is_refused_and_the_known_ones_are_named(iri: str) -> None:
    with pytest.raises(OntologyError, match=r"OGC/1\.0/metre"):
        unit_from_iri(iri)


def test_each_unit_is_found_by_its_own_iri() -> None:
    assert all(unit_from_iri(iri) is unit for iri, unit in UNITS.items())
    assert {unit.quantity for unit in UNITS.values()} == set(Quantity)
