"""Partitions -> SQL: the lines that they make, and the values that they reject.

Trees of sqlglot, never text; values only as literals of the tree.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sqlglot import exp

from geotriples.plan import Partition, QuadColumns
from geotriples.rows import Compute, Gathered, GatheredPart, Joined, Rows, Step
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
    selects = [
        _lines(partition, relation, parts)
        for partition in partitions
        if partition.quads
    ]
    selects += [
        exp.select(exp.alias_(text_literal(f"{mark}{line}"), LINE)) for line in others
    ]
    union = union_all(selects)
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
    return union_all(selects)


def union_all(selects: Sequence[exp.Select]) -> exp.Query:
    """The rows of all queries."""
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
    source = subquery(joined(partition, relation), "source")
    terms = exp.select(*columns).from_(source)
    unnested = exp.func("UNNEST", exp.Array(expressions=lines))
    return exp.select(exp.alias_(unnested, LINE)).from_(subquery(terms, "terms"))


def _rejected(partition: Partition, relation: RelationOf) -> Iterator[exp.Select]:
    terms = [term for quad in partition.quads for term in quad.terms]
    checks = [check for term in terms for check in term.checks]
    for check in dict.fromkeys([*checks, *partition.checks]):
        row = exp.column(partition.child.row_column)
        yield (
            exp.select(
                exp.alias_(row, "row"),
                exp.alias_(text_literal(check.node), "node"),
                exp.alias_(check.value, "value"),
                exp.alias_(text_literal(check.reason), "reason"),
            )
            .from_(subquery(joined(partition, relation, counted=True), "source"))
            .where(exp.not_(check.is_valid))
        )


def joined(
    partition: Partition | GatheredPart, relation: RelationOf, *, counted: bool = False
) -> exp.Select:
    """The rows of a partition: those of its source, or of both sides of its join."""
    parts = _used(partition)
    child = _rows(partition.child, relation, counted=counted, parts=parts)
    if partition.parent is None:
        return child
    parent = _rows(partition.parent, relation, counted=False, parts=parts)
    return (
        exp.select("*")
        .from_(subquery(child, "child"))
        .join(
            subquery(parent, "parent"),
            on=exp.and_(
                *(
                    exp.EQ(this=left, expression=right)
                    for left, right in partition.conditions
                )
            ),
        )
    )


def _used(joined: Partition | GatheredPart) -> list[exp.Expr]:
    """Where the number of a row may be asked for."""
    if isinstance(joined, GatheredPart):
        return [*joined.columns.values(), *joined.place, joined.kept]
    return [term.lexical for quad in joined.quads for term in quad.terms]


def _rows(
    rows: Rows, relation: RelationOf, *, counted: bool, parts: Sequence[exp.Expr]
) -> exp.Select:
    """The columns of a source: counted, then unnested and computed from."""
    select = _base(rows, relation)
    if rows.derived is None and (counted or _counts(parts, rows)):
        number = exp.Window(this=exp.RowNumber())
        select = select.select(exp.alias_(number, rows.row_column))
    for layer in rows.layers:
        if isinstance(layer[0], Joined):
            select = _with_joined(select, layer[0], relation)
        else:
            columns = [column for step in layer for column in _columns(step)]
            select = exp.select("*", *columns).from_(subquery(select, "rows"))
    return select


def _with_joined(rows: exp.Select, step: Joined, relation: RelationOf) -> exp.Select:
    parent = _rows(step.parent, relation, counted=True, parts=())
    pairs = (exp.EQ(this=left, expression=right) for left, right in step.conditions)
    return (
        exp.select("*")
        .from_(subquery(rows, "rows"))
        .join(
            subquery(parent, "parent"),
            on=exp.and_(*pairs),
            join_type="" if step.is_inner else "left",
        )
    )


def _base(rows: Rows, relation: RelationOf) -> exp.Select:
    if rows.derived is not None:
        return _numbered(rows.derived, relation)
    return exp.select("*").from_(exp.table_(relation(rows)))


def _numbered(gathered: Gathered, relation: RelationOf) -> exp.Select:
    """Members, numbered within their collections; order among equal places is open."""
    selects = []
    for number, part in enumerate(gathered.parts):
        place = exp.Array(expressions=[exp.cast(one, "BIGINT") for one in part.place])
        columns = [exp.alias_(sql, name) for name, sql in part.columns.items()]
        columns.append(exp.alias_(place, "place"))
        columns.append(exp.alias_(exp.Literal.number(number), "part"))
        source = subquery(joined(part, relation), "source")
        selects.append(exp.select(*columns).from_(source).where(part.kept))
    over = {
        "partition_by": [exp.column("head"), exp.column("graph")],
        "order": exp.Order(expressions=[exp.Ordered(this=exp.column("place"))]),
    }
    counted = exp.Window(this=exp.RowNumber(), **over)
    following = exp.Window(this=exp.func("LEAD", exp.column("part")), **over)
    is_last = exp.Is(this=following, expression=exp.null())
    return exp.select(
        "*", exp.alias_(counted, "number"), exp.alias_(is_last, "is_last")
    ).from_(subquery(union_all(selects), "members"))


def _columns(step: Step) -> list[exp.Expr]:
    if isinstance(step, Joined):
        return []
    if isinstance(step, Compute):
        return [exp.alias_(step.sql, step.name)]
    # Both in one SELECT go through the list side by side.
    position = exp.func("GENERATE_SUBSCRIPTS", step.values, exp.Literal.number(1))
    return [
        exp.alias_(exp.func("UNNEST", step.values), step.name),
        exp.alias_(position, step.position),
    ]


def _counts(parts: Sequence[exp.Expr], rows: Rows) -> bool:
    """Whether something needs the number of its row."""
    computed = [step.sql for step in rows.steps if isinstance(step, Compute)]
    return any(
        column.name == rows.row_column
        for part in (*parts, *computed)
        for column in part.find_all(exp.Column)
    )


def subquery(select: exp.Query, name: str) -> exp.Subquery:
    """A query as a table of another."""
    return exp.Subquery(this=select, alias=_alias(name))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name))
