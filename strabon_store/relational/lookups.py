"""Late reading: a plan gets columns of the dictionary only where an expression asks.

Scalars name what they need as `{variable}.{part}`; these functions find such names and
put the `Lookup`s under the expression.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from strabon_store.relational.encoding import Plain, TermId
from strabon_store.relational.nodes import Lookup, Plan, Projection
from strabon_store.relational.offers import supply
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Call, Column, Scalar, parts_of
from strabon_store.relational.values import Value, of_column

TERM_PARTS: Final = ("lexical", "datatype", "language", "number", "moment")
GEOMETRY_PARTS: Final = ("geometry", "minx", "miny", "maxx", "maxy", "crs", "native")
_TABLES: Final = {"terms": TERM_PARTS, "geometries": GEOMETRY_PARTS}


def columns_of(scalar: Scalar) -> Iterator[str]:
    """The names of the columns that a scalar reads."""
    return (part.name for part in parts_of(scalar) if isinstance(part, Column))


def substitute(scalar: Scalar, columns: Mapping[str, Scalar]) -> Scalar:
    """The scalar with columns replaced by scalars."""
    match scalar:
        case Column(name):
            return columns.get(name, scalar)
        case Call(operation, arguments):
            new = tuple(substitute(each, columns) for each in arguments)
            return Call(operation, new)
        case _:
            return scalar


def with_lookups(plan: Plan, scalars: Iterable[Scalar]) -> Plan:
    """The plan with every part beside it that the scalars read."""
    wanted = dict.fromkeys(name for each in scalars for name in columns_of(each))
    for name in _missing(plan, wanted):
        offered = supply(plan, name, _with_part)
        plan = plan if offered is None else offered
    missing = _missing(plan, wanted)
    present = {column.name: column for column in plan.columns}
    for table, parts in _TABLES.items():
        by_variable: dict[str, list[str]] = {}
        for variable, _, part in (name.rpartition(".") for name in missing):
            holder = present.get(variable)
            if (
                part in parts
                and holder is not None
                and isinstance(holder.encoding, TermId)
            ):
                by_variable.setdefault(variable, []).append(part)
        for variable, found in by_variable.items():
            plan = Lookup(plan, variable, table, tuple(p for p in parts if p in found))
    return plan


def _missing(plan: Plan, wanted: Iterable[str]) -> list[str]:
    present = {column.name for column in plan.columns}
    return [name for name in wanted if name not in present and _is_part(name)]


def _is_part(name: str) -> bool:
    """Whether a column is a part of a term; others with a dot are a join's."""
    _, dot, part = name.rpartition(".")
    return bool(dot) and any(part in parts for parts in _TABLES.values())


def _with_part(plan: Plan, name: str) -> Plan:
    return with_lookups(plan, (Column(name),))


def scope_of(plan: Plan) -> dict[str, Value]:
    """The value of each variable that the plan has a column for."""
    return {c.name: of_column(c) for c in plan.columns if c.is_variable}


def variables_only(plan: Plan) -> Plan:
    """The plan without looked-up parts and sort keys."""
    kept = tuple(column for column in plan.columns if column.is_variable)
    return plan if kept == plan.columns else _project(plan, kept)


def without_parts(plan: Plan) -> Plan:
    """The plan without looked-up parts; sort keys stay."""
    ordered = {key.column for key in plan.order}
    kept = tuple(c for c in plan.columns if c.is_variable or c.name in ordered)
    return plan if kept == plan.columns else _project(plan, kept)


def _project(plan: Plan, kept: tuple[PlanColumn, ...]) -> Projection:
    return Projection(plan, kept, tuple(Column(column.name) for column in kept))


def as_plain(plan: Plan, names: Iterable[str]) -> Plan:
    """The plan with these variables in N-Triples."""
    turned = frozenset(names)
    columns = tuple(
        PlanColumn(c.name, Plain(), c.is_nullable) if c.name in turned else c
        for c in plan.columns
    )
    if columns == plan.columns:
        return plan
    scalars = tuple(
        of_column(c).plain if c.name in turned else Column(c.name) for c in plan.columns
    )
    return Projection(with_lookups(plan, scalars), columns, scalars)
