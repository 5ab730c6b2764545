"""Triples, their abbreviations and property paths to patterns (18.2.2.2 to 18.2.2.5).

Collections, blank node property lists and lists of predicates and objects are written
out. Of property paths only those are here that 18.2.2.4 turns into other operators.
"""

from dataclasses import dataclass, field
from typing import Final

from strabon_store.algebra.nodes import BGP, UNIT, Join, Pattern, TriplePattern, Union
from strabon_store.algebra.terms import TermOrVar
from strabon_store.errors import InternalError, UnsupportedFeature
from strabon_store.frontend.balance import balance
from strabon_store.frontend.context import Context
from strabon_store.frontend.syntax import Child, Node, Token, tokens
from strabon_store.frontend.translate_terms import (
    RDF_FIRST,
    RDF_NIL,
    RDF_REST,
    translate_term,
)

_OPERATORS: Final = frozenset({"QUESTION", "STAR", "PLUS", "NEGATION"})


@dataclass(slots=True)
class TriplesBlock:
    """Adjacent triple patterns, with the unions that alternative paths became.

    Attributes:
        context: The state of the translation.
        patterns: The triple patterns, in the order of the text.
        unions: Patterns to be joined with them.
    """

    context: Context
    patterns: list[TriplePattern] = field(default_factory=list)
    unions: list[Pattern] = field(default_factory=list)

    def add(self, node: Node) -> None:
        """Add a `triples_same_subject` node."""
        subject = self._graph_node(node.children[0])
        self._property_list(subject, node.children[1:])

    def pattern(self) -> Pattern:
        """All of it, joined; the unit pattern where there is nothing."""
        pattern: Pattern = BGP(tuple(self.patterns)) if self.patterns else UNIT
        for union in self.unions:
            pattern = union if pattern == UNIT else Join(pattern, union)
        return pattern

    def path(self, path: Child, subject: TermOrVar, target: TermOrVar) -> None:
        """Add the triples that connect `subject` to `target` by `path` (18.2.2.4)."""
        match path:
            case Node("path_inverse", [inner]):
                self.path(inner, target, subject)
            case Node("path_sequence", [*steps]):
                self._sequence(steps, subject, target)
            case Node("path_alternative", [*branches]):
                self._alternative(branches, subject, target)
            case Node():
                raise _unsupported(path)
            case predicate:
                term = translate_term(predicate, self.context)
                self.patterns.append(TriplePattern(subject, term, target))

    def _sequence(
        self, steps: list[Child], subject: TermOrVar, target: TermOrVar
    ) -> None:
        for step in steps[:-1]:
            middle = self.context.fresh("_:.path")
            self.path(step, subject, middle)
            subject = middle
        self.path(steps[-1], subject, target)

    def _alternative(
        self, branches: list[Child], subject: TermOrVar, target: TermOrVar
    ) -> None:
        patterns: list[Pattern] = []
        for branch in branches:
            block = TriplesBlock(self.context)
            block.path(branch, subject, target)
            patterns.append(block.pattern())
        self.unions.append(balance(Union, patterns))

    def _property_list(self, subject: TermOrVar, lists: list[Child]) -> None:
        for predicate_objects in lists:
            match predicate_objects:
                case Node("predicate_objects", [verb, *objects]):
                    for node in objects:
                        self.path(verb, subject, self._graph_node(node))
                case other:
                    raise InternalError(f"no list of predicates and objects: {other}")

    def _graph_node(self, child: Child) -> TermOrVar:
        match child:
            case Node("collection", [*members]):
                return self._collection(members)
            case Node("blank_node_property_list", [*lists]):
                blank = self.context.fresh("_:.anon")
                self._property_list(blank, lists)
                return blank
            case term:
                return translate_term(term, self.context)

    def _collection(self, members: list[Child]) -> TermOrVar:
        cells = [self.context.fresh("_:.anon") for _ in members]
        for index, member in enumerate(members):
            rest = cells[index + 1] if index + 1 < len(cells) else RDF_NIL
            item = self._graph_node(member)
            self.patterns.append(TriplePattern(cells[index], RDF_FIRST, item))
            self.patterns.append(TriplePattern(cells[index], RDF_REST, rest))
        return cells[0]


def _unsupported(path: Node) -> UnsupportedFeature:
    operator: Token = next(token for token in tokens(path) if token.type in _OPERATORS)
    return UnsupportedFeature(
        f"the property path operator {operator.value} "
        f"(line {operator.line}, column {operator.column})"
    )
