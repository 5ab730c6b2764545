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
from engines.geosparql.line_coverings import (
    LineCovering,
    are_on,
    are_on_any,
    cover_lines,
)

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
_TWO: Final = 2


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


def _bytes_of(found: Covering | LineCovering) -> Any:
    starts = (found.starts * _EDGE_BYTES).astype(np.int64)
    buffers = [
        None,
        pa.py_buffer(starts),
        pa.py_buffer(np.ascontiguousarray(found.edges)),
    ]
    return pa.Array.from_buffers(pa.large_binary(), len(starts) - 1, buffers).cast(
        pa.binary()
    )


def _read_edges(edges: Any) -> tuple[Floats, Integers]:
    """Edges of cells, and where those of each begin."""
    cells = edges.to_pylist()
    starts = np.cumsum([0, *map(len, cells)]) // _EDGE_BYTES
    return np.frombuffer(b"".join(cells)).reshape(-1, 4), starts


def _within(
    x: Any, y: Any, edges: Any, is_inside: Any, on_border: Any, connection: Any
) -> Any:
    Patience(connection).check()
    ends, starts = _read_edges(edges)
    places = np.column_stack([x.to_numpy(), y.to_numpy()])
    ways = is_inside.to_numpy(zero_copy_only=False)
    found = are_within(places, ends, starts, ways, on_border=on_border[0].as_py())
    return pa.array(found)


_ENDS: Final = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")
"""Of the two edges in a cell of a line; of one twice. A line there and back has two."""

LINE_COVERING: Final = struct_type(
    {
        "few": list_type(struct_type({"cell": BIGINT, **dict.fromkeys(_ENDS, DOUBLE)})),
        "several": list_type(struct_type({"cell": BIGINT, "edges": BLOB})),
    }
)


def _covered_lines(wkb: Any, per_degree: Any, connection: Any) -> Any:
    """The covering of each line: cells with one edge or two, and those with more."""
    Patience(connection).check()
    geometries = shapely.from_wkb(np.array(wkb.to_pylist(), dtype=object))
    found = cover_lines(geometries, per_degree[0].as_py())
    counts = np.diff(found.starts)
    few, many = np.flatnonzero(counts <= _TWO), np.flatnonzero(counts > _TWO)
    first, last = found.starts[few], found.starts[few + 1] - 1
    ends = [*found.edges[first].T, *found.edges[last].T]
    two = pa.StructArray.from_arrays(
        [pa.array(found.cells[few]), *map(pa.array, ends)], ["cell", *_ENDS]
    )
    edges = _bytes_of(found).take(pa.array(many))
    more = pa.StructArray.from_arrays(
        [pa.array(found.cells[many]), edges], ["cell", "edges"]
    )
    lists = {
        "few": _lists(found.line_of[few], two, len(wkb)),
        "several": _lists(found.line_of[many], more, len(wkb)),
    }
    return pa.StructArray.from_arrays(list(lists.values()), list(lists))


def _on_two_edges(x: Any, y: Any, ends: Any, connection: Any) -> Any:
    Patience(connection).check()
    places = np.column_stack([x.to_numpy(), y.to_numpy()])
    edges = ends.combine_chunks().flatten().to_numpy().reshape(-1, 4)
    is_on = are_on(np.repeat(places, _TWO, axis=0), edges)
    return pa.array(is_on.reshape(-1, _TWO).any(axis=1))


def _on_edges(x: Any, y: Any, edges: Any, connection: Any) -> Any:
    Patience(connection).check()
    ends, starts = _read_edges(edges)
    places = np.column_stack([x.to_numpy(), y.to_numpy()])
    return pa.array(are_on_any(places, ends, starts))


COVERING_FUNCTIONS: Final[tuple[tuple[Any, ...], ...]] = (
    ("pytheas_cover", _covered, (BLOB, DOUBLE, BIGINT), COVERING),
    (
        "pytheas_within",
        _within,
        (DOUBLE, DOUBLE, BLOB, BOOLEAN, BOOLEAN, BIGINT),
        BOOLEAN,
    ),
    ("pytheas_cover_lines", _covered_lines, (BLOB, DOUBLE, BIGINT), LINE_COVERING),
    (
        "pytheas_on_two_edges",
        _on_two_edges,
        (DOUBLE, DOUBLE, list_type(DOUBLE), BIGINT),
        BOOLEAN,
    ),
    ("pytheas_on_edges", _on_edges, (DOUBLE, DOUBLE, BLOB, BIGINT), BOOLEAN),
)
"""Name, function over Arrow arrays, parameters, result."""
