"""The operations of SPARQL 1.1 Update section 3, as a closed union.

An update names graphs that it changes; the dataset that its WHERE asks is made from
USING and WITH (3.1.3). A graph that is None is the default graph.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from strabon_store.algebra.nodes import UNIT, Pattern
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, TermOrVar, Var


@dataclass(frozen=True, slots=True)
class QuadPattern:
    """A triple of a template, and the graph it goes to (section 4.1.1).

    Blank nodes are `BlankNode`s here: each stands for a new one per solution.
    """

    graph: IRI | Var | None
    subject: TermOrVar
    predicate: TermOrVar
    object: TermOrVar


class Graphs(StrEnum):
    """The sets of graphs that CLEAR and DROP may name (3.1.5, 3.2.2)."""

    DEFAULT = "DEFAULT"
    NAMED = "NAMED"
    ALL = "ALL"


class Transfer(StrEnum):
    """The operations from one graph to another (3.2.3 to 3.2.5)."""

    ADD = "ADD"
    MOVE = "MOVE"
    COPY = "COPY"


@dataclass(frozen=True, slots=True)
class Modify:
    """DELETE/INSERT (3.1.3), of which the shorter forms are cases (3.1.1 and 3.1.2).

    Attributes:
        name: What it is called in reports, e.g. `INSERT DATA`.
        deleted: The template of what goes.
        inserted: The template of what comes.
        pattern: WHERE.
        graph: The default graph of the pattern (WITH); USING goes before it.
        dataset: USING and USING NAMED; empty: the store's own.
    """

    name: str
    deleted: tuple[QuadPattern, ...]
    inserted: tuple[QuadPattern, ...]
    pattern: Pattern = UNIT
    graph: IRI | None = None
    dataset: Dataset = field(default_factory=Dataset)


@dataclass(frozen=True, slots=True)
class LoadGraph:
    """LOAD: the triples of a document into a graph (3.1.4)."""

    source: IRI
    graph: IRI | None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """CLEAR or, where the graph itself goes as well, DROP (3.1.5, 3.2.2)."""

    target: IRI | Graphs
    drops: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Create:
    """CREATE: a graph that is empty (3.2.1)."""

    graph: IRI
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """ADD, MOVE or COPY from one graph to another (3.2.3 to 3.2.5)."""

    transfer: Transfer
    source: IRI | None
    target: IRI | None
    silent: bool = False


Operation: TypeAlias = Modify | LoadGraph | Clear | Create | Move


@dataclass(frozen=True, slots=True)
class Update:
    """A request: operations, each seeing what those before it did (section 3)."""

    operations: tuple[Operation, ...]
