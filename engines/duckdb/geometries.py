"""SQL functions over packed geometries: GeoSPARQL where DuckDB's own would be wrong.

DuckDB's ST_ functions know one plane and no CRS. These take and give the bytes of
`engines.geosparql.packing`. NULL in gives NULL out, and so does an error of the
expression. What repeats within a vector is computed once. The last argument is
`engines.duckdb.interrupts.CONNECTION`.

Cost per row on one core: to read WKT 2 us for a point and 30 for a polygon of a hundred
vertices, its hull 13 us, a centroid or an envelope 3, an overlay 40 us, a geodesic
buffer of a point 300 us.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, TypeAlias

import pyarrow as pa
from duckdb import list_type
from duckdb.sqltypes import BIGINT, BLOB, BOOLEAN, DOUBLE, VARCHAR

from engines.duckdb.interrupts import Patience
from engines.duckdb.large import with_large
from engines.geosparql import answers, columns

_Array: TypeAlias = Any  # pyarrow ships no types


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads for what uses PROJ.

    PROJ's contexts belong to a thread. A thread of DuckDB's is one of Python's for one
    call only; a context that is gone with it, and still referred to, ends the process.
    """
    return ThreadPoolExecutor(thread_name_prefix="pytheas-geometries")


def _computed(function: Callable[..., Any], result: Any, *given: _Array) -> _Array:
    *arguments, connection = given
    patience = Patience(connection)
    rows = list(zip(*(column.to_pylist() for column in arguments), strict=True))
    asked = list(dict.fromkeys(row for row in rows if None not in row))
    many = _MANY.get(function)
    if many is None:
        known = {}
        for row in asked:
            patience.check()
            known[row] = function(*row)
    else:
        known = dict(zip(asked, many(asked, patience.check), strict=True))
    return pa.array([known.get(row) for row in rows], result)


_MANY: Final[Mapping[Callable[..., Any], Callable[..., list[Any]]]] = {
    answers.read: columns.read,
    answers.construct: columns.construct,
    answers.text_of: columns.text,
}
"""What answers a whole vector, by what answers one row of it."""


def _vectorized(
    function: Callable[..., Any], width: int, result: Any
) -> Callable[..., _Array]:
    def vectorized(*columns: _Array) -> _Array:
        return _threads().submit(_computed, function, result, *columns).result()

    # DuckDB counts the parameters.
    by_width: dict[int, Callable[..., _Array]] = {
        2: lambda a, n: vectorized(a, n),  # noqa: PLW0108
        3: lambda a, b, n: vectorized(a, b, n),  # noqa: PLW0108
        4: lambda a, b, c, n: vectorized(a, b, c, n),  # noqa: PLW0108
    }
    return by_width[width]


def _collected(operations: _Array, groups: _Array, connection: _Array) -> _Array:
    return _threads().submit(_collect, operations, groups, connection).result()


def _collect(operations: _Array, groups: _Array, connection: _Array) -> _Array:
    patience = Patience(connection)
    found = []
    for name, group in zip(operations.to_pylist(), groups.to_pylist(), strict=True):
        patience.check()
        is_known = group is not None and None not in group
        found.append(answers.collect(name, group) if is_known else None)
    return pa.array(found, pa.binary())


_RESULTS: Final = {
    BLOB: pa.binary(),
    BOOLEAN: pa.bool_(),
    DOUBLE: pa.float64(),
    VARCHAR: pa.string(),
}
_EACH: Final[tuple[tuple[str, Callable[..., Any], tuple[Any, ...], Any], ...]] = (
    ("pytheas_read", answers.read, (VARCHAR, VARCHAR, BIGINT), BLOB),
    ("pytheas_shape", answers.shape_of, (BLOB, BIGINT), BLOB),
    ("pytheas_native", answers.native_of, (BLOB, BIGINT), BLOB),
    ("pytheas_window", answers.window_of, (BLOB, BIGINT), BLOB),
    ("pytheas_plane", answers.plane_of, (BLOB, BIGINT), VARCHAR),
    ("pytheas_metres", answers.metres_of, (VARCHAR, BIGINT), DOUBLE),
    ("pytheas_construct", answers.construct, (VARCHAR, BLOB, BIGINT), BLOB),
    ("pytheas_construct_by", answers.construct, (VARCHAR, BLOB, DOUBLE, BIGINT), BLOB),
    ("pytheas_construct_in", answers.construct, (VARCHAR, BLOB, VARCHAR, BIGINT), BLOB),
    ("pytheas_number_of", answers.number_of, (VARCHAR, BLOB, BIGINT), DOUBLE),
    ("pytheas_flag_of", answers.flag_of, (VARCHAR, BLOB, BIGINT), BOOLEAN),
    ("pytheas_text_of", answers.text_of, (VARCHAR, BLOB, VARCHAR, BIGINT), VARCHAR),
)

GEOMETRY_FUNCTIONS: Final[tuple[tuple[Any, ...], ...]] = (
    *(
        (name, _vectorized(function, len(given), _RESULTS[result]), given, result)
        for name, function, given, result in _EACH
    ),
    *with_large(
        "pytheas_overlay",
        _vectorized(answers.construct, 4, pa.binary()),
        (VARCHAR, BLOB, BLOB, BIGINT),
        BLOB,
    ),
    ("pytheas_collect", _collected, (VARCHAR, list_type(BLOB), BIGINT), BLOB),
)
"""Name, function over Arrow arrays, parameters, result."""
