"""Partitions -> SQL: the lines that they make, and the values that they reject.

Trees of sqlglot, never text; values only as literals of the tree.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sqlglot import exp

from geotriples.plan import Partition, QuadColumns
from geotriples.rows import Compute, Rows, Step
from geotriples.sinks import line_parts, marked_parts
from geotriples.values import concatenation, text_literal

RelationOf = Callable[[Rows], str]
"""The name under which an engine knows the rows of a partition's source."""

PartsOf = Callable[[QuadColumns], tuple[exp.Expr, ...]]

LINE: Final = "line"


def lines_query(
    partitions: Sequence[Partition],
    relation: RelationOf,
    others: Sequence[str] = (),
    *,
    marked: bool = False,
) -> exp.Expr:
    """Every line of every partition, sorted; a line may come several times.

    Args:
        partitions: At least one.
        relation: Where their rows are.
        others: Lines that depend on no row.
        marked: Whether the graph stands before each line (`sinks.marked_parts`).
    """
    parts = marked_parts if marked else line_parts
    mark = "\t" if marked else ""
    selects = [_lines(partition, relation, parts) for partition in partitions]
    selects += [
        exp.select(exp.alias_(text_literal(f"{mark}{line}"), LINE)) for line in others
    ]
    union = _union(selects)
    line = exp.column(LINE)
    return (
        exp.select(line)
        .from_(exp.Subquery(this=union, alias=_alias("lines")))
        .where(line.copy().is_(exp.null()).not_())
        .order_by(line.copy())
    )


def checks_query(
    partitions: Sequence[Partition], relation: RelationOf
) -> exp.Expr | None:
    """Values that make no valid term, with row, node and reason; None if none can.

    Each says the number of its partition.
    Rows count from 1, in the order of the source.
    """
    selects = [
        select.select(exp.alias_(exp.Literal.number(number), "partition"))
        for number, partition in enumerate(partitions)
        for select in _rejected(partition, relation)
    ]
    if not selects:
        return None
    return _union(selects)


def _union(selects: Sequence[exp.Select]) -> exp.Query:
    whole: exp.Query = selects[0]
    for select in selects[1:]:
        whole = exp.union(whole, select, distinct=False, copy=False)
    return whole


def _lines(partition: Partition, relation: RelationOf, parts_of: PartsOf) -> exp.Select:
    """Terms are written out in one layer, lines put together from them in the next."""
    names: dict[exp.Expr, str] = {}
    lines = []
    for quad in partition.quads:
        parts: list[exp.Expr] = []
        for part in parts_of(quad):
            if not isinstance(part, exp.Literal):
                name = names.setdefault(part, f"t{len(names)}")
                parts.append(exp.column(name))
            else:
                parts.append(part)
        lines.append(concatenation(*parts))
    # Where every line is constant, there is still one for each row.
    columns = [exp.alias_(part, name) for part, name in names.items()] or [exp.null()]
    source = _subquery(joined(partition, relation), "source")
    terms = exp.select(*columns).from_(source)
    unnested = exp.func("UNNEST", exp.Array(expressions=lines))
    return exp.select(exp.alias_(unnested, LINE)).from_(_subquery(terms, "terms"))


def _rejected(partition: Partition, relation: RelationOf) -> Iterator[exp.Select]:
    terms = [term for quad in partition.quads for term in quad.terms]
    for check in dict.fromkeys(check for term in terms for check in term.checks):
        row = exp.column(partition.child.row_column)
        yield (
            exp.select(
                exp.alias_(row, "row"),
                exp.alias_(text_literal(check.node), "node"),
                exp.alias_(check.value, "value"),
                exp.alias_(text_literal(check.reason), "reason"),
            )
            .from_(_subquery(joined(partition, relation, counted=True), "source"))
            .where(exp.not_(check.is_valid))
        )


def joined(
    partition: Partition, relation: RelationOf, *, counted: bool = False
) -> exp.Select:
    """The rows of a partition: those of its source, or of both sides of its join."""
    child = _rows(partition, partition.child, relation, counted=counted)
    if partition.parent is None:
        return child
    parent = _rows(partition, partition.parent, relation, counted=False)
    return (
        exp.select("*")
        .from_(_subquery(child, "child"))
        .join(
            _subquery(parent, "parent"),
            on=exp.and_(
                *(
                    exp.EQ(this=left, expression=right)
                    for left, right in partition.conditions
                )
            ),
        )
    )


def _rows(
    partition: Partition, rows: Rows, relation: RelationOf, *, counted: bool
) -> exp.Select:
    """The columns of a source: counted, then unnested and computed from."""
    select = exp.select("*").from_(exp.table_(relation(rows)))
    if counted or _counts(partition, rows):
        number = exp.Window(this=exp.RowNumber())
        select = select.select(exp.alias_(number, rows.row_column))
    for layer in rows.layers:
        columns = [column for step in layer for column in _columns(step)]
        select = exp.select("*", *columns).from_(_subquery(select, "rows"))
    return select


def _columns(step: Step) -> list[exp.Expr]:
    if isinstance(step, Compute):
        return [exp.alias_(step.sql, step.name)]
    # Both in one SELECT go through the list side by side.
    position = exp.func("GENERATE_SUBSCRIPTS", step.values, exp.Literal.number(1))
    return [
        exp.alias_(exp.func("UNNEST", step.values), step.name),
        exp.alias_(position, step.position),
    ]


def _counts(partition: Partition, rows: Rows) -> bool:
    """Whether a term needs the number of its row."""
    parts = [term.lexical for quad in partition.quads for term in quad.terms]
    parts += [step.sql for step in rows.steps if isinstance(step, Compute)]
    return any(
        column.name == rows.row_column
        for part in parts
        for column in part.find_all(exp.Column)
    )


def _subquery(select: exp.Select, name: str) -> exp.Subquery:
    return exp.Subquery(this=select, alias=_alias(name))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name))
