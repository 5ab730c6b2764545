"""The cases of the JTS Topology Suite, read from its XML files.

A file has cases of one or two geometries, and tests of operations on them with what
they give. What GeoSPARQL has no function for is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import shapely

from tests.conformance.manifests import SUITES

SUITE: Final = SUITES / "jts-testxml"
FOLDERS: Final = ("general", "misc", "robust", "validate")
PREDICATES: Final = {
    "contains": "sfContains",
    "crosses": "sfCrosses",
    "disjoint": "sfDisjoint",
    "equalstopo": "sfEquals",
    "intersects": "sfIntersects",
    "overlaps": "sfOverlaps",
    "touches": "sfTouches",
    "within": "sfWithin",
}
"""Operation -> the function of GeoSPARQL that says the same of every pair."""

PATTERNS: Final = {
    "covers": ("T*****FF*", "*T****FF*", "***T**FF*", "****T*FF*"),
    "coveredby": ("T*F**F***", "*TF**F***", "**FT*F***", "**F*TF***"),
}
"""Operation -> patterns of DE-9IM of which one holds: `ehCovers` is not `covers`."""

OVERLAYS: Final = {
    "difference": "difference",
    "intersection": "intersection",
    "symdifference": "symDifference",
    "union": "union",
}
"""Operation, without the `NG` or `SR` at its end -> the function."""

CONSTRUCTIONS: Final = {
    "convexhull": "convexHull",
    "getboundary": "boundary",
    "getcentroid": "centroid",
}
FACTS: Final = ("issimple", "isvalid")
SIZES: Final = {"unionarea": "metricArea", "unionlength": "metricLength"}
_HEX: Final = frozenset("0123456789ABCDEFabcdef")


@dataclass(frozen=True, slots=True)
class JtsCase:
    """An operation and what it gives.

    Attributes:
        id: File, number of the case, number of the operation.
        operation: Its name in small letters.
        geometries: Its operands in WKT, in order.
        argument: A pattern, a distance, or nothing.
        expected: What it gives, as text.
        tolerance: How far from it the coordinates of a result may be.
        grid: The width of the grid on which coordinates are, by the precision model of
            the file or of the operation; None where they are doubles.
    """

    id: str
    operation: str
    geometries: tuple[str, ...]
    argument: str
    expected: str
    tolerance: float
    grid: float | None

    @property
    def overlay(self) -> str | None:
        """The function, where it is an overlay of two."""
        name = self.operation.removesuffix("ng").removesuffix("sr")
        return OVERLAYS.get(name) if len(self.geometries) > 1 else None


@cache
def read_jts_cases() -> dict[str, JtsCase]:
    """The cases that GeoSPARQL has a function for, by id."""
    paths = (path for each in FOLDERS for path in sorted((SUITE / each).rglob("*.xml")))
    return {case.id: case for path in paths for case in _file(path)}


def _file(path: Path) -> Iterator[JtsCase]:
    root = ET.parse(path).getroot()
    model = root.find("precisionModel")
    scale = None if model is None else model.get("scale")
    tolerance = float(root.findtext("tolerance", "0"))
    name = path.relative_to(SUITE).with_suffix("").as_posix()
    for number, case in enumerate(root.iter("case"), start=1):
        operands = {
            key: wkt(found)
            for key in ("a", "b")
            if (found := case.findtext(key)) is not None
        }
        for index, op in enumerate(case.iter("op"), start=1):
            yield from _operation(
                op, f"{name}/{number}/{index}", operands, tolerance, scale
            )


def _operation(
    op: ET.Element,
    case: str,
    operands: dict[str, str],
    tolerance: float,
    scale: str | None,
) -> Iterator[JtsCase]:
    arguments = [op.get(f"arg{n}", "").strip() for n in (1, 2, 3)]
    names = [each.lower() for each in arguments if each.lower() in operands]
    rest = [each for each in arguments[len(names) :] if each]
    operation = op.attrib["name"].lower()
    if operation.endswith("sr"):
        scale = rest[0]
    found = JtsCase(
        id=case,
        operation=operation,
        geometries=tuple(operands[name] for name in names),
        argument=rest[0] if rest else op.get("pattern", ""),
        expected=" ".join((op.text or "").split()),
        tolerance=tolerance,
        grid=None if scale is None else 1 / float(scale),
    )
    if found.overlay is not None and found.grid is not None:
        placed = (_on_grid(each, found.grid) for each in found.geometries)
        found = replace(found, geometries=tuple(placed))
    if _is_askable(found):
        yield found


def _on_grid(text: str, grid: float) -> str:
    """An operand where JTS puts it before: points on the grid, all others stay."""
    shape = shapely.from_wkt(text)
    if shapely.get_dimensions(shape) != 0:
        return text
    rounded = shapely.set_precision(shape, grid, mode="pointwise")
    return str(shapely.to_wkt(rounded, rounding_precision=-1))


def _is_askable(case: JtsCase) -> bool:
    match case.operation:
        case "buffer" | "iswithindistance":
            return bool(case.argument)
        case "union" | "unionarea" | "unionlength":
            return True
        case "distance" | "relate":
            return True
        case operation:
            known = {*PREDICATES, *PATTERNS, *CONSTRUCTIONS, *FACTS}
            return operation in known or case.overlay is not None


def wkt(text: str) -> str:
    """A geometry of a file in WKT; some are WKB in hexadecimal digits."""
    plain = " ".join(text.split())
    if plain and set(plain) <= _HEX:
        return str(shapely.to_wkt(shapely.from_wkb(plain), rounding_precision=-1))
    return plain
