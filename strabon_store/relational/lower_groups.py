"""Grouping and set functions (SPARQL 1.1 section 18.5.1) as aggregation of columns.

An argument that is an error makes SUM, AVG, MIN, MAX and GROUP_CONCAT an error; COUNT
and SAMPLE pass over it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from strabon_store.algebra.expressions import Aggregate
from strabon_store.algebra.nodes import Group
from strabon_store.algebra.terms import XSD_STRING
from strabon_store.errors import UnsupportedFeature
from strabon_store.relational.encoding import Encoding, Plain, Typed
from strabon_store.relational.lookups import scope_of, with_lookups
from strabon_store.relational.lower_expressions import Scope, lower_expression
from strabon_store.relational.nodes import Aggregation, Plan, PlanColumn, Projection
from strabon_store.relational.order import sort_scalars
from strabon_store.relational.scalars import NULL, Column, Constant, Scalar, call
from strabon_store.relational.values import (
    RANKED,
    XSD_INTEGER,
    Rank,
    Value,
    number,
)


def lower_group(group: Group, source: Plan) -> Plan:
    """One solution per combination of the keys."""
    source = _with_keys(source, group)
    scope = scope_of(source)
    is_never_empty = bool(group.keys)
    lowered = [
        _aggregate(each, scope, is_never_empty=is_never_empty)
        for _, each in group.aggregates
    ]
    scalars = tuple(scalar for scalar, _ in lowered)
    present = {column.name: column for column in source.columns}
    keys = tuple(present[k.name] for k in group.keys if k.name in present)
    found = tuple(
        PlanColumn(variable.name, encoding, is_nullable=True)
        for (variable, _), (_, encoding) in zip(group.aggregates, lowered, strict=True)
    )
    names = tuple(key.name for key in keys)
    return Aggregation(with_lookups(source, scalars), names, keys + found, scalars)


def _with_keys(source: Plan, group: Group) -> Plan:
    """The source with a column for each key, unbound where nothing binds it."""
    present = {column.name for column in source.columns}
    missing = [key.name for key in group.keys if key.name not in present]
    if not missing:
        return source
    added = tuple(PlanColumn(name, Plain(), is_nullable=True) for name in missing)
    kept = tuple(Column(column.name) for column in source.columns)
    nulls = (NULL,) * len(added)
    return Projection(source, (*source.columns, *added), (*kept, *nulls))


def _aggregate(
    aggregate: Aggregate, scope: Scope, *, is_never_empty: bool
) -> tuple[Scalar, Encoding]:
    if aggregate.argument is None:
        return _count_all(aggregate, scope), Typed(XSD_INTEGER)
    lower = _AGGREGATES.get(aggregate.name)
    if lower is None:
        raise UnsupportedFeature(f"the aggregate {aggregate.name}")
    value = lower_expression(aggregate.argument, scope)
    if not is_never_empty:
        # The type of nothing is not that of the numbers that might have been there.
        value = replace(value, rank=call("if_bound", value.number, value.rank))
    return lower(value, aggregate)


def _count_all(aggregate: Aggregate, scope: Scope) -> Scalar:
    if aggregate.distinct:
        return call("count_distinct_rows", *(Column(name) for name in scope))
    return call("count_rows")


def _identity(value: Value) -> Scalar:
    return value.plain if isinstance(value.encoding, Typed) else value.native


def _count(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    operation = "count_distinct" if aggregate.distinct else "count"
    return call(operation, _identity(value)), Typed(XSD_INTEGER)


def _sum(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    operation = "sum_distinct" if aggregate.distinct else "sum"
    total = call(operation, value.number)
    return _of_rank(value, call("coalesce", total, Constant(0)), Rank.INTEGER)


def _avg(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    operation = "avg_distinct" if aggregate.distinct else "avg"
    mean = call("coalesce", call(operation, value.number), Constant(0))
    return _of_rank(value, mean, Rank.DECIMAL)


def _of_rank(value: Value, scalar: Scalar, least: Rank) -> tuple[Scalar, Encoding]:
    """A number whose type is the highest of the group's, `least` at the lowest."""
    safe = call("unless_error", scalar, value.number)
    if isinstance(value.rank, Constant) and isinstance(value.rank.value, int):
        rank = max(value.rank.value, int(least))
        return safe, Typed(RANKED[rank])
    top = call("max", value.rank)
    highest = call("if_bound", top, call("greatest", top, Constant(int(least))))
    # Of an empty group SUM and AVG are the integer 0 (18.5.1.3, 18.5.1.4).
    found = call("coalesce", highest, Constant(int(Rank.INTEGER)))
    return number(safe, found).plain, Plain()


def _extreme(operation: str) -> Callable[[Value, Aggregate], tuple[Scalar, Encoding]]:
    def lower(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
        del aggregate  # DISTINCT changes neither the least nor the greatest
        chosen = call(operation, value.native, *sort_scalars(value))
        return call("unless_error", chosen, value.native), value.encoding

    return lower


def _sample(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    del aggregate
    return call("sample", value.native), value.encoding


def _group_concat(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    operation = "concat_distinct" if aggregate.distinct else "concat_all"
    joined = call(operation, value.text, Constant(aggregate.separator))
    text = call("coalesce", joined, Constant(""))
    return call("unless_error", text, value.text), Typed(XSD_STRING)


_AGGREGATES: Final = {
    "COUNT": _count,
    "SUM": _sum,
    "AVG": _avg,
    "MIN": _extreme("first_of"),
    "MAX": _extreme("last_of"),
    "SAMPLE": _sample,
    "GROUP_CONCAT": _group_concat,
}
