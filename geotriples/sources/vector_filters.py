"""Conditions on features as GDAL's filters: by attributes, and by boxes."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from geotriples.sources.selective import BoxMeets, Condition, ValueBetween, ValueIn

Box: TypeAlias = tuple[float, float, float, float]

_MOST: Final = 500
"""Values in a filter; more take GDAL longer than to read the features."""

_HALF: Final = 180.0
_FAR: Final = 1e9


def where_of(condition: Condition) -> str | None:
    """The attribute filter of a condition; None where there is none."""
    match condition:
        case ValueIn(reference, values) if 0 < len(values) <= _MOST:
            if '"' in reference:
                return None
            listed = ", ".join(_literal(value) for value in values)
            return f'"{reference}" IN ({listed})'
        case ValueBetween(reference, lowest, highest) if '"' not in reference:
            tests = [f'"{reference}" >= {lowest!r}'] * math.isfinite(lowest)
            tests += [f'"{reference}" <= {highest!r}'] * math.isfinite(highest)
            return " AND ".join(tests) or None
        case _:
            return None


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def boxes_of(conditions: Sequence[Condition]) -> Iterator[Box | None]:
    """Boxes one of which a feature meets that meets the conditions; None: any place.

    A feature may meet several of them, and come several times. Beyond 180 degrees, and
    where it is wider than that, a feature may be elsewhere than its coordinates say;
    what is that wide has 0 inside or reaches beyond.
    """
    boxes = [one.box for one in conditions if isinstance(one, BoxMeets)]
    if not boxes:
        yield None
        return
    yield boxes[0]
    yield (_HALF, -_FAR, _FAR, _FAR)
    yield (-_FAR, -_FAR, -_HALF, _FAR)
    yield (0.0, -_FAR, 0.0, _FAR)
