"""Statements in memory, sorted into both orders of the quads.

The ids of a load ascend with the first appearance of their terms, so that most of what
is sorted here is sorted already: to see that it is takes next to nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from strabon_store.storage.arrivals import Ids, Quads

_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_FEW: Final = np.iinfo(np.uint16).max
"""Numbers below are sorted by counting."""

_MOST_RUNS: Final = 10_000
"""Runs of statements with one predicate that are taken out of a block as they stand."""


@dataclass(frozen=True, slots=True)
class SortedQuads:
    """Distinct statements.

    Attributes:
        columns: By predicate, subject, object and graph.
        slices: For each predicate, in order, where its statements stand.
        by_object: Where the statements in `columns` stand when they are sorted by
            predicate, object, subject and graph: for each predicate the places within
            its slice; None: as they stand.
    """

    columns: Quads
    slices: Mapping[int, slice]
    by_object: Mapping[int, Ids | None]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.columns.subject)

    def of(self, predicate: int) -> Quads:
        """The statements of a predicate, by subject."""
        return Quads(*(column[self.slices[predicate]] for column in self.columns))

    def in_object_order(self, predicate: int) -> Quads:
        """The statements of a predicate, by object."""
        quads, order = self.of(predicate), self.by_object[predicate]
        return quads if order is None else Quads(*(each[order] for each in quads))

    def all_in_object_order(self) -> Quads:
        """All of them, by predicate, object, subject and graph."""
        return _joined(list(map(self.in_object_order, self.slices)))


def sort_quads(blocks: Sequence[Quads]) -> SortedQuads:
    """Sort statements, and leave repeated ones out.

    Examples:
        >>> one, two = np.array([2, 1, 2]), np.array([7, 7, 7])
        >>> found = sort_quads([Quads(one * 0, one, two, two)])
        >>> found.columns.subject.tolist(), found.slices
        ([1, 2], {7: slice(0, 2, None)})
    """
    columns, counts = _by_predicate(blocks)
    parts = [_distinct(part) for part in _cut(columns, counts.values())]
    lengths = [len(part.subject) for part in parts]
    if sum(lengths) < len(columns.subject):
        columns = _joined(parts)
    else:
        for part, place in zip(parts, _cut(columns, lengths), strict=True):
            for there, here in zip(place, part, strict=True):
                if there is not here:
                    there[:] = here
    ends = np.cumsum(lengths).tolist()
    starts = [0, *ends[:-1]]
    slices = dict(zip(counts, map(slice, starts, ends), strict=True))
    by_object = {
        key: _object_order(part) for key, part in zip(counts, parts, strict=True)
    }
    return SortedQuads(columns, slices, by_object)


def firsts(column: Ids) -> _Flags:
    """Which values of a sorted column differ from the one before."""
    flags = np.ones(len(column), bool)
    np.not_equal(column[1:], column[:-1], out=flags[1:])
    return flags


def order_of(column: Ids) -> Ids:
    """Where values stand when they are sorted, equal ones in the order they have."""
    some = column[:: max(1, len(column) // 1000)]
    if len(np.unique(some)) * 2 < len(some):
        values = np.unique(column)
        if len(values) <= _FEW:
            column = np.searchsorted(values, column).astype(np.uint16)
    return np.argsort(column, kind="stable")


def _joined(parts: Sequence[Quads]) -> Quads:
    empty = np.zeros(0, np.int64)
    columns = zip(*parts, strict=True) if parts else [[empty]] * len(Quads._fields)
    return Quads(*map(np.concatenate, columns))


def _by_predicate(blocks: Sequence[Quads]) -> tuple[Quads, Mapping[int, int]]:
    """Statements by predicate, in the order in which they came; how many each has."""
    runs: dict[int, list[Quads]] = {}
    for block in map(_together, blocks):
        starts = np.flatnonzero(firsts(block.predicate))
        lengths = np.diff(starts, append=len(block.predicate)).tolist()
        for run in _cut(block, lengths):
            runs.setdefault(int(run.predicate[0]), []).append(run)
    keys = sorted(runs)
    columns = _joined([run for key in keys for run in runs[key]])
    counts = {key: sum(len(run.predicate) for run in runs[key]) for key in keys}
    return columns, counts


def _together(quads: Quads) -> Quads:
    """The same, where statements of one predicate stand in few runs."""
    predicates = quads.predicate
    if np.count_nonzero(predicates[1:] != predicates[:-1]) <= _MOST_RUNS:
        return quads
    order = order_of(predicates)
    return Quads(*(column[order] for column in quads))


def _cut(columns: Quads, lengths: Any) -> Iterator[Quads]:
    start = 0
    for length in lengths:
        yield Quads(*(column[start : start + length] for column in columns))
        start += length


def _distinct(quads: Quads) -> Quads:
    """The statements of one predicate by subject, object and graph, each once."""
    graph, subject, _, value = quads
    steps = np.diff(subject)
    if (steps > 0).all():
        return quads
    if (steps < 0).any() or not _ascends(subject, value, graph):
        order = np.lexsort((graph, value, subject))
        quads = Quads(*(column[order] for column in quads))
        graph, subject, _, value = quads
    is_new = firsts(subject) | firsts(value) | firsts(graph)
    return quads if is_new.all() else Quads(*(column[is_new] for column in quads))


def _ascends(subject: Ids, value: Ids, graph: Ids) -> bool:
    """Whether statements with one subject are sorted by object and graph."""
    is_same = subject[1:] == subject[:-1]
    is_later = (value[1:] > value[:-1]) | (
        (value[1:] == value[:-1]) & (graph[1:] >= graph[:-1])
    )
    return bool((is_later | ~is_same).all())


def _object_order(quads: Quads) -> Ids | None:
    """Where statements of one predicate stand by object; None: as they stand."""
    value = quads.object
    if (value[1:] >= value[:-1]).all():
        return None
    return order_of(value)
