"""Cases of what a graph of geometries entails by RDFS and the ontologies of GeoSPARQL.

No graph here holds a word of those ontologies. What follows is derived by hand: from
requirement 1 to 12 and figures of the standard, from the class diagram of Simple
Features (06-103r4, figure 1) and from the schema of GML 3.2.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tests.conformance.geosparql_cases.writing import Case, Row, iri

EXTENSION: Final = "rdfs-entailment-extension/"

SIMPLE_FEATURES: Final[Mapping[str, str]] = {
    "Geometry": "",
    "Point": "Geometry",
    "Curve": "Geometry",
    "LineString": "Curve",
    "Line": "LineString",
    "LinearRing": "LineString",
    "Surface": "Geometry",
    "Polygon": "Surface",
    "Triangle": "Polygon",
    "Envelope": "Polygon",
    "PolyhedralSurface": "Surface",
    "TIN": "PolyhedralSurface",
    "GeometryCollection": "Geometry",
    "MultiPoint": "GeometryCollection",
    "MultiCurve": "GeometryCollection",
    "MultiLineString": "MultiCurve",
    "MultiSurface": "GeometryCollection",
    "MultiPolygon": "MultiSurface",
}
"""Each class and the one above it."""

GML: Final[Mapping[str, str]] = {
    "AbstractGeometry": "",
    "AbstractGeometricPrimitive": "AbstractGeometry",
    "Point": "AbstractGeometricPrimitive",
    "OrientableCurve": "AbstractGeometricPrimitive",
    "Curve": "OrientableCurve",
    "LineString": "Curve",
    "CompositeCurve": "OrientableCurve",
    "Ring": "CompositeCurve",
    "LinearRing": "Ring",
    "OrientableSurface": "AbstractGeometricPrimitive",
    "Surface": "OrientableSurface",
    "Polygon": "Surface",
    "PolyhedralSurface": "Surface",
    "TriangulatedSurface": "PolyhedralSurface",
    "Tin": "TriangulatedSurface",
    "CompositeSurface": "OrientableSurface",
    "Shell": "CompositeSurface",
    "Solid": "AbstractGeometricPrimitive",
    "CompositeSolid": "Solid",
    "MultiGeometry": "AbstractGeometry",
    "MultiPoint": "MultiGeometry",
    "MultiCurve": "MultiGeometry",
    "MultiSurface": "MultiGeometry",
    "MultiSolid": "MultiGeometry",
}
"""Each class and the one above it, those of patches and of segments apart."""

_FACTS: Final = """\
:lake geo:hasDefaultGeometry :shore ; geo:hasCentroid :middle .
:shore geo:asWKT "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"^^geo:wktLiteral ;
  geo:dimension 2 .
:middle geo:asGeoJSON '{"type": "Point", "coordinates": [2, 2]}'^^geo:geoJSONLiteral .
:river geo:hasMetricLength 12.5e3 ; geo:hasLength :long .
:village geo:sfWithin :county .
:fleet a geo:FeatureCollection .
:shores a geo:GeometryCollection .
"""


def entailment_data() -> str:
    """A member of each class, and features and geometries of no said class."""
    members = [
        f":{prefix}{name} a {prefix}:{name} .\n"
        for prefix, classes in (("sf", SIMPLE_FEATURES), ("gml", GML))
        for name in classes
    ]
    return _FACTS + "".join(members)


def entailment_cases() -> Iterator[Case]:
    """All of them."""
    yield from _properties()
    for prefix, classes, root in (
        ("sf", SIMPLE_FEATURES, "wkt"),
        ("gml", GML, "gml"),
    ):
        requirement = f"{EXTENSION}{root}-geometry-types"
        for name in classes:
            below = [
                f":{prefix}{each}" for each in classes if _is_below(classes, each, name)
            ]
            query = f"SELECT ?s {{ ?s a {prefix}:{name} }}"
            yield _case(f"{prefix}-{name}", requirement, query, "s", _ones(below))
        every = [f":{prefix}{each}" for each in classes]
        own = f"FILTER(STRSTARTS(STR(?s), STR(:{prefix})))"
        query = f"SELECT ?s {{ ?s a geo:Geometry {own} }}"
        yield _case(f"{prefix}-geometries", requirement, query, "s", _ones(every))


def _is_below(classes: Mapping[str, str], name: str, above: str) -> bool:
    while name:
        if name == above:
            return True
        name = classes[name]
    return False


def _properties() -> Iterator[Case]:
    """What follows from sub-properties, domains, ranges and sub-classes."""
    named = "FILTER(?s IN (:lake, :shore, :middle, :river, :village, :county, :fleet))"
    for name, pattern, subjects in (
        ("features-by-domain", "?s a geo:Feature", [":lake"]),
        ("geometries-by-range", "?s a geo:Geometry", [":shore", ":middle"]),
        (
            "spatial-objects",
            "?s a geo:SpatialObject",
            [":lake", ":shore", ":middle", ":river", ":village", ":county"],
        ),
    ):
        query = f"SELECT ?s {{ {pattern} {named} }}"
        yield _common(name, query, "s", _ones(subjects))
    pairs = [(":lake", ":shore"), (":lake", ":middle")]
    query = "SELECT ?s ?g { ?s geo:hasGeometry ?g }"
    yield _common("has-geometry", query, "s g", _rows(pairs))
    query = "SELECT ?s { ?s geo:hasSerialization ?x FILTER(isLiteral(?x)) }"
    yield _common("has-serialization", query, "s", _ones([":shore", ":middle"]))
    query = "SELECT ?s ?size { ?s geo:hasSize ?size }"
    yield _common("has-size", query, "s size", _rows([(":river", ":long")]))
    query = "SELECT ?s { ?s geo:hasMetricSize ?size FILTER(?size = 12500) }"
    yield _common("has-metric-size", query, "s", _ones([":river"]))
    query = "SELECT ?s { ?s a geo:SpatialObjectCollection }"
    yield _common("collections", query, "s", _ones([":fleet", ":shores"]))
    query = "SELECT ?s { ?s a rdfs:Container }"
    yield _common("containers", query, "s", _ones([":fleet", ":shores"]))
    query = (
        "SELECT ?f ?g { ?f geo:hasGeometry ?g . ?g a geo:Geometry ; "
        "geo:hasSerialization ?x FILTER(geof:sfWithin(?x, "
        "'POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))'^^geo:wktLiteral)) }"
    )
    yield _common("functions-on-entailed", query, "f g", _rows([(":lake", ":middle")]))


def _common(name: str, query: str, variables: str, rows: list[Row]) -> Case:
    return _case(name, f"{EXTENSION}bgp-rdfs-ent", query, variables, rows)


def _case(
    name: str, requirement: str, query: str, variables: str, rows: list[Row]
) -> Case:
    source = "deriving by hand, from the standard's ontology, 06-103r4 and GML 3.2"
    return Case(name, (requirement,), query, variables, rows, source, entails=True)


def _ones(names: Iterable[str]) -> list[Row]:
    return [(iri(name),) for name in names]


def _rows(pairs: Iterable[tuple[str, str]]) -> list[Row]:
    return [(iri(one), iri(other)) for one, other in pairs]
