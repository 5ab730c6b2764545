"""Graph patterns: the operators of SPARQL 1.1 section 18.2, as a closed union.

Every node is frozen and hashable, so a plan can be a cache key. Functions over patterns
are a `match` that ends in `assert_never`; a node added here makes mypy list them.
"""

from dataclasses import dataclass
from typing import TypeAlias

from strabon_store.algebra.expressions import Aggregate, Expression
from strabon_store.algebra.paths import PathExpression
from strabon_store.algebra.terms import IRI, Term, TermOrVar, Var


@dataclass(frozen=True, slots=True)
class TriplePattern:
    """One triple pattern of a basic graph pattern (section 18.1.5)."""

    subject: TermOrVar
    predicate: TermOrVar
    object: TermOrVar


@dataclass(frozen=True, slots=True)
class BGP:
    """A basic graph pattern: all triple patterns match together (18.3)."""

    patterns: tuple[TriplePattern, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """Terms that a property path connects (18.4).

    Translation leaves here what is no triple pattern, join or union (18.2.2.4): a path
    of any length, an optional step or a negated set.
    """

    subject: TermOrVar
    path: PathExpression
    object: TermOrVar


@dataclass(frozen=True, slots=True)
class Join:
    """Compatible solutions of both sides, merged (18.5)."""

    left: "Pattern"
    right: "Pattern"


@dataclass(frozen=True, slots=True)
class LeftJoin:
    """OPTIONAL: `left`, extended by `right` where `condition` holds (18.5)."""

    left: "Pattern"
    right: "Pattern"
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """The solutions of `source` under which `condition` is true (18.5, 17.2.2)."""

    condition: Expression
    source: "Pattern"


@dataclass(frozen=True, slots=True)
class Union:
    """The solutions of both sides, duplicates kept (18.5)."""

    left: "Pattern"
    right: "Pattern"


@dataclass(frozen=True, slots=True)
class Extend:
    """BIND: `source` with `variable` bound to `expression`, unbound on error (18.5)."""

    source: "Pattern"
    variable: Var
    expression: Expression


@dataclass(frozen=True, slots=True)
class Minus:
    """The solutions of `left` that no solution of `right` is compatible with (18.5)."""

    left: "Pattern"
    right: "Pattern"


@dataclass(frozen=True, slots=True)
class Graph:
    """GRAPH: `source` matched within the named graph `name` (13.3)."""

    name: IRI | Var
    source: "Pattern"


@dataclass(frozen=True, slots=True)
class Service:
    """SERVICE: `source` as another endpoint matches it (SPARQL 1.1 Federated Query 4).

    If it is `silent`, an endpoint that gives no answer gives one empty solution. Its
    pattern goes elsewhere as it is: functions over patterns do not enter it.
    """

    name: IRI | Var
    source: "Pattern"
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Values:
    """Inline data: one tuple per row, None where UNDEF (10.2)."""

    variables: tuple[Var, ...]
    rows: tuple[tuple[Term | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Grouping and aggregation in one node (18.2.4.1).

    `keys` are plain variables: a grouping expression is an `Extend` below. Each
    aggregate is bound to its variable. No keys and no rows give one solution.
    """

    source: "Pattern"
    keys: tuple[Var, ...]
    aggregates: tuple[tuple[Var, Aggregate], ...]


@dataclass(frozen=True, slots=True)
class OrderCondition:
    """One sort key; `descending` reverses the order of section 15.1."""

    expression: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class OrderBy:
    """The solutions of `source` as a sequence in the given order (18.2.4.4)."""

    source: "Pattern"
    conditions: tuple[OrderCondition, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """Only the named variables, in this order (18.2.4.2)."""

    source: "Pattern"
    variables: tuple[Var, ...]


@dataclass(frozen=True, slots=True)
class Distinct:
    """Duplicates removed (18.2.4.3)."""

    source: "Pattern"


@dataclass(frozen=True, slots=True)
class Reduced:
    """Duplicates may be removed (18.2.4.3)."""

    source: "Pattern"


@dataclass(frozen=True, slots=True)
class Slice:
    """`offset` solutions skipped, then at most `limit` kept (18.2.4.5)."""

    source: "Pattern"
    offset: int = 0
    limit: int | None = None


Pattern: TypeAlias = (
    BGP
    | Path
    | Join
    | LeftJoin
    | Filter
    | Union
    | Extend
    | Minus
    | Graph
    | Service
    | Values
    | Group
    | OrderBy
    | Project
    | Distinct
    | Reduced
    | Slice
)

UNIT = BGP(())
"""The empty basic graph pattern: one solution that binds nothing (18.2.2.1)."""
