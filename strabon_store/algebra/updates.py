"""The operations of SPARQL 1.1 Update section 3, as a closed union.

An update names graphs that it changes; the dataset that its WHERE asks is made from
USING and WITH (3.1.3). A graph that is None is the default graph.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias, assert_never

from strabon_store.algebra.nodes import UNIT, Pattern
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, TermOrVar, Var
from strabon_store.errors import DatasetConflict


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
        graph: The graph of WITH: that of template quads which name none, and the
            default graph of the pattern unless there is USING.
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


def name_of(operation: Operation) -> str:
    """What the standard calls an operation.

    Examples:
        >>> name_of(Clear(Graphs.ALL, drops=True))
        'DROP'
    """
    match operation:
        case Modify(name):
            return name
        case LoadGraph():
            return "LOAD"
        case Clear(_, drops):
            return "DROP" if drops else "CLEAR"
        case Create():
            return "CREATE"
        case Move(transfer):
            return transfer.value
        case _:
            assert_never(operation)


@dataclass(frozen=True, slots=True)
class Update:
    """A request: operations, each seeing what those before it did (section 3)."""

    operations: tuple[Operation, ...]


def within_dataset(update: Update, dataset: Dataset) -> Update:
    """The request with the dataset that its protocol names (Protocol 2.2.3).

    Raises:
        DatasetConflict: An operation has USING, USING NAMED or WITH.
    """
    return Update(tuple(_within(each, dataset) for each in update.operations))


def _within(operation: Operation, dataset: Dataset) -> Operation:
    if not isinstance(operation, Modify):
        return operation
    if operation.graph is not None or operation.dataset != Dataset():
        raise DatasetConflict(operation.name)
    return replace(operation, dataset=dataset)
