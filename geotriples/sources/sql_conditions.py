"""Conditions on rows in the SQL of PostgreSQL and PostGIS."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from geotriples.sources.base import Kind
from geotriples.sources.selective import BoxMeets, Condition, ValueBetween, ValueIn
from geotriples.sources.sql import Identifier, SqlColumn

_NUMBERS: Final = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
_FAR: Final = 1e9
_HALF: Final = 180.0


def condition_sql(
    column: SqlColumn,
    condition: Condition,
    srid: int | None,
    quote: Callable[[Identifier], str],
) -> str | None:
    """A condition on a column; None where it cannot be said.

    Args:
        column: The column.
        condition: What must hold.
        srid: Of a geometry, the SRID.
        quote: Writes identifiers.
    """
    name = quote(Identifier(column.name, is_delimited=True))
    match condition:
        case ValueIn(_, values):
            return _among(column, name, values)
        case ValueBetween(_, lowest, highest):
            if column.type_name not in _NUMBERS:
                return None
            tests = [f"{name} >= {_number(lowest)}"] * math.isfinite(lowest)
            tests += [f"{name} <= {_number(highest)}"] * math.isfinite(highest)
            return " AND ".join(tests) or None
        case BoxMeets(_, box):
            if column.type_name != "geometry" or not srid:
                return None
            return _meets(name, box, srid)


def _number(value: float) -> str:
    return f"'{value!r}'::float8"


def _among(
    column: SqlColumn, name: str, values: Sequence[str] | Sequence[int]
) -> str | None:
    if not values:
        return "false"
    if column.kind is Kind.INTEGER:
        small = [str(one) for one in values if abs(int(one)) < 1 << 63]
        return f"{name} IN ({', '.join(small)})" if small else "false"
    texts = [str(one) for one in values]
    if any("\0" in one for one in texts):
        return None
    # Other than `E'...'`, a plain literal has no escapes but the doubled quote.
    listed = ", ".join("'" + one.replace("'", "''") + "'" for one in texts)
    return f"{column.sql.format(name)} IN ({listed})"


def _meets(name: str, box: tuple[float, float, float, float], srid: int) -> str:
    """By boxes, in a form that a GiST index answers.

    What reaches beyond 180 degrees, or is wider, may be elsewhere than its coordinates
    say; what is that wide has 0 inside or reaches beyond.
    """

    def touches(sides: tuple[float, float, float, float]) -> str:
        numbers = ", ".join(map(_number, sides))
        return f"{name} && ST_MakeEnvelope({numbers}, {srid:d})"

    wide = f"ST_XMax({name}) - ST_XMin({name}) > {_HALF}"
    return " OR ".join(
        (
            touches(box),
            touches((_HALF, -_FAR, _FAR, _FAR)),
            touches((-_FAR, -_FAR, -_HALF, _FAR)),
            f"({touches((0.0, -_FAR, 0.0, _FAR))} AND {wide})",
        )
    )
