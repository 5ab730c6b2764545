"""Points in polygons by SedonaDB; runs in an environment that has it.

    python ask_sedonadb.py FOLDER RUNS

The folder holds `points.parquet` (id, x, y) and `polygons.parquet` (id, wkb). Prints
JSON: seconds of each run of the join, counted and read as pairs, and the rows.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import sedonadb

JOIN = """
FROM points AS p JOIN polygons AS a ON ST_Intersects(a.geom, p.geom)
"""


def main(folder: str, runs: int) -> None:
    """Load, join and print; what is measured is the join alone."""
    warnings.simplefilter("ignore")
    session = sedonadb.connect()
    where = Path(folder)
    session.read_parquet(where / "points.parquet").to_view("read_points")
    session.read_parquet(where / "polygons.parquet").to_view("read_polygons")
    shapes = "SELECT id, ST_Point(x, y) AS geom FROM read_points"
    session.sql(shapes).to_memtable().to_view("points")
    shapes = "SELECT id, ST_GeomFromWKB(wkb) AS geom FROM read_polygons"
    session.sql(shapes).to_memtable().to_view("polygons")
    found: dict[str, list[float]] = {"count": [], "pairs": []}
    rows = 0
    for _ in range(runs):
        started = time.perf_counter()
        table = session.sql(f"SELECT count(*) AS n {JOIN}").to_arrow_table()
        found["count"].append(time.perf_counter() - started)
        rows = table["n"][0].as_py()
        started = time.perf_counter()
        session.sql(f"SELECT p.id, a.id AS area {JOIN}").to_arrow_table()
        found["pairs"].append(time.perf_counter() - started)
    json.dump({"rows": rows, "version": sedonadb.__version__, **found}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
