"""Sources that can leave out rows themselves, which need not all be read then.

A condition may be met by more rows than come, never by fewer: who asks looks again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ValueIn:
    """The value of a reference is among some, which are strings or integers all."""

    reference: str
    values: tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ValueBetween:
    """The number of a reference is from `lowest` to `highest`."""

    reference: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class BoxMeets:
    """The box of a geometry meets one, in degrees of a geographic CRS, x = longitude.

    What reaches beyond 180 degrees, or is wider than that, may be elsewhere than its
    coordinates say, and must come in any case.
    """

    reference: str
    box: tuple[float, float, float, float]


Condition: TypeAlias = ValueIn | ValueBetween | BoxMeets


@runtime_checkable
class Selective(Protocol):
    """A source that can select rows."""

    def applicable(self, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
        """Those of some conditions that the source can apply."""

    def read_where(
        self, references: Mapping[str, str], conditions: Sequence[Condition]
    ) -> pa.RecordBatchReader:
        """As `Source.read`, without rows that do not meet applicable conditions."""
