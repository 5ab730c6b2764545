"""What bounds a mapping of polygons from a shapefile in a polar CRS to CRS84?

    python benchmarks/geotriples_polar.py [polygons]

A polygon has twelve vertices and an attribute; its literal is in degrees of CRS84.
CPU seconds of the run stand beside those of the libraries alone: GDAL that reads, PROJ
that transforms, and GEOS that makes geometries of bytes and text of geometries.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import pyproj
import shapely
from pyogrio.raw import open_arrow

from geotriples import run_local

VERTICES: Final = 12
MAPPING: Final = """
@prefix rml: <http://w3id.org/rml/> .
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix geof: <http://www.opengis.net/def/function/geosparql/> .
@prefix ex: <http://example.com/> .
ex:map rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "ice.shp" ] ;
    rml:referenceFormulation pyrml:Shapefile ] ;
  rml:subjectMap [ rml:template "http://example.com/ice/{id}" ; rml:class ex:Ice ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:stage ; rml:objectMap [ rml:reference "stage" ] ] ,
    [ rml:predicate geo:asWKT ; rml:objectMap [ rml:functionExecution [
        rml:function geof:transform ;
        rml:input [ rml:parameter pyrml:geometry ;
                    rml:inputValueMap [ rml:reference "geometry" ] ] ,
                  [ rml:parameter pyrml:crs ;
                    rml:inputValue "http://www.opengis.net/def/crs/OGC/1.3/CRS84" ]
      ] ] ] .
"""


def write_polygons(folder: Path, rows: int) -> None:
    """Stars around points in 6,000 by 6,000 km around the pole, and the mapping."""
    random = np.random.default_rng(11)
    centre = random.uniform(-3e6, 3e6, (rows, 1, 2))
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = random.uniform(50, 400, (rows, VERTICES, 1))
    ring = centre + radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    closed = np.concatenate([ring, ring[:, :1]], axis=1)
    frame = geopandas.GeoDataFrame(
        {"id": np.arange(rows), "stage": random.integers(81, 96, rows)},
        geometry=shapely.polygons(closed),
        crs=3413,
    )
    frame.to_file(folder / "ice.shp")
    (folder / "m.ttl").write_text(MAPPING, encoding="utf-8")


def cpu_s(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work gives, and the CPU seconds that it took."""
    started = time.process_time()
    return work(), time.process_time() - started


def read(path: Path) -> Any:
    """The column of geometries, as bytes."""
    with open_arrow(path, use_pyarrow=True) as (_, reader):
        table = reader.read_all()
    return table.column(table.num_columns - 1).to_pylist()


def libraries(path: Path) -> dict[str, float]:
    """What each library takes for all of it, in one go."""
    wkb, reading = cpu_s(lambda: read(path))
    shapes, parsing = cpu_s(lambda: shapely.from_wkb(np.array(wkb, dtype=object)))
    transformer = pyproj.Transformer.from_crs(3413, "OGC:CRS84", always_xy=True)
    places = shapely.get_coordinates(shapes)
    moved, moving = cpu_s(lambda: np.column_stack(transformer.transform(*places.T)))
    rounded = np.round(moved, 9)
    shapes, setting = cpu_s(lambda: shapely.set_coordinates(shapes, rounded))
    _, writing = cpu_s(lambda: shapely.to_wkt(shapes, rounding_precision=-1))
    return {
        "GDAL reads the shapefile": reading,
        "PROJ transforms": moving,
        "GEOS reads WKB, takes new coordinates": parsing + setting,
        "GEOS writes WKT": writing,
    }


def compare(folder: Path, rows: int) -> None:
    """Print the table."""
    write_polygons(folder, rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    # What is imported at first use, and compiled.
    write_polygons(folder_of(folder, "small"), 10)
    run_local.run(folder / "small" / "m.ttl", folder / "small" / "o.nq")
    report, run_s = cpu_s(lambda: run_local.run(folder / "m.ttl", folder / "o.nq"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{report.triples:,} triples, {(folder / 'o.nq').stat().st_size:,} bytes")
    print(f"peak memory {peak:,} MB; {before:,} MB before, to make the shapefile\n")
    print("| part | CPU s | of the run |\n|---|---:|---:|")
    parts = libraries(folder / "ice.shp")
    for name, took in (*parts.items(), ("these together", sum(parts.values()))):
        print(f"| {name} | {took:.1f} | {took / run_s:.0%} |")
    print(f"| the run | {run_s:.1f} | 100% |")


def folder_of(folder: Path, name: str) -> Path:
    """A new folder in a folder."""
    (folder / name).mkdir()
    return folder / name


def main() -> None:
    """Measure."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), rows)


if __name__ == "__main__":
    main()
