"""Mappings and their data that both engines run; a case writes them to a folder."""

import csv
import datetime as dt
import decimal
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from geotriples import mappings
from tests.geotriples.polygons import polygon_row, write_polygons
from tests.geotriples.rml import PREFIXES, triples_map

NASTY: Final = [
    *('say "hi"', "two\nlines", "back\\slash \\n", "carriage\rreturn", "", " "),
    *("tab\t, comma; ünïcödé 雪 🧊", "a+b*c~d%20", "\ue000\ufdd0", "'; DROP", "\\"),
    *("ß ǆ İ", "end\n", "\x85\u2028", "/?#[]@!$&'()*+,;=", "a" * 5000, "é" * 3000),
]
ICE_CHART: Final = CRS("+proj=stere +lat_0=90 +lon_0=0 +k=1 +datum=WGS84 +units=m")
_UTC: Final = dt.UTC


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
            [header, *rows]
        )


def _write(folder: Path, mapping: str) -> Path:
    path = folder / "m.ttl"
    path.write_text(mapping, encoding="utf-8")
    return path


def strings(folder: Path) -> Path:
    """Any text: in literals, templates of every term type, blank nodes, constants."""
    rows = [[str(i), text] for i, text in enumerate(NASTY)]
    write_csv(folder / "d.csv", ["id", "v"], rows)
    return _write(
        folder,
        triples_map(
            "d.csv",
            '[ rml:template "http://x.org/{v}/{id}" ]',
            '[ rml:reference "v" ]',
            '[ rml:template "http://x.org/{v}" ; rml:termType rml:URI ]',
            '[ rml:template "r/{v}" ; rml:termType rml:IRI ]',
            '[ rml:reference "v" ; rml:termType rml:BlankNode ]',
            '[ rml:template "{id}: {v}\\\\\\\\" ; rml:termType rml:Literal ]',
            '[ rml:constant "back\\\\slash \\"quoted\\"\\nline" ]',
            '[ rml:reference "v" ; rml:language "en" ]',
        ),
    )


def rows_of_their_own(folder: Path) -> Path:
    """Blank nodes by the number of the row, constants, several maps of one source."""
    rows = [[str(i), str(i % 7)] for i in range(100)]
    write_csv(folder / "d.csv", ["id", "v"], rows)
    first = triples_map(
        "d.csv", "[ rml:termType rml:BlankNode ]", '[ rml:reference "v" ]'
    )
    return _write(
        folder,
        first
        + triples_map("d.csv", '[ rml:template "v/{v}" ]', "[ rml:constant ex:o ]")
        .removeprefix(PREFIXES)
        .replace("ex:map", "ex:second"),
    )


def graphs(folder: Path) -> Path:
    """Named graphs, constant and by row, and classes."""
    write_csv(folder / "d.csv", ["id", "g"], [[str(i), str(i % 3)] for i in range(40)])
    text = triples_map(
        "d.csv",
        '[ rml:template "{id}" ; rml:class ex:C ; '
        'rml:graphMap [ rml:template "g/{g}" ] ; rml:graph ex:all ]',
        '[ rml:reference "g" ; rml:datatype xsd:integer ]',
    )
    return _write(folder, text)


def joins(folder: Path) -> Path:
    """Children and parents of two sources, by two conditions; nulls join nothing."""
    chance = random.Random(3)  # noqa: S311 - no secret
    keys = ["", "a", "b", "c d", "é"]
    rows = [[str(i), chance.choice(keys), str(i % 4)] for i in range(120)]
    write_csv(folder / "child.csv", ["id", "k", "n"], rows)
    table = pa.table(
        {
            "key": pa.array(["a", "b", "c d", "é", None, "a"]),
            "n": pa.array([0, 1, 2, 3, 1, 1], pa.uint8()),
            "w": pa.array([0.1, 1e-7, 2e23, -0.0, 5.0, float("inf")]),
        }
    )
    pq.write_table(table, folder / "parent.parquet")
    join = (
        "[ rml:parentTriplesMap ex:parent ; "
        'rml:joinCondition [ rml:child "k" ; rml:parent "key" ] , '
        '[ rml:child "n" ; rml:parent "n" ] ]'
    )
    child = triples_map("child.csv", '[ rml:template "c/{id}" ]', join)
    parent = triples_map(
        "parent.parquet",
        '[ rml:template "p/{key}/{n}/{w}" ]',
        '[ rml:reference "w" ]',
        formulation="pyrml:Parquet",
    ).removeprefix(PREFIXES)
    return _write(folder, child + parent.replace("ex:map", "ex:parent"))


def natural_types(folder: Path) -> Path:
    """Every type that Parquet has, in four row groups, with nulls."""
    stamp = dt.datetime(2022, 4, 21, 7, 31, 5, 250_000, _UTC)
    old = dt.datetime(1, 1, 1, tzinfo=_UTC)
    columns = {
        "small": pa.array([1, None, 255, 7], pa.uint8()),
        "big": pa.array([2**64 - 1, 0, None, 1], pa.uint64()),
        "signed": pa.array([-(2**63), 2**63 - 1, 0, None], pa.int64()),
        "exact": pa.array([decimal.Decimal(t) for t in ("1.50", "-0.01", "0.00", "9")]),
        "single": pa.array([0.1, 1e-38, None, float("nan")], pa.float32()),
        "double": pa.array([2e23, 1e-7, 12.5, float("-inf")]),
        "truth": pa.array([True, False, None, True]),
        "bytes": pa.array([b"\x00\xff", b"", None, b"abc"]),
        "day": pa.array([dt.date(2022, 4, 21), dt.date(1, 1, 1), None, None]),
        "hour": pa.array([dt.time(7, 31, 5), dt.time(1, 2, 3, 450_000), None, None]),
        "local": pa.array([stamp, old, None, stamp]).cast(pa.timestamp("us")),
        "utc": pa.array([stamp, old, None, stamp], pa.timestamp("ms", "UTC")),
        "zone": pa.array([stamp, None, None, stamp], pa.timestamp("us", "Asia/Tokyo")),
        "word": pa.array(["a", "b", "a", None]).dictionary_encode(),
        "many": pa.array([["x", "y"], [], None, ["x", None]]),
        "numbers": pa.array([[1, 2], [3], None, []], pa.list_(pa.int16())),
    }
    table = pa.table({"n": pa.array(range(4)), **columns})
    pq.write_table(table, folder / "d.parquet", row_group_size=1)
    objects = [f'[ rml:reference "{name}" ]' for name in columns]
    objects.append('[ rml:reference "signed" ; rml:datatype xsd:double ]')
    objects.append('[ rml:template "{exact}/{double}" ]')
    return _write(
        folder,
        triples_map(
            "d.parquet",
            '[ rml:template "{n}" ]',
            *objects,
            formulation="pyrml:Parquet",
        ),
    )


def json_values(folder: Path) -> Path:
    """Values with types of their own, lists, and paths that lead nowhere."""
    rows = [
        {"id": i, "v": value, "tags": [f"t{j}" for j in range(i % 4)]}
        for i, value in enumerate([1, 1.5, "x", None, True, 1e300, "é\n", -0.0] * 3)
    ]
    rows[0]["nothing"] = None
    (folder / "d.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    text = triples_map(
        "d.json",
        '[ rml:template "{$.id}" ]',
        '[ rml:reference "$.v" ]',
        '[ rml:reference "$.tags[*]" ]',
        '[ rml:template "t/{$.tags[*]}" ]',
        '[ rml:reference "$.nothing" ]',
        formulation="rml:JSONPath",
    )
    iterator = 'rml:JSONPath ; rml:iterator "$.rows[*]" ]'
    return _write(folder, text.replace("rml:JSONPath ]", iterator))


def polar_polygons(folder: Path) -> Path:
    """Metres around the pole, of a CRS without a code: in it, and in three others."""
    boxes = [shapely.box(x, -1e6, x + 900, -999_100) for x in range(0, 60_000, 1000)]
    over = shapely.box(-1000, 1000, 1000, 3000)
    rows = [polygon_row(i, box) for i, box in enumerate([*boxes, over])]
    rows[5] |= {"geometry": None}
    write_polygons(folder / "p.parquet", rows, ICE_CHART)
    iris = (
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "http://www.opengis.net/def/crs/EPSG/0/4326",
        "http://www.opengis.net/def/crs/EPSG/0/3995",
    )
    return _write(
        folder,
        triples_map(
            "p.parquet",
            '[ rml:template "{id}" ]',
            '[ rml:reference "geometry" ]',
            *map(_transformed, iris),
            formulation="pyrml:GeoParquet",
        ),
    )


def _transformed(iri: str) -> str:
    """An object map for the geometries in another CRS."""
    return (
        "[ rml:functionExecution [ rml:function geof:transform ; rml:input "
        "[ rml:parameter pyrml:geometry ; "
        'rml:inputValueMap [ rml:reference "geometry" ] ] , '
        f"[ rml:parameter pyrml:crs ; rml:inputValue <{iri}> ] ] ]"
    )


def sea_ice(folder: Path) -> Path:
    """The mapping of sea ice that we ship."""
    boxes = [shapely.box(x, -1e6, x + 900, -999_100) for x in range(0, 30_000, 1000)]
    rows = [polygon_row(i, box) for i, box in enumerate(boxes)]
    write_polygons(folder / "polygons.parquet", rows, CRS("EPSG:3413"))
    return _write(folder, mappings.path("seaice").read_text("utf-8"))


def spatial_joins(folder: Path) -> Path:
    """Boxes that join by a relation, in the plane of a CRS without a code."""
    boxes = [shapely.box(x, 0, x + 1500, 900) for x in range(0, 40_000, 1000)]
    rows = [polygon_row(i, box) for i, box in enumerate(boxes)]
    write_polygons(folder / "p.parquet", rows, ICE_CHART)
    joined = (
        "[ rml:parentTriplesMap ex:map ; rml:joinCondition [ "
        "<http://www.w3.org/ns/r2rml-ext#function> "
        "<http://www.w3.org/ns/r2rml-ext/functions/def/overlaps> ; "
        'rml:child "geometry" ; rml:parent "geometry" ] ]'
    )
    subject = '[ rml:template "http://x.org/{id}" ]'
    text = triples_map("p.parquet", subject, joined, formulation="pyrml:GeoParquet")
    return _write(folder, text)


def seed_faults(folder: Path) -> Path:
    """Faults a, b and i of GeoTriples: a polar shapefile whose text has quotes and line
    feeds, with a CRS without a code, and WKT with commas in a CSV."""
    names = [*NASTY[:4], "Ærø <&> 雪"]
    boxes = [shapely.box(x, -1.4e6, x + 9e3, -1.3e6) for x in range(len(names))]
    frame = geopandas.GeoDataFrame({"name": names}, geometry=boxes, crs=3413)
    frame.to_file(folder / "ice.shp", encoding="UTF-8")
    (folder / "ice.prj").write_text(ICE_CHART.to_wkt("WKT1_ESRI"))
    wkt = "POLYGON ((0 0, 1 0, 1 1, 0 0), (0.2 0.1, 0.3 0.1, 0.3 0.2, 0.2 0.1))"
    write_csv(folder / "d.csv", ["id", "wkt"], [["1", wkt]])
    ice = triples_map(
        "ice.shp",
        '[ rml:template "ice/{name}" ]',
        '[ rml:reference "name" ]',
        '[ rml:reference "geometry" ]',
        _transformed("http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
        formulation="pyrml:Shapefile",
    )
    subject, literal = '[ rml:template "{id}" ]', '[ rml:reference "wkt" ]'
    table = triples_map("d.csv", subject, literal).removeprefix(PREFIXES)
    return _write(folder, ice + table.replace("ex:map", "ex:table"))


CASES: Final[tuple[Callable[[Path], Path], ...]] = (
    *(strings, rows_of_their_own, graphs, joins),
    *(natural_types, json_values, polar_polygons, sea_ice, spatial_joins, seed_faults),
)
