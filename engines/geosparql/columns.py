"""The same answers for many geometries at once, where that is faster.

What is in CRS84, away from the antimeridian and the poles, needs no plane of its own:
shapely makes a whole column of it in one call. Everything else is answered one by one
(`engines.geosparql.answers`), and every answer is the same as there.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import shapely

from engines.geodesy.edge import is_on_edge
from engines.geodesy.wrap import needs_wrap
from engines.geosparql import answers
from engines.geosparql.planes import is_geographic
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.literals import parse_wkt_literals, render_wkt_literals
from ontologies.namespaces import GEO

Rows: TypeAlias = Sequence[tuple[Any, ...]]
Check: TypeAlias = Callable[[], None]
"""Asked before what may take long; raises where nobody wants the answer any more."""

_WKT: Final = GEO + "wktLiteral"
_IN_CRS84: Final = b"\0"
"""What packed geometries begin with that are in CRS84."""

_HALF: Final = 180.0
_ENCLOSING: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "centroid": shapely.centroid,
        "convexHull": shapely.convex_hull,
        "envelope": shapely.envelope,
    }
)


def read(rows: Rows, check: Check) -> list[bytes | None]:
    """As `answers.read`: packed geometries of texts and their datatypes."""
    check()
    found: list[bytes | None] = [None] * len(rows)
    wkt = [i for i, (_, datatype) in enumerate(rows) if datatype == _WKT]
    parsed = parse_wkt_literals([rows[i][0] for i in wkt])
    blobs = shapely.to_wkb(parsed.geometries, flavor="iso")
    for i, iri, blob in zip(wkt, parsed.crs_iris, blobs, strict=True):
        if blob is not None:
            found[i] = _prefix(iri) + blob
    for i in set(range(len(rows))).difference(wkt):
        check()
        found[i] = answers.read(*rows[i])
    return found


def construct(rows: Rows, check: Check) -> list[bytes | None]:
    """As `answers.construct`, of an operation, a geometry and what else it takes."""
    check()
    found = _boundaries(rows)
    for name, operation in _ENCLOSING.items():
        chosen = [i for i, row in enumerate(rows) if row[0] == name]
        shapes, quick = _quick([rows[i][1] for i in chosen])
        made = operation(shapes[quick])
        # A centroid may lie on what the geometry goes around.
        simple = ~needs_wrap(made)
        blobs = shapely.to_wkb(made[simple], flavor="iso")
        places = np.array(chosen, dtype=int)[quick][simple]
        found |= {
            place: _IN_CRS84 + blob
            for place, blob in zip(places.tolist(), blobs, strict=True)
        }
    return _completed(found, answers.construct, rows, check)


def _boundaries(rows: Rows) -> dict[int, bytes | None]:
    """Those that are asked for; they are drawn as the geometry is, whatever its CRS.

    A collection has none.
    """
    chosen = [i for i, row in enumerate(rows) if row[0] == "boundary"]
    cut = [rows[i][1].partition(_IN_CRS84) for i in chosen]
    shapes = shapely.from_wkb(np.array([wkb for _, _, wkb in cut], dtype=object))
    # In longitude and latitude what is on the edge of the plane is no border of it.
    with_edge = {iri for iri, _, _ in cut if not iri or is_geographic(iri.decode())}
    on_edge = is_on_edge(shapes).tolist()
    blobs = shapely.to_wkb(shapely.boundary(shapes), flavor="iso")
    return {
        i: None if blob is None else iri + end + blob
        for i, (iri, end, _), blob, on in zip(chosen, cut, blobs, on_edge, strict=True)
        if not (on and iri in with_edge)
    }


def text(rows: Rows, check: Check) -> list[str | None]:
    """As `answers.text_of`, of an operation, a geometry and an argument."""
    check()
    found: dict[int, str] = {}
    chosen = [
        i
        for i, (asked, packed, _) in enumerate(rows)
        if asked == "asWKT" and packed.startswith(_IN_CRS84)
    ]
    shapes = shapely.from_wkb(np.array([rows[i][1][1:] for i in chosen], dtype=object))
    crs = crs_from_iri(CRS84_IRI)
    start = len(f"<{crs.iri}> ")
    for i, written in zip(chosen, render_wkt_literals(shapes, crs), strict=True):
        found[i] = written[start:]
    return _completed(found, answers.text_of, rows, check)


def _completed(
    found: Mapping[int, Any], function: Callable[..., Any], rows: Rows, check: Check
) -> list[Any]:
    """What was found, and for all other rows what a function answers."""
    values = []
    for i, row in enumerate(rows):
        if i not in found:
            check()
        values.append(found[i] if i in found else function(*row))
    return values


def _prefix(iri: str) -> bytes:
    return _IN_CRS84 if iri == CRS84_IRI else iri.encode() + _IN_CRS84


def _quick(packed: list[bytes]) -> tuple[Any, Any]:
    """The shapes of those in CRS84, and which of them need no care."""
    blobs = [each[1:] if each.startswith(_IN_CRS84) else None for each in packed]
    shapes = shapely.from_wkb(np.array(blobs, dtype=object))
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    with np.errstate(invalid="ignore"):
        # The plane of what is wider is put together over the antimeridian.
        narrow = bounds[:, 2] - bounds[:, 0] <= _HALF
    return shapes, narrow & ~needs_wrap(shapes)
