"""What only ice charts raise.

* MlError
  - SamplesError
    - UnreadableChart         the shapefile is missing, broken, or no chart
    - InvalidChart            rows hold what SIGRID-3 does not allow
    - NoSuchRow               a row is asked for that the chart does not have
    - ChartElsewhere          the chart and the grid have no place in common
  - NoIceClasses            a class of a map says nothing about ice
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.errors import MlError, SamplesError

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class BadValue:
    """What is wrong in one place of a chart.

    Attributes:
        row: Of the table, from 1.
        column: Its name as the file spells it, or "geometry".
        value: What is there.
        reason: What is wrong with it.
    """

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.value!r} {self.reason}"


class UnreadableChart(SamplesError):
    """The shapefile is missing or broken, or lacks what a chart has.

    Attributes:
        path: The `.shp`.
    """

    def __init__(self, path: Path, reason: str, cure: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; {cure}")


class InvalidChart(SamplesError):
    """Rows of a chart hold what the code tables of SIGRID-3 do not.

    Attributes:
        path: The `.shp`.
        bad: Every such place.
    """

    def __init__(self, path: Path, bad: Sequence[BadValue]) -> None:
        self.path = path
        self.bad = tuple(bad)
        more = len(bad) - _SHOWN
        lines = [*map(str, bad[:_SHOWN]), *([f"and {more} more"] if more > 0 else [])]
        super().__init__(
            f"{path}: {'; '.join(lines)}. Correct them, or leave such rows out with "
            "--skip-bad"
        )


class NoSuchRow(SamplesError):
    """A row is asked for that the chart does not have, or that was left out.

    Attributes:
        row: The row, from 1.
    """

    def __init__(self, path: Path, row: int) -> None:
        self.row = row
        super().__init__(f"{path}: there is no row {row}; rows count from 1")


class ChartElsewhere(SamplesError):
    """No pixel of the grid lies in a polygon of the chart."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path}: no pixel of the grid lies in a polygon of the chart; check that "
            "both show the same place, and the .prj of the chart"
        )


class NoIceClasses(MlError):
    """A class of a map that says nothing about ice.

    Attributes:
        iri: The class.
    """

    def __init__(self, iri: str) -> None:
        self.iri = iri
        super().__init__(
            f"<{iri}> is no class of ice; maps with classes of SIGRID-3 or of the "
            "ice-type scheme become charts"
        )
