"""Triple patterns with a common subject become one scan of each star table.

The solutions of a group are those of subjects in a star table that has one of its
predicates, from a scan joined with loose statements where a predicate is no column, and
those of all others, from loose statements alone: `relational.stars` says why this is
each solution once. Branches that can have no solution are left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, Self

from strabon_store.algebra.nodes import TriplePattern
from strabon_store.algebra.terms import Literal, TermOrVar, Var
from strabon_store.relational.context import Context
from strabon_store.relational.encoding import DEFAULT_GRAPH, Tag, TermId
from strabon_store.relational.lower_joins import join
from strabon_store.relational.nodes import (
    Plan,
    Rows,
    Scan,
    UnionAll,
)
from strabon_store.relational.offers import in_order
from strabon_store.relational.parts import Part
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Column, Constant, Scalar, call
from strabon_store.relational.stars import POINT, SUBJECT, StarTable

_MOST_BRANCHES: Final = 8
"""Where more star tables can have solutions, the quads are read instead."""

_RESOURCE: Final = TermId(frozenset({Tag.IRI, Tag.BLANK}))


@dataclass(frozen=True, slots=True)
class Leg:
    """A triple pattern of a star: its constants are ids.

    Attributes:
        subject: The id of the subject, or its variable.
        predicate: The id of the predicate.
        object: The id of the object, or its variable.
        encoding: What is known of the objects of the predicate.
    """

    subject: int | Var
    predicate: int
    object: int | Var
    encoding: TermId

    @classmethod
    def of(cls, triple: TriplePattern, context: Context) -> Self | None:
        """The leg of a pattern; None where it has to be matched with the quads."""
        if not (context.is_whole_default_graph and context.catalog.stars().tables):
            return None
        predicate = triple.predicate
        if isinstance(predicate, Var) or isinstance(triple.subject, Literal):
            return None
        key = _id_or_variable(predicate, context)
        subject = _id_or_variable(triple.subject, context)
        found = _id_or_variable(triple.object, context)
        known = context.catalog.predicate(key) if isinstance(key, int) else None
        if (
            known is None
            or not isinstance(key, int)
            or subject is None
            or found is None
        ):
            return None
        return cls(subject, key, found, known.encoding)


def _id_or_variable(term: TermOrVar, context: Context) -> int | Var | None:
    return term if isinstance(term, Var) else context.catalog.term_id(term)


def group_by_subject(
    triples: Sequence[TriplePattern], context: Context
) -> Iterator[tuple[TriplePattern, ...]]:
    """The patterns, those that are legs of one star together."""
    stars: dict[TermOrVar, list[TriplePattern]] = {}
    groups: list[list[TriplePattern]] = []
    for triple in triples:
        is_leg = Leg.of(triple, context) is not None
        if is_leg and triple.subject in stars:
            stars[triple.subject].append(triple)
            continue
        groups.append([triple])
        if is_leg:
            stars[triple.subject] = groups[-1]
    yield from map(tuple, groups)


def lower_star(
    triples: Sequence[TriplePattern], context: Context, *, is_alone: bool
) -> Part | None:
    """The solutions of patterns with a common subject; None: better read the quads.

    Args:
        triples: The patterns.
        context: Where they stand.
        is_alone: Whether they are all of their basic graph pattern.
    """
    legs = [leg for each in triples if (leg := Leg.of(each, context)) is not None]
    if len(legs) < len(triples):
        return None
    stars = context.catalog.stars()
    tables = stars.having(*(leg.predicate for leg in legs))
    if not tables:
        return None
    if len(legs) == 1 and not _is_worth_it(legs[0], tables, context, is_alone=is_alone):
        return None
    branches = [
        branch
        for table in tables
        if (branch := _star_branch(table, legs, context)) is not None
    ]
    if len(branches) > _MOST_BRANCHES:
        return None
    if all(leg.predicate in stars.loose for leg in legs):
        branches.append(tuple(map(loose_scan, legs)))
    plans = [reduce(join, branch) for branch in branches]
    return Part(_united(plans, legs), tuple(branches))


def _is_worth_it(
    leg: Leg, tables: Sequence[StarTable], context: Context, *, is_alone: bool
) -> bool:
    """Whether a single pattern gains from star tables.

    The quads are sorted for what a constant, or a subject of another pattern, selects.
    Without one, a star table can have numbers at hand, and room for what is optional;
    and where it holds all that is asked for, it is smaller to read: always, if it is
    sorted by subject too, and has no rows but those.
    """
    if context.prefers_stars:
        return True
    if isinstance(leg.subject, int) or isinstance(leg.object, int):
        return False
    is_loose = leg.predicate in context.catalog.stars().loose
    if len(tables) == 1 and not is_loose and (is_alone or _is_like_quads(leg, *tables)):
        return True
    columns = (table.columns.get(leg.predicate) for table in tables)
    return any(column is not None and column.parts.keys() - POINT for column in columns)


def _is_like_quads(leg: Leg, table: StarTable) -> bool:
    """Whether a table has the subjects of a predicate, and no others, in order."""
    return table.is_by_subject and not table.columns[leg.predicate].is_nullable


def _star_branch(
    table: StarTable, legs: Sequence[Leg], context: Context
) -> tuple[Plan, ...] | None:
    """What gives the solutions for subjects in a star table when it is joined.

    None where there can be none.
    """
    loose = [leg for leg in legs if leg.predicate not in table.columns]
    if any(leg.predicate not in context.catalog.stars().loose for leg in loose):
        return None
    covered = [leg for leg in legs if leg.predicate in table.columns]
    if not all(_may_match(table, leg) for leg in covered):
        return None
    return (star_scan(table, covered), *map(loose_scan, loose))


def _may_match(table: StarTable, leg: Leg) -> bool:
    wanted = leg.object
    return isinstance(wanted, Var) or table.columns[leg.predicate].can_hold(wanted)


def star_scan(table: StarTable, legs: Sequence[Leg]) -> Plan:
    """The rows of a star table that match legs, for all of which it has a column."""
    made = _ScanMaker(table.name)
    made.match(SUBJECT, legs[0].subject, _RESOURCE)
    for leg in legs:
        column = table.columns[leg.predicate]
        is_new = made.match(column.name, leg.object, column.encoding)
        if is_new and column.is_nullable:
            made.conditions.append(call("is_bound", Column(column.name)))
        if is_new and isinstance(leg.object, Var):
            made.offer(leg.object.name, column.parts.items())
    return made.scan()


def loose_scan(leg: Leg) -> Plan:
    """The loose statements that match a leg."""
    made = _ScanMaker("loose")
    made.conditions.append(call("equal", Column("predicate"), Constant(leg.predicate)))
    made.match(SUBJECT, leg.subject, _RESOURCE)
    made.match("object", leg.object, leg.encoding)
    return made.scan()


def own_quads(leg: Leg) -> Plan:
    """All statements of the default graph that match a leg."""
    made = _ScanMaker("quads")
    made.conditions.append(call("equal", Column("graph"), Constant(DEFAULT_GRAPH)))
    made.conditions.append(call("equal", Column("predicate"), Constant(leg.predicate)))
    made.match(SUBJECT, leg.subject, _RESOURCE)
    made.match("object", leg.object, leg.encoding)
    return made.scan()


class _ScanMaker:
    """A scan that is being made."""

    def __init__(self, table: str) -> None:
        self.conditions: list[Scalar] = []
        self._table = table
        self._columns: list[PlanColumn] = []
        self._sources: dict[str, str] = {}
        self._offered: list[tuple[str, str]] = []

    def match(self, source: str, wanted: int | Var, encoding: TermId) -> bool:
        """Ask a constant of a column, or give it to a variable; whether it is new."""
        if isinstance(wanted, int):
            self.conditions.append(call("equal", Column(source), Constant(wanted)))
            return False
        first = self._sources.setdefault(wanted.name, source)
        if len(self._sources) == len(self._columns):
            self.conditions.append(call("equal", Column(first), Column(source)))
            return False
        self._columns.append(PlanColumn(wanted.name, encoding, is_nullable=False))
        return True

    def offer(self, variable: str, parts: Iterable[tuple[str, str]]) -> None:
        """Say which parts of a variable's terms the table has at hand."""
        self._offered += [(f"{variable}.{part}", source) for part, source in parts]

    def scan(self) -> Scan:
        """The scan."""
        return Scan(
            self._table,
            tuple(self._columns),
            tuple(self._sources.values()),
            tuple(self.conditions),
            tuple(self._offered),
        )


def _united(branches: Sequence[Plan], legs: Sequence[Leg]) -> Plan:
    """The rows of all branches, which bind the variables of the legs."""
    ends = [end for leg in legs for end in (leg.subject, leg.object)]
    names = tuple(dict.fromkeys(end.name for end in ends if isinstance(end, Var)))
    if not branches:
        columns = (PlanColumn(name, TermId(), is_nullable=False) for name in names)
        return Rows(tuple(columns), ())
    return reduce(UnionAll, (in_order(branch, names) for branch in branches))
