"""What is wanted of a graph -> readings of sources, one for each condition on rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from sqlglot import exp

from engines.virtual_graphs import Wanted
from geotriples.mapping.model import SourceKey
from geotriples.plan import Partition, QuadColumns
from geotriples.rows import Compute, Rows
from geotriples.sources.base import Source
from geotriples.sources.selective import Condition, Selective
from geotriples.terms import term_parts
from geotriples.virtual.conditions import Asked, asked_of, source_conditions

SourceOf: TypeAlias = Callable[[SourceKey], Source]
"""An opened source by its key."""


@dataclass(frozen=True, slots=True)
class MappedStatement:
    """A statement of the mapping: the partition whose rows make it, and its columns."""

    partition: Partition
    quad: QuadColumns


@dataclass(frozen=True, slots=True)
class MappedScan:
    """One reading of a partition's rows.

    Attributes:
        wanted: Statements, in the order of the partition's quads.
        partition: The rows, with no more columns than these statements need.
        asked: What must hold of a row.
        pushed: What the sources may apply, by side: of the child, of the parent.
        source: What is read, for people.
    """

    wanted: tuple[Wanted, ...]
    partition: Partition
    asked: tuple[Asked, ...]
    pushed: tuple[tuple[Condition, ...], tuple[Condition, ...]]
    source: str

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is asked, for people; what the source applies stands behind it."""
        texts = sorted(map(str, self.asked))
        names = dict.fromkeys(c.reference for side in self.pushed for c in side)
        if names:
            texts.append(f"by the source: {', '.join(names)}")
        return tuple(texts)

    @property
    def sides(self) -> tuple[Rows, ...]:
        """The rows that are read."""
        parent = self.partition.parent
        return (self.partition.child, *(() if parent is None else (parent,)))


def scans_of(
    wanted: Iterable[Wanted],
    statements: Sequence[MappedStatement],
    names: Sequence[str],
    sources: SourceOf,
) -> tuple[MappedScan, ...]:
    """As few scans as give what is wanted: one for each partition and condition.

    Args:
        wanted: What is wanted.
        statements: The statements of the mapping, by number.
        names: What each reads, for people.
        sources: The sources by their keys.
    """
    groups: dict[tuple[int, frozenset[Asked]], list[Wanted]] = {}
    for one in wanted:
        statement = statements[one.number]
        asked = asked_of(statement.quad, one.restrictions)
        groups.setdefault((id(statement.partition), asked), []).append(one)
    return tuple(
        _scan(tuple(group), asked, statements, names, sources)
        for (_, asked), group in groups.items()
    )


def _scan(
    wanted: tuple[Wanted, ...],
    asked: frozenset[Asked],
    statements: Sequence[MappedStatement],
    names: Sequence[str],
    sources: SourceOf,
) -> MappedScan:
    quads = tuple(statements[one.number].quad for one in wanted)
    parts = _parts(quads)
    partition = narrowed_partition(statements[wanted[0].number].partition, quads)
    ordered = tuple(sorted(asked, key=str))
    child, other = (
        () if rows is None else _pushed(rows, ordered, parts, sources)
        for rows in (partition.child, partition.parent)
    )
    return MappedScan(
        wanted, partition, ordered, (child, other), names[wanted[0].number]
    )


def narrowed_partition(whole: Partition, quads: Iterable[QuadColumns]) -> Partition:
    """A partition for some of its statements alone, with the columns that they need."""
    quads = tuple(quads)
    parts = _parts(quads)
    left = [one for one, _ in whole.conditions]
    right = [one for _, one in whole.conditions]
    parent = whole.parent
    return replace(
        whole,
        child=_narrowed(whole.child, [*parts, *left]),
        parent=None if parent is None else _narrowed(parent, [*parts, *right]),
        quads=quads,
        checks=(),
    )


def _parts(quads: Iterable[QuadColumns]) -> list[exp.Expr]:
    return [part for quad in quads for term in quad.terms for part in term_parts(term)]


def _narrowed(rows: Rows, parts: Sequence[exp.Expr]) -> Rows:
    """Rows without columns that nobody needs; lists still say how many there are."""
    if rows.derived is not None:
        return rows
    needed = {column.name for part in parts for column in part.find_all(exp.Column)}
    steps = []
    for step in reversed(rows.steps):
        if isinstance(step, Compute):
            if step.name not in needed:
                continue
            needed |= _names([step.sql])
        else:
            # A join of views may need any of the columns before it.
            needed |= _inputs(step)
        steps.append(step)
    references = {
        name: text for name, text in rows.references.items() if name in needed
    }
    return replace(rows, references=references, steps=tuple(reversed(steps)))


def _inputs(step: object) -> set[str]:
    values = getattr(step, "values", None)
    if isinstance(values, exp.Expr):
        return _names([values])
    return _names([left for left, _ in getattr(step, "conditions", ())])


def _names(parts: Iterable[exp.Expr]) -> set[str]:
    return {column.name for part in parts for column in part.find_all(exp.Column)}


def _pushed(
    rows: Rows,
    asked: Sequence[Asked],
    parts: Sequence[exp.Expr],
    sources: SourceOf,
) -> tuple[Condition, ...]:
    """What the source of rows may apply: nothing where rows are counted."""
    computed = [step.sql for step in rows.steps if isinstance(step, Compute)]
    if rows.derived is not None or rows.row_column in _names([*parts, *computed]):
        return ()
    source = sources(rows.source)
    if not isinstance(source, Selective):
        return ()
    return source.applicable(source_conditions(asked, rows, source))
