"""Triples, their abbreviations and property paths to patterns (18.2.2.2 to 18.2.2.5).

Collections, blank node property lists and lists of predicates and objects are written
out, and property paths taken apart as far as 18.2.2.4 goes.
"""

from dataclasses import dataclass, field

from strabon_store.algebra.nodes import (
    BGP,
    UNIT,
    Join,
    Path,
    Pattern,
    TriplePattern,
    Union,
)
from strabon_store.algebra.paths import (
    Alternative,
    Inverse,
    Link,
    PathExpression,
    Sequence,
)
from strabon_store.algebra.terms import TermOrVar, Var
from strabon_store.errors import InternalError
from strabon_store.frontend.balance import balance
from strabon_store.frontend.context import Context
from strabon_store.frontend.syntax import Child, Node
from strabon_store.frontend.translate_paths import translate_path
from strabon_store.frontend.translate_terms import (
    RDF_FIRST,
    RDF_NIL,
    RDF_REST,
    translate_term,
)
from strabon_store.frontend.valid_times import Timed, timed_pattern, valid_time


@dataclass(slots=True)
class TriplesBlock:
    """Adjacent triple patterns, with what became of property paths between them.

    Attributes:
        context: The state of the translation.
        patterns: The triple patterns, in the order of the text.
        others: Patterns to be joined with them.
        timed: Triples with a valid time.
    """

    context: Context
    patterns: list[TriplePattern] = field(default_factory=list)
    others: list[Pattern] = field(default_factory=list)
    timed: list[Timed] = field(default_factory=list)

    def add(self, node: Node) -> None:
        """Add a `triples_same_subject` node."""
        subject = self._graph_node(node.children[0])
        self._property_list(subject, node.children[1:])

    def pattern(self) -> Pattern:
        """All of it, joined; the unit pattern where there is nothing."""
        pattern: Pattern = BGP(tuple(self.patterns)) if self.patterns else UNIT
        valid = [timed_pattern(each, self.context) for each in self.timed]
        for other in (*self.others, *valid):
            pattern = other if pattern == UNIT else Join(pattern, other)
        return pattern

    def path(self, path: PathExpression, subject: TermOrVar, target: TermOrVar) -> None:
        """Add what connects `subject` to `target` by `path` (18.2.2.4)."""
        match path:
            case Link(iri):
                self.patterns.append(TriplePattern(subject, iri, target))
            case Inverse(inner):
                self.path(inner, target, subject)
            case Sequence(steps):
                self._sequence(steps, subject, target)
            case Alternative(branches):
                self._alternative(branches, subject, target)
            case _:
                self.others.append(Path(subject, path, target))

    def _sequence(
        self, steps: tuple[PathExpression, ...], subject: TermOrVar, target: TermOrVar
    ) -> None:
        for step in steps[:-1]:
            middle = self.context.fresh("_:.path")
            self.path(step, subject, middle)
            subject = middle
        self.path(steps[-1], subject, target)

    def _alternative(
        self,
        branches: tuple[PathExpression, ...],
        subject: TermOrVar,
        target: TermOrVar,
    ) -> None:
        patterns: list[Pattern] = []
        for branch in branches:
            block = TriplesBlock(self.context)
            block.path(branch, subject, target)
            patterns.append(block.pattern())
        self.others.append(balance(Union, patterns))

    def _property_list(self, subject: TermOrVar, lists: list[Child]) -> None:
        for predicate_objects in lists:
            match predicate_objects:
                case Node("predicate_objects", [verb, *objects]):
                    for node in objects:
                        self._object(verb, subject, node)
                case other:
                    raise InternalError(f"no list of predicates and objects: {other}")

    def _object(self, verb: Child, subject: TermOrVar, node: Child) -> None:
        match node:
            case Node("timed", [inner, time]):
                target = self._graph_node(inner)
                block = TriplesBlock(self.context)
                block._verb(verb, subject, target)
                self._timed(block, time)
            case _:
                self._verb(verb, subject, self._graph_node(node))

    def _timed(self, block: "TriplesBlock", time: Child) -> None:
        """Add what is valid at a time: it stands in the graph of that."""
        if block.others or not block.patterns:
            raise self.context.error(
                time,
                "such a property path has no valid time; write its steps one by one",
            )
        term = valid_time(time, self.context)
        self.timed += [Timed(triple, term, time) for triple in block.patterns]

    def _verb(self, verb: Child, subject: TermOrVar, target: TermOrVar) -> None:
        if not isinstance(verb, Node) and verb.type == "VAR":
            variable = Var(verb.value[1:])
            self.patterns.append(TriplePattern(subject, variable, target))
        else:
            self.path(translate_path(verb, self.context), subject, target)

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
