"""SQL functions for what SPARQL has and DuckDB has not, over Arrow vectors.

Each is computed once for a combination of arguments that repeats within a vector. NULL
in gives NULL out, and so does an error of the expression. A pattern that takes too long
fails the query: to leave the value out would make the answer wrong.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

import duckdb
import pyarrow as pa
import regex
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import BOOLEAN, VARCHAR

from strabon_store.frontend.iris import resolve
from strabon_store.relational.regular_expressions import (
    MalformedPattern,
    replacement_pieces,
    translate_for_backtracking,
)

_Array: TypeAlias = Any  # pyarrow ships no types

PATTERN_SECONDS: Final = 5.0
"""How long one pattern may search one text."""


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the functions on a connection."""
    for name, (function, arguments, result) in _FUNCTIONS.items():
        connection.create_function(
            name,
            _vectorized(function, arguments, _ARROW[result]),
            [VARCHAR] * arguments,
            result,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


_ARROW: Final = {VARCHAR: pa.string(), BOOLEAN: pa.bool_()}


def _vectorized(
    function: Callable[..., Any], arguments: int, result: Any
) -> Callable[..., _Array]:
    def vectorized(columns: tuple[_Array, ...]) -> _Array:
        known: dict[tuple[str | None, ...], Any] = {}
        values = []
        for row in zip(*(column.to_pylist() for column in columns), strict=True):
            if row not in known:
                known[row] = None if None in row else function(*row)
            values.append(known[row])
        return pa.array(values, result)

    # DuckDB counts the parameters.
    by_arguments: tuple[Callable[..., _Array], ...] = (
        lambda a: vectorized((a,)),
        lambda a, b: vectorized((a, b)),
        lambda a, b, c: vectorized((a, b, c)),
        lambda a, b, c, d: vectorized((a, b, c, d)),
    )
    return by_arguments[arguments - 1]


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> tuple["regex.Pattern[str]", int] | None:
    try:
        text, groups = translate_for_backtracking(pattern, flags)
        return regex.compile(text, regex.V1), groups
    except (MalformedPattern, regex.error):
        return None


def _matches(text: str, pattern: str, flags: str) -> bool | None:
    compiled = _compiled(pattern, flags)
    if compiled is None:
        return None
    return compiled[0].search(text, timeout=PATTERN_SECONDS) is not None


def _replaced(text: str, pattern: str, replacement: str, flags: str) -> str | None:
    compiled = _compiled(pattern, flags)
    if compiled is None or compiled[0].search(""):
        return None
    pieces = replacement_pieces(replacement, compiled[1], flags)
    if pieces is None:
        return None

    def by(match: "regex.Match[str]") -> str:
        return "".join(
            match[piece] or "" if isinstance(piece, int) else piece for piece in pieces
        )

    replaced: str = compiled[0].sub(by, text, timeout=PATTERN_SECONDS)
    return replaced


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode()).hexdigest()


_FUNCTIONS: Final[dict[str, tuple[Callable[..., Any], int, Any]]] = {
    "pytheas_upper": (str.upper, 1, VARCHAR),
    "pytheas_lower": (str.lower, 1, VARCHAR),
    "pytheas_sha384": (_digest("sha384"), 1, VARCHAR),
    "pytheas_sha512": (_digest("sha512"), 1, VARCHAR),
    "pytheas_resolve": (resolve, 2, VARCHAR),
    "pytheas_matches": (_matches, 3, BOOLEAN),
    "pytheas_replace": (_replaced, 4, VARCHAR),
}
