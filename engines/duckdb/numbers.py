"""Arithmetic of decimals that DuckDB lacks: products and quotients of DECIMAL(38, 18).

DuckDB gives the product of two a scale of 36, which leaves two digits before the point,
and divides decimals as doubles. Here both are computed on whole numbers of any size and
rounded once, half to even. Division by zero and results of more than 20 digits before
the point are NULL.
"""

import math
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

_Array: TypeAlias = Any  # pyarrow ships no types

SCALE: Final = 18
"""Digits after the point."""

_ONE: Final = 10**SCALE
_LIMIT: Final = 10**38
_TYPE: Final = pa.decimal128(38, SCALE)
_LOW: Final = (1 << 64) - 1
# All digits of the longest double, before the point and after it.
_WIDE: Final = Context(prec=1100)
_UNIT: Final = Decimal(1).scaleb(-SCALE)


def multiply(left: _Array, right: _Array) -> _Array:
    """Products of decimals."""
    return _decimals(left, right, lambda a, b: (a * b, np.full(len(a), _ONE, object)))


def divide(left: _Array, right: _Array) -> _Array:
    """Quotients of decimals."""
    return _decimals(left, right, lambda a, b: (a * _ONE, b))


def to_decimal(values: _Array) -> _Array:
    """The decimals nearest to doubles, whose exact values have more digits."""
    return pa.array([_nearest(value) for value in values.to_pylist()], _TYPE)


def _nearest(value: float | None) -> Decimal | None:
    if value is None or not math.isfinite(value):
        return None
    nearest = Decimal(value).quantize(_UNIT, context=_WIDE)
    return nearest if abs(nearest.scaleb(SCALE, _WIDE)) < _LIMIT else None


def _decimals(
    left: _Array,
    right: _Array,
    fraction: Callable[[Any, Any], tuple[Any, Any]],
) -> _Array:
    """A fraction of the whole numbers of both sides, rounded."""
    a, b = _unscaled(left), _unscaled(right)
    known = ~(np.asarray(left.is_null()) | np.asarray(right.is_null()))
    above, below = fraction(a, b)
    known &= below != 0
    below = np.where(known, below, 1)
    below, above = np.abs(below), np.where(below < 0, -above, above)
    quotient, rest = above // below, above % below
    twice = 2 * rest
    is_up = (twice > below) | ((twice == below) & (quotient % 2 == 1))
    rounded = quotient + is_up.astype(object)
    known &= np.abs(rounded) < _LIMIT
    return _packed(np.where(known, rounded, 0), known)


def _unscaled(array: _Array) -> Any:
    """Decimals as whole numbers: the two halves of 128 bits, put together."""
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    start, count = 2 * whole.offset, 2 * len(whole)
    words = np.frombuffer(whole.buffers()[1], np.uint64)[start : start + count]
    low, high = words[0::2].astype(object), words[1::2].astype(np.int64).astype(object)
    return (high << 64) + low


def _packed(numbers: Any, known: Any) -> _Array:
    words = np.empty(2 * len(numbers), np.uint64)
    words[0::2] = (numbers & _LOW).astype(np.uint64)
    words[1::2] = (numbers >> 64).astype(np.int64).view(np.uint64)
    validity = np.packbits(known, bitorder="little")
    buffers = [pa.py_buffer(validity), pa.py_buffer(words)]
    return pa.Array.from_buffers(_TYPE, len(numbers), buffers)
