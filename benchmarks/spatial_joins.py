"""Spatial joins and windows at scale, and the memory that they take.

    python benchmarks/spatial_joins.py [--quick]

1. 21,990 points with 12,097 lines over HTTP, as GeoNames with LinkedGeoData in
   Geographica's query 19, which Jena did not finish in 590 s. Of the real data no point
   is on a line, and a way is some kilometres long: so are those called `way`. `met` are
   such that every fourth starts in a point; `leap` such that every fourth leaps to a
   point anywhere in the country and back, so that boxes tell nearly nothing.
2. A window that holds some 800 of 2 M points, with a thematic filter; in process.
3. 3 M points in 310 polygons of 129 vertices, in process: counted, and as pairs that
   are read to the last; beside SedonaDB's own join and DuckDB's, without RDF.
4. 100,000 points on 2,000 ways, and four times as many: what the join holds grows with
   the smaller side.

Memory is the most that the process held while it answered, and how much more that was
than before. Answers are compared with shapely's. `--quick` has a tenth of the features.
"""

import argparse
import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from peers.comparison import Missing, Question, measure
from peers.servers import HERE, environment, pytheas

from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

RUNS: Final = 5
BASE: Final = "http://example.org/"
GEO: Final = "http://www.opengis.net/ont/geosparql#"
PREFIXES: Final = (
    f"PREFIX : <{BASE}> PREFIX geo: <{GEO}> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
)
SEDONADB: Final = ("sedonadb==0.5.0", "pyarrow==26.0.1", "geoarrow-pyarrow==0.2.0")
_Place: TypeAlias = tuple[float, float]

DEGREES: Final = 10.0
"""The side of the square that points and polygons lie in."""

GREECE: Final = (19.4, 34.8, 28.3, 41.8)
"""Where Geographica's GeoNames and LinkedGeoData are: degrees."""

WAY_VERTICES: Final = 30
STEP: Final = 0.001
"""Ways go some 200 m from vertex to vertex, and 5 km in all."""

VERTICES: Final = 129
RADIUS: Final = 0.44
"""Of the polygons, in degrees; a point lies in nearly two of them."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a query took.

    Attributes:
        ms: The median of some runs, the first not counted.
        rows: How many there were, or the number counted.
        peak_mb: The most memory of the process.
        more_mb: How much more that was than before.
    """

    ms: float
    rows: int
    peak_mb: float
    more_mb: float


def measured(action: Callable[[], int], runs: int = RUNS) -> Run:
    """Time and memory of an action that tells its rows."""
    action()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, times, rows = _memory("VmRSS"), [], 0
    for _ in range(runs):
        started = time.perf_counter()
        rows = action()
        times.append((time.perf_counter() - started) * 1000)
    peak = _memory("VmHWM")
    return Run(median(times), rows, peak, peak - before)


def _memory(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(each for each in status.splitlines() if each.startswith(name))
    return int(line.split()[1]) / 1024


def read(store: Store, text: str) -> int:
    """Rows of an answer, all read; of one number the number."""
    answer = store.query(PREFIXES + text, timeout_s=600)
    assert isinstance(answer, Solutions)  # noqa: S101
    if "COUNT" in text:
        ((count,),) = answer
        return int(count.lexical)
    return sum(batch.length for batch in answer.batches())


def report(title: str, run: Run) -> None:
    """A line of the table."""
    print(
        f"| {title} | {run.rows:,} | {run.ms:,.1f} | {run.peak_mb:,.0f} | "
        f"{run.more_mb:,.0f} |",
        flush=True,
    )


def points_with_lines(folder: Path, share: float) -> None:
    """Geographica's query 19 on lines like its own, and on two harder kinds."""
    chance = random.Random(19)  # noqa: S311 - no secret
    points = [_in_greece(chance) for _ in range(int(21_990 * share))]
    kinds = dict(_lines(chance, points, int(12_097 * share)))
    data = folder / "q19.nt"
    with data.open("w", encoding="utf-8") as file:
        for i, (x, y) in enumerate(points):
            file.write(_triple(f"p{i}", "position", f"POINT ({x} {y})"))
        for kind, lines in kinds.items():
            for i, line in enumerate(lines):
                wkt = f"LINESTRING ({_written(line)})"
                file.write(_triple(f"{kind}{i}", kind, wkt))
    with pytheas(data, folder) as endpoint:
        for kind, lines in kinds.items():
            text = (
                f"SELECT ?a ?b {{ ?a :position ?x . ?b :{kind} ?y "
                "FILTER (geof:sfIntersects(?x, ?y)) }"
            )
            tree = shapely.STRtree(shapely.linestrings(lines))
            places = shapely.points(points)
            pairs = len(tree.query(places)[0])
            expected = len(tree.query(places, predicate="intersects")[0])
            timing = measure(endpoint, Question(kind, PREFIXES + text))
            _check(kind, timing.rows or 0, expected)
            run = Run(timing.ms or 0, expected, endpoint.peak_mb(), 0)
            report(f"points with lines ({kind}), HTTP, {pairs:,} boxes met", run)


def _lines(
    chance: random.Random, points: list[_Place], count: int
) -> Iterator[tuple[str, list[list[_Place]]]]:
    """Ways of some kilometres; such that start in a point; such with a leap far off."""
    yield "way", [_way(_in_greece(chance), chance) for _ in range(count)]
    starts = [chance.choice(points) for _ in range(count // 4)]
    others = [_in_greece(chance) for _ in range(count - len(starts))]
    yield "met", [_way(start, chance) for start in starts + others]
    leaping = [_way(_in_greece(chance), chance) for _ in range(count)]
    for way in leaping[::4]:
        way[1] = chance.choice(points)
    yield "leap", leaping


def window(folder: Path, share: float) -> None:
    """A window of 800 geometries with a thematic filter."""
    count = int(2_000_000 * share)
    xy = np.random.default_rng(2).uniform(0, DEGREES, (count, 2)).round(6)
    kinds = np.arange(count) % 4
    data = folder / "window.nt"
    with data.open("w", encoding="utf-8") as file:
        for i, ((x, y), kind) in enumerate(zip(xy.tolist(), kinds, strict=True)):
            file.write(_triple(f"p{i}", "position", f"POINT ({x} {y})"))
            file.write(f"<{BASE}p{i}> <{BASE}kind> <{BASE}kind{kind}> .\n")
    side = DEGREES * (800 / count) ** 0.5
    low, high = 4.0, 4.0 + side
    ring = f"{low} {low}, {high} {low}, {high} {high}, {low} {high}, {low} {low}"
    text = (
        "SELECT ?a { ?a :position ?x ; :kind :kind1 "
        f'FILTER (geof:sfIntersects(?x, "POLYGON (({ring}))"^^geo:wktLiteral)) }}'
    )
    inside = ((xy >= low) & (xy <= high)).all(axis=1)
    with Store.open(folder / "window") as store:
        store.load([data])
        run = measured(lambda: read(store, text), 25)
    _check("window", run.rows, int((inside & (kinds == 1)).sum()))
    report(f"window with {inside.sum()} of {count:,} points, a quarter asked for", run)


def points_in_polygons(folder: Path, share: float) -> None:
    """Counted and as pairs, beside others."""
    count = int(3_000_000 * share)
    xy = np.random.default_rng(3).uniform(0, DEGREES, (count, 2)).round(6)
    polygons = list(_blobs(random.Random(310)))  # noqa: S311 - no secret
    data = folder / "pip.nt"
    with data.open("w", encoding="utf-8") as file:
        for i, (x, y) in enumerate(xy.tolist()):
            file.write(_triple(f"p{i}", "position", f"POINT ({x} {y})"))
        for i, polygon in enumerate(polygons):
            file.write(_triple(f"a{i}", "outline", shapely.to_wkt(polygon, -1)))
    _write_parquet(folder, xy, polygons)
    tree = shapely.STRtree(polygons)
    expected = len(tree.query(shapely.points(xy), predicate="intersects")[0])
    where = "{ ?a :position ?x . ?b :outline ?y FILTER (geof:sfIntersects(?x, ?y)) }"
    with Store.open(folder / "pip") as store:
        store.load([data])
        for title, head in (
            ("counted", "SELECT (COUNT(*) AS ?n)"),
            ("pairs", "SELECT ?a ?b"),
        ):
            run = measured(lambda: read(store, f"{head} {where}"), 3)  # noqa: B023
            _check(title, run.rows, expected)
            report(f"{count:,} points in 310 polygons, {title}", run)
            print(f"  {count / run.ms / 1000:.2f} M points/s")
    _others(folder, count, expected)


def growth(folder: Path, share: float) -> None:
    """The memory of a join whose larger side grows."""
    for count in (int(100_000 * share), int(400_000 * share)):
        chance = random.Random(4)  # noqa: S311 - no secret
        points = [_in_greece(chance) for _ in range(count)]
        ways = [_way(chance.choice(points), chance) for _ in range(int(2_000 * share))]
        data = folder / f"{count}.nt"
        with data.open("w", encoding="utf-8") as file:
            for i, (x, y) in enumerate(points):
                file.write(_triple(f"p{i}", "position", f"POINT ({x} {y})"))
            for i, way in enumerate(ways):
                file.write(_triple(f"w{i}", "way", f"LINESTRING ({_written(way)})"))
        text = (
            "SELECT (COUNT(*) AS ?n) { ?a :position ?x . ?b :way ?y "
            "FILTER (geof:sfIntersects(?x, ?y)) }"
        )
        tree = shapely.STRtree(shapely.linestrings(ways))
        expected = len(tree.query(shapely.points(points), predicate="intersects")[0])
        with Store.open(folder / f"{count}") as store:
            store.load([data])
            run = measured(lambda: read(store, text), 3)  # noqa: B023
        _check("growth", run.rows, expected)
        report(f"{count:,} points on {len(ways):,} ways, counted", run)


def _others(folder: Path, count: int, expected: int) -> None:
    """SedonaDB and DuckDB on the same points and polygons."""
    try:
        python = environment("sedonadb-join", *SEDONADB) / "bin" / "python"
    except Missing as why:
        print(f"no SedonaDB: {why}")
        return
    command = [python, HERE / "ask_sedonadb.py", folder, "3"]
    done = subprocess.run(  # noqa: S603 - what we just made
        command, capture_output=True, check=False
    )
    if done.returncode:
        print(f"no SedonaDB: {done.stderr[-200:].decode(errors='replace')}")
        return
    said = json.loads(done.stdout)
    _check("SedonaDB", said["rows"], expected)
    for title in ("count", "pairs"):
        seconds = min(said[title])
        print(f"| SedonaDB {said['version']}, {title} | | {seconds * 1000:,.1f} | | |")
        print(f"  {count / seconds / 1e6:.2f} M points/s")


def _write_parquet(
    folder: Path, xy: np.ndarray, polygons: list[shapely.Polygon]
) -> None:
    points = {"id": np.arange(len(xy)), "x": xy[:, 0], "y": xy[:, 1]}
    pq.write_table(pa.table(points), folder / "points.parquet")
    areas = {"id": list(range(len(polygons))), "wkb": shapely.to_wkb(polygons).tolist()}
    pq.write_table(pa.table(areas), folder / "polygons.parquet")


def _blobs(chance: random.Random) -> Iterator[shapely.Polygon]:
    """Polygons like a star, each with as many vertices."""
    for _ in range(310):
        (x, y), waves = _anywhere(chance), chance.randint(3, 9)
        ring = []
        for i in range(VERTICES - 1):
            angle = 2 * pi * i / (VERTICES - 1)
            off = RADIUS * (1 + 0.2 * sin(waves * angle) + chance.uniform(-0.05, 0.05))
            ring.append(
                (round(x + off * cos(angle), 6), round(y + off * sin(angle), 6))
            )
        yield shapely.Polygon(ring)


def _anywhere(chance: random.Random) -> _Place:
    return (
        round(chance.uniform(0, DEGREES), 6),
        round(chance.uniform(0, DEGREES), 6),
    )


def _in_greece(chance: random.Random) -> _Place:
    west, south, east, north = GREECE
    return round(chance.uniform(west, east), 6), round(chance.uniform(south, north), 6)


def _way(start: _Place, chance: random.Random) -> list[_Place]:
    (x, y), step = start, STEP
    way = []
    for _ in range(WAY_VERTICES):
        way.append((x, y))
        x += chance.uniform(-step, 2 * step)
        y += chance.uniform(-2 * step, step)
    return way


def _triple(subject: str, predicate: str, wkt: str) -> str:
    return f'<{BASE}{subject}> <{BASE}{predicate}> "{wkt}"^^<{GEO}wktLiteral> .\n'


def _written(line: list[_Place]) -> str:
    return ", ".join(f"{x} {y}" for x, y in line)


def _check(title: str, rows: int, expected: int) -> None:
    if rows != expected:
        raise SystemExit(f"{title}: {rows:,} rows, shapely {expected:,}")


def main(share: float) -> None:
    """All of them, each with stores of its own."""
    print("| query | rows | ms | peak MB | more MB |\n|---|---:|---:|---:|---:|")
    for part in (points_with_lines, window, points_in_polygons, growth):
        with tempfile.TemporaryDirectory() as name:
            part(Path(name), share)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    main(0.1 if parser.parse_args().quick else 1.0)
