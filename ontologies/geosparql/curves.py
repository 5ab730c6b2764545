"""WKT of types that shapely has not: with arcs, of triangles and of patches.

Arcs become straight edges (`arcs`), a TIN or polyhedral surface becomes its footprint
(`footprint`).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from ontologies.geosparql.arcs import Points, arc_string

_NAME: Final = re.compile(r"[A-Za-z]+")
_UNHELD: Final = re.compile(
    r"CURVE|CIRCULARSTRING|MULTISURFACE|TIN\b|TRIANGLE|POLYHEDRALSURFACE",
    re.IGNORECASE,
)
_COLLECTION: Final = "GEOMETRYCOLLECTION"
_TOKEN: Final = re.compile(r"[A-Za-z]+|[-+\d.][-+\d.eE]*|[(),]")


class NoCurve(ValueError):
    """A text is no WKT of the types that are read here."""


def is_unheld(wkt: str) -> bool:
    """Whether a text is of a type that shapely has not, or of a collection with one.

    Examples:
        >>> is_unheld("CIRCULARSTRING (0 0, 1 1, 2 0)"), is_unheld("POINT (0 0)")
        (True, False)
    """
    found = _NAME.match(wkt)
    if found is None:
        return False
    name = found[0].upper()
    return name in _READERS or (name == _COLLECTION and bool(_UNHELD.search(wkt)))


def parse_curve(wkt: str) -> BaseGeometry:
    """The geometry with straight edges.

    Raises:
        NoCurve: The text is malformed, has M, or makes no geometry.

    Examples:
        >>> arc = parse_curve("CIRCULARSTRING (0 0, 1 1, 2 0)")
        >>> round(arc.length, 3), len(arc.coords)
        (3.141, 91)
    """
    tokens = _Tokens(wkt)
    try:
        geometry = _tagged(tokens)
    except NoCurve:
        raise
    except (ValueError, shapely.errors.GEOSException) as error:
        raise NoCurve(str(error)) from error
    tokens.end()
    return geometry


def footprint(patches: list[Any]) -> BaseGeometry:
    """What the patches of a surface cover in the plane, without edges between them.

    Those that stand upright cover nothing. The Z of vertices stays.

    Examples:
        >>> halves = [
        ...     "POLYGON ((0 0, 1 0, 0 1, 0 0))",
        ...     "POLYGON ((1 0, 1 1, 0 1, 1 0))",
        ... ]
        >>> footprint([shapely.from_wkt(each) for each in halves]).area
        1.0
    """
    flat = [each for each in patches if each.area]
    return shapely.union_all(flat) if flat else shapely.Polygon()


class _Tokens:
    """The tokens of a text, one after the other."""

    def __init__(self, wkt: str) -> None:
        self._left = _TOKEN.findall(wkt)[::-1]

    def peek(self) -> str:
        return self._left[-1].upper() if self._left else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            raise NoCurve("the text ends too soon")
        self._left.pop()
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise NoCurve(f"{token} is missing")

    def end(self) -> None:
        if self._left:
            raise NoCurve(f"{self.peek()} after the end")

    def members(self) -> Iterator[None]:
        """One step for each member of a list in parentheses."""
        self.expect("(")
        yield
        while self.peek() == ",":
            self.take()
            yield
        self.expect(")")

    def is_empty(self) -> bool:
        """Whether the word EMPTY stands in the place of a list; it is taken."""
        return self.peek() == "EMPTY" and bool(self.take())


def _tagged(tokens: _Tokens) -> BaseGeometry:
    name = tokens.take()
    reader = _READERS.get(name) or _BESIDE.get(name)
    if reader is None:
        raise NoCurve(f"{name} geometries are not supported beside arcs")
    if tokens.peek() in {"M", "ZM"}:
        raise NoCurve("curves with M are not supported")
    if tokens.peek() == "Z":
        tokens.take()
    return reader(tokens)


def _points(tokens: _Tokens) -> Points:
    return [tuple(_numbers(tokens)) for _ in tokens.members()]


def _numbers(tokens: _Tokens) -> Iterator[float]:
    while tokens.peek() not in {",", ")", ""}:
        try:
            yield float(tokens.take())
        except ValueError as error:
            raise NoCurve(str(error)) from error


def _arc_string(tokens: _Tokens) -> Points:
    return arc_string(_points(tokens))


def _chain(tokens: _Tokens) -> Points:
    """The points of a curve: bare, of a line string, or of arcs and lines in turn."""
    match tokens.peek():
        case "(":
            return _points(tokens)
        case "COMPOUNDCURVE":
            tokens.take()
            return _compound(tokens)
        case "CIRCULARSTRING" | "LINESTRING" as name:
            tokens.take()
            return _arc_string(tokens) if name == "CIRCULARSTRING" else _points(tokens)
        case other:
            raise NoCurve(f"{other or 'nothing'} in the place of a curve")


def _compound(tokens: _Tokens) -> Points:
    run: Points = []
    for _ in tokens.members():
        part = _chain(tokens)
        run += part[1:] if run[-1:] == part[:1] else part
    return run


def _line(tokens: _Tokens, name: str) -> BaseGeometry:
    if tokens.is_empty():
        return shapely.LineString()
    read = _arc_string if name == "CIRCULARSTRING" else _compound
    return shapely.LineString(read(tokens))


def _polygon(tokens: _Tokens) -> Any:
    if tokens.is_empty():
        return shapely.Polygon()
    shell, *holes = [_chain(tokens) for _ in tokens.members()]
    return shapely.Polygon(shell, holes)


def _lines(tokens: _Tokens) -> BaseGeometry:
    if tokens.is_empty():
        return shapely.MultiLineString()
    return shapely.MultiLineString([_chain(tokens) for _ in tokens.members()])


def _collection(tokens: _Tokens) -> BaseGeometry:
    return shapely.GeometryCollection([_tagged(tokens) for _ in tokens.members()])


def _point(tokens: _Tokens) -> BaseGeometry:
    return shapely.Point() if tokens.is_empty() else shapely.Point(_points(tokens)[0])


def _polygons(tokens: _Tokens) -> BaseGeometry:
    if tokens.is_empty():
        return shapely.MultiPolygon()
    return shapely.MultiPolygon(_patches(tokens))


def _surface(tokens: _Tokens) -> BaseGeometry:
    return footprint([] if tokens.is_empty() else _patches(tokens))


def _patches(tokens: _Tokens) -> list[Any]:
    parts = []
    for _ in tokens.members():
        if tokens.peek() in {"POLYGON", "CURVEPOLYGON"}:
            tokens.take()
        parts.append(_polygon(tokens))
    return parts


_READERS: Final[Mapping[str, Callable[[_Tokens], BaseGeometry]]] = MappingProxyType(
    {
        "CIRCULARSTRING": lambda tokens: _line(tokens, "CIRCULARSTRING"),
        "COMPOUNDCURVE": lambda tokens: _line(tokens, "COMPOUNDCURVE"),
        "CURVEPOLYGON": _polygon,
        "TRIANGLE": _polygon,
        "TIN": _surface,
        "POLYHEDRALSURFACE": _surface,
        "MULTICURVE": _lines,
        "MULTISURFACE": _polygons,
    }
)
"""Types that shapely has not."""

_BESIDE: Final[Mapping[str, Callable[[_Tokens], BaseGeometry]]] = MappingProxyType(
    {
        "POINT": _point,
        "LINESTRING": lambda tokens: shapely.LineString(_points(tokens)),
        "POLYGON": _polygon,
        _COLLECTION: _collection,
    }
)
"""Types that stand in a collection with them."""
