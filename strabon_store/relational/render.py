"""Relational plans to text, for people, tests and `explain`.

One node a line, its sources indented below it. The same plan gives the same text.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from ontologies.namespaces import compact
from strabon_store.algebra.render import render_term
from strabon_store.relational.encoding import Encoding, Plain, TermId, Typed
from strabon_store.relational.nodes import (
    Aggregation,
    Closure,
    Deduplicate,
    Join,
    Limit,
    Lookup,
    Mark,
    Nearest,
    One,
    Plan,
    Projection,
    Remote,
    Rows,
    Scan,
    Selection,
    SemiJoin,
    Shared,
    Sort,
    UnionAll,
    Unnest,
)
from strabon_store.relational.plan_columns import PlanColumn, SortKey
from strabon_store.relational.scalars import Call, Column, Constant, Scalar

_INDENT: Final = "  "
_LONGEST_BLOB: Final = 8
"""Bytes of a constant geometry that are shown."""


def render_plan(plan: Plan) -> str:
    """The plan as indented text, the root first.

    A column is `name: encoding`, with `?` where it can be unbound.

    Examples:
        >>> print(render_plan(Limit(One(), 0, 1)))
        Limit 1
          One
    """
    return "\n".join(_lines(plan, 0))


def _lines(plan: Plan, depth: int) -> Iterator[str]:
    yield _INDENT * depth + label_of(plan)
    for source in sources_of(plan):
        yield from _lines(source, depth + 1)


def sources_of(plan: Plan) -> tuple[Plan, ...]:
    """The nodes that a node reads."""
    match plan:
        case Join() | SemiJoin() | Mark() | UnionAll():
            return (plan.left, plan.right)
        case Closure(steps, origins):
            return (steps,) if origins is None else (origins, steps)
        case One() | Rows() | Remote() | Scan():
            return ()
        case _:
            return (plan.source,)


def reads(plan: Plan, wanted: Plan) -> bool:
    """Whether a node is part of a plan, or of what it tells an endpoint."""
    told = [known for _, known in plan.known] if isinstance(plan, Remote) else []
    sources = (*sources_of(plan), *told)
    return plan == wanted or any(reads(source, wanted) for source in sources)


def label_of(plan: Plan) -> str:  # noqa: C901, PLR0912 - an arm per node
    """A node in a line, without what it reads."""
    match plan:
        case One():
            return "One"
        case Rows(columns, rows):
            return f"Rows {len(rows)} [{_columns(columns)}]"
        case Remote(service, columns, number, _):
            return f"Remote {number} {render_term(service.name)} [{_columns(columns)}]"
        case Scan():
            return _scan(plan)
        case Join(_, _, condition, is_outer):
            return f"{'LeftJoin' if is_outer else 'Join'} {render_scalar(condition)}"
        case SemiJoin(_, _, condition, is_anti):
            name = "AntiJoin" if is_anti else "SemiJoin"
            return f"{name} {render_scalar(condition)}"
        case Mark(_, _, condition, mark):
            return f"Mark {mark.name} {render_scalar(condition)}"
        case Selection(_, condition):
            return f"Selection {render_scalar(condition)}"
        case Projection(_, columns, scalars):
            return f"Projection [{_outputs(columns, scalars)}]"
        case Lookup(_, variable, table, parts):
            return f"Lookup {table} of {variable} [{', '.join(parts)}]"
        case Unnest(_, lists, element):
            return f"Unnest {render_scalar(lists)} as {_column(element)}"
        case UnionAll():
            return f"UnionAll [{_columns(plan.columns)}]"
        case Aggregation(_, keys, columns, aggregates):
            outputs = _outputs(columns[len(keys) :], aggregates)
            return f"Aggregation by ({', '.join(keys)}) [{outputs}]"
        case Closure(_, origins, is_short):
            start = "everywhere" if origins is None else "origins"
            return f"Closure from {start}{' over few steps' * is_short}"
        case Shared(_, number):
            return f"Shared {number}"
        case Nearest(_, _, _, rows, distinct):
            by = "" if distinct is None else f" by ({', '.join(distinct)})"
            return f"Nearest {rows}{by}"
        case Deduplicate():
            return "Deduplicate"
        case Sort(_, order):
            return f"Sort {', '.join(map(_sort_key, order))}"
        case Limit(_, offset, limit):
            return _limit(offset, limit)
        case _:
            assert_never(plan)


def _scan(plan: Scan) -> str:
    outputs = ", ".join(
        f"{source} as {_column(column)}"
        for source, column in zip(plan.sources, plan.columns, strict=True)
    )
    tests = " and ".join(map(render_scalar, plan.conditions))
    return f"Scan {plan.table} [{outputs}]" + (f" where {tests}" if tests else "")


def _outputs(columns: tuple[PlanColumn, ...], scalars: tuple[Scalar, ...]) -> str:
    pairs = zip(columns, scalars, strict=True)
    return ", ".join(
        _column(column)
        if scalar == Column(column.name)
        else f"{_column(column)} = {render_scalar(scalar)}"
        for column, scalar in pairs
    )


def _columns(columns: tuple[PlanColumn, ...]) -> str:
    return ", ".join(map(_column, columns))


def _column(column: PlanColumn) -> str:
    optional = "?" if column.is_nullable else ""
    encoding = _encoding(column.encoding)
    return f"{column.name}{optional}" + (f": {encoding}" if encoding else "")


def _encoding(encoding: Encoding | None) -> str:
    match encoding:
        case None:
            return ""
        case TermId() as known:
            return _known_id(known)
        case Plain():
            return "plain"
        case Typed(""):
            return "iri"
        case Typed(datatype):
            return compact(datatype)
        case _:
            assert_never(encoding)


def _known_id(known: TermId) -> str:
    if known.datatype is not None:
        return f"id({compact(known.datatype)})"
    names = "|".join(tag.name.lower() for tag in sorted(known.tags))
    return f"id({names})" if names else "id"


def _sort_key(key: SortKey) -> str:
    return f"{key.column} descending" if key.descending else key.column


def _limit(offset: int, limit: int | None) -> str:
    skipped = f" after {offset}" if offset else ""
    return f"Limit {'all' if limit is None else limit}{skipped}"


def render_scalar(scalar: Scalar) -> str:
    """A scalar as a nest of calls.

    Examples:
        >>> render_scalar(Call("less", (Column("z"), Constant(5))))
        'less(z, 5)'
    """
    match scalar:
        case Column(name):
            return name
        case Constant(None):
            return "null"
        case Constant(bytes() as blob):
            return f"<{blob[:_LONGEST_BLOB].hex()}... {len(blob)} bytes>"
        case Constant(value):
            return repr(value)
        case Call(operation, arguments):
            return f"{operation}({', '.join(map(render_scalar, arguments))})"
        case _:
            assert_never(scalar)
