"""Data of the shape and the cardinalities of Geographica 2's real-world workload.

Seven data sets over Greece, each in a graph of its own, with the predicates that the
benchmark's queries name; geometries are stated in GeoSPARQL's own words, because Jena
indexes no others. They are random, the same for the same scale: areas of
land cover and municipalities are coverages, whose neighbours share their border vertex
by vertex; roads are random walks; places are half of them in clusters.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from peers.postgis import Table

Point: TypeAlias = tuple[float, float]

WEST, SOUTH, EAST, NORTH = 19.373588, 34.802021, 29.643058, 41.748503
SIZES: Final = {
    "clc": 44_834,
    "lgd": 12_097,
    "geonames": 21_990,
    "gag": 325,
    "dbpedia": 8_727,
    "hotspots": 37_048,
    "census": 30_000,
}
"""Features of each data set of the benchmark; of the census it says nothing."""

LAND_USES: Final = (
    *("coniferousForest", "continuousUrbanFabric", "pastures", "vineyards"),
    *("oliveGroves", "discontinuousUrbanFabric", "broadLeavedForest", "seaAndOcean"),
)
CODES: Final = ("P.PPL", "P.PPLA", "H.STM", "T.MT", "S.HTL", "L.RGN")
ROADS: Final = ("Motorway", "Primary", "Secondary", "Residential", "River")
TIMES: Final = 200
_DATASET: Final = "http://geographica.di.uoa.gr/dataset/"
_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_LABEL: Final = "<http://www.w3.org/2000/01/rdf-schema#label>"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_GEO: Final = "http://www.opengis.net/ont/geosparql#"
_CLC: Final = "http://geo.linkedopendata.gr/corine/ontology#"
_LGD: Final = "http://linkedgeodata.org/ontology/"
_GEONAMES: Final = "http://www.geonames.org/ontology#"
_GAG: Final = "http://geo.linkedopendata.gr/gag/ontology/"
_NOA: Final = "http://teleios.di.uoa.gr/ontologies/noaOntology.owl#"
_CENSUS: Final = "http://geographica.di.uoa.gr/cencus/ontology#"


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing with a geometry.

    Attributes:
        iri: Its name.
        wkt: Its geometry.
        statements: Its other statements: predicate and object, as in N-Triples.
        row: Its columns in PostGIS between the IRI and the geometry.
    """

    iri: str
    wkt: str
    statements: tuple[tuple[str, str], ...] = ()
    row: tuple[object, ...] = ()


@lru_cache(maxsize=1)
def features(scale: float) -> dict[str, list[Feature]]:
    """All data sets, with this share of their features."""
    sizes = {name: max(4, round(size * scale)) for name, size in SIZES.items()}
    places = [_point(each) for each in _places(sizes["geonames"])]
    return {
        "clc": list(_land_cover(sizes["clc"])),
        "lgd": list(_roads(sizes["lgd"])),
        "geonames": list(_names(places)),
        "gag": list(_municipalities(sizes["gag"])),
        "dbpedia": list(_articles(sizes["dbpedia"], places)),
        "hotspots": list(_hotspots(sizes["hotspots"])),
        "census": list(_streets(sizes["census"])),
    }


def write_data(path: Path, scale: float) -> int:
    """Write N-Quads; how many there are."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for name, all_of_it in features(scale).items():
            # The queries ask for the streets of the census in the default graph.
            graph = "" if name == "census" else f" <{_DATASET}{name}>"
            for feature in all_of_it:
                for triple in _triples(feature):
                    file.write(f"{triple}{graph} .\n")
                    count += 1
    return count


def _triples(feature: Feature) -> Iterator[str]:
    subject, geometry = f"<{feature.iri}>", f"<{feature.iri}/geometry>"
    for predicate, value in feature.statements:
        yield f"{subject} {predicate} {value}"
    yield f"{subject} <{_GEO}hasGeometry> {geometry}"
    yield f'{geometry} <{_GEO}asWKT> "{feature.wkt}"^^<{_GEO}wktLiteral>'


def _chance(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - no secret


def _coverage(count: int, vertices: int, name: str) -> Iterator[str]:
    """Polygons that tile the whole, each with four borders of so many vertices."""
    chance = _chance(name)
    columns = int(count**0.5) + 1
    width, height = (EAST - WEST) / columns, (NORTH - SOUTH) / columns
    borders: dict[tuple[int, int, bool], list[Point]] = {}

    def border(column: int, row: int, *, is_across: bool) -> list[Point]:
        key = (column, row, is_across)
        if key not in borders:
            borders[key] = [
                _jagged(column, row, step / vertices, chance, is_across=is_across)
                for step in range(vertices)
            ]
        return borders[key]

    def _jagged(
        column: int, row: int, at: float, chance: random.Random, *, is_across: bool
    ) -> Point:
        # Less so near a corner, where another border begins.
        off = chance.uniform(-0.2, 0.2) * min(at, 1 - at)
        along, aside = (at, off) if is_across else (off, at)
        return WEST + (column + along) * width, SOUTH + (row + aside) * height

    for number in range(count):
        row, column = divmod(number, columns)
        corner = (WEST + (column + 1) * width, SOUTH + (row + 1) * height)
        above = border(column, row + 1, is_across=True)
        right = border(column + 1, row, is_across=False)
        ring = [
            *border(column, row, is_across=True),
            *right,
            corner,
            *reversed(above),
            *reversed(border(column, row, is_across=False)[1:]),
        ]
        ring.append(ring[0])
        yield f"POLYGON (({_points(ring)}))"


def _land_cover(count: int) -> Iterator[Feature]:
    chance = _chance("land use")
    for i, wkt in enumerate(_coverage(count, 25, "clc")):
        use = chance.choice(LAND_USES)
        yield Feature(
            f"{_CLC}Area_{i}",
            wkt,
            (
                (_TYPE, f"<{_CLC}Area>"),
                (f"<{_CLC}hasID>", f'"EU-{i}"'),
                (f"<{_CLC}hasLandUse>", f"<{_CLC}{use}>"),
            ),
            (f"EU-{i}", use),
        )


def _municipalities(count: int) -> Iterator[Feature]:
    for i, wkt in enumerate(_coverage(count, 75, "gag")):
        label = f"ΔΗΜΟΣ {i}"
        statements = ((_TYPE, f"<{_GAG}Δήμος>"), (_LABEL, f'"{label}"'))
        yield Feature(f"{_GAG}municipality/{i}", wkt, statements, (label,))


def _roads(count: int) -> Iterator[Feature]:
    chance = _chance("roads")
    for i in range(count):
        kind, label = chance.choice(ROADS), f"Road {i}"
        types = [kind] if kind == "River" else [kind, "HighwayThing"]
        yield Feature(
            f"http://linkedgeodata.org/way/{i}",
            f"LINESTRING ({_points(_walk(chance))})",
            (*((_TYPE, f"<{_LGD}{each}>") for each in types), (_LABEL, f'"{label}"')),
            (kind, label),
        )


def _walk(chance: random.Random) -> Iterator[Point]:
    x, y = chance.uniform(WEST, EAST), chance.uniform(SOUTH, NORTH)
    for _ in range(chance.randint(5, 45)):
        yield x, y
        x, y = x + chance.uniform(-0.002, 0.004), y + chance.uniform(-0.004, 0.002)


def _places(count: int) -> Iterator[Point]:
    chance = _chance("places")
    towns = [_anywhere(chance) for _ in range(40)]
    for i in range(count):
        x, y = _anywhere(chance)
        if i % 2:
            at = chance.choice(towns)
            x, y = chance.gauss(at[0], 0.05), chance.gauss(at[1], 0.05)
        yield round(x, 6), round(y, 6)


def _anywhere(chance: random.Random) -> Point:
    return chance.uniform(WEST, EAST), chance.uniform(SOUTH, NORTH)


def _names(places: list[str]) -> Iterator[Feature]:
    chance = _chance("names")
    for i, wkt in enumerate(places):
        code, name = chance.choice(CODES), f"Place {i % 5000}"
        parent = f"http://sws.geonames.org/parent/{i % 50}/"
        yield Feature(
            f"http://sws.geonames.org/{i}/",
            wkt,
            (
                (_TYPE, f"<{_GEONAMES}Feature>"),
                (f"<{_GEONAMES}name>", f'"{name}"'),
                (f"<{_GEONAMES}featureCode>", f"<{_GEONAMES}{code}>"),
                (f"<{_GEONAMES}featureClass>", f"<{_GEONAMES}{code[0]}>"),
                (f"<{_GEONAMES}parentFeature>", f"<{parent}>"),
            ),
            (name, code, code[0], parent),
        )


def _articles(count: int, places: list[str]) -> Iterator[Feature]:
    """A third of them are where a place is."""
    chance = _chance("articles")
    for i in range(count):
        wkt = chance.choice(places) if i % 3 == 0 else _point(_anywhere(chance))
        yield Feature(f"http://dbpedia.org/resource/Article_{i}", wkt)


def time(number: int) -> str:
    """When a hotspot was seen."""
    return f"2007-08-{1 + number // 24:02}T{number % 24:02}:15:00"


def _hotspots(count: int) -> Iterator[Feature]:
    chance = _chance("hotspots")
    for i in range(count):
        x, y = _anywhere(chance)
        ring = ((0, 0), (0.04, 0), (0.04, 0.04), (0, 0.04), (0, 0))
        seen, refined = time(chance.randrange(TIMES)), i % 4 == 0
        sensor, satellite = f"MSG{1 + i % 2}", f"METEOSAT{8 + i % 2}"
        facts = (
            ("isDerivedFromSensor", f'"{sensor}"'),
            ("hasConfidence", f'"{i % 10 / 10}"^^<{_XSD}double>'),
            ("isProducedBy", f"<{_NOA}noa>"),
            ("isDerivedFromSatellite", f'"{satellite}"'),
            ("producedFromProcessingChain", f'"Chain{i % 3}"'),
            ("hasConfirmation", f"<{_NOA}unknown>"),
            ("hasAcquisitionTime", f'"{seen}"^^<{_XSD}dateTime>'),
            *((("refinedBy", f"<{_NOA}Hotspot_{i + 1}>"),) if refined else ()),
        )
        yield Feature(
            f"{_NOA}Hotspot_{i}",
            f"POLYGON (({_points([(x + a, y + b) for a, b in ring])}))",
            (
                (_TYPE, f"<{_NOA}Hotspot>"),
                *((f"<{_NOA}{name}>", value) for name, value in facts),
            ),
            (sensor, i % 10 / 10, satellite, f"Chain{i % 3}", seen, refined),
        )


def _streets(count: int) -> Iterator[Feature]:
    chance = _chance("streets")
    for i in range(count):
        (x, y), low = _anywhere(chance), 100 * (i % 20)
        zipped, name = 11_000 + i % 400, f"Street {i % 3000}"
        numbers = {
            "lfromhn": low,
            "ltohn": low + 98,
            "zipl": zipped,
            "rfromhn": low + 1,
            "rtohn": low + 99,
            "zipr": zipped,
        }
        box = {"minx": x, "miny": y, "maxx": x + 0.01, "maxy": y + 0.01}
        yield Feature(
            f"{_CENSUS}edge/{i}",
            f"LINESTRING ({_points([(x, y), (x + 0.01, y + 0.01)])})",
            (
                (f"<{_CENSUS}fullname>", f'"{name}"'),
                (f"<{_CENSUS}parityl>", '"E"'),
                (f"<{_CENSUS}parityr>", '"O"'),
                *(
                    (f"<{_CENSUS}{k}>", _number(v, "integer"))
                    for k, v in numbers.items()
                ),
                *((f"<{_CENSUS}{k}>", _number(v, "double")) for k, v in box.items()),
            ),
            (name, "E", "O", *numbers.values(), *box.values()),
        )


def _number(value: float, datatype: str) -> str:
    return f'"{value}"^^<{_XSD}{datatype}>'


def _point(point: Point) -> str:
    return f"POINT ({point[0]} {point[1]})"


def _points(points: Iterator[Point] | list[Point]) -> str:
    return ", ".join(f"{round(x, 7)} {round(y, 7)}" for x, y in points)


_COLUMNS: Final = {
    "clc": "id text, use text",
    "lgd": "type text, label text",
    "geonames": "name text, code text, class text, parent text",
    "gag": "label text",
    "dbpedia": "",
    "hotspots": "sensor text, confidence float, satellite text, chain text, "
    "seen timestamp, refined boolean",
    "census": "fullname text, parityl text, parityr text, lfromhn int, ltohn int, "
    "zipl int, rfromhn int, rtohn int, zipr int, "
    "minx float, miny float, maxx float, maxy float",
}
_INDEXES: Final = {
    "clc": ("(use)",),
    "lgd": ("(type)",),
    "geonames": ("(name)", "(code)", "USING gist ((geom::geography))"),
    "hotspots": ("(seen)",),
    "census": ("(fullname, zipl)", "(fullname, zipr)"),
}


def tables(scale: float) -> Iterator[Table]:
    """A table for each data set, indexed as a person would."""
    for name, all_of_it in features(scale).items():
        columns = ["iri text", _COLUMNS[name], "geom geometry(Geometry, 4326)"]
        yield Table(
            name,
            ", ".join(each for each in columns if each),
            ((f.iri, *f.row, f"SRID=4326;{f.wkt}") for f in all_of_it),
            ("USING gist (geom)", *_INDEXES.get(name, ())),
        )
