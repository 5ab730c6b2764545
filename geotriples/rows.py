"""The rows of one source, and the columns that term maps make of them.

Rows go through steps, in order: a list is unnested, a column is worked out from those
before it.  Nothing here knows an engine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from sqlglot import exp

from geotriples.mapping.model import SourceKey
from geotriples.sources.base import Column, Kind
from geotriples.values import Value, concatenation, text_literal

PARAMETER_PREFIX: Final = "pytheas:"
"""References that begin so are parameters of the run, the same in every row."""


@dataclass(frozen=True, slots=True)
class Compute:
    """A column `name` that holds `sql`, over the columns before it."""

    name: str
    sql: exp.Expr


@dataclass(frozen=True, slots=True)
class Unnest:
    """A row for each element of a list; none where the list is empty or NULL.

    Attributes:
        name: The column of the elements.
        values: The list, over the columns before it.
        position: The column that counts the elements from 1.
    """

    name: str
    values: exp.Expr
    position: str


Conditions: TypeAlias = tuple[tuple[exp.Expr, exp.Expr], ...]
"""Pairs of a child's and a parent's string that must be equal."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The rows of another relation that join, or NULL in their columns.

    Attributes:
        name: A name for the step.
        parent: The rows.
        conditions: How they join.
        is_inner: Whether rows to which none joins are left out.
    """

    name: str
    parent: "Rows"
    conditions: Conditions
    is_inner: bool


@dataclass(frozen=True, slots=True)
class JoinStep:
    """A join whose parent's columns are known only once they are asked for."""

    name: str
    parent: "SourceColumns"
    conditions: Conditions
    is_inner: bool


Step: TypeAlias = Compute | Unnest | Joined


@dataclass(frozen=True, slots=True)
class GatheredPart:
    """Rows that give members of lists or containers.

    Attributes:
        child: The rows.
        parent: The rows that are joined to them, or None.
        conditions: How they join.
        columns: `head`, `graph`, `lexical`, `datatype`, `language`: the node of a
            member's collection, the graph, and the member.
        place: What members are ordered by, integers all.
        kept: Which rows give a member.
    """

    child: "Rows"
    parent: "Rows | None"
    conditions: Conditions
    columns: Mapping[str, exp.Expr]
    place: tuple[exp.Expr, ...]
    kept: exp.Expr


@dataclass(frozen=True, slots=True)
class Gathered:
    """The members of all collections of one map, numbered within each.

    Its rows have the columns of the parts, `part` (the part's number, from 0), `number`
    (from 1, within the same head and graph, by part's `place`) and `is_last`.
    """

    parts: tuple[GatheredPart, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one source, as a partition wants them.

    Attributes:
        source: Which source.
        references: Name of a column to the reference that it holds.
        steps: What is done with the rows, in order, after they were counted.
        row_column: Name of the column that counts the rows from 1.
        derived: What is read in the place of the source, which it is made of.
    """

    source: SourceKey
    references: Mapping[str, str]
    steps: tuple[Step, ...]
    row_column: str
    derived: Gathered | None = None

    @property
    def layers(self) -> tuple[tuple[Step, ...], ...]:
        """The steps, together where none needs another: columns, or one list.

        Columns are worked out as early as they can be, before lists make more rows.
        """
        layers: list[list[Step]] = []
        made: dict[str, int] = {}
        for step in self.steps:
            after = max(
                (made.get(one, -1) for one in _names([_input(step)])), default=-1
            )
            place = _place(layers, step, after + 1)
            layers[place].append(step)
            made.update(dict.fromkeys(_outputs(step), place))
        return tuple(map(tuple, layers))


def _place(layers: list[list[Step]], step: Step, first: int) -> int:
    """The layer for a step, in `first` or later; maybe a new one."""
    if isinstance(step, Compute):
        for place in range(first, len(layers)):
            if isinstance(layers[place][0], Compute):
                return place
    layers.append([])
    return len(layers) - 1


class ColumnsOfSource(Protocol):
    """Says what a reference of a source yields."""

    def __call__(self, key: SourceKey, reference: str) -> Column:
        """The column."""


@dataclass(slots=True)
class SourceColumns:
    """The columns of one source, as term maps ask for them; a `values.Scope`."""

    key: SourceKey
    prefix: str
    base: str
    columns: ColumnsOfSource
    parameters: Mapping[str, str]
    references: dict[str, str] = field(default_factory=dict)
    steps: dict[str, Compute | Unnest | JoinStep] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def row_column(self) -> str:
        """The column that counts the rows from 1."""
        return f"{self.prefix}row"

    def resolve(self, reference: str) -> Value:
        """The column of a reference; of several values, one in each row."""
        value = self.resolve_all(reference)
        if not value.is_list:
            return value
        return Value(self.each(value.sql), value.kind, value.crs)

    def resolve_all(self, reference: str) -> Value:
        """The column of a reference; a list where a row may have several values."""
        if reference.startswith(PARAMETER_PREFIX):
            text = self.parameters[reference.removeprefix(PARAMETER_PREFIX)]
            return Value(text_literal(text), Kind.STRING)
        column = self.columns(self.key, reference)
        name = self.references.setdefault(
            reference, f"{self.prefix}{len(self.references)}"
        )
        return Value(exp.column(name), column.kind, column.crs, is_list=column.is_list)

    def each(self, sql: exp.Expr) -> exp.Expr:
        """The column of the elements of a list, each in a row of its own."""
        for known in self.steps.values():
            if isinstance(known, Unnest) and known.values == sql:
                return exp.column(known.name)
        name = f"{self.prefix}e{len(self.steps)}"
        self.steps[name] = Unnest(name, sql, f"{name}_position")
        return exp.column(name)

    def compute(self, sql: exp.Expr) -> exp.Expr:
        """The column that holds `sql`, worked out once however often it is used."""
        if isinstance(sql, exp.Column | exp.Literal):
            return sql
        for known in self.steps.values():
            if isinstance(known, Compute) and known.sql == sql:
                return exp.column(known.name)
        name = f"{self.prefix}x{len(self.steps)}"
        self.steps[name] = Compute(name, sql)
        return exp.column(name)

    def row_label(self) -> exp.Expr:
        """A string that no other row has, of this triples map or another."""
        row = exp.cast(exp.column(self.row_column), "VARCHAR")
        return concatenation(text_literal(f"r{self.prefix}_"), row)

    def number_of(self, node: str) -> int:
        """A number for a map of this source, the same whenever it is asked for."""
        return self.numbers.setdefault(node, len(self.numbers))

    def positions(self, parts: Iterable[exp.Expr]) -> tuple[exp.Expr, ...]:
        """Where the elements that `parts` need stand in their lists."""
        return tuple(
            exp.column(step.position)
            for step in self._needed(parts)
            if isinstance(step, Unnest)
        )

    def unnested(self, parts: Iterable[exp.Expr]) -> tuple[str, ...]:
        """The lists that are unnested for `parts`, by their columns of elements.

        Those of rows that join are among them: they say how many rows join.
        """
        parts = list(parts)
        needed = self._needed(parts)
        used = [*parts, *(_input(step) for step in needed)]
        found = [step.name for step in needed if isinstance(step, Unnest)]
        for step in needed:
            if isinstance(step, JoinStep):
                right = [right for _, right in step.conditions]
                found += step.parent.unnested([*used, *right])
        return tuple(found)

    def rows(self, parts: Iterable[exp.Expr]) -> Rows:
        """What must be read, unnested, computed and joined for `parts`."""
        parts = list(parts)
        needed = self._needed(parts)
        used = [*parts, *(_input(step) for step in needed)]
        read = _names(used)
        references = {
            name: text for text, name in self.references.items() if name in read
        }
        steps = tuple(
            _joined(step, used) if isinstance(step, JoinStep) else step
            for step in needed
        )
        return Rows(self.key, references, steps, self.row_column)

    def _needed(
        self, parts: Iterable[exp.Expr]
    ) -> tuple[Compute | Unnest | JoinStep, ...]:
        joins = [one for one in self.steps.values() if isinstance(one, JoinStep)]
        by_column = {
            column: step
            for step in self.steps.values()
            if not isinstance(step, JoinStep)
            for column in _outputs(step)
        }
        # An inner join says which rows there are, whatever is asked of them.
        found = {one.name for one in joins if one.is_inner}
        waiting = [*parts, *(_input(one) for one in joins if one.is_inner)]
        while waiting:
            for name in _names([waiting.pop()]):
                step = by_column.get(name) or _join_of(joins, name)
                if step is not None and step.name not in found:
                    found.add(step.name)
                    waiting.append(_input(step))
        return tuple(step for step in self.steps.values() if step.name in found)


def _join_of(joins: list[JoinStep], column: str) -> JoinStep | None:
    return next((one for one in joins if column.startswith(one.parent.prefix)), None)


def _joined(step: JoinStep, used: list[exp.Expr]) -> Joined:
    right = [right for _, right in step.conditions]
    row = exp.column(step.parent.row_column)
    parent = step.parent.rows([*used, *right, row])
    return Joined(step.name, parent, step.conditions, step.is_inner)


def _input(step: Step | JoinStep) -> exp.Expr:
    match step:
        case Unnest():
            return step.values
        case Compute():
            return step.sql
        case _:
            return exp.and_(exp.true(), *(left.copy() for left, _ in step.conditions))


def _outputs(step: Step) -> tuple[str, ...]:
    match step:
        case Unnest():
            return (step.name, step.position)
        case Compute():
            return (step.name,)
        case Joined(parent=parent):
            made = (one for each in parent.steps for one in _outputs(each))
            return (*parent.references, *made, parent.row_column)


def _names(parts: Iterable[exp.Expr]) -> set[str]:
    return {name for part in parts for name in _column_names(part)}


def _column_names(part: exp.Expr) -> Iterator[str]:
    return (column.name for column in part.find_all(exp.Column))
