"""The real-world workload of Geographica 2, on data of the same cardinalities.

    python benchmarks/geographica2.py [--quick] [--peers jena,oxigraph,postgis]

The texts of the queries are the benchmark's own, read where the suites lie
(`$PYTHEAS_SUITES`): the micro benchmark (non-topological functions, spatial selections,
joins, aggregates), the macro scenarios (geocoding, reverse geocoding, map search and
browsing, rapid mapping, statistics), and those of its scalability on the ten thousand
triples of geordfbench. Data are random (`peers/greece.py`); parameters are taken from
them. `--quick` has a tenth of the features.

All over HTTP, medians of warm runs with a limit of 60 s. For Jena, its spatial index
narrows what is related to something bound; PostGIS is asked by SQL by hand, in metres
on its `geography`.
"""

import argparse
import gzip
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import shapely
from peers import greece
from peers.comparison import Question, print_table
from peers.greece_sql import SQL
from peers.postgis import Table
from peers.run import PEERS, run_all

from strabon_store.algebra.terms import IRI, Literal
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

QUICK: Final = 0.1
SUITES: Final = Path(
    os.environ.get(
        "PYTHEAS_SUITES", Path(__file__).parent.parent.parent / "shared" / "suites"
    )
)
QUERIES: Final = SUITES / "geographica2" / "queries"
PARAMETERS: Final = SUITES / "geographica2" / "params"
SCALABILITY: Final = SUITES / "geordfbench" / "data" / "scalability_10K.nt.gz"
GOLD: Final = (554, 2, 2)
"""Rows of the three queries of the scalability workload."""


def parameters(scale: float) -> dict[str, str]:
    """What stands for the names in braces."""
    data = greece.features(scale)
    municipality, town = data["gag"][len(data["gag"]) // 2], data["geonames"][1]
    line = "LINESTRING (21.0 37.0, 23.0 38.5, 25.0 40.0)"
    x, y = shapely.from_wkt(town.wkt).coords[0]
    box = f"POLYGON (({x} {y}, {x + 1} {y}, {x + 1} {y + 1}, {x} {y + 1}, {x} {y}))"
    return {
        "givenPolygon": _literal(municipality.wkt),
        "givenLine": _literal(data["lgd"][0].wkt),
        "givenLine2": _literal(line),
        "givenLine3": _literal(line),
        "givenPoint": _literal(town.wkt),
        "givenRadius": "3000",
        "municipalityWKT": f'"{municipality.wkt}"',
        "polygonWKT": f'"{box}"',
        "this.timestamp": f'"{greece.time(7)}"',
        "houseno": "110",
        "parity": '"E"',
        "streetname": '"Street 1"',
        "zip": "11001",
        "name": "Place 7",
        "x": f"{x}",
        "y": f"{y}",
        "x_min": f"{x}",
        "x_max": f"{x + 0.1}",
        "y_min": f"{y}",
        "y_max": f"{y + 0.1}",
    }


def _literal(wkt: str) -> str:
    return f'"{wkt}"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'


def questions(scale: float) -> Iterator[Question]:
    """Every query but those of the scalability workload."""
    known = parameters(scale)
    for path in sorted(QUERIES.glob("M*/*.rq")):
        title = f"{path.parent.name} {path.stem[3:]}"
        text = _filled(path, known)
        yield Question(title, text, _indexed(text), _sql(path.stem, known))


def _filled(path: Path, known: Mapping[str, str]) -> str:
    text = path.read_text(encoding="utf-8")
    if path.stem.endswith("right"):
        known = {**known, "parity": '"O"'}
    text = re.sub(r"\{\{([\w.]+)\}\}", lambda found: known[found[1]], text)
    # Geometries are stated in GeoSPARQL's own words, which the benchmark's entail.
    text = re.sub(r"(?:<[^<>\s]*|\w+:)(asWKT|hasGeometry)\b>?\s+", r"geo:\1 ", text)
    # The third query of rapid mapping misspells a variable, and has no join.
    text = text.replace("?geomentry", "?geometry")
    # The union of a group goes by Strabon's name, as the benchmark's extent does.
    return text.replace("geof:union(?o1)", "strdf:union(?o1)")


_RELATED: Final = re.compile(
    r"geof:sf(?!Disjoint)\w+\(\s*(\?\w+),\s*(\?\w+|\"[^\"]*\"\^\^[^\s)]+)\s*\)"
)
"""A variable, and a variable or a constant that it is related to."""


def _indexed(text: str) -> str | None:
    """For Jena: its index gives the features that meet the box of a geometry."""
    narrowed = text
    for one, other in _RELATED.findall(text):
        near, far = one, other
        if other.startswith("?") and _stated(text, one) < _stated(text, other):
            # Of two variables the one whose pattern comes first is bound by then.
            near, far = other, one
        narrowed = _narrowed(narrowed, near, far)
    head = "PREFIX spatial: <http://jena.apache.org/spatial#>\n"
    return None if narrowed == text else head + narrowed


def _stated(text: str, wkt: str) -> int:
    return text.index(f"geo:asWKT {wkt}")


def _narrowed(text: str, wkt: str, box: str) -> str:
    if f"?of_{wkt[1:]} " in text:
        return text
    own = re.search(rf"(\?\w+) geo:hasGeometry \[ geo:asWKT \{wkt} \]", text)
    if own is not None:
        before = f"{own[1]} spatial:intersectBoxGeom ({box}) . "
        return text[: own.start()] + before + text[own.start() :]
    stated = re.search(rf"(\?\w+)\s+geo:asWKT \{wkt}\b", text)
    if stated is None:
        return text
    feature = f"?of_{wkt[1:]}"
    before = f"{feature} spatial:intersectBoxGeom ({box}) ; "
    before += f"geo:hasGeometry {stated[1]} . "
    # Before all else that is said in this group.
    at = text.rindex("{", 0, stated.start()) + 1
    return f"{text[:at]} {before}{text[at:]}"


def _sql(name: str, known: Mapping[str, str]) -> str | None:
    """What a query file asks for, by hand."""
    text = SQL.get(name)
    if text is None:
        return None
    plain = {key: value.strip('"') for key, value in known.items()}
    plain["seen"] = plain.pop("this.timestamp")
    shapes = {
        key: _shape(value)
        for key, value in known.items()
        if '"' in value and "(" in value
    }
    box = "ST_MakeEnvelope({x_min}, {y_min}, {x_max}, {y_max}, 4326)".format(**plain)
    at = "ST_SetSRID(ST_MakePoint({x}, {y}), 4326)".format(**plain)
    return text.format(**{**plain, **shapes, "box": box, "at": at})


def _shape(literal: str) -> str:
    wkt = literal.split('"')[1]
    return f"ST_GeomFromText('{wkt}', 4326)"


def scalability(folder: Path, peers: Sequence[str]) -> None:
    """The three queries of geordfbench's ten thousand triples; counts must be right."""
    data = folder / "wales.nt"
    with gzip.open(SCALABILITY) as packed, data.open("wb") as file:
        shutil.copyfileobj(packed, file)
    polygon = (PARAMETERS / "givenPolygonCrossesEurope.txt").read_text().strip()
    asked = []
    for path in sorted((QUERIES / "Scalability").glob("*.rq")):
        text = _filled(path, {"givenPolygon": _literal(polygon)})
        sql = _wales_sql(path.stem, polygon)
        # The first asks for geometries, not all of which are those of a feature.
        indexed = None if "SC1" in path.stem else _indexed(text)
        asked.append(Question(path.stem[3:], text, indexed, sql))
    results = run_all(asked, data, folder, _wales_table(data, folder), peers)
    print_table(results)
    counts = tuple(each.rows for each in results["pytheas"].values())
    if counts != GOLD:
        raise SystemExit(f"geordfbench: {counts}, and not {GOLD}")


def _wales_sql(name: str, polygon: str) -> str:
    if "SC1" in name:
        window = f"ST_GeomFromText('{polygon}', 4326)"
        return (
            "SELECT geometry, ST_AsText(geom) FROM wales "  # noqa: S608 - ours
            f"WHERE ST_Intersects(geom, {window})"
        )
    codes = "b.code > 5000 AND b.code < 6000 AND b.code <> 5260"
    if "SC3" in name:
        codes = "b.code IN (5622, 5601, 5641, 5621, 5661)"
    return (
        "SELECT a.iri, b.iri FROM wales a, wales b "  # noqa: S608 - ours
        f"WHERE a.code = 1001 AND {codes} AND ST_Intersects(a.geom, b.geom)"
    )


def _wales_table(data: Path, folder: Path) -> Iterator[Table]:
    with Store.open(folder / "wales") as store:
        store.load([data])
        answer = store.query(
            "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
            "PREFIX lgd: <http://data.linkedeodata.eu/ontology#> "
            "SELECT ?g ?s ?code ?wkt { ?g geo:asWKT ?wkt "
            "OPTIONAL { ?s geo:hasGeometry ?g ; lgd:has_code ?code } }"
        )
        assert isinstance(answer, Solutions)  # noqa: S101
        rows = [[_text(term) for term in row] for row in answer]
    yield Table(
        "wales",
        "geometry text, iri text, code int, geom geometry(Geometry, 4326)",
        ((*names, f"SRID=4326;{wkt}") for *names, wkt in rows),
        ("USING gist (geom)", "(code)"),
    )


def _text(term: object) -> str | None:
    match term:
        case IRI(value) | Literal(value):
            return value
        case _:
            return None


def main(scale: float, peers: Sequence[str]) -> None:
    """Both data sets, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data.nq"
        print(f"{greece.write_data(data, scale):,} quads", end="\n\n")
        asked = list(questions(scale))
        tables = greece.tables(scale)
        print_table(run_all(asked, data, folder, tables, peers))
        print("\ngeordfbench, 10,000 triples", end="\n\n")
        scalability(folder, peers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", default=",".join(PEERS))
    given = parser.parse_args()
    main(QUICK if given.quick else 1.0, given.peers.split(","))
