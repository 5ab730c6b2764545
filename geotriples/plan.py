"""Triples maps -> partitions: which columns to read, and the quads that each row makes.

A partition reads one source once (two, for a join) and depends on no other partition.
Triples maps over the same logical source share a partition, so a file is read as often
as it must be and no more.  Nothing here knows an engine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from sqlglot import exp

from geotriples.mapping.model import Mapping as RmlMapping
from geotriples.mapping.model import (
    PredicateObjectMap,
    RefObjectMap,
    SourceKey,
    TermMap,
    TriplesMap,
)
from geotriples.mapping.normalize import DEFAULT_GRAPH
from geotriples.sources.base import Column, Kind
from geotriples.terms import TermColumn, term_column
from geotriples.values import Value, concatenation, text_literal

PARAMETER_PREFIX: Final = "pytheas:"
"""References that begin so are parameters of the run, the same in every row."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one source, as a partition wants them.

    Attributes:
        source: Which source.
        references: Name of a column to the reference that it holds.
        lists: Columns to be unnested, each value making a row of its own.
        computed: Columns worked out from those before them, in order.
        row_column: Name of the column that counts the rows from 1.
    """

    source: SourceKey
    references: Mapping[str, str]
    lists: tuple[str, ...]
    computed: tuple[tuple[str, exp.Expr], ...]
    row_column: str


@dataclass(frozen=True, slots=True)
class QuadColumns:
    """One quad per row; no graph stands for the default graph."""

    node: str
    subject: TermColumn
    predicate: TermColumn
    object: TermColumn
    graph: TermColumn | None

    @property
    def terms(self) -> tuple[TermColumn, ...]:
        """The columns, in the order of N-Quads."""
        three = (self.subject, self.predicate, self.object)
        return three if self.graph is None else (*three, self.graph)


@dataclass(frozen=True, slots=True)
class Partition:
    """Rows, and the quads that each of them makes.

    Attributes:
        child: The rows.
        parent: The rows that are joined to them, or None.
        conditions: Pairs of a child's and a parent's string that must be equal.
        quads: What each (joined) row makes.
    """

    child: Rows
    parent: Rows | None
    conditions: tuple[tuple[exp.Expr, exp.Expr], ...]
    quads: tuple[QuadColumns, ...]


@dataclass(slots=True)
class _SourceColumns:
    """The columns of one source, as term maps ask for them; a `values.Scope`."""

    key: SourceKey
    prefix: str
    base: str
    columns: "ColumnsOfSource"
    parameters: Mapping[str, str]
    references: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, Column] = field(default_factory=dict)
    computed: dict[str, exp.Expr] = field(default_factory=dict)

    @property
    def row_column(self) -> str:
        return f"{self.prefix}row"

    def resolve(self, reference: str) -> Value:
        if reference.startswith(PARAMETER_PREFIX):
            text = self.parameters[reference.removeprefix(PARAMETER_PREFIX)]
            return Value(text_literal(text), Kind.STRING)
        column = self.columns(self.key, reference)
        name = self.references.setdefault(
            reference, f"{self.prefix}{len(self.references)}"
        )
        self.kinds[name] = column
        return Value(exp.column(name), column.kind, column.crs)

    def compute(self, sql: exp.Expr) -> exp.Expr:
        if isinstance(sql, exp.Column | exp.Literal):
            return sql
        for name, known in self.computed.items():
            if known == sql:
                return exp.column(name)
        name = f"{self.prefix}x{len(self.computed)}"
        self.computed[name] = sql
        return exp.column(name)

    def row_label(self) -> exp.Expr:
        row = exp.cast(exp.column(self.row_column), "VARCHAR")
        return concatenation(text_literal(f"r{self.prefix}_"), row)

    def lists_in(self, parts: Iterable[exp.Expr]) -> tuple[str, ...]:
        """The list columns on which `parts` depend."""
        needed = self._needed(parts)
        return tuple(
            name for name in needed if name in self.kinds and self.kinds[name].is_list
        )

    def rows(self, parts: Iterable[exp.Expr]) -> Rows:
        """What must be read and computed for `parts`."""
        needed = self._needed(parts)
        references = {
            name: text for text, name in self.references.items() if name in needed
        }
        return Rows(
            self.key,
            references,
            tuple(name for name in references if self.kinds[name].is_list),
            tuple(item for item in self.computed.items() if item[0] in needed),
            self.row_column,
        )

    def _needed(self, parts: Iterable[exp.Expr]) -> dict[str, None]:
        found: dict[str, None] = {}
        waiting = list(parts)
        while waiting:
            for column in waiting.pop().find_all(exp.Column):
                if column.name not in found:
                    found[column.name] = None
                    if column.name in self.computed:
                        waiting.append(self.computed[column.name])
        return found


class ColumnsOfSource(Protocol):
    """Says what a reference of a source yields."""

    def __call__(self, key: SourceKey, reference: str) -> Column:
        """The column."""


def plan(
    mapping: RmlMapping,
    columns: ColumnsOfSource,
    *,
    parameters: Mapping[str, str],
    base: str,
) -> tuple[Partition, ...]:
    """The partitions of a normalized and valid mapping.

    Args:
        mapping: Every reference of it is one that `columns` knows, or a parameter.
        columns: What references yield.
        parameters: Values of references that begin with `PARAMETER_PREFIX`.
        base: What relative IRIs are appended to, where a triples map has no base.
    """
    return _Planner(mapping, columns, parameters, base).partitions()


@dataclass(slots=True)
class _Planner:
    mapping: RmlMapping
    columns: ColumnsOfSource
    parameters: Mapping[str, str]
    base: str
    scopes: dict[tuple[SourceKey, str, str], _SourceColumns] = field(
        default_factory=dict
    )

    def partitions(self) -> tuple[Partition, ...]:
        single: dict[tuple[int, tuple[str, ...]], list[QuadColumns]] = {}
        by_id: dict[int, _SourceColumns] = {}
        joined: list[Partition] = []
        for triples_map in self.mapping.triples_maps:
            scope = self.scope(triples_map, "c")
            by_id[id(scope)] = scope
            for quad in self.quads(triples_map, scope):
                lists = scope.lists_in(_parts((quad,)))
                single.setdefault((id(scope), lists), []).append(quad)
            joined += self.joins(triples_map, scope)
        alone = [
            Partition(by_id[key].rows(_parts(quads)), None, (), tuple(quads))
            for (key, _), quads in single.items()
        ]
        return (*alone, *joined)

    def scope(self, triples_map: TriplesMap, side: str) -> _SourceColumns:
        key = triples_map.source.key
        base = triples_map.base or self.base
        known = self.scopes.get((key, base, side))
        if known is None:
            # The number sets rows apart from those of other sources (blank nodes).
            prefix = f"{side}{len(self.scopes)}_"
            known = _SourceColumns(key, prefix, base, self.columns, self.parameters)
            self.scopes[key, base, side] = known
        return known

    def quads(
        self, triples_map: TriplesMap, scope: _SourceColumns
    ) -> Iterator[QuadColumns]:
        subject = term_column(triples_map.subject.term, scope)
        for one in triples_map.predicate_objects:
            for term in one.objects:
                if isinstance(term, TermMap):
                    object_column = term_column(term, scope)
                elif not term.conditions:
                    # Without a condition, parent and child are one row (RML Core).
                    parent = self.mapping.triples_map(term.parent)
                    object_column = term_column(parent.subject.term, scope)
                else:
                    continue
                yield from self.products(one, subject, object_column, scope)

    def joins(
        self, triples_map: TriplesMap, scope: _SourceColumns
    ) -> Iterator[Partition]:
        subject = term_column(triples_map.subject.term, scope)
        for one in triples_map.predicate_objects:
            for term in one.objects:
                if isinstance(term, RefObjectMap) and term.conditions:
                    yield self.join(one, term, subject, scope)

    def join(
        self,
        one: PredicateObjectMap,
        term: RefObjectMap,
        subject: TermColumn,
        scope: _SourceColumns,
    ) -> Partition:
        parent = self.mapping.triples_map(term.parent)
        parent_scope = self.scope(parent, "p")
        object_column = term_column(parent.subject.term, parent_scope)
        conditions = tuple(
            (
                term_column(condition.child, scope).lexical,
                term_column(condition.parent, parent_scope).lexical,
            )
            for condition in term.conditions
        )
        quads = tuple(self.products(one, subject, object_column, scope))
        child_parts = [
            *(left for left, _ in conditions),
            *_parts(quads),
        ]
        parent_parts = [
            *(right for _, right in conditions),
            *_term_parts(object_column),
        ]
        return Partition(
            scope.rows(child_parts), parent_scope.rows(parent_parts), conditions, quads
        )

    def products(
        self,
        one: PredicateObjectMap,
        subject: TermColumn,
        object_column: TermColumn,
        scope: _SourceColumns,
    ) -> Iterator[QuadColumns]:
        """Every predicate in every graph (RML Core, generated triples)."""
        graphs = [
            None if _is_default(graph) else term_column(graph, scope)
            for graph in one.graphs
        ] or [None]
        for predicate in one.predicates:
            for graph in graphs:
                yield QuadColumns(
                    one.node,
                    subject,
                    term_column(predicate, scope),
                    object_column,
                    graph,
                )


def _is_default(graph: TermMap) -> bool:
    return graph.expression == DEFAULT_GRAPH


def _parts(quads: Iterable[QuadColumns]) -> list[exp.Expr]:
    return [part for quad in quads for term in quad.terms for part in _term_parts(term)]


def _term_parts(term: TermColumn) -> list[exp.Expr]:
    parts = [term.lexical, term.datatype, term.language]
    return [part for part in parts if part is not None] + [
        part for check in term.checks for part in (check.value, check.is_valid)
    ]
