"""Bring the page's third-party files from npm: MapLibre GL and the coast lines.

    python scripts/vendor_web.py            # writes api/web/static/vendor
    python scripts/vendor_web.py --check    # compares with it, writes nothing

The page asks nobody but its own service, so these files are part of the sources. npm
packs the tarballs named in PACKAGES from the registry that npm is set up with; the
files are taken as they are, but for the coast lines, which are turned from TopoJSON
into GeoJSON. `SHA256SUMS` holds the hash of every file.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import antimeridian
import shapely
from shapely import MultiPolygon
from shapely.geometry import mapping

VENDOR = Path(__file__).resolve().parent.parent / "api" / "web" / "static" / "vendor"
SUMS = "SHA256SUMS"

# Package and version, and which of its files go where.
PACKAGES = {
    ("maplibre-gl", "6.17.0"): {
        "dist/maplibre-gl.mjs": "maplibre-gl.mjs",
        "dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
        "dist/maplibre-gl.css": "maplibre-gl.css",
        "LICENSE.txt": "LICENSE.txt",
    },
    ("world-atlas", "2.0.2"): {
        "land-50m.json": "land.json",
        "LICENSE": "LICENSE",
    },
}

# About 1 km, which is finer than what a map of 1:50 million knows.
DECIMALS = 2

Point = tuple[float, float]
Ring = list[Point]


def write(folder: Path) -> None:
    """Write every file and the list of hashes into an empty folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for (name, version), files in PACKAGES.items():
            package = unpack(name, version, Path(scratch))
            target = folder / f"{name}-{version}"
            target.mkdir(parents=True)
            for source, destination in files.items():
                shutil.copyfile(package / source, target / destination)
    for land in folder.glob("world-atlas-*/land.json"):
        geojson = to_geojson(json.loads(land.read_text()), "land")
        land.write_text(json.dumps(geojson, separators=(",", ":")) + "\n")
    (folder / SUMS).write_text("".join(sums(folder)))


def unpack(name: str, version: str, scratch: Path) -> Path:
    """The unpacked npm package, in a folder of its own."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("scripts/vendor_web.py: npm is not installed")
    spec = f"{name}@{version}"
    command = [npm, "pack", "--silent", "--pack-destination", str(scratch), spec]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    folder = scratch / name
    with tarfile.open(scratch / f"{name}-{version}.tgz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def sums(folder: Path) -> Iterator[str]:
    """Lines as `sha256sum` writes them, in the order of the paths."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SUMS:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield f"{digest}  {path.relative_to(folder).as_posix()}\n"


def to_geojson(topology: dict[str, Any], name: str) -> dict[str, Any]:
    """One object of a TopoJSON topology as a feature, coordinates rounded."""
    arcs = [list(decode(arc, topology["transform"])) for arc in topology["arcs"]]
    polygons = [
        rings
        for geometry in topology["objects"][name]["geometries"]
        for rings in polygons_of(geometry, arcs)
    ]
    # The topology is stitched together at the antimeridian and at the South Pole; a
    # GeoJSON polygon that crosses either would be drawn across the whole map.
    cut = antimeridian.fix_multi_polygon(
        MultiPolygon([(rings[0], rings[1:]) for rings in polygons]),
        fix_winding=True,
    )
    rounded = shapely.transform(cut, lambda positions: positions.round(DECIMALS))
    return {"type": "Feature", "properties": {}, "geometry": mapping(rounded)}


def decode(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> Iterator[Point]:
    """The positions of a quantized, delta-encoded arc."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield x * scale_x + left, y * scale_y + bottom


def polygons_of(
    geometry: dict[str, Any], arcs: Sequence[Sequence[Point]]
) -> Iterator[list[Ring]]:
    """The polygons of a TopoJSON geometry but those too small to see."""
    parts = geometry["arcs"]
    for part in [parts] if geometry["type"] == "Polygon" else parts:
        rings = [ring(indices, arcs) for indices in part]
        if is_area(rings[0]):
            yield [one for one in rings if is_area(one)]


def ring(indices: Sequence[int], arcs: Sequence[Sequence[Point]]) -> Ring:
    """Arcs joined to a ring; a negative index (~i) is arc i backwards."""
    points: Ring = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        for x, y in arc:
            point = (round(x, DECIMALS), round(y, DECIMALS))
            if not points or points[-1] != point:
                points.append(point)
    return points


def is_area(points: Ring) -> bool:
    """Whether a rounded ring still encloses something."""
    corners = 3
    return len(set(points)) >= corners


def main() -> None:
    """Write the folder anew, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "vendor"
        write(fresh)
        if arguments.check:
            same = (fresh / SUMS).read_text() == (VENDOR / SUMS).read_text()
            sys.exit(0 if same else f"{VENDOR} differs from the packages")
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(fresh, VENDOR)


if __name__ == "__main__":
    main()
