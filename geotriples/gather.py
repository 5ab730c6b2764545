"""Gather maps -> lists and containers (RML-CC).

A collection is a relation of its own: a row for each member, numbered within its list
or container, from which its quads are made.  So lists grow across the rows of a source
where they are named by a template, and need no more memory than sorting them does.

An unnamed one is a node of its own for each row, or for each combination of the values
of its members under `rml:cartesianProduct`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sqlglot import exp

from engines.term_columns import TermKind
from geotriples.functions.base import is_null
from geotriples.mapping.model import (
    Constant,
    Expression,
    Gather,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
)
from geotriples.rows import Conditions, GatheredPart, Rows, SourceColumns
from geotriples.terms import TermColumn, evaluate_all, term_column, term_parts
from geotriples.values import Check, concatenation, lexical_form, text_literal
from ontologies.namespaces import RDF

LIST: Final = RDF.term("List")
_NIL: Final = TermColumn(TermKind.IRI, text_literal(RDF.term("nil")))
_NULL: Final = exp.cast(exp.null(), "VARCHAR")


class Parents(Protocol):
    """What maps of other triples maps' subjects stand for."""

    def subject_of(self, ref: RefObjectMap) -> TermMap:
        """The subject of the triples map to which a map refers."""

    def joined(
        self, ref: RefObjectMap, scope: SourceColumns
    ) -> tuple[SourceColumns, Conditions]:
        """The rows of a parent, and the conditions under which they join."""


@dataclass(frozen=True, slots=True)
class Member:
    """One map of members, on the rows of the child or of a join.

    Attributes:
        column: The members.
        parent: The rows of the parent, where the members are subjects of another
            triples map.
        conditions: How they join.
    """

    column: TermColumn
    parent: SourceColumns | None = None
    conditions: Conditions = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """A gather map on the rows of a source, in one graph."""

    term: TermMap
    scope: SourceColumns
    parents: Parents
    graph: TermColumn | None

    @property
    def gather(self) -> Gather:
        """What is gathered, and how."""
        gather = self.term.gather
        assert gather is not None, self.term.node  # noqa: S101 - its maker has asked
        return gather

    # -- the node ----------------------------------------------------------------

    def heads(self) -> tuple[TermColumn, ...]:
        """The node in each row that has members for it, or may be empty.

        Members of joined rows are not looked at: a row that joins has them.
        """
        named = self.named()
        if self.gather.is_product:
            return (named,)
        if self.gather.allow_empty and self.gather.kind != LIST:
            return (named,)
        tests = [
            self.has_member(one) for one in self.gather.members if not is_joined(one)
        ]
        if not tests:
            return ()
        has_members = exp.or_(*tests)
        heads = (_where(named, has_members),)
        # An empty list is rdf:nil, whatever its map would call it.
        empty = (_where(_NIL, exp.not_(has_members)),)
        return heads + empty if self.gather.allow_empty else heads

    def named(self) -> TermColumn:
        """The node, in every row; of a product, in every combination."""
        term = self.term
        if term.expression is None:
            positions = self.positions() if self.gather.is_product else ()
            return TermColumn(TermKind.BLANK_NODE, self.label(positions))
        column = term_column(replace(term, gather=None), self.scope)
        if self.graph is None or term.term_type is not TermType.BLANK_NODE:
            return column
        # A blank node that the map names is another one in another graph.
        value = lexical_form(evaluate_all(term.expression, self.scope), self.scope)
        key = concatenation(value, text_literal(" "), self.graph.lexical)
        return replace(column, lexical=exp.func("RDF_BLANK_LABEL", key))

    def label(self, positions: Sequence[exp.Expr]) -> exp.Expr:
        """A string that no other row or combination has."""
        number = self.scope.number_of(self.term.node)
        columns = [exp.column(self.scope.row_column), *positions]
        parts = [text_literal(f"g{self.scope.prefix}{number}")]
        for column in columns:
            parts += [text_literal("_"), exp.cast(column, "VARCHAR")]
        return concatenation(*parts)

    def has_member(self, one: TermMap | RefObjectMap) -> exp.Expr:
        """Whether a row has a member by this map."""
        if isinstance(one, RefObjectMap):
            one = self.parents.subject_of(one)
        if one.gather is not None:
            inner = replace(self, term=one)
            if one.gather.allow_empty:
                return exp.true()
            return exp.or_(*(inner.has_member(each) for each in one.gather.members))
        match one.expression:
            case Constant() | None:
                return exp.true()
            case Template() as template:
                return exp.and_(exp.true(), *map(self._has_value, template.references))
            case expression:
                return self._has_value(expression)

    def _has_value(self, expression: Expression) -> exp.Expr:
        value = evaluate_all(expression, self.scope)
        if value.is_list:
            length = exp.func("COALESCE", exp.func("FN_LENGTH", value.sql), _zero())
            return exp.GT(this=length, expression=_zero())
        return exp.not_(is_null(value.sql))

    # -- the members -------------------------------------------------------------

    def members(self, one: TermMap | RefObjectMap) -> Iterator[Member]:
        """The members by one map."""
        if isinstance(one, RefObjectMap) and one.conditions:
            parent, conditions = self.parents.joined(one, self.scope)
            column = term_column(self.parents.subject_of(one), parent)
            yield Member(column, parent, conditions)
            return
        term = self.parents.subject_of(one) if isinstance(one, RefObjectMap) else one
        if term.gather is not None:
            for head in replace(self, term=term).heads():
                yield Member(head)
        else:
            yield Member(term_column(term, self.scope))

    def positions(self) -> tuple[exp.Expr, ...]:
        """Where the values of a combination stand in their lists."""
        parts = [
            part
            for one in self.gather.members
            for member in self.members(one)
            for part in term_parts(member.column)
        ]
        return self.scope.positions(parts)

    def parts(self) -> Iterator[tuple[GatheredPart, TermColumn]]:
        """The relations of members, each with its column of terms.

        They are ordered by row; then by map and place in a list, but in a product by
        combination first.
        """
        head = self.named()
        everything = self.positions() if self.gather.is_product else ()
        for number, one in enumerate(self.gather.members):
            for member in self.members(one):
                yield self._part(head, number, member, everything), member.column

    def _part(
        self,
        head: TermColumn,
        number: int,
        member: Member,
        everything: tuple[exp.Expr, ...],
    ) -> GatheredPart:
        own = self.scope.positions(term_parts(member.column))
        index = exp.Literal.number(number)
        row = exp.column(self.scope.row_column)
        place = [row, *everything, index] if everything else [row, index, *own]
        terms = [head, member.column] + ([self.graph] if self.graph else [])
        parts = [*(part for term in terms for part in term_parts(term)), *place]
        parent: Rows | None = None
        if member.parent is not None:
            parent_row = exp.column(member.parent.row_column)
            place.append(parent_row)
            right = [right for _, right in member.conditions]
            parent = member.parent.rows([*parts, *right, parent_row])
        left = [left for left, _ in member.conditions]
        return GatheredPart(
            child=self.scope.rows([*parts, *left]),
            parent=parent,
            conditions=member.conditions,
            columns=_columns(head, member.column, self.graph),
            place=tuple(place),
            kept=_kept(terms),
        )


def is_joined(one: TermMap | RefObjectMap) -> bool:
    """Whether members are subjects of rows that join."""
    return isinstance(one, RefObjectMap) and bool(one.conditions)


def nested(term: TermMap) -> Iterator[TermMap]:
    """The gather maps of a term map, itself and those within it."""
    if term.gather is not None:
        yield term
        for one in term.gather.members:
            if isinstance(one, TermMap):
                yield from nested(one)


def _columns(
    head: TermColumn, member: TermColumn, graph: TermColumn | None
) -> dict[str, exp.Expr]:
    return {
        "head": head.lexical,
        "graph": _NULL.copy() if graph is None else graph.lexical,
        "lexical": member.lexical,
        "datatype": _NULL.copy() if member.datatype is None else member.datatype,
        "language": _NULL.copy() if member.language is None else member.language,
    }


def _kept(terms: Sequence[TermColumn]) -> exp.Expr:
    present = [exp.not_(is_null(term.lexical)) for term in terms]
    valid: list[Check] = [check for term in terms for check in term.checks]
    return exp.and_(*present, *(check.is_valid for check in valid))


def _where(column: TermColumn, condition: exp.Expr) -> TermColumn:
    return replace(column, lexical=exp.case().when(condition, column.lexical))


def _zero() -> exp.Expr:
    return exp.Literal.number(0)


# -- the quads of a numbered relation ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Triple:
    """A statement of a collection: subject, predicate, object of each numbered row."""

    subject: TermColumn
    predicate: TermColumn
    object: TermColumn


def statements_of(
    kind: str, head: TermKind, members: Sequence[TermColumn]
) -> Iterator[Triple]:
    """What makes a list or a container of the numbered members.

    Args:
        kind: IRI of rdf:List, rdf:Bag, rdf:Seq or rdf:Alt.
        head: What its nodes are.
        members: The members of each part of the relation.
    """
    is_first = exp.EQ(this=exp.column("number"), expression=exp.Literal.number(1))
    node = TermColumn(head, exp.column("head"))
    objects = list(_objects(members))
    if kind != LIST:
        number = exp.cast(exp.column("number"), "VARCHAR")
        each = concatenation(text_literal(RDF.term("_")), number)
        yield Triple(_where(node, is_first), _iri("type"), _named(kind))
        for one in objects:
            yield Triple(node, TermColumn(TermKind.IRI, each), one)
        return
    last = exp.column("is_last")
    later = TermColumn(TermKind.BLANK_NODE, _cell(exp.column("number")))
    after = exp.Add(this=exp.column("number"), expression=exp.Literal.number(1))
    rest = TermColumn(TermKind.BLANK_NODE, _cell(exp.paren(after)))
    for cell in (_where(node, is_first), _where(later, exp.not_(is_first))):
        for one in objects:
            yield Triple(cell, _iri("first"), one)
        yield Triple(cell, _iri("rest"), _where(rest, exp.not_(last)))
        yield Triple(cell, _iri("rest"), _where(_NIL, last))


def _cell(number: exp.Expr) -> exp.Expr:
    graph = exp.func("COALESCE", exp.column("graph"), text_literal(""))
    key = concatenation(exp.column("head"), text_literal(" "), graph)
    label = exp.func("RDF_BLANK_LABEL", key)
    return concatenation(text_literal("n"), exp.cast(number, "VARCHAR"), label)


def _objects(members: Sequence[TermColumn]) -> Iterator[TermColumn]:
    """One column for all parts whose members are of one kind."""
    groups: dict[tuple[TermKind, bool], list[int]] = {}
    for number, one in enumerate(members):
        groups.setdefault((one.kind, one.language is not None), []).append(number)
    for (kind, is_tagged), numbers in groups.items():
        lexical: exp.Expr = exp.column("lexical")
        if len(groups) > 1:
            chosen = exp.column("part").isin(*numbers)
            lexical = exp.case().when(chosen, lexical)
        literal = kind is TermKind.LITERAL
        yield TermColumn(
            kind,
            lexical,
            exp.column("datatype") if literal and not is_tagged else None,
            exp.column("language") if is_tagged else None,
        )


def _named(iri: str) -> TermColumn:
    return TermColumn(TermKind.IRI, text_literal(iri))


def _iri(local: str) -> TermColumn:
    return _named(RDF.term(local))
