"""What the values of features look like: counts, moments, histograms."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BINS: Final = 20
_FREQUENT: Final = 20


@dataclass(frozen=True, slots=True)
class FeatureStatistics:
    """Of one feature; what makes no sense for its type is None or empty.

    Attributes:
        count: Rows.
        nulls: Rows without a value; NaN counts as one.
        distinct: Different values.
        mean: Of numbers.
        std: Standard deviation of a sample (n - 1).
        min: The least value; ISO 8601 of times.
        max: The greatest.
        histogram: Of numbers: edges of 20 equal bins, and counts.
        frequent: Of texts and booleans: the most frequent values, and counts.
    """

    count: int
    nulls: int
    distinct: int
    mean: float | None = None
    std: float | None = None
    min: Any = None
    max: Any = None
    histogram: tuple[tuple[float, ...], tuple[int, ...]] = ((), ())
    frequent: tuple[tuple[str, int], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `json.dumps`."""
        return asdict(self)


def statistics_from_json(data: Mapping[str, Any]) -> FeatureStatistics:
    """What `as_json` gave."""
    edges, counts = data["histogram"]
    frequent = tuple((value, count) for value, count in data["frequent"])
    histogram = (tuple(edges), tuple(counts))
    return FeatureStatistics(**{**data, "histogram": histogram, "frequent": frequent})


def statistics_of(table: pa.Table) -> dict[str, FeatureStatistics]:
    """The statistics of all columns, by name."""
    return {name: _column(table[name]) for name in table.column_names}


def _column(column: pa.ChunkedArray) -> FeatureStatistics:
    is_float = pa.types.is_floating(column.type)
    valid = column.drop_null()
    if is_float:
        valid = valid.filter(pc.invert(pc.is_nan(valid)))
    count, nulls = len(column), len(column) - len(valid)
    distinct = len(valid.unique())
    if is_float or pa.types.is_integer(column.type):
        return _numbers(count, nulls, distinct, valid)
    if pa.types.is_temporal(column.type):
        ends = pc.min_max(valid).as_py()
        least, greatest = (e and e.isoformat() for e in (ends["min"], ends["max"]))
        return FeatureStatistics(count, nulls, distinct, min=least, max=greatest)
    if pa.types.is_binary(column.type):
        return FeatureStatistics(count, nulls, distinct)
    return FeatureStatistics(count, nulls, distinct, frequent=_frequent(valid))


def _numbers(
    count: int, nulls: int, distinct: int, valid: pa.ChunkedArray
) -> FeatureStatistics:
    values = valid.to_numpy().astype(np.float64)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return FeatureStatistics(count, nulls, distinct)
    counts, edges = np.histogram(finite, _BINS)
    return FeatureStatistics(
        count,
        nulls,
        distinct,
        mean=float(finite.mean()),
        std=float(finite.std(ddof=1)) if len(finite) > 1 else None,
        min=float(finite.min()),
        max=float(finite.max()),
        histogram=(tuple(edges.tolist()), tuple(counts.tolist())),
    )


def _frequent(valid: pa.ChunkedArray) -> tuple[tuple[str, int], ...]:
    counted = [
        (str(each["values"].as_py()), each["counts"].as_py())
        for each in pc.value_counts(valid)
    ]
    ordered = sorted(counted, key=lambda one: (-one[1], one[0]))
    return tuple(ordered[:_FREQUENT])
