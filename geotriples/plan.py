"""Triples maps -> partitions: which columns to read, and the quads that each row makes.

A partition reads one source once (two, for a join) and depends on no other partition.
Triples maps over the same logical source share a partition, so a file is read as often
as it must be and no more.  Nothing here knows an engine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from geotriples.mapping.model import (
    LogicalTarget,
    PredicateObjectMap,
    RefObjectMap,
    SourceKey,
    TermMap,
    TriplesMap,
)
from geotriples.mapping.model import Mapping as RmlMapping
from geotriples.mapping.normalize import DEFAULT_GRAPH
from geotriples.rows import ColumnsOfSource, Rows, SourceColumns
from geotriples.terms import TermColumn, term_column


@dataclass(frozen=True, slots=True)
class QuadColumns:
    """One quad per row; no graph stands for the default graph.

    Targets are the files that take the quads; none stands for the run's own output.
    """

    node: str
    subject: TermColumn
    predicate: TermColumn
    object: TermColumn
    graph: TermColumn | None
    targets: tuple[LogicalTarget, ...] = ()

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
    scopes: dict[tuple[SourceKey, str, str], SourceColumns] = field(
        default_factory=dict
    )

    def partitions(self) -> tuple[Partition, ...]:
        single: dict[tuple[int, tuple[str, ...]], list[QuadColumns]] = {}
        by_id: dict[int, SourceColumns] = {}
        joined: list[Partition] = []
        for triples_map in self.mapping.triples_maps:
            scope = self.scope(triples_map, "c")
            by_id[id(scope)] = scope
            for quad in self.quads(triples_map, scope):
                lists = scope.unnested(_parts((quad,)))
                single.setdefault((id(scope), lists), []).append(quad)
            joined += self.joins(triples_map, scope)
        alone = [
            Partition(by_id[key].rows(_parts(quads)), None, (), tuple(quads))
            for (key, _), quads in single.items()
        ]
        return (*alone, *joined)

    def scope(self, triples_map: TriplesMap, side: str) -> SourceColumns:
        key = triples_map.source.key
        base = triples_map.base or self.base
        known = self.scopes.get((key, base, side))
        if known is None:
            # The number sets rows apart from those of other sources (blank nodes).
            prefix = f"{side}{len(self.scopes)}_"
            known = SourceColumns(key, prefix, base, self.columns, self.parameters)
            self.scopes[key, base, side] = known
        return known

    def quads(
        self, triples_map: TriplesMap, scope: SourceColumns
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
                targets = _targets(triples_map.subject.term, term)
                yield from self.products(one, subject, object_column, targets, scope)

    def joins(
        self, triples_map: TriplesMap, scope: SourceColumns
    ) -> Iterator[Partition]:
        subject = term_column(triples_map.subject.term, scope)
        for one in triples_map.predicate_objects:
            for term in one.objects:
                if isinstance(term, RefObjectMap) and term.conditions:
                    targets = _targets(triples_map.subject.term, term)
                    yield self.join(one, term, subject, targets, scope)

    def join(
        self,
        one: PredicateObjectMap,
        term: RefObjectMap,
        subject: TermColumn,
        targets: tuple[LogicalTarget, ...],
        scope: SourceColumns,
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
        quads = tuple(self.products(one, subject, object_column, targets, scope))
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
        targets: tuple[LogicalTarget, ...],
        scope: SourceColumns,
    ) -> Iterator[QuadColumns]:
        """Every predicate in every graph (RML Core, generated triples)."""
        graphs: list[tuple[TermColumn | None, tuple[LogicalTarget, ...]]] = [
            (
                None if _is_default(graph) else term_column(graph, scope),
                graph.all_targets,
            )
            for graph in one.graphs
        ] or [(None, ())]
        for predicate in one.predicates:
            for graph, of_graph in graphs:
                all_targets = (*targets, *predicate.all_targets, *of_graph)
                yield QuadColumns(
                    one.node,
                    subject,
                    term_column(predicate, scope),
                    object_column,
                    graph,
                    tuple(dict.fromkeys(all_targets)),
                )


def _targets(
    subject: TermMap, term: TermMap | RefObjectMap
) -> tuple[LogicalTarget, ...]:
    return (*subject.all_targets, *term.all_targets)


def _is_default(graph: TermMap) -> bool:
    return graph.expression == DEFAULT_GRAPH


def _parts(quads: Iterable[QuadColumns]) -> list[exp.Expr]:
    return [part for quad in quads for term in quad.terms for part in _term_parts(term)]


def _term_parts(term: TermColumn) -> list[exp.Expr]:
    parts = [term.lexical, term.datatype, term.language]
    return [part for part in parts if part is not None] + [
        part for check in term.checks for part in (check.value, check.is_valid)
    ]
