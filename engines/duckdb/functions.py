"""SQL functions that DuckDB lacks: geodesic measures and the full DE-9IM.

Geometries go in as WKB, of one plane; measures expect CRS84 (x = longitude,
y = latitude). NULL in
gives NULL out, and so does anything that has no answer (bytes that are no WKB, an
invalid polygon, a malformed pattern): an expression error in SPARQL 17.2 is an unbound
value, not an exception.

Cost per row on one core, polygons of 12 vertices, decoding and the validity check
included: `pytheas_relate` 7 us, `pytheas_area_m2` 14 us, `pytheas_distance_m` 1 us
between points, 40 us from a polygon to a point and 70 us between polygons. A geometry
that repeats within a vector, as a constant does, is decoded once.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from duckdb import decimal_type
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import BIGINT, BLOB, BOOLEAN, DOUBLE, VARCHAR

from engines.duckdb.coverings import COVERING_FUNCTIONS
from engines.duckdb.geometries import GEOMETRY_FUNCTIONS
from engines.duckdb.interrupts import Patience
from engines.duckdb.large import LARGE_BYTES, with_large
from engines.duckdb.numbers import SCALE, divide, multiply, to_decimal
from engines.duckdb.reach import IDS, PAIRS, reach
from engines.geodesy import area_m2, distance_m, length_m, perimeter_m
from engines.geodesy.arrays import Booleans, Floats, Geometries
from engines.geodesy.degrees import distance_degrees
from engines.geodesy.edge import is_on_edge, relate_pairs
from ontologies.geosparql.relations import matches

PATTERN_SEPARATOR: Final = "|"
"""Between the alternatives of a relation in the last argument of `pytheas_relate`."""

_POLE: Final = 90.0
_BYTES_AT_ONCE: Final = 1 << 20
"""Of WKB, to decode and to check within a few hundred milliseconds."""

_WEIGHT_AT_ONCE: Final = 20_000
"""Vertices and pieces, to be measured within a few hundred milliseconds."""

_PIECE_DEG: Final = 0.05
"""How long the pieces are in which a distance is looked for."""

_PATTERNS: Final = re.compile(r"[TF*012]{9}(?:\|[TF*012]{9})*")
_Array: TypeAlias = Any  # pyarrow ships no types
_Measure: TypeAlias = Callable[[Geometries], Floats]
_Match: TypeAlias = Callable[[Geometries, Geometries, str], Booleans]


def register_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the functions on a connection; those that are there stay.

    The last argument of those with an `n` is `engines.duckdb.interrupts.CONNECTION`, by
    which they hear of an interrupt, or NULL.

    | function | answer |
    |---|---|
    | `pytheas_distance_m(BLOB, BLOB, n) -> DOUBLE` | shortest geodesic, metres |
    | `pytheas_planar_distance(BLOB, BLOB, n) -> DOUBLE` | in the unit of the plane |
    | `pytheas_distance_degrees(BLOB, BLOB, n) -> DOUBLE` | in degrees of CRS84 |
    | `pytheas_area_m2(BLOB, n) -> DOUBLE` | area on the ellipsoid |
    | `pytheas_perimeter_m(BLOB, n) -> DOUBLE` | length of the boundary of areas |
    | `pytheas_length_m(BLOB, n) -> DOUBLE` | length of lines |
    | `pytheas_relate(BLOB, BLOB, VARCHAR, n) -> BOOLEAN` | DE-9IM, any of `p|q|...` |
    | `pytheas_relate_on_globe(BLOB, BLOB, VARCHAR, n) -> BOOLEAN` | in CRS84 |
    | `pytheas_..._large` | the same for large geometries, see `engines.duckdb.large` |
    | `pytheas_read`, `pytheas_construct`, ... | see `engines.duckdb.geometries` |
    | `pytheas_reach(BIGINT[], BIGINT[], BIGINT[], n)` | see `engines.duckdb.reach` |
    | `pytheas_multiply(DECIMAL, DECIMAL) -> DECIMAL` | product, rounded once |
    | `pytheas_divide(DECIMAL, DECIMAL) -> DECIMAL` | quotient, rounded once |
    | `pytheas_decimal(DOUBLE) -> DECIMAL` | the nearest decimal |

    Examples:
        >>> connection = duckdb.connect()
        >>> register_functions(connection)
        >>> point = shapely.to_wkb(shapely.Point(0, 0))
        >>> query = "SELECT pytheas_relate(?, ?, '0FFFFFFF2', NULL)"
        >>> connection.execute(query, [point, point]).fetchone()
        (True,)
    """
    there = defined(connection, [name for name, *_ in _FUNCTIONS])
    for name, function, parameters, result, *kind in _FUNCTIONS:
        if name in there:
            continue
        connection.create_function(
            name,
            function,
            list(parameters),
            result,
            type=kind[0] if kind else PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


def defined(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str]
) -> frozenset[str]:
    """Which of the names a database has a function for.

    Asked for all at once: the engine lists all that it has to tell of one.
    """
    found = connection.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() "
        "WHERE function_name IN (SELECT unnest(?))",
        [list(names)],
    )
    return frozenset(name for (name,) in found.fetchall())


def _decode(
    wkb: _Array, patience: Patience, usable: Callable[[Geometries], Booleans]
) -> Geometries:
    """Usable geometries; None for NULL, for bytes that are no WKB and for others.

    What repeats is decoded once: in a join one side mostly does.
    """
    encoded = pc.dictionary_encode(_whole(wkb))
    blobs = encoded.dictionary.to_numpy(zero_copy_only=False)
    lengths = pc.fill_null(pc.binary_length(encoded.dictionary), 0)
    distinct = [
        _read(blobs[block], usable)
        for block in patience.blocks(lengths.to_numpy(), _BYTES_AT_ONCE)
    ]
    known = np.concatenate([*distinct, [None]])
    # NULL has no index; send it to the None at the end.
    index = pc.fill_null(encoded.indices, len(blobs))
    geometries: Geometries = known[index.to_numpy(zero_copy_only=False)]
    return geometries


def _read(blobs: Any, usable: Callable[[Geometries], Booleans]) -> Geometries:
    if len(blobs) == 1 and len(blobs[0] or b"") > LARGE_BYTES:
        return _read_large(blobs[0], usable)
    return _usable(blobs, usable)


@lru_cache(maxsize=4)
def _read_large(blob: bytes, usable: Callable[[Geometries], Booleans]) -> Geometries:
    """A geometry that rows come with one after another."""
    return _usable(np.array([blob], dtype=object), usable)


def _usable(blobs: Any, usable: Callable[[Geometries], Booleans]) -> Geometries:
    found: Geometries = np.asarray(shapely.from_wkb(blobs, on_invalid="ignore"))
    found[~usable(found)] = None
    return found


def _measurable(geometries: Geometries) -> Booleans:
    """Which are valid, with latitudes that are ones; empty geometries pass."""
    bounds = shapely.bounds(geometries)
    with np.errstate(invalid="ignore"):
        is_beyond = (bounds[:, 1] < -_POLE) | (bounds[:, 3] > _POLE)
    found: Booleans = shapely.is_valid(geometries) & ~is_beyond
    return found


def _whole(array: _Array) -> _Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _doubles(values: Floats) -> _Array:
    return pa.array(values, type=pa.float64(), mask=~np.isfinite(values))


def _distance(left: _Array, right: _Array, connection: _Array) -> _Array:
    patience = Patience(connection)
    sides = [_decode(each, patience, _measurable) for each in (left, right)]
    return _doubles(_in_blocks(distance_m, patience, *sides))


def _planar(
    measure: Callable[[Geometries, Geometries], Floats],
) -> Callable[[_Array, _Array, _Array], _Array]:
    def function(left: _Array, right: _Array, connection: _Array) -> _Array:
        patience = Patience(connection)
        a, b = (_decode(each, patience, shapely.is_valid) for each in (left, right))
        found = [
            measure(a[block], b[block])
            for block in patience.blocks(_vertices(a, b), _WEIGHT_AT_ONCE)
        ]
        return _doubles(np.concatenate(found))

    return function


def _measured(measure: _Measure) -> Callable[[_Array, _Array], _Array]:
    def function(wkb: _Array, connection: _Array) -> _Array:
        patience = Patience(connection)
        return _doubles(
            _in_blocks(measure, patience, _decode(wkb, patience, _measurable))
        )

    return function


def _in_blocks(
    measure: Callable[..., Floats], patience: Patience, *sides: Geometries
) -> Floats:
    blocks = patience.blocks(_weights(*sides), _WEIGHT_AT_ONCE)
    found = [measure(*(side[block] for side in sides)) for block in blocks]
    return np.concatenate(found)


def _weights(*sides: Geometries) -> Floats:
    """About how much there is to do in each row: vertices, and pieces of long edges."""
    weights = _vertices(*sides)
    for side in sides:
        weights += np.nan_to_num(shapely.length(side)) / _PIECE_DEG
    return weights


def _vertices(*sides: Geometries) -> Floats:
    counts = [shapely.get_num_coordinates(side) for side in sides]
    found: Floats = 1.0 + np.sum(counts, axis=0)
    return found


def _related_by(match: _Match) -> Callable[..., _Array]:
    """Whether a pattern holds, in whichever plane, as `match` tells it."""

    def function(
        left: _Array, right: _Array, patterns: _Array, connection: _Array
    ) -> _Array:
        patience = Patience(connection)
        a, b = (_decode(each, patience, shapely.is_valid) for each in (left, right))
        asked = np.array(_whole(patterns).to_pylist(), dtype=object)
        found = [
            _related(match, a[block], b[block], asked[block].tolist())
            for block in patience.blocks(_vertices(a, b), _WEIGHT_AT_ONCE)
        ]
        holds, answered = map(np.concatenate, zip(*found, strict=True))
        return pa.array(holds, type=pa.bool_(), mask=~answered)

    return function


def _matches_on_globe(a: Geometries, b: Geometries, pattern: str) -> Booleans:
    """The same as in the plane but for what is on its edge."""
    on_edge = is_on_edge(a) | is_on_edge(b)
    holds = np.zeros(len(a), dtype=bool)
    matrices = relate_pairs(a[on_edge], b[on_edge])
    holds[on_edge] = [matches(matrix, pattern) for matrix in matrices]
    holds[~on_edge] = shapely.relate_pattern(a[~on_edge], b[~on_edge], pattern)
    return holds


def _related(
    match: _Match, a: Geometries, b: Geometries, asked: list[str | None]
) -> tuple[Booleans, Booleans]:
    """Whether one of the patterns holds in each row, and whether that can be said."""
    holds = np.zeros(len(a), dtype=bool)
    answered = ~(shapely.is_missing(a) | shapely.is_missing(b))
    for alternatives in set(asked):
        rows = np.array([each == alternatives for each in asked]) & answered
        if alternatives is None or _PATTERNS.fullmatch(alternatives) is None:
            answered &= ~rows
            continue
        for pattern in alternatives.split(PATTERN_SEPARATOR):
            left_open = rows & ~holds
            holds[left_open] = match(a[left_open], b[left_open], pattern)
    return holds, answered


_DECIMAL: Final = decimal_type(38, SCALE)
_TWO: Final = (BLOB, BLOB, BIGINT)
_TWO_BY: Final = (BLOB, BLOB, VARCHAR, BIGINT)
_FUNCTIONS: Final[tuple[tuple[Any, ...], ...]] = (
    ("pytheas_multiply", multiply, (_DECIMAL, _DECIMAL), _DECIMAL),
    ("pytheas_divide", divide, (_DECIMAL, _DECIMAL), _DECIMAL),
    ("pytheas_decimal", to_decimal, (DOUBLE,), _DECIMAL),
    *with_large("pytheas_distance_m", _distance, (BLOB, BLOB, BIGINT), DOUBLE),
    *with_large("pytheas_planar_distance", _planar(shapely.distance), _TWO, DOUBLE),
    *with_large("pytheas_distance_degrees", _planar(distance_degrees), _TWO, DOUBLE),
    ("pytheas_area_m2", _measured(area_m2), (BLOB, BIGINT), DOUBLE),
    ("pytheas_perimeter_m", _measured(perimeter_m), (BLOB, BIGINT), DOUBLE),
    ("pytheas_length_m", _measured(length_m), (BLOB, BIGINT), DOUBLE),
    *with_large(
        "pytheas_relate", _related_by(shapely.relate_pattern), _TWO_BY, BOOLEAN
    ),
    *with_large(
        "pytheas_relate_on_globe", _related_by(_matches_on_globe), _TWO_BY, BOOLEAN
    ),
    ("pytheas_reach", reach, (IDS, IDS, IDS, BIGINT), PAIRS),
    *GEOMETRY_FUNCTIONS,
    *COVERING_FUNCTIONS,
)
