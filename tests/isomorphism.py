"""Whether blank nodes can be paired so that two bags of rows are the same."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Labelled: TypeAlias = tuple[object, tuple[str, ...]]
"""What a row says without its labels, and the labels in their order."""


def is_isomorphic(left: Sequence[Labelled], right: Sequence[Labelled]) -> bool:
    """Pair the rows of two bags by what they say and how their labels are joined.

    Labels are told apart first by the rows in which they stand, so that few are left to
    try: without that, bags that differ would be tried in every order.
    """
    ours, theirs = _told_apart(left), _told_apart(right)
    if Counter(said for said, _ in ours) != Counter(said for said, _ in theirs):
        return False
    candidates: dict[object, list[tuple[str, ...]]] = defaultdict(list)
    for said, labels in theirs:
        candidates[said].append(labels)
    rows = [row for row in ours if row[1]]
    rows.sort(key=lambda row: len(candidates[row[0]]))
    return _match(rows, 0, candidates, {})


def _told_apart(rows: Sequence[Labelled]) -> list[Labelled]:
    """The rows with the colours of their labels, refined until no class splits."""
    colours = {label: 0 for _, labels in rows for label in labels}
    while True:
        finer = _refined(rows, colours)
        if len(set(finer.values())) == len(set(colours.values())):
            return [(_said(row, finer), row[1]) for row in rows]
        colours = finer


def _refined(rows: Sequence[Labelled], colours: Mapping[str, int]) -> dict[str, int]:
    seen: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for position, label in enumerate(row[1]):
            seen[label].append(hash((position, _said(row, colours))))
    return {
        label: hash((colours[label], *sorted(places))) for label, places in seen.items()
    }


def _said(row: Labelled, colours: Mapping[str, int]) -> int:
    shape, labels = row
    return hash((shape, *(colours[label] for label in labels)))


def _match(
    rows: Sequence[Labelled],
    position: int,
    candidates: Mapping[object, list[tuple[str, ...]]],
    mapping: Mapping[str, str],
) -> bool:
    """Whether the rows from `position` on find partners under one-to-one labels."""
    if position == len(rows):
        return True
    said, labels = rows[position]
    pool = candidates[said]
    for i, candidate in enumerate(pool):
        extended = _extend(mapping, labels, candidate)
        if extended is None:
            continue
        del pool[i]
        if _match(rows, position + 1, candidates, extended):
            return True
        pool.insert(i, candidate)
    return False


def _extend(
    mapping: Mapping[str, str], ours: Sequence[str], theirs: Sequence[str]
) -> dict[str, str] | None:
    extended = dict(mapping)
    for one, other in zip(ours, theirs, strict=True):
        if extended.setdefault(one, other) != other:
            return None
    is_one_to_one = len(set(extended.values())) == len(extended)
    return extended if is_one_to_one else None
