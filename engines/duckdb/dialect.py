"""How DuckDB spells GeoSPARQL's relations, where it has them.

DuckDB has no ST_Relate. Where one of its functions means exactly what the relation
means, for every pair of valid geometries, it is in `NATIVE`; elsewhere the answer is
`pytheas_relate(wkb, wkb, patterns, CONNECTION)` of `engines.duckdb.functions`, and
`NECESSARY` names a native function that holds whenever the relation does, so that
DuckDB can find candidate pairs with its spatial join. Names alone decide nothing:
`ehCovers` asks for a shared boundary and is not `ST_Covers`, `ehInside` is not
`ST_Within`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RELATE: Final = "pytheas_relate"
"""The DE-9IM function, registered by `engines.duckdb.functions`."""

RELATE_ON_GLOBE: Final = "pytheas_relate_on_globe"
"""The same of shapes in CRS84, one of which is on the edge of its plane."""

NATIVE: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "sfEquals": "ST_Equals",
        "sfDisjoint": "ST_Disjoint",
        "sfIntersects": "ST_Intersects",
        "sfTouches": "ST_Touches",
        "sfCrosses": "ST_Crosses",
        "sfWithin": "ST_Within",
        "sfContains": "ST_Contains",
        "sfOverlaps": "ST_Overlaps",
        "ehEquals": "ST_Equals",
        "ehDisjoint": "ST_Disjoint",
        "ehMeet": "ST_Touches",
        "ehOverlap": None,
        "ehCovers": None,
        "ehCoveredBy": None,
        "ehInside": None,
        "ehContains": None,
        "rcc8eq": None,
        "rcc8dc": None,
        "rcc8ec": None,
        "rcc8po": None,
        "rcc8tppi": None,
        "rcc8tpp": None,
        "rcc8ntpp": None,
        "rcc8ntppi": None,
    }
)
"""Relation -> the DuckDB function that is the relation, or None."""

NECESSARY: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        **NATIVE,
        "ehOverlap": "ST_Intersects",
        "ehCovers": "ST_Contains",
        "ehCoveredBy": "ST_Within",
        "ehInside": "ST_Within",
        "ehContains": "ST_Contains",
        "rcc8eq": "ST_Equals",
        # Disjoint areas: no window and no join can be narrowed by it.
        "rcc8dc": "ST_Disjoint",
        "rcc8ec": "ST_Touches",
        "rcc8po": "ST_Overlaps",
        "rcc8tppi": "ST_Contains",
        "rcc8tpp": "ST_Within",
        "rcc8ntpp": "ST_Within",
        "rcc8ntppi": "ST_Contains",
    }
)
"""Relation -> a DuckDB function that holds wherever the relation holds."""
