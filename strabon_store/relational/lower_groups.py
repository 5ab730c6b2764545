"""Grouping and set functions (SPARQL 1.1 section 18.5.1) as aggregation of columns.

An argument that is an error makes SUM, AVG, MIN, MAX and GROUP_CONCAT an error; COUNT
and SAMPLE pass over it.
"""

from collections.abc import Callable
from typing import Final

from ontologies.geosparql.datatypes import WKT_LITERAL
from ontologies.geosparql.functions import FUNCTIONS_BY_IRI
from strabon_store.algebra.expressions import Aggregate
from strabon_store.algebra.nodes import Group
from strabon_store.algebra.terms import IRI, XSD_STRING
from strabon_store.errors import UnsupportedFeature
from strabon_store.relational import arithmetic
from strabon_store.relational.encoding import Encoding, Plain, Typed
from strabon_store.relational.lookups import scope_of, with_lookups
from strabon_store.relational.lower_expressions import Scope, lower_expression
from strabon_store.relational.nodes import Aggregation, Plan, Projection
from strabon_store.relational.numbers import XSD_INTEGER, Numeric
from strabon_store.relational.order import sort_scalars
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import NULL, Column, Constant, Scalar, call
from strabon_store.relational.values import Value, is_surely_number, of_numeric


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
    value = lower_expression(aggregate.argument, scope)
    if combine := _NUMERIC.get(aggregate.name):
        term = _identity(value) if aggregate.distinct else None
        result = combine(value.numeric, term)
        return _number(value, result, is_never_empty=is_never_empty)
    if aggregate.iri is not None:
        return _collected(aggregate.iri, value, aggregate)
    lower = _AGGREGATES.get(aggregate.name)
    if lower is None:
        raise UnsupportedFeature(f"the aggregate {aggregate.name}")
    return lower(value, aggregate)


def _count_all(aggregate: Aggregate, scope: Scope) -> Scalar:
    if aggregate.distinct and not scope:
        # Solutions without variables are all the same one.
        return call("count_distinct", Constant(1))
    if aggregate.distinct:
        return call("count_distinct_rows", *(Column(name) for name in scope))
    return call("count_rows")


def _identity(value: Value) -> Scalar:
    return value.plain if isinstance(value.encoding, Typed) else value.native


def _count(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    operation = "count_distinct" if aggregate.distinct else "count"
    return call(operation, _identity(value)), Typed(XSD_INTEGER)


def _number(
    value: Value, result: Numeric, *, is_never_empty: bool
) -> tuple[Scalar, Encoding]:
    """A sum or mean: 0 of an empty group, an error where a term is no number."""
    if not is_never_empty:
        is_empty = call("equal", call("count_rows"), Constant(0))
        result = arithmetic.or_zero(result, is_empty)
    found = of_numeric(result)
    if is_surely_number(value):
        return found.native, found.encoding
    return _unless_error(found.native, value.number), found.encoding


def _extreme(operation: str) -> Callable[[Value, Aggregate], tuple[Scalar, Encoding]]:
    def lower(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
        del aggregate  # DISTINCT changes neither the least nor the greatest
        chosen = call(operation, value.native, *sort_scalars(value))
        return _unless_error(chosen, value.native), value.encoding

    return lower


def _unless_error(result: Scalar, term: Scalar) -> Scalar:
    """The result, where every row of the group has a term (18.5.1)."""
    all_known = call("equal", call("count_rows"), call("count", term))
    return call("if_true", all_known, result)


def _sample(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    del aggregate
    return call("sample", value.native), value.encoding


def _group_concat(value: Value, aggregate: Aggregate) -> tuple[Scalar, Encoding]:
    operation = "concat_distinct" if aggregate.distinct else "concat_all"
    joined = call(operation, value.text, Constant(aggregate.separator))
    text = call("coalesce", joined, Constant(""))
    return _unless_error(text, value.text), Typed(XSD_STRING)


def _collected(
    function: IRI, value: Value, aggregate: Aggregate
) -> tuple[Scalar, Encoding]:
    """A spatial aggregate of GeoSPARQL 1.1 (section 8.7).

    As of SUM, an error in one row makes it one, and of no rows there is none.
    """
    known = FUNCTIONS_BY_IRI.get(function.value)
    if known is None or not known.is_aggregate:
        raise UnsupportedFeature(f"the aggregate <{function.value}>")
    operation = "collect_distinct" if aggregate.distinct else "collect"
    found = call(operation, Constant(known.name), value.geometry)
    return _unless_error(found, value.geometry), Typed(WKT_LITERAL)


_NUMERIC: Final = {"SUM": arithmetic.total, "AVG": arithmetic.mean}
_AGGREGATES: Final = {
    "COUNT": _count,
    "MIN": _extreme("first_of"),
    "MAX": _extreme("last_of"),
    "SAMPLE": _sample,
    "GROUP_CONCAT": _group_concat,
}
