"""The query forms of SPARQL 1.1 section 16, around a graph pattern."""

from dataclasses import dataclass
from typing import TypeAlias

from strabon_store.algebra.nodes import Pattern, TriplePattern
from strabon_store.algebra.terms import IRI, Var

Prefixes: TypeAlias = tuple[tuple[str, str], ...]
"""Prefixes without their colon, each with its namespace."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """FROM and FROM NAMED, or the protocol's; empty means the store's own (13.2)."""

    default: tuple[IRI, ...] = ()
    named: tuple[IRI, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectQuery:
    """SELECT: solutions; `pattern` ends in the projection (16.1)."""

    pattern: Pattern
    variables: tuple[Var, ...]
    dataset: Dataset = Dataset()


@dataclass(frozen=True, slots=True)
class AskQuery:
    """ASK: whether there is a solution (16.3)."""

    pattern: Pattern
    dataset: Dataset = Dataset()


@dataclass(frozen=True, slots=True)
class ConstructQuery:
    """CONSTRUCT: a graph from a template (16.2).

    `prefixes` are the query's, for whoever writes the graph.
    """

    template: tuple[TriplePattern, ...]
    pattern: Pattern
    dataset: Dataset = Dataset()
    prefixes: Prefixes = ()


@dataclass(frozen=True, slots=True)
class DescribeQuery:
    """DESCRIBE: a graph about the named resources (16.4); `prefixes` as above."""

    resources: tuple[IRI | Var, ...]
    pattern: Pattern
    dataset: Dataset = Dataset()
    prefixes: Prefixes = ()


Query: TypeAlias = SelectQuery | AskQuery | ConstructQuery | DescribeQuery
