"""Which nodes of a directed graph can be reached: `pytheas_reach`.

DuckDB's recursive queries do a join per step of the longest way, at a cost that grows
with the table: a chain of 100,000 links takes minutes. From few origins a search in
memory takes milliseconds (measured in docs/adr/0010-paths-and-exists.md).
"""

# ruff: noqa: PLC0415 - most processes never search, and scipy takes long to import

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb import list_type, struct_type
from duckdb.sqltypes import BIGINT

from engines.duckdb.interrupts import Patience

_Array: TypeAlias = Any  # pyarrow ships no types
_Integers: TypeAlias = npt.NDArray[np.int64]

IDS: Final = list_type(BIGINT)
PAIRS: Final = list_type(struct_type({"origin": BIGINT, "node": BIGINT}))

_SPREAD: Final = 8
"""Ids may be numbered as they are when they span at most so many times the edges."""


def reach(origins: _Array, begins: _Array, ends: _Array, connection: _Array) -> _Array:
    """For each row: every pair of an origin and a node one or more edges away, once.

    Args:
        origins: Lists of node ids, each once.
        begins: Lists of the ids in which edges begin.
        ends: Lists of the ids in which they end, in the same order.
        connection: For whom (see `engines.duckdb.interrupts`), or NULL.

    NULL among the lists gives NULL.

    Examples:
        >>> lists = [
        ...     pa.array([ids], pa.list_(pa.int64())) for ids in ([1], [1, 2], [2, 1])
        ... ]
        >>> [pair["node"] for pair in reach(*lists, pa.array([None]))[0].as_py()]
        [1, 2]
    """
    rows = zip(*(_lists(each) for each in (origins, begins, ends)), strict=True)
    patience = Patience(connection)
    found = [
        _reach(row, patience) if all(x is not None for x in row) else None
        for row in rows
    ]
    sizes = [0 if each is None else len(each[0]) for each in found]
    known = [each for each in found if each is not None]
    columns = [
        np.concatenate([each[i] for each in known] or [np.empty(0, np.int64)])
        for i in range(2)
    ]
    pairs = pa.StructArray.from_arrays(list(map(pa.array, columns)), ["origin", "node"])
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    nulls = pa.array([each is None for each in found], pa.bool_())
    return pa.ListArray.from_arrays(offsets, pairs, mask=nulls)


def _lists(array: _Array) -> list[_Integers | None]:
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return [
        row.values.to_numpy(zero_copy_only=False) if row.is_valid else None
        for row in whole
    ]


def _reach(
    row: tuple[_Integers, ...], patience: Patience
) -> tuple[_Integers, _Integers]:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    origins, begins, ends = row
    if not len(origins) or not len(begins):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    ids, (starts, sources, targets) = _numbered(origins, begins, ends)
    edges = np.ones(len(begins), np.int8)
    graph = csr_matrix((edges, (sources, targets)), shape=(len(ids), len(ids)))
    _, component = connected_components(graph, connection="strong")
    # A node is reached from itself on a cycle: in a component of several, or by a loop.
    on_cycle = np.bincount(component)[component] > 1
    on_cycle[sources[sources == targets]] = True
    reached = []
    for start in starts:
        patience.check()
        order = breadth_first_order(graph, start, return_predecessors=False)
        reached.append(order if on_cycle[start] else order[1:])
    lengths = [len(order) for order in reached]
    return np.repeat(origins, lengths), ids[np.concatenate(reached)]


def _numbered(*arrays: _Integers) -> tuple[_Integers, list[_Integers]]:
    """The ids that there are or may be, and the arrays as indices of them."""
    lowest = min(int(array.min()) for array in arrays)
    highest = max(int(array.max()) for array in arrays)
    count = sum(map(len, arrays))
    if highest - lowest < _SPREAD * count:
        ids = np.arange(lowest, highest + 1, dtype=np.int64)
        return ids, [array - lowest for array in arrays]
    ids, inverse = np.unique(np.concatenate(arrays), return_inverse=True)
    cuts = np.cumsum([len(array) for array in arrays])[:-1]
    return ids, list(np.split(inverse, cuts))
