"""Samples for shards, made up."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ml.samples.shards.model import Sample, SampleSet


def values(row: int) -> NDArray[np.float32]:
    return np.full((3, 2), row, np.float32)


def made_up(count: int = 20, **more: Any) -> SampleSet:
    samples = (
        Sample(
            id=f"place {row}",
            arrays={"values.npy": values(row), "days.npy": np.arange(row, row + 3)},
            label=row % 4,
            groups={"region": "north" if row < 7 else "süden"},
            place=None if row == 3 else shapely.box(row, 60, row + 1, 61),
            period=(datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 3, 1, tzinfo=UTC)),
        )
        for row in range(count)
    )
    given = {"classes": ("a", "b", "c", "d"), "channels": ("x", "y"), **more}
    return SampleSet("made-up", "series", groups=("region",), samples=samples, **given)
