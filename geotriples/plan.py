"""Triples maps -> partitions: which columns to read, and the quads that each row makes.

A partition reads one source once (two, for a join) and depends on no other partition.
Triples maps over the same logical source share a partition, so a file is read as often
as it must be and no more.  Nothing here knows an engine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from sqlglot import exp

from engines.term_columns import TermKind
from geotriples.gather import LIST, Collection, nested, statements_of
from geotriples.mapping.model import (
    JoinCondition,
    LogicalSource,
    LogicalTarget,
    LogicalView,
    PredicateObjectMap,
    RefObjectMap,
    SourceKey,
    TermMap,
    TriplesMap,
)
from geotriples.mapping.model import Mapping as RmlMapping
from geotriples.mapping.normalize import DEFAULT_GRAPH
from geotriples.rows import (
    ColumnsOfSource,
    Conditions,
    Gathered,
    Rows,
    SourceColumns,
)
from geotriples.terms import TermColumn, term_column, term_parts
from geotriples.values import Check, text_literal
from geotriples.views import ViewColumns
from ontologies.namespaces import RDF, RRXF


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
        checks: What must hold beside what the quads ask for.
    """

    child: Rows
    parent: Rows | None
    conditions: Conditions
    quads: tuple[QuadColumns, ...]
    checks: tuple[Check, ...] = ()


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
        others: list[Partition] = []
        for triples_map in self.mapping.triples_maps:
            scope = self.scope(triples_map, "c")
            by_id[id(scope)] = scope
            for quad in self.quads(triples_map, scope):
                lists = scope.unnested(_parts((quad,)))
                single.setdefault((id(scope), lists), []).append(quad)
            others += self.joins(triples_map, scope)
            others += self.collections(triples_map, scope)
        alone = [
            Partition(by_id[key].rows(_parts(quads)), None, (), tuple(quads))
            for (key, _), quads in single.items()
        ]
        return (*alone, *others)

    def scope(self, triples_map: TriplesMap, side: str) -> SourceColumns:
        key = triples_map.source.key
        base = triples_map.base or self.base
        known = self.scopes.get((key, base, side))
        if known is None:
            # The number sets rows apart from those of other sources (blank nodes).
            prefix = f"{side}{len(self.scopes)}_"
            known = self.columns_of(triples_map.source, prefix, base)
            self.scopes[key, base, side] = known
        return known

    def columns_of(
        self, source: LogicalSource | LogicalView, prefix: str, base: str
    ) -> SourceColumns:
        """The columns of a source, or of a view with those below it."""
        if isinstance(source, LogicalSource):
            return SourceColumns(
                source.key, prefix, base, self.columns, self.parameters
            )
        below = self.columns_of(source.on, prefix, base)
        parents = tuple(
            (one, self.columns_of(one.parent, f"{prefix}j{number}_", base))
            for number, one in enumerate(source.joins)
        )
        shared = (below.key, prefix, base, self.columns, self.parameters)
        return ViewColumns(
            *shared,
            view=source,
            below=below,
            formulation=source.on.formulation
            if isinstance(source.on, LogicalSource)
            else "",
            parents=parents,
        )

    def quads(
        self, triples_map: TriplesMap, scope: SourceColumns
    ) -> Iterator[QuadColumns]:
        """What each row makes by itself."""
        for one in triples_map.predicate_objects:
            for term in one.objects:
                targets = _targets(triples_map.subject.term, term)
                if isinstance(term, TermMap):
                    yield from self.products(triples_map, one, term, targets, scope)
                elif not term.conditions:
                    # Without a condition, parent and child are one row (RML Core).
                    subject = self.subject_of(term)
                    yield from self.products(triples_map, one, subject, targets, scope)

    def joins(
        self, triples_map: TriplesMap, scope: SourceColumns
    ) -> Iterator[Partition]:
        """What each row makes with the rows that join."""
        for one in triples_map.predicate_objects:
            for term in one.objects:
                targets = _targets(triples_map.subject.term, term)
                for ref in joined_members(term):
                    parent, conditions = self.joined(ref, scope)
                    if isinstance(term, TermMap):
                        quads = self.products(
                            triples_map, one, term, targets, scope, named=True
                        )
                    else:
                        column = self.related(term, scope, parent)
                        quads = self.products(triples_map, one, column, targets, scope)
                    yield _join(scope, parent, conditions, tuple(quads))

    def subject_of(self, ref: RefObjectMap) -> TermMap:
        """The subject of the triples map to which a map refers."""
        return self.mapping.triples_map(ref.parent).subject.term

    def joined(
        self, ref: RefObjectMap, scope: SourceColumns
    ) -> tuple[SourceColumns, Conditions]:
        """The rows of a parent, and the conditions under which they join."""
        parent = self.scope(self.mapping.triples_map(ref.parent), "p")
        conditions = tuple(
            _keys(condition, scope, parent) for condition in ref.conditions
        )
        return parent, conditions

    def related(
        self, ref: RefObjectMap, scope: SourceColumns, parent: SourceColumns
    ) -> TermColumn:
        """The subjects of a parent; none where a relation does not hold.

        Rows are joined by keys of which related ones share some (`geometry_cells`).
        """
        column = term_column(self.subject_of(ref), parent)
        tests = [
            exp.EQ(
                this=exp.func(
                    "RDF_GEOMETRY_PAIR",
                    *_geometries(one, scope, parent),
                    text_literal(RRXF.local(one.function)),
                ),
                expression=text_literal("true"),
            )
            for one in ref.conditions
            if one.function is not None
        ]
        if not tests:
            return column
        related = exp.case().when(exp.and_(*tests), column.lexical)
        return replace(column, lexical=related)

    def products(
        self,
        triples_map: TriplesMap,
        one: PredicateObjectMap,
        term: TermMap | TermColumn,
        targets: tuple[LogicalTarget, ...],
        scope: SourceColumns,
        *,
        named: bool = False,
    ) -> Iterator[QuadColumns]:
        """Every predicate in every graph (RML Core, generated triples).

        Args:
            triples_map: Whose subjects they are.
            one: Whose predicates and graphs.
            term: The objects.
            targets: The files for statements with these subjects and objects.
            scope: The rows.
            named: Whether every row has members for the collection that `term` is.
        """
        for graph, of_graph in self.graphs(one.graphs, scope):
            subjects = self.nodes(triples_map.subject.term, scope, graph)
            if isinstance(term, TermColumn):
                objects: tuple[TermColumn, ...] = (term,)
            elif named:
                objects = (Collection(term, scope, self, graph).named(),)
            else:
                objects = self.nodes(term, scope, graph)
            for predicate in one.predicates:
                column = term_column(predicate, scope)
                all_targets = (*targets, *predicate.all_targets, *of_graph)
                distinct = tuple(dict.fromkeys(all_targets))
                for subject, object_column in product(subjects, objects):
                    terms = (subject, column, object_column, graph)
                    yield QuadColumns(one.node, *terms, distinct)

    def nodes(
        self, term: TermMap, scope: SourceColumns, graph: TermColumn | None
    ) -> tuple[TermColumn, ...]:
        """The terms of a map, of which a row has one at most."""
        if term.gather is None:
            return (term_column(term, scope),)
        return Collection(term, scope, self, graph).heads()

    def graphs(
        self, graphs: Sequence[TermMap], scope: SourceColumns
    ) -> list[tuple[TermColumn | None, tuple[LogicalTarget, ...]]]:
        """The columns of graphs, None for the default graph, and their files."""
        return [
            (
                None if _is_default(graph) else term_column(graph, scope),
                graph.all_targets,
            )
            for graph in graphs
        ] or [(None, ())]

    def collections(
        self, triples_map: TriplesMap, scope: SourceColumns
    ) -> Iterator[Partition]:
        """The members of the collections of a triples map, in the graphs of each."""
        subject = triples_map.subject
        uses = [(subject.term, subject.graphs)]
        uses += [
            (term, one.graphs)
            for one in triples_map.predicate_objects
            for term in (subject.term, *one.objects)
            if isinstance(term, TermMap)
            and (term is not subject.term or one.graphs != subject.graphs)
        ]
        for term, graphs in dict.fromkeys(uses):
            for gathered in nested(term):
                for graph, targets in self.graphs(graphs, scope):
                    made = Collection(gathered, scope, self, graph)
                    yield from self.collection(made, targets)

    def collection(
        self, collection: Collection, of_graph: tuple[LogicalTarget, ...]
    ) -> Iterator[Partition]:
        """The members of a collection, and what must hold of them."""
        targets = (*collection.term.all_targets, *of_graph)
        parts, members = zip(*collection.parts(), strict=True)
        kind = collection.gather.kind
        named = collection.named()
        graph = collection.graph
        if graph is not None:
            graph = TermColumn(graph.kind, exp.column("graph"))
        node = collection.term.node
        quads = tuple(
            QuadColumns(node, one.subject, one.predicate, one.object, graph, targets)
            for one in statements_of(kind, named.kind, members)
        )
        rows = Rows(collection.scope.key, {}, (), "number", Gathered(parts))
        yield Partition(rows, None, (), quads)
        if collection.gather.allow_empty and kind != LIST:
            typed = (type_quad(node, named, kind, collection.graph, targets),)
            yield Partition(collection.scope.rows(_parts(typed)), None, (), typed)
        for part, member in zip(parts, members, strict=True):
            checks = tuple(dict.fromkeys((*named.checks, *member.checks)))
            if checks:
                yield Partition(part.child, part.parent, part.conditions, (), checks)


def _geometries(
    condition: JoinCondition, scope: SourceColumns, parent: SourceColumns
) -> tuple[exp.Expr, exp.Expr]:
    """The literals of a condition, worked out once for each row of either side."""
    left = term_column(condition.child, scope).lexical
    right = term_column(condition.parent, parent).lexical
    return scope.compute(left), parent.compute(right)


def _keys(
    condition: JoinCondition, scope: SourceColumns, parent: SourceColumns
) -> tuple[exp.Expr, exp.Expr]:
    """What is equal of two rows that may join."""
    if condition.function is None:
        left = term_column(condition.child, scope).lexical
        return left, term_column(condition.parent, parent).lexical
    if condition.function == RRXF.term("disjoint"):
        return text_literal("any"), text_literal("any")
    left, right = _geometries(condition, scope, parent)
    return _cells(left, scope, "child"), _cells(right, parent, "parent")


def _cells(literal: exp.Expr, scope: SourceColumns, side: str) -> exp.Expr:
    keys = exp.func("RDF_GEOMETRY_CELLS", literal, text_literal(side))
    return scope.each(exp.func("FN_SPLIT", keys, text_literal(" ")))


def type_quad(
    node: str,
    named: TermColumn,
    kind: str,
    graph: TermColumn | None,
    targets: tuple[LogicalTarget, ...],
) -> QuadColumns:
    """The statement that something is a container."""
    iris = [text_literal(iri) for iri in (RDF.term("type"), kind)]
    predicate, object_column = (TermColumn(TermKind.IRI, iri) for iri in iris)
    return QuadColumns(node, named, predicate, object_column, graph, targets)


def joined_members(term: TermMap | RefObjectMap) -> Iterator[RefObjectMap]:
    """The maps by which an object is, or gathers, subjects of rows that join."""
    if isinstance(term, RefObjectMap):
        members: tuple[TermMap | RefObjectMap, ...] = (term,)
    else:
        members = () if term.gather is None else term.gather.members
    for one in members:
        if isinstance(one, RefObjectMap) and one.conditions:
            yield one


def _join(
    scope: SourceColumns,
    parent: SourceColumns,
    conditions: Conditions,
    quads: tuple[QuadColumns, ...],
) -> Partition:
    parts = _parts(quads)
    child_parts = [*(left for left, _ in conditions), *parts]
    parent_parts = [*(right for _, right in conditions), *parts]
    return Partition(
        scope.rows(child_parts), parent.rows(parent_parts), conditions, quads
    )


def _targets(
    subject: TermMap, term: TermMap | RefObjectMap
) -> tuple[LogicalTarget, ...]:
    return (*subject.all_targets, *term.all_targets)


def _is_default(graph: TermMap) -> bool:
    return graph.expression == DEFAULT_GRAPH


def _parts(quads: Iterable[QuadColumns]) -> list[exp.Expr]:
    return [part for quad in quads for term in quad.terms for part in term_parts(term)]
