"""Geometry literals of GeoSPARQL 1.1 to geometries and back (section 8.5).

A parsed geometry is always x = east, y = north; its CRS is named beside it. The axis
order of the authority exists in literals only, and is swapped where these are read
and written.

Z is kept everywhere. M is kept in WKT; GeoJSON has none. Curves, TINs and polyhedral
surfaces are valid WKT that shapely cannot hold: see `ontologies.geosparql.curves`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, Crs, crs_from_iri
from ontologies.geosparql.curves import NoCurve, is_unheld, parse_curve
from ontologies.geosparql.holes import without_empty_holes
from ontologies.geosparql.ranges import OutOfRange, out_of_range
from ontologies.geosparql.wkt import object_array, swap, swap_all, to_wkt

_EMPTY_PART: Final = re.compile("empty", re.IGNORECASE)


class LiteralError(OntologyError):
    """A literal is not what its datatype says.

    Attributes:
        datatype: Local name of the datatype, `wktLiteral` or `geoJSONLiteral`.
        text: The lexical form.
        position: Offset of the first character that cannot be right.
        reason: What is wrong there.
    """

    def __init__(self, datatype: str, text: str, position: int, reason: str) -> None:
        self.datatype = datatype
        self.text = text
        self.position = position
        self.reason = reason
        around = text[max(0, position - 20) : position + 20]
        super().__init__(
            f"bad geo:{datatype} at character {position + 1}: {reason}; near {around!r}"
        )


@dataclass(frozen=True, slots=True)
class Geometry:
    """A geometry and the CRS in which its coordinates are.

    Attributes:
        crs_iri: The canonical IRI of the CRS.
        shapely: The geometry, x = east, y = north.
    """

    crs_iri: str
    shapely: BaseGeometry


@dataclass(frozen=True, slots=True)
class ParsedLiterals:
    """A column of parsed literals.

    Attributes:
        geometries: One shapely geometry a row; None where the row is missing or bad.
        crs_iris: One canonical CRS IRI a row, None beside None.
        errors: (row, error) for each bad row, in order.
    """

    geometries: np.ndarray[Any, np.dtype[np.object_]]
    crs_iris: np.ndarray[Any, np.dtype[np.object_]]
    errors: tuple[tuple[int, OntologyError], ...]


# Req. 14: `<IRI>`, white space, WKT. White space around the whole is harmless.
_WKT_LITERAL: Final = re.compile(r"\s*(?:<([^<>\s]*)>\s+)?(.*?)\s*", re.DOTALL)
# NaN and 1e999 are numbers in WKT, and none of them valid; numpy would warn of them.
_IN_SILENCE: Final = partial(np.errstate, invalid="ignore", over="ignore")
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_EMPTY: Final = shapely.GeometryCollection()


def parse_wkt_literal(text: str) -> Geometry:
    """The geometry of a `geo:wktLiteral` (requirements 14 to 17).

    Args:
        text: The lexical form: an optional `<CRS IRI>` and WKT; empty for the empty
            geometry.

    Raises:
        LiteralError: The WKT is malformed, has coordinates that are not finite or not
            on Earth, or is of a type that cannot be held.
        OntologyError: The CRS is unknown.

    Examples:
        >>> parse_wkt_literal("POINT (5 51)").shapely
        <POINT (5 51)>
        >>> epsg_4326 = "http://www.opengis.net/def/crs/EPSG/0/4326"
        >>> parse_wkt_literal(f"<{epsg_4326}> POINT (51 5)").shapely
        <POINT (5 51)>
    """
    iri, wkt = _split(text)
    crs = crs_from_iri(iri)
    if not wkt:
        return Geometry(crs.iri, _EMPTY)
    try:
        with _IN_SILENCE():
            geometry = parse_curve(wkt) if is_unheld(wkt) else shapely.from_wkt(wkt)
    except NoCurve as error:
        start = text.rindex(wkt)
        raise LiteralError("wktLiteral", text, start, str(error)) from error
    except (shapely.errors.GEOSException, NotImplementedError) as error:
        _refuse_wkt(text, wkt, error)
    if not _is_finite(geometry):
        place = re.search(r"nan|inf", text, re.IGNORECASE)
        start = place.start() if place else text.find("(")
        raise LiteralError("wktLiteral", text, start, "a coordinate is not finite")
    shape = swap(geometry) if crs.axis_order == "yx" else geometry
    return check_range(Geometry(crs.iri, shape), "wktLiteral", text)


def check_range(geometry: Geometry, datatype: str, text: str) -> Geometry:
    """The geometry, if its longitudes and latitudes are on Earth.

    Raises:
        LiteralError: They are not.
    """
    crs = crs_from_iri(geometry.crs_iri)
    for _, bad in out_of_range(object_array([geometry.shapely]), crs):
        raise _beyond(bad, datatype, text)
    return geometry


def _beyond(bad: OutOfRange, datatype: str, text: str) -> LiteralError:
    spelled = (n for n in _NUMBER.finditer(text) if abs(float(n[0])) == abs(bad.value))
    place = next(spelled, None)
    position = 0 if place is None else place.start()
    return LiteralError(datatype, text, position, bad.reason)


def render_wkt_literal(geometry: Geometry) -> str:
    """The `geo:wktLiteral` of a geometry, its CRS always written.

    Coordinates have the fewest digits that restore the same doubles, so that
    `parse_wkt_literal(render_wkt_literal(g)) == g`.

    Examples:
        >>> render_wkt_literal(Geometry(CRS84_IRI, shapely.Point(5, 51)))
        '<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT (5 51)'
    """
    crs = crs_from_iri(geometry.crs_iri)
    shape = swap(geometry.shapely) if crs.axis_order == "yx" else geometry.shapely
    return f"<{crs.iri}> {to_wkt(object_array([shape]))[0]}"


def parse_wkt_literals(texts: Iterable[str | None]) -> ParsedLiterals:
    """A column of `geo:wktLiteral`s; a bad row is None and reported, not raised.

    Row by row it answers what `parse_wkt_literal` answers: a point takes 2 us.
    """
    rows = list(texts)
    split = [(None, None) if row is None else _split(row) for row in rows]
    crss, errors = _resolve({iri for iri, _ in split if iri is not None})
    wkts = np.array(
        [(wkt or _EMPTY.wkt) if iri in crss else None for iri, wkt in split], dtype="O"
    )
    with np.errstate(invalid="ignore"):
        geometries = _from_wkts(wkts)
    for row, wkt in enumerate(wkts):
        if wkt and _EMPTY_PART.search(wkt):
            geometries[row] = without_empty_holes(geometries[row])
    suspects = np.flatnonzero(shapely.is_missing(geometries) | ~_are_finite(geometries))
    bad: list[tuple[int, OntologyError]] = []
    for row in suspects.tolist():
        iri, text = split[row][0], rows[row]
        if iri is None or text is None:
            continue
        geometries[row] = None
        found = errors.get(iri) or _alone(text)
        if isinstance(found, OntologyError):
            bad.append((row, found))
        else:
            geometries[row] = found
    iris = np.array(
        [
            None if geometry is None or iri is None else crss[iri].iri
            for geometry, (iri, _) in zip(geometries, split, strict=True)
        ],
        dtype="O",
    )
    for crs in {crs.iri: crs for crs in crss.values()}.values():
        if crs.axis_order == "yx":
            chosen = iris == crs.iri
            geometries[chosen] = swap_all(geometries[chosen])
        bad += _out_of_range(geometries, iris, rows, crs)
    return ParsedLiterals(geometries, iris, tuple(sorted(bad, key=lambda it: it[0])))


def _out_of_range(
    geometries: np.ndarray[Any, Any],
    iris: np.ndarray[Any, Any],
    texts: Sequence[str | None],
    crs: Crs,
) -> Iterator[tuple[int, OntologyError]]:
    """The rows of a CRS that are not on Earth, which are there no more."""
    chosen = np.flatnonzero(iris == crs.iri)
    for position, bad in out_of_range(geometries[chosen], crs):
        row = int(chosen[position])
        geometries[row] = iris[row] = None
        yield row, _beyond(bad, "wktLiteral", str(texts[row]))


def render_wkt_literals(
    geometries: np.ndarray[Any, Any], crs: Crs
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """A column of `geo:wktLiteral`s in one CRS; None stays None."""
    shapes = object_array(geometries)
    if crs.axis_order == "yx":
        shapes = swap_all(shapes)
    prefix = f"<{crs.iri}> "
    return np.array(
        [None if wkt is None else prefix + wkt for wkt in to_wkt(shapes)], dtype="O"
    )


def parse_geojson_literal(text: str) -> Geometry:
    """The geometry of a `geo:geoJSONLiteral`, always in CRS84 (requirements 20 to 22).

    Raises:
        LiteralError: Not JSON, not a GeoJSON geometry object, or in another CRS.

    Examples:
        >>> parse_geojson_literal('{"type": "Point", "coordinates": [5, 51]}').shapely
        <POINT (5 51)>
    """
    if not text.strip():
        return Geometry(CRS84_IRI, _EMPTY)

    def refuse_constant(name: str) -> NoReturn:
        reason = f"{name} is not JSON"
        raise LiteralError("geoJSONLiteral", text, text.find(name), reason)

    try:
        document = json.loads(text, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise LiteralError("geoJSONLiteral", text, error.pos, error.msg) from error
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in _GEOJSON_TYPES:
        reason = f"type {kind!r} is not one of {', '.join(_GEOJSON_TYPES)}"
        raise LiteralError("geoJSONLiteral", text, max(text.find("type"), 0), reason)
    if document.get("crs") is not None:
        reason = "GeoJSON geometries are in CRS84 and carry no crs (RFC 7946, 4)"
        raise LiteralError("geoJSONLiteral", text, text.find('"crs"'), reason)
    try:
        geometry = shapely.from_geojson(text)
    except shapely.errors.GEOSException as error:
        raise LiteralError("geoJSONLiteral", text, 0, str(error)) from error
    if not _is_finite(geometry):
        start = max(text.find("coordinates"), 0)
        raise LiteralError("geoJSONLiteral", text, start, "a coordinate is not finite")
    return Geometry(CRS84_IRI, geometry)


def render_geojson_literal(geometry: Geometry) -> str:
    """The `geo:geoJSONLiteral` of a geometry in CRS84.

    Raises:
        OntologyError: The geometry is in another CRS; transform it first.
    """
    if geometry.crs_iri != CRS84_IRI:
        raise OntologyError(
            f"a geo:geoJSONLiteral is in CRS84, this geometry is in "
            f"<{geometry.crs_iri}>; transform it first"
        )
    return str(shapely.to_geojson(geometry.shapely))


_GEOJSON_TYPES: Final = (
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)


def _split(text: str) -> tuple[str, str]:
    if text and text[0].isalpha() and text[-1] == ")":
        # The pattern would find nothing to cut off, and takes ten times as long.
        return CRS84_IRI, text
    found = _WKT_LITERAL.fullmatch(text)
    # Every string matches: the prefix is optional and the rest takes anything.
    assert found is not None  # noqa: S101
    return found[1] or CRS84_IRI, found[2]


def _resolve(iris: Iterable[str]) -> tuple[dict[str, Crs], dict[str, OntologyError]]:
    found: dict[str, Crs] = {}
    unknown: dict[str, OntologyError] = {}
    for iri in iris:
        try:
            found[iri] = crs_from_iri(iri)
        except OntologyError as error:
            unknown[iri] = error
    return found, unknown


def _from_wkts(wkts: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.object_]]:
    """The geometries of a column; None of what shapely cannot hold."""
    with _IN_SILENCE():
        try:
            return object_array(shapely.from_wkt(wkts, on_invalid="ignore"))
        except NotImplementedError:
            # One of a type that it has not ends the whole column.
            straight = [None if wkt is None or is_unheld(wkt) else wkt for wkt in wkts]
            return object_array(shapely.from_wkt(straight, on_invalid="ignore"))


def _alone(text: str) -> BaseGeometry | OntologyError:
    """What shapely refuses: a geometry of another type, or why there is none."""
    try:
        geometry = parse_wkt_literal(text)
    except OntologyError as error:
        return error
    crs = crs_from_iri(geometry.crs_iri)
    # It is swapped back with its column.
    return swap(geometry.shapely) if crs.axis_order == "yx" else geometry.shapely


_TOKEN: Final = re.compile(
    r"\s+|[(),]|[A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])"
)
_WORD: Final = re.compile(
    r"(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION|EMPTY|ZM?|M",
    re.IGNORECASE,
)


def _refuse_wkt(text: str, wkt: str, error: Exception) -> NoReturn:
    """Name the place: GEOS says what it expected, but not where."""
    offset = text.rindex(wkt)
    reason = str(error).partition(": ")[2] or str(error)
    start = offset + _first_fault(wkt)
    raise LiteralError("wktLiteral", text, start, reason) from error


def _first_fault(wkt: str) -> int:
    """Offset of the first illegal token or stray bracket; the end if text is cut."""
    position = depth = 0
    while position < len(wkt):
        token = _TOKEN.match(wkt, position)
        if token is None:
            return position
        depth += (token[0] == "(") - (token[0] == ")")
        if depth < 0 or (token[0].isalpha() and not _WORD.fullmatch(token[0])):
            return position
        position = token.end()
        if depth == 0 and token[0] == ")" and wkt[position:].strip():
            return position
    return len(wkt) if depth else 0


def _is_finite(geometry: BaseGeometry) -> bool:
    return bool(np.isfinite(shapely.get_coordinates(geometry)).all())


def _are_finite(
    geometries: np.ndarray[Any, Any],
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    coordinates, rows = shapely.get_coordinates(geometries, return_index=True)
    finite = np.ones(len(geometries), dtype=bool)
    finite[rows[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite
