"""Cases of the core, of the classes and properties of geometries, and of relations that
are said: what is asked is in the graph, so the standard's text and the data tell."""

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox

from tests.conformance.geosparql_cases.writing import (
    CRS84,
    GEO,
    Case,
    Row,
    iri,
    typed,
    uri,
    value,
    wkt,
)

CORE: Final = "core/"
EXTENSION: Final = "geometry-extension/"
TOPOLOGY: Final = "topology-vocab-extension/"
BY_HAND: Final = "reading the data by hand"

CORE_DATA: Final = """\
:thing a geo:SpatialObject .
:field a geo:Feature ;
  geo:hasSize :size ; geo:hasMetricSize "12.5"^^xsd:double ;
  geo:hasLength :length ; geo:hasMetricLength "40.0"^^xsd:double ;
  geo:hasPerimeterLength :perimeter ; geo:hasMetricPerimeterLength "100.0"^^xsd:double ;
  geo:hasArea :area ; geo:hasMetricArea "625.0"^^xsd:double ;
  geo:hasVolume :volume ; geo:hasMetricVolume "1250.0"^^xsd:double .
:fields a geo:FeatureCollection ; rdfs:member :field , :other .
:things a geo:SpatialObjectCollection ; rdfs:member :thing , :field .
:other a geo:Feature ; rdfs:label "Acker"@de , "field"@en .
"""
_SIZES: Final = ("Size", "Length", "PerimeterLength", "Area", "Volume")
_TOLD: Final = ("size", "length", "perimeter", "area", "volume")
_METRES: Final = ("12.5", "40.0", "100.0", "625.0", "1250.0")


def core_cases() -> Iterator[Case]:
    """Requirements of the core."""
    for name, is_json in (("xml", False), ("json", True)):
        yield Case(
            f"sparql-protocol-{name}",
            (f"{CORE}sparql-protocol",),
            "SELECT ?s ?label ?volume { ?s a geo:Feature "
            "OPTIONAL { ?s rdfs:label ?label } "
            "OPTIONAL { ?s geo:hasMetricVolume ?volume } }",
            "s label volume",
            [
                (iri(":field"), None, typed("1250.0", "xsd:double")),
                (iri(":other"), _tagged("Acker", "de"), None),
                (iri(":other"), _tagged("field", "en"), None),
            ],
            BY_HAND,
            is_json=is_json,
        )
    yield Case(
        "sparql-protocol-ask",
        (f"{CORE}sparql-protocol",),
        "ASK { ?s a geo:FeatureCollection ; rdfs:member/rdfs:label 'field'@en }",
        "",
        rows=True,
        source=BY_HAND,
    )
    yield from _classes()
    yield from _sizes()


def _tagged(text: str, language: str) -> ox.Literal:
    return ox.Literal(text, language=language)


def _classes() -> Iterator[Case]:
    for name, local, members in (
        ("spatial-object-class", "SpatialObject", ["thing"]),
        ("feature-class", "Feature", ["field", "other"]),
    ):
        rows: list[Row] = [(iri(f":{member}"),) for member in members]
        query = f"SELECT ?s {{ ?s a geo:{local} }}"
        yield Case(name, (CORE + name,), query, "s", rows, BY_HAND)
    for name, local, pairs in (
        (
            "spatial-object-collection-class",
            "SpatialObjectCollection",
            [("things", "thing"), ("things", "field")],
        ),
        (
            "feature-collection-class",
            "FeatureCollection",
            [("fields", "field"), ("fields", "other")],
        ),
    ):
        rows = [(iri(f":{whole}"), iri(f":{part}")) for whole, part in pairs]
        query = f"SELECT ?s ?member {{ ?s a geo:{local} ; rdfs:member ?member }}"
        yield Case(name, (CORE + name,), query, "s member", rows, BY_HAND)


def _sizes() -> Iterator[Case]:
    for name, told, metres in zip(_SIZES, _TOLD, _METRES, strict=True):
        yield Case(
            f"spatial-object-properties-has{name}",
            (f"{CORE}spatial-object-properties",),
            f"SELECT ?s ?size ?metric {{ ?s geo:has{name} ?size ; "
            f"geo:hasMetric{name} ?metric FILTER(?metric > 1) }}",
            "s size metric",
            [(iri(":field"), iri(f":{told}"), typed(metres, "xsd:double"))],
            BY_HAND,
        )


VOCABULARY_DATA: Final = """\
:field a geo:Feature ;
  geo:hasGeometry :outline ; geo:hasDefaultGeometry :outline ;
  geo:hasCentroid :middle ; geo:hasBoundingBox :box ;
  geo:hasLength :length ; geo:hasArea :area ; geo:hasVolume :volume ;
  geo:hasSpatialResolution :resolution .
:outline a geo:Geometry ;
  geo:dimension 2 ; geo:coordinateDimension 2 ; geo:spatialDimension 2 ;
  geo:hasSpatialResolution :resolution ; geo:hasSpatialAccuracy :accuracy ;
  geo:hasMetricSpatialResolution "10.0"^^xsd:double ;
  geo:hasMetricSpatialAccuracy "2.5"^^xsd:double ;
  geo:isEmpty false ; geo:isSimple true ;
  geo:hasSerialization "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"^^geo:wktLiteral .
:middle a geo:Geometry ; geo:hasSerialization "POINT (2 2)"^^geo:wktLiteral .
:box a geo:Geometry .
:both a geo:GeometryCollection ; rdfs:member :outline , :middle .
"""


def vocabulary_cases() -> Iterator[Case]:
    """Requirements of the geometry extension about its classes and properties."""
    name = f"{EXTENSION}geometry-class"
    rows: list[Row] = [(iri(f":{each}"),) for each in ("outline", "middle", "box")]
    query = "SELECT ?s { ?s a geo:Geometry }"
    yield _told("geometry-class", name, query, "s", rows)
    rows = [(iri(":both"), iri(f":{each}")) for each in ("outline", "middle")]
    query = "SELECT ?s ?member { ?s a geo:GeometryCollection ; rdfs:member ?member }"
    name = f"{EXTENSION}geometry-collection-class"
    yield _told("geometry-collection-class", name, query, "s member", rows)
    for local, target in (
        ("hasGeometry", ":outline"),
        ("hasDefaultGeometry", ":outline"),
        ("hasLength", ":length"),
        ("hasArea", ":area"),
        ("hasVolume", ":volume"),
        ("hasCentroid", ":middle"),
        ("hasBoundingBox", ":box"),
    ):
        yield _property("feature", local, [(iri(":field"), iri(target))])
    two: list[Row] = [(iri(f":{s}"), iri(":resolution")) for s in ("field", "outline")]
    yield _property("feature", "hasSpatialResolution", two)
    for local, term in (
        ("dimension", value(2)),
        ("coordinateDimension", value(2)),
        ("spatialDimension", value(2)),
        ("hasMetricSpatialResolution", typed("10.0", "xsd:double")),
        ("hasSpatialAccuracy", iri(":accuracy")),
        ("hasMetricSpatialAccuracy", typed("2.5", "xsd:double")),
        ("isEmpty", value(of=False)),
        ("isSimple", value(of=True)),
    ):
        yield _property("geometry", local, [(iri(":outline"), term)])
    yield _property("geometry", "hasSpatialResolution", two)
    serialized: list[Row] = [
        (iri(":outline"), wkt("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))")),
        (iri(":middle"), wkt("POINT (2 2)")),
    ]
    yield _property("geometry", "hasSerialization", serialized)
    yield _told(
        "has-serialization-is-a-geometry",
        f"{EXTENSION}geometry-properties",
        "SELECT ?s ?crs { ?s geo:hasSerialization ?x BIND (geof:getSRID(?x) AS ?crs) "
        "FILTER(geof:sfWithin('POINT (2 2)'^^geo:wktLiteral, ?x)) }",
        "s crs",
        [(iri(":outline"), uri(CRS84)), (iri(":middle"), uri(CRS84))],
    )


def _property(kind: str, local: str, rows: list[Row]) -> Case:
    query = f"SELECT ?s ?o {{ ?s geo:{local} ?o }}"
    requirement = f"{EXTENSION}{kind}-properties"
    return _told(f"{kind}-properties-{local}", requirement, query, "s o", rows)


def _told(
    name: str, requirement: str, query: str, variables: str, rows: list[Row]
) -> Case:
    return Case(name, (requirement,), query, variables, rows, BY_HAND, "vocabulary.ttl")


FAMILIES: Final = {
    "sf": [
        "sfEquals",
        "sfDisjoint",
        "sfIntersects",
        "sfTouches",
        "sfCrosses",
        "sfWithin",
        "sfContains",
        "sfOverlaps",
    ],
    "eh": [
        "ehEquals",
        "ehDisjoint",
        "ehMeet",
        "ehOverlap",
        "ehCovers",
        "ehCoveredBy",
        "ehInside",
        "ehContains",
    ],
    "rcc8": [
        "rcc8eq",
        "rcc8dc",
        "rcc8ec",
        "rcc8po",
        "rcc8tppi",
        "rcc8tpp",
        "rcc8ntpp",
        "rcc8ntppi",
    ],
}
"""The relations of requirements 4 to 6, in the order of the standard."""


def topology_data() -> str:
    """A pair for each relation, of which nothing but the relation is known."""
    return "".join(
        f":{name}A geo:{name} :{name}B .\n"
        for each in FAMILIES.values()
        for name in each
    )


def topology_cases() -> Iterator[Case]:
    """Relations that are said, by their own property, and by a variable."""
    for family, names in FAMILIES.items():
        requirement = f"{TOPOLOGY}{family}-spatial-relations"
        for name in names:
            rows: list[Row] = [(iri(f":{name}A"), iri(f":{name}B"))]
            query = f"SELECT ?a ?b {{ ?a geo:{name} ?b }}"
            yield Case(name, (requirement,), query, "a b", rows, BY_HAND)
        yield Case(
            f"{family}-by-variable",
            (requirement,),
            f"SELECT ?p ?b {{ ?a ?p ?b FILTER(STRSTARTS(STR(?p), '{GEO}{family}')) }}",
            "p b",
            [(iri(f"geo:{name}"), iri(f":{name}B")) for name in names],
            BY_HAND,
        )
