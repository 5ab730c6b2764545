"""Functions over large geometries, a row at a time.

A vector has 2,048 rows. A coastline of 100,000 vertices, joined with as many points,
stands in it 2,048 times, which is more than the 2 GB that an Arrow array of bytes can
hold; one of 10 million vertices takes 160 MB each time. Rows with such geometries go to
a second function that is given one of them: to copy it costs less than to measure it.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import pyarrow as pa
from duckdb.func import PythonUDFType
from duckdb.sqltypes import BIGINT, BLOB, BOOLEAN, DOUBLE, VARCHAR

_Array: TypeAlias = Any  # pyarrow ships no types

LARGE_BYTES: Final = 1 << 17
"""Of WKB, 8,000 vertices: a vector of the largest below takes 256 MB."""

_SUFFIX: Final = "_large"
_ARROW: Final = {
    BIGINT: pa.int64(),
    BLOB: pa.binary(),
    BOOLEAN: pa.bool_(),
    DOUBLE: pa.float64(),
    VARCHAR: pa.string(),
}


def with_large(
    name: str, function: Callable[..., _Array], given: tuple[Any, ...], result: Any
) -> tuple[tuple[Any, ...], ...]:
    """A function over Arrow arrays, and the same for large geometries."""
    types = [_ARROW[each] for each in given]

    def of_row(*row: Any) -> Any:
        columns = (pa.array([cell], t) for cell, t in zip(row, types, strict=True))
        return function(*columns)[0].as_py()

    # DuckDB counts the parameters.
    by_width: dict[int, Callable[..., Any]] = {
        2: lambda a, n: of_row(a, n),  # noqa: PLW0108
        3: lambda a, b, n: of_row(a, b, n),  # noqa: PLW0108
        4: lambda a, b, c, n: of_row(a, b, c, n),  # noqa: PLW0108
    }
    native = (name + _SUFFIX, by_width[len(given)], given, result, PythonUDFType.NATIVE)
    return (name, function, given, result), native


def by_size(
    name: str,
    *geometries: str,
    first: tuple[str, ...] = (),
    others: tuple[str, ...] = (),
) -> str:
    """SQL that calls a function, or the one for large geometries.

    Args:
        name: The function.
        geometries: SQL of the arguments that are geometries, as bytes.
        first: Those before them.
        others: Those behind them.

    Examples:
        >>> by_size("f", "x", others=("1",))
        'CASE WHEN octet_length(x) > 131072 THEN f_large(x, 1) ELSE f(x, 1) END'
    """
    size = " + ".join(f"octet_length({each})" for each in geometries)
    given = ", ".join((*first, *geometries, *others))
    return (
        f"CASE WHEN {size} > {LARGE_BYTES} THEN {name}{_SUFFIX}({given}) "
        f"ELSE {name}({given}) END"
    )
