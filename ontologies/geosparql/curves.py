"""WKT with circular arcs, as lines and polygons with straight edges.

Shapely holds no arcs. Each becomes edges that span at most two degrees of its circle,
which leave it by 1.6e-4 of the radius; its three given points stay vertices. A Z runs
evenly between them.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

STEP: Final = math.radians(2)
"""The angle that an edge spans at most."""

_NAME: Final = re.compile(r"[A-Za-z]+")
_ARC: Final = re.compile(r"CURVE|CIRCULARSTRING|MULTISURFACE", re.IGNORECASE)
_COLLECTION: Final = "GEOMETRYCOLLECTION"
_TOKEN: Final = re.compile(r"[A-Za-z]+|[-+\d.][-+\d.eE]*|[(),]")
_Points: TypeAlias = list[tuple[float, ...]]


class NoCurve(ValueError):
    """A text is no WKT of the types that are read here."""


def has_arcs(wkt: str) -> bool:
    """Whether a text is of a geometry with arcs, or of a collection that has one.

    Examples:
        >>> has_arcs("CIRCULARSTRING (0 0, 1 1, 2 0)"), has_arcs("POINT (0 0)")
        (True, False)
    """
    found = _NAME.match(wkt)
    if found is None:
        return False
    name = found[0].upper()
    return name in _READERS or (name == _COLLECTION and bool(_ARC.search(wkt)))


def parse_curve(wkt: str) -> BaseGeometry:
    """The geometry with straight edges.

    Raises:
        NoCurve: The text is malformed, or has M.

    Examples:
        >>> arc = parse_curve("CIRCULARSTRING (0 0, 1 1, 2 0)")
        >>> round(arc.length, 3), len(arc.coords)
        (3.141, 91)
    """
    tokens = _Tokens(wkt)
    geometry = _tagged(tokens)
    tokens.end()
    return geometry


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


def _points(tokens: _Tokens) -> _Points:
    return [tuple(_numbers(tokens)) for _ in tokens.members()]


def _numbers(tokens: _Tokens) -> Iterator[float]:
    while tokens.peek() not in {",", ")", ""}:
        try:
            yield float(tokens.take())
        except ValueError as error:
            raise NoCurve(str(error)) from error


def _arcs(tokens: _Tokens) -> _Points:
    """The points of a chain of arcs, each given by its ends and a point between."""
    given = _points(tokens)
    if len(given) % 2 == 0 or len({len(each) for each in given}) != 1:
        raise NoCurve("a circular string has an odd number of points of one dimension")
    run = given[:1]
    for start, middle, end in zip(given[:-2:2], given[1::2], given[2::2], strict=True):
        run += _arc(*map(np.array, (start, middle, end)))
    return run


def _arc(start: Any, middle: Any, end: Any) -> _Points:
    """The points of an arc after its start; a circle where its ends are one point."""
    is_circle = bool((start[:2] == end[:2]).all())
    centre = (start + middle)[:2] / 2 if is_circle else _centre(start, middle, end)
    if centre is None:
        return [tuple(middle), tuple(end)]
    turns = [math.atan2(*(at[:2] - centre)[::-1]) for at in (start, middle, end)]
    to_middle, whole = ((turn - turns[0]) % math.tau for turn in turns[1:])
    whole = math.tau if is_circle else whole
    if to_middle > whole:
        to_middle, whole = to_middle - math.tau, whole - math.tau
    first = _swept(start, middle, centre, to_middle)
    return first + _swept(middle, end, centre, whole - to_middle)


def _centre(start: Any, middle: Any, end: Any) -> Any | None:
    """The centre of the circle through three points; None of points on a line."""
    one, other = 2 * (middle - start)[:2], 2 * (end - start)[:2]
    if one[0] * other[1] == one[1] * other[0]:
        return None
    squares = [(at[:2] ** 2).sum() - (start[:2] ** 2).sum() for at in (middle, end)]
    return np.linalg.solve(np.array([one, other]), np.array(squares))


def _swept(start: Any, end: Any, centre: Any, angle: float) -> _Points:
    pieces = max(math.ceil(abs(angle) / STEP - 1e-9), 1)
    shares = np.arange(1, pieces)[:, None] / pieces
    turn = math.atan2(*(start[:2] - centre)[::-1]) + shares * angle
    radius = math.hypot(*(start[:2] - centre))
    flat = centre + radius * np.hstack([np.cos(turn), np.sin(turn)])
    rest = start[2:] + shares * (end - start)[2:]
    return [*map(tuple, np.hstack([flat, rest]).tolist()), tuple(end.tolist())]


def _chain(tokens: _Tokens) -> _Points:
    """The points of a curve: bare, of a line string, or of arcs and lines in turn."""
    match tokens.peek():
        case "(":
            return _points(tokens)
        case "COMPOUNDCURVE":
            tokens.take()
            return _compound(tokens)
        case "CIRCULARSTRING" | "LINESTRING" as name:
            tokens.take()
            return _arcs(tokens) if name == "CIRCULARSTRING" else _points(tokens)
        case other:
            raise NoCurve(f"{other or 'nothing'} in the place of a curve")


def _compound(tokens: _Tokens) -> _Points:
    run: _Points = []
    for _ in tokens.members():
        part = _chain(tokens)
        run += part[1:] if run[-1:] == part[:1] else part
    return run


def _line(tokens: _Tokens, name: str) -> BaseGeometry:
    if tokens.is_empty():
        return shapely.LineString()
    read = _arcs if name == "CIRCULARSTRING" else _compound
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
    parts = []
    for _ in tokens.members():
        if tokens.peek() in {"POLYGON", "CURVEPOLYGON"}:
            tokens.take()
        parts.append(_polygon(tokens))
    return shapely.MultiPolygon(parts)


_READERS: Final[Mapping[str, Callable[[_Tokens], BaseGeometry]]] = MappingProxyType(
    {
        "CIRCULARSTRING": lambda tokens: _line(tokens, "CIRCULARSTRING"),
        "COMPOUNDCURVE": lambda tokens: _line(tokens, "COMPOUNDCURVE"),
        "CURVEPOLYGON": _polygon,
        "TRIANGLE": _polygon,
        "MULTICURVE": _lines,
        "MULTISURFACE": _polygons,
    }
)
"""Types that may have arcs, and the triangle, which shapely has not."""

_BESIDE: Final[Mapping[str, Callable[[_Tokens], BaseGeometry]]] = MappingProxyType(
    {
        "POINT": _point,
        "LINESTRING": lambda tokens: shapely.LineString(_points(tokens)),
        "POLYGON": _polygon,
        _COLLECTION: _collection,
    }
)
"""Types that stand in a collection with them."""
