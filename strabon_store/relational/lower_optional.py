"""An optional predicate of a subject whose star table is read is a column of it.

`LeftJoin(P, {?s p ?x})` adds what `p` says of `?s` to each solution of P, and NULL
where it says nothing. Where `?s` comes from the scan of a star table with a column for
`p`, no join is needed; elsewhere in the plan there is one, further down.
"""

from dataclasses import replace

from strabon_store.algebra.nodes import BGP, Pattern, TriplePattern
from strabon_store.algebra.terms import Var
from strabon_store.relational.context import Context
from strabon_store.relational.lower_joins import left_join
from strabon_store.relational.lower_stars import Leg, loose_scan, own_quads
from strabon_store.relational.nodes import (
    Join,
    Lookup,
    Plan,
    Projection,
    Scan,
    Selection,
    SemiJoin,
    UnionAll,
)
from strabon_store.relational.offers import in_order
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import NULL, Column
from strabon_store.relational.stars import SUBJECT, StarTable


def optional_leg(pattern: Pattern, context: Context) -> Leg | None:
    """The leg that an optional pattern is; None when it is anything else."""
    match pattern:
        case BGP((TriplePattern(Var() as subject, _, Var() as found) as triple,)):
            return Leg.of(triple, context) if subject != found else None
        case _:
            return None


def absorb(plan: Plan, leg: Leg, context: Context) -> Plan | None:
    """The plan with the variable of an optional leg beside it.

    Returns:
        None when the subject comes from no star table, or the variable is there.
    """
    if _has(plan, _name(leg.object)):
        return None
    match plan:
        case Scan():
            return _beside_scan(plan, leg, context)
        case Projection():
            return _through_projection(plan, leg, context)
        case Selection() | Lookup():
            below = absorb(plan.source, leg, context)
            return None if below is None else replace(plan, source=below)
        case Join() | SemiJoin():
            return _in_side(plan, leg, context)
        case UnionAll():
            return _in_both(plan, leg, context)
        case _:
            return None


def _name(end: int | Var) -> str:
    return end.name if isinstance(end, Var) else ""


def _has(plan: Plan, name: str) -> bool:
    return any(column.name == name for column in plan.columns)


def _beside_scan(scan: Scan, leg: Leg, context: Context) -> Plan | None:
    table = context.catalog.stars().named(scan.table)
    pairs = zip(scan.columns, scan.sources, strict=True)
    sources = {column.name: source for column, source in pairs}
    if table is None or sources.get(_name(leg.subject)) != SUBJECT:
        return None
    if leg.predicate in table.columns:
        return _with_column(scan, table, leg)
    if leg.predicate in context.catalog.stars().loose:
        return left_join(scan, loose_scan(leg), None)
    # A subject of this table has no statement with the predicate.
    nothing = PlanColumn(_name(leg.object), leg.encoding, is_nullable=True)
    same = tuple(Column(column.name) for column in scan.columns)
    return Projection(scan, (*scan.columns, nothing), (*same, NULL))


def _with_column(scan: Scan, table: StarTable, leg: Leg) -> Scan:
    found, name = table.columns[leg.predicate], _name(leg.object)
    column = PlanColumn(name, found.encoding, found.is_nullable)
    offered = tuple((f"{name}.{part}", source) for part, source in found.parts.items())
    return replace(
        scan,
        columns=(*scan.columns, column),
        sources=(*scan.sources, found.name),
        offered=scan.offered + offered,
    )


def _through_projection(plan: Projection, leg: Leg, context: Context) -> Plan | None:
    pairs = zip(plan.columns, plan.scalars, strict=True)
    scalars = {column.name: scalar for column, scalar in pairs}
    match scalars.get(_name(leg.subject)):
        case Column(inner):
            renamed = replace(leg, subject=Var(inner))
        case _:
            return None
    below = absorb(plan.source, renamed, context)
    if below is None:
        return None
    column = _column(below, _name(leg.object))
    scalars_above = (*plan.scalars, Column(column.name))
    return Projection(below, (*plan.columns, column), scalars_above)


def _column(plan: Plan, name: str) -> PlanColumn:
    return next(column for column in plan.columns if column.name == name)


def _in_side(plan: Join | SemiJoin, leg: Leg, context: Context) -> Plan | None:
    name = _name(leg.object)
    if _has(plan.left, name) or _has(plan.right, name):
        return None
    if _has(plan.left, _name(leg.subject)):
        left = absorb(plan.left, leg, context)
        return None if left is None else replace(plan, left=left)
    if isinstance(plan, SemiJoin) or plan.is_outer:
        return None
    right = absorb(plan.right, leg, context)
    return None if right is None else replace(plan, right=right)


def _in_both(plan: UnionAll, leg: Leg, context: Context) -> Plan | None:
    sides = (plan.left, plan.right)
    absorbed = [absorb(side, leg, context) for side in sides]
    if absorbed == [None, None]:
        return None
    subject, names = _name(leg.subject), tuple(c.name for c in plan.columns)
    wanted = (*names, _name(leg.object))
    if any(_column(side, subject).is_nullable for side in sides):
        return None
    left, right = (
        in_order(left_join(old, own_quads(leg), None) if new is None else new, wanted)
        for old, new in zip(sides, absorbed, strict=True)
    )
    return UnionAll(left, right)
