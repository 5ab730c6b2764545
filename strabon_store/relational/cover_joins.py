"""Points in areas are joined by the cells of a grid (docs/adr/0020).

`geof:sfWithin(?x, ?y)`, of many points and few areas, is a join of numbers: a point is
in one cell, and an area covers some, most of them wholly. Only in cells of its border
does a pair need a look at edges. That is done where all geometries of one column are
points, and all of the other one areas that have not too many cells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from math import log2, sqrt
from typing import Any, Final, TypeAlias

from ontologies.geosparql.relations import RELATIONS, matches
from strabon_store.relational.context import TermCatalog
from strabon_store.relational.estimates import estimate
from strabon_store.relational.hold_smaller import cut
from strabon_store.relational.layout import GEOMETRIES, Shapes
from strabon_store.relational.lookups import columns_of, substitute
from strabon_store.relational.nodes import (
    Join,
    Limit,
    Lookup,
    Plan,
    Projection,
    Scan,
    Selection,
    Shared,
    UnionAll,
    Unnest,
)
from strabon_store.relational.offers import supply
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.render import sources_of
from strabon_store.relational.scalars import (
    TRUE,
    Call,
    Column,
    Constant,
    Scalar,
    call,
)
from strabon_store.relational.stars import POINT

Look: TypeAlias = Callable[[str, str, int | None], Shapes | None]
"""What geometries a column of a table has, with a predicate or without."""

_Origin: TypeAlias = tuple[str, str, int | None]
"""A table, a column of it, and the predicate of its rows if that is the same."""

_RELATION: Final = "relation:"
_INSIDE: Final = ("0FFFFF212", "0F2FF1FF2")
"""DE-9IM of a point inside an area, and of an area around a point."""

_ON_BORDER: Final = ("F0FFFF212", "FF20F1FF2")
_ON_LINE: Final = (
    ("0FFFFF102", "0FFFFF1F2", "F0FFFF102"),
    ("0F1FF0FF2", "0F1FFFFF2", "FF10F0FF2"),
)
"""Of a point on a line, on one that is closed, and at an end; and the other way."""

_LEAST_POINTS: Final = 50_000
_MOST_AREAS: Final = 20_000
_MANY: Final = 8
"""How many times as many points as areas there must be."""

_LEAST_VERTICES: Final = 12
"""An engine's own test of an area of fewer is as fast."""

_MOST_CELLS: Final = 1_000_000
_POINTS_IN_CELL: Final = 4
_MOST_TRIED: Final = 500_000
"""Points in the boxes of lines that are tried one by one."""

_MOST_CELLS_OF_LINES: Final = 3_000_000
"""Each with two edges: 220 MB that an engine may spill."""

_NO_LIMIT: Final = 1 << 62
_TINY: Final = 1e-12
_FINEST: Final = 1 << 16
"""Cells of a degree at most, which are 2 m wide."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How points are found in something by cells.

    Attributes:
        cover: What makes the covering of a geometry.
        wholly: The list of the cells that have no other points, if there is one.
        near: Lists of cells that edges come near, and what tells a point in one.
        sieves: What few points in those of a list pass, all that are told among them.
    """

    cover: str
    wholly: str | None
    near: tuple[tuple[str, str], ...]
    sieves: Mapping[str, str] = field(default_factory=dict)


_IN_AREAS: Final = _Way(
    "cover",
    "cells_inside",
    (("cells_of_border", "is_in_cell"), ("crowded_cells", "is_in_crowded_cell")),
)
_ON_LINES: Final = _Way(
    "cover_lines",
    None,
    (("cells_of_edges", "is_on_two_edges"), ("crowded_edges", "is_on_edges")),
    {"cells_of_edges": "may_be_on_two_edges"},
)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a join.

    Attributes:
        source: What is joined.
        variable: Whose geometries are related.
    """

    source: Plan
    variable: str

    def part(self, name: str) -> Column:
        """A part of the geometry."""
        return Column(f"{self.variable}.{name}")

    def of(self, columns: tuple[PlanColumn, ...]) -> tuple[PlanColumn, ...]:
        """Those of some columns that are of this side."""
        own = {column.name for column in self.source.columns}
        return tuple(column for column in columns if column.name in own)

    def looked_up(self, *names: str) -> Plan:
        """With parts of the geometry."""
        return Lookup(self.source, self.variable, GEOMETRIES.name, names)

    def placed(self) -> Plan:
        """With `x` and `y` of points: from star tables that have them."""
        plan = self.source
        for part in POINT:
            name = f"{self.variable}.{part}"
            plan = supply(plan, name, _placed) or _placed(plan, name)
        return plan


def cover_joins(plan: Plan, catalog: TermCatalog, look: Look) -> Plan:
    """The plan with the same rows, in which cells join points with areas.

    Args:
        plan: A whole plan.
        catalog: For estimates.
        look: What is known of the geometries in a column.
    """
    numbers = [node.number for node in _nodes(plan) if isinstance(node, Shared)]
    return _Cover(catalog, look, 1 + max(numbers, default=0)).within(plan)


def _nodes(plan: Plan) -> list[Plan]:
    found, pending = [], [plan]
    while pending:
        node = pending.pop()
        found.append(node)
        pending.extend(sources_of(node))
    return found


class _Cover:
    def __init__(self, catalog: TermCatalog, look: Look, number: int) -> None:
        self._catalog, self._look, self._number = catalog, look, number
        self._known: dict[int, Plan] = {}

    def within(self, plan: Plan) -> Plan:
        """The plan with its joins replaced; what is shared stays one."""
        if id(plan) not in self._known:
            self._known[id(plan)] = self._replaced(plan)
        return self._known[id(plan)]

    def _replaced(self, plan: Plan) -> Plan:
        if isinstance(plan, Projection):
            plan = self._projected(plan)
        changed: dict[str, Any] = {}
        for each in fields(plan):
            below = getattr(plan, each.name)
            if isinstance(below, Plan) and (new := self.within(below)) is not below:
                changed[each.name] = new
        return replace(plan, **changed) if changed else plan

    def _projected(self, plan: Projection) -> Projection:
        """The projection, of a join by cells if it is one of a join that can be."""
        whole = _of_join(plan)
        if not isinstance(whole.source, Join):
            return plan
        read = {name for each in whole.scalars for name in columns_of(each)}
        joined = self._joined(whole.source, read)
        return plan if joined is None else replace(whole, source=joined)

    def _joined(self, join: Join, read: set[str]) -> Plan | None:
        """A join by cells, of the variables that are read and of no other column."""
        variables = [column for column in join.columns if column.is_variable]
        found = _related(join)
        if found is None or not read <= {column.name for column in variables}:
            return None
        # Rows have one column at least.
        kept = tuple(c for c in variables if c.name in read) or tuple(variables[-1:])
        name, is_edge, *sides = found
        rows = [estimate(side.source, self._catalog).rows for side in sides]
        points, others = sides if rows[0] >= rows[1] else sides[::-1]
        is_swapped = points is not sides[0]
        on_edge = [_on_edge(join, points, kept)] if is_edge else []
        if all(_holds(name, matrix) for matrix in _ON_LINE[is_swapped]):
            per_degree = self._per_degree_of_lines(points, others, *rows)
            if per_degree is not None:
                by = (Constant(per_degree),)
                by_cells = self._covered(kept, points, others, by, _ON_LINES)
                return reduce(UnionAll, [*by_cells, *on_edge])
        if not _holds(name, _INSIDE[is_swapped]):
            return None
        per_degree = self._per_degree(points, others, max(rows), min(rows))
        if per_degree is None:
            return None
        flag = Constant(_holds(name, _ON_BORDER[is_swapped]))
        both = (Constant(per_degree), flag)
        by_cells = self._covered(kept, points, others, both, _IN_AREAS)
        return reduce(UnionAll, [*by_cells, *on_edge])

    def _per_degree_of_lines(
        self, points: _Side, lines: _Side, *rows: float
    ) -> float | None:
        """How fine the grid is for lines whose boxes have too many points."""
        other = self._shapes(lines) if min(rows) <= _MOST_AREAS else None
        if other is None or not other.are_lines or min(rows) > _MANY * other.count:
            return None
        one = self._shapes(points)
        if one is None or not one.are_points:
            return None
        density = max(rows) / max(one.extent, _TINY)
        if density * other.boxes < _MOST_TRIED:
            return None
        # About one point in a cell: then there are as many cells as points to try.
        per_degree = float(2 ** round(log2(min(max(sqrt(density), 1.0), _FINEST))))
        cells = 2 * per_degree * other.length + 2 * other.vertices
        return per_degree if cells <= _MOST_CELLS_OF_LINES else None

    def _per_degree(
        self, points: _Side, areas: _Side, many: float, few: float
    ) -> float | None:
        """How fine the grid is; None where there is to be none."""
        if many < max(_LEAST_POINTS, _MANY * few) or few > _MOST_AREAS:
            return None
        other = self._shapes(areas)
        if other is None or not other.are_areas or few > _MANY * other.count:
            return None
        if other.vertices < _LEAST_VERTICES * other.count:
            return None
        one = self._shapes(points)
        if one is None or not one.are_points:
            return None
        per_degree = _fineness(other, many)
        return per_degree if _is_small(other, per_degree) else None

    def _shapes(self, side: _Side) -> Shapes | None:
        origins = _origins(side.source, side.variable) or ()
        found = (self._look(*origin) for origin in origins)
        return _together([each for each in found if each is not None])

    def _shared(self, plan: Plan) -> Shared:
        self._number += 1
        return Shared(plan, self._number)

    def _covered(
        self,
        kept: tuple[PlanColumn, ...],
        points: _Side,
        areas: _Side,
        by: tuple[Constant, ...],
        way: _Way,
    ) -> list[Plan]:
        per_degree, *flags = by
        x, y = map(points.part, POINT)
        cell = call("cell_of", x, y, per_degree)
        placed = self._shared(
            _with_columns(
                Selection(points.placed(), call("is_beside_edge", x, y)),
                points.of(kept),
                {".x": x, ".y": y, ".cell": cell},
            )
        )
        covering = call(way.cover, areas.part("geometry"), per_degree)
        covered = _with_columns(
            areas.looked_up("geometry"), areas.of(kept), {".covering": covering}
        )
        # So that tables are made of the cells, not of the points.
        covered = self._shared(cut(covered, self._catalog))
        found: list[Plan] = []
        if way.wholly is not None:
            inside = _unnested(covered, way.wholly)
            wholly = Join(placed, inside, call("equal", Column(".cell"), Column(".in")))
            found.append(_with_columns(wholly, kept, {}))
        for lists, test in way.near:
            number = call("cell_number", Column(".in"))
            cells = _unnested(covered, lists)
            near: Plan = Join(placed, cells, call("equal", Column(".cell"), number))
            pair = [Column(name) for name in (".x", ".y", ".in")]
            if lists in way.sieves:
                # Together, as a function in Python is called for each block of rows;
                # below a limit an engine tries nothing that comes after it.
                sieved = Selection(near, call(way.sieves[lists], *pair))
                read = {column.name: column for column in pair}
                few = _with_columns(sieved, kept, dict(read))
                near = self._shared(Limit(few, 0, _NO_LIMIT))
            told = call(test, *pair, *flags)
            found.append(_with_columns(Selection(near, told), kept, {}))
        return found


def _on_edge(join: Join, points: _Side, kept: tuple[PlanColumn, ...]) -> Plan:
    """The join of the points on the edge of the plane, which cells do not know."""
    sides = points.part("minx"), points.part("maxx")
    left, right = (
        Selection(side, call("is_on_edge", *sides))
        if isinstance(side, Lookup) and side.variable == points.variable
        else side
        for side in (join.left, join.right)
    )
    return _with_columns(replace(join, left=left, right=right), kept, {})


def _placed(plan: Plan, name: str) -> Plan:
    """With a coordinate of points, from their boxes."""
    variable, _, part = name.rpartition(".")
    side = f"min{part}"
    found = Lookup(plan, variable, GEOMETRIES.name, (side,))
    return _with_columns(found, plan.columns, {name: Column(f"{variable}.{side}")})


def _fineness(areas: Shapes, points: float) -> float:
    """Cells of a degree: some points in each, or about as wide as an edge is long."""
    boxes, sides = max(areas.boxes, _TINY), max(areas.sides, _TINY)
    by_points = sqrt(points / _POINTS_IN_CELL / boxes)
    wanted = min(max(by_points, areas.vertices / sides), sqrt(_MOST_CELLS / boxes))
    return float(2 ** round(log2(min(max(wanted, 1.0), _FINEST))))


def _is_small(areas: Shapes, per_degree: float) -> bool:
    """Whether coverings are small, of all areas together."""
    around = 2 * per_degree * areas.sides + 4 * areas.count
    cells = per_degree**2 * areas.boxes + around
    pieces = per_degree * areas.heights + 2 * areas.vertices
    return max(cells, pieces) <= _MOST_CELLS * _MANY


def _unnested(covered: Plan, lists: str) -> Plan:
    """What is covered, once for each cell of a list, which is called `.in`."""
    columns = covered.columns[:-1]
    narrow = _with_columns(covered, columns, {".of": call(lists, Column(".covering"))})
    element = PlanColumn(".in", None, is_nullable=False)
    each = Unnest(narrow, Column(".of"), element)
    return _with_columns(each, (*columns, element), {})


def _with_columns(
    plan: Plan, kept: tuple[PlanColumn, ...], added: dict[str, Scalar]
) -> Plan:
    columns = (*kept, *(PlanColumn(n, None, is_nullable=True) for n in added))
    scalars = (*(Column(c.name) for c in kept), *added.values())
    return Projection(plan, columns, scalars)


def _of_join(plan: Projection) -> Projection:
    """A projection of a projection of a join as one, which reads no more than it needs.

    Others stay as they are.
    """
    inner = plan.source
    if not isinstance(inner, Projection):
        return plan
    if not isinstance(inner.source, Join):
        below = _of_join(inner)
        return plan if below is inner else _of_join(replace(plan, source=below))
    names = (column.name for column in inner.columns)
    known = dict(zip(names, inner.scalars, strict=True))
    scalars = tuple(substitute(each, known) for each in plan.scalars)
    return Projection(inner.source, plan.columns, scalars)


def _related(join: Join) -> tuple[str, bool, _Side, _Side] | None:
    """The relation that is all that a join asks for, and its sides.

    And whether it is another one where both are on the edge of the plane.
    """
    holds = None if join.is_outer else _asked(join.condition)
    is_edge = False
    match holds:
        case Call("either_on_edge", (_, _, Call() as planar, *_)):
            holds, is_edge = planar, True
        case _:
            pass
    if holds is None or not holds.operation.startswith(_RELATION):
        return None
    sides = []
    for argument in holds.arguments:
        match argument:
            case Column(name) if name.endswith(".geometry"):
                side = _side_of(join, name.removesuffix(".geometry"))
            case _:
                return None
        if side is None:
            return None
        sides.append(side)
    one, other = sides
    if one.source is other.source:
        return None
    return holds.operation.removeprefix(_RELATION), is_edge, one, other


def _asked(condition: Scalar) -> Call | None:
    """What is asked beside boxes, if that is one thing."""
    match condition:
        case Call("within_window", (window, Call() as holds)) if window == TRUE:
            return holds
        case Call("and", (Call("boxes_meet"), Call() as rest)):
            return _asked(rest)
        case Call() as holds:
            return holds
        case _:
            return None


def _side_of(join: Join, variable: str) -> _Side | None:
    for side in (join.left, join.right):
        match side:
            case Lookup(source, found, table) if found == variable:
                if table == GEOMETRIES.name:
                    return _Side(source, variable)
            case _:
                continue
    return None


def _holds(name: str, matrix: str) -> bool:
    return any(matches(matrix, pattern) for pattern in RELATIONS[name].patterns)


def _origins(plan: Plan, name: str) -> list[_Origin] | None:
    """What columns a variable comes from; None where one is of no table."""
    match plan:
        case Scan(table, columns, sources, conditions):
            known = {c.name: s for c, s in zip(columns, sources, strict=True)}
            return [(table, known[name], _predicate(conditions))]
        case UnionAll(left, right):
            one, other = _origins(left, name), _origins(right, name)
            return None if one is None or other is None else one + other
        case Projection(source, columns, scalars):
            for column, value in zip(columns, scalars, strict=True):
                if column.name == name and isinstance(value, Column):
                    return _origins(source, value.name)
            return None
        case _:
            for source in sources_of(plan):
                if any(column.name == name for column in source.columns):
                    return _origins(source, name)
            return None


def _together(found: list[Shapes]) -> Shapes | None:
    """What several columns have."""
    if not found:
        return None
    numbers = ("count", "boxes", "sides", "vertices", "heights", "length", "extent")
    sums = {name: sum(getattr(each, name) for each in found) for name in numbers}
    kinds = ("are_points", "are_areas", "are_lines")
    are = {name: all(getattr(each, name) for each in found) for name in kinds}
    return Shapes(**are, **sums)


def _predicate(conditions: tuple[Scalar, ...]) -> int | None:
    for condition in conditions:
        match condition:
            case Call("equal", (Column("predicate"), Constant(int() as found))):
                return found
            case _:
                continue
    return None
