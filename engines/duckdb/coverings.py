"""SQL functions over coverings: the cells of areas, and points in cells of a border.

Most points in a cell of a border are told by SQL, which has up to four edges at hand
(`EDGES`); those that rounding leaves open, or in crowded cells, which have more, are
told here, exactly. Crowded cells are a list of their own: a function in Python costs by
the call, and an engine calls it once for each block in which one row asks for it.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from duckdb import list_type, struct_type
from duckdb.sqltypes import BIGINT, BLOB, BOOLEAN, DOUBLE

from engines.duckdb.interrupts import Patience
from engines.geosparql.coverings import Covering, Floats, Integers, are_within, cover

EDGES: Final = 4
"""Edges of a cell that have fields of their own."""

EDGE: Final = ("x1", "y1", "dx", "dy", "y2")
"""Fields of an edge: where it begins, how far it goes, and the height of its end."""

_NOWHERE: Final = (0.0, 1e300, 1.0, 0.0, 1e300)
"""An edge that no ray crosses and no point is near."""

_FIELDS: Final = tuple(f"{name}_{i}" for i in range(EDGES) for name in EDGE)
_BORDER: Final = struct_type(
    {
        "cell": BIGINT,
        "is_inside": BOOLEAN,
        **dict.fromkeys(_FIELDS, DOUBLE),
        "edges": BLOB,
    }
)
_CROWDED: Final = struct_type({"cell": BIGINT, "is_inside": BOOLEAN, "edges": BLOB})
COVERING: Final = struct_type(
    {
        "inside": list_type(BIGINT),
        "border": list_type(_BORDER),
        "crowded": list_type(_CROWDED),
    }
)
_EDGE_BYTES: Final = 32


def _covered(wkb: Any, per_degree: Any, connection: Any) -> Any:
    """The covering of each area; of NULL an empty one."""
    Patience(connection).check()
    geometries = shapely.from_wkb(np.array(wkb.to_pylist(), dtype=object))
    found = cover(geometries, per_degree[0].as_py())
    counts = np.diff(found.starts)
    few, many = np.flatnonzero(counts <= EDGES), np.flatnonzero(counts > EDGES)
    lists = {
        "inside": _lists(found.inside_of, pa.array(found.inside), len(wkb)),
        "border": _lists(found.border_of[few], _border(found, few), len(wkb)),
        "crowded": _lists(found.border_of[many], _crowded(found, many), len(wkb)),
    }
    return pa.StructArray.from_arrays(list(lists.values()), list(lists))


def _lists(of: Integers, values: Any, length: int) -> Any:
    """The values of each geometry as a list."""
    order = np.argsort(of, kind="stable")
    counts = np.bincount(of, minlength=length)
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), values.take(pa.array(order)))


def _border(found: Covering, cells: Integers) -> Any:
    arrays = [
        pa.array(found.border[cells]),
        pa.array(found.is_inside[cells]),
        *map(pa.array, _few_edges(found, cells)),
        _bytes_of(found).take(pa.array(cells)),
    ]
    names = ["cell", "is_inside", *_FIELDS, "edges"]
    return pa.StructArray.from_arrays(arrays, names)


def _crowded(found: Covering, cells: Integers) -> Any:
    arrays = [
        pa.array(found.border[cells]),
        pa.array(found.is_inside[cells]),
        _bytes_of(found).take(pa.array(cells)),
    ]
    return pa.StructArray.from_arrays(arrays, ["cell", "is_inside", "edges"])


def _few_edges(found: Covering, cells: Integers) -> list[Floats]:
    """The edges of cells that have few, field by field."""
    starts, fields = found.starts[cells], []
    counts = found.starts[cells + 1] - starts
    for i in range(EDGES):
        has = np.flatnonzero(counts > i)
        x1, y1, x2, y2 = found.edges[starts[has] + i].T
        for value, missing in zip(
            (x1, y1, x2 - x1, y2 - y1, y2), _NOWHERE, strict=True
        ):
            field = np.full(len(counts), missing)
            field[has] = value
            fields.append(field)
    return fields


def _bytes_of(found: Covering) -> Any:
    starts = (found.starts * _EDGE_BYTES).astype(np.int64)
    buffers = [
        None,
        pa.py_buffer(starts),
        pa.py_buffer(np.ascontiguousarray(found.edges)),
    ]
    return pa.Array.from_buffers(pa.large_binary(), len(starts) - 1, buffers).cast(
        pa.binary()
    )


def _within(
    x: Any, y: Any, edges: Any, is_inside: Any, on_border: Any, connection: Any
) -> Any:
    Patience(connection).check()
    cells = edges.to_pylist()
    starts = np.cumsum([0, *map(len, cells)]) // _EDGE_BYTES
    ends = np.frombuffer(b"".join(cells)).reshape(-1, 4)
    places = np.column_stack([x.to_numpy(), y.to_numpy()])
    ways = is_inside.to_numpy(zero_copy_only=False)
    found = are_within(places, ends, starts, ways, on_border=on_border[0].as_py())
    return pa.array(found)


COVERING_FUNCTIONS: Final[tuple[tuple[Any, ...], ...]] = (
    ("pytheas_cover", _covered, (BLOB, DOUBLE, BIGINT), COVERING),
    (
        "pytheas_within",
        _within,
        (DOUBLE, DOUBLE, BLOB, BOOLEAN, BOOLEAN, BIGINT),
        BOOLEAN,
    ),
)
"""Name, function over Arrow arrays, parameters, result."""
