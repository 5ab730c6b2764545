"""What a chart says of one polygon: the egg code of the WMO (WMO-No. 259).

::

        CT            total concentration
     CA CB CC         partial concentrations, the thickest ice first
  CN SA SB SC CD      stages; CN is thicker but a trace, CD is what remains
     FA FB FC         forms
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ml.samples.sigrid3.codes import (
    UNKNOWN,
    Interval,
    PolyType,
    form_symbol,
    interval_of,
    stage_symbol,
    tenths,
)

PARTS: Final = 3
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of ice in a polygon: a column of the egg; None where nothing is said.

    Attributes:
        concentration: Code of table 1: CA, CB or CC.
        stage: Code of table 2: SA, SB or SC.
        form: Code of table 3: FA, FB or FC.
    """

    concentration: str | None = None
    stage: str | None = None
    form: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return (self.concentration, self.stage, self.form) == (None, None, None)


@dataclass(frozen=True, slots=True)
class Egg:
    """The codes of a polygon; None where nothing is said.

    Attributes:
        poly_type: What the polygon is.
        total: CT, code of table 1.
        parts: Always three, the thickest ice first.
        trace: CN, also So: a stage thicker than SA on less than a tenth.
        remaining: CD, also Sd: the stage of what is left.
        predominant: FP, the predominant form.
        secondary: FS, the secondary form.
    """

    poly_type: PolyType
    total: str | None = None
    parts: tuple[Part, Part, Part] = (Part(), Part(), Part())
    trace: str | None = None
    remaining: str | None = None
    predominant: str | None = None
    secondary: str | None = None

    @property
    def total_interval(self) -> Interval | None:
        """Which part of the polygon is ice; None where nobody knows."""
        if self.total is None:
            return Interval(0.0, 0.0) if self.poly_type is PolyType.WATER else None
        return interval_of(self.total)

    def part_intervals(self) -> tuple[Interval | None, ...]:
        """Which part of the polygon each kind of ice covers; None where not known.

        Ice of one kind has no partial concentration in most charts: it is the total.
        """
        first, *others = self.parts
        alone = first.concentration in {None, UNKNOWN} and all(
            part.concentration is None and part.stage is None for part in others
        )
        if alone:
            known = first.stage is not None or first.form is not None
            return (self.total_interval if known else None, None, None)
        codes = (part.concentration for part in self.parts)
        return tuple(interval_of(code) if code else None for code in codes)

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The four rows of the egg, in its symbols; So and Sd stand at the ends."""
        shown = [part for part in self.parts if not part.is_empty]
        return (
            (tenths(self.total) if self.total else "",),
            tuple(tenths(p.concentration) if p.concentration else "" for p in shown),
            (
                stage_symbol(self.trace) if self.trace else "",
                *(stage_symbol(p.stage) if p.stage else "" for p in shown),
                stage_symbol(self.remaining) if self.remaining else "",
            ),
            tuple(form_symbol(p.form) if p.form else "" for p in shown),
        )

    def __str__(self) -> str:
        """The egg as text: four lines."""
        total, partials, stages, forms = self.rows()
        width = max(len(cell) for row in self.rows() for cell in row or ("",)) + 1
        edge = " " * (width + 1)
        middle = [[*partials], [*stages[1:-1]], [*forms]]
        lines = ["".join(cell.center(width) for cell in row) for row in middle]
        inner = max(len(partials), 1) * width
        rows = [
            edge + total[0].center(inner),
            edge + lines[0],
            stages[0].rjust(width) + " " + lines[1] + " " + stages[-1],
            edge + lines[2],
        ]
        return "\n".join(row.rstrip() for row in rows)


def contradictions(egg: Egg) -> Iterator[str]:
    """What does not fit in an egg; nothing where all does.

    Concentrations are intervals: the sum of the parts fits where it can be the total.
    """
    total = egg.total_interval
    partials = [p.concentration for p in egg.parts]
    known = [interval_of(code) for code in partials if code]
    if total and known and all(known):
        low = sum(each.low for each in known if each)
        high = sum(each.high for each in known if each)
        if low > total.high + _ROUNDING or high < total.low - _ROUNDING:
            ends = dict.fromkeys(f"{10 * end:.3g}" for end in (low, high))
            yield (
                f"the partial concentrations sum to {' to '.join(ends)} tenths, "
                f"the total is {tenths(egg.total or UNKNOWN)}"
            )
    for letter, part in zip("ABC", egg.parts, strict=True):
        if part.concentration and not part.stage:
            yield f"C{letter} has no stage S{letter}"
    yield from _gaps(egg)
    yield from _against_type(egg)


def _gaps(egg: Egg) -> Iterator[str]:
    for index in range(1, PARTS):
        if egg.parts[index - 1].is_empty and not egg.parts[index].is_empty:
            yield f"part {'ABC'[index]} is filled, part {'ABC'[index - 1]} is not"


def _against_type(egg: Egg) -> Iterator[str]:
    interval = egg.total_interval
    if egg.poly_type is PolyType.WATER and interval and interval.low > 0:
        yield f"POLY_TYPE is water, the total concentration {tenths(egg.total or '')}"
    if egg.poly_type is PolyType.ICE and egg.total is None:
        yield "POLY_TYPE is ice, and there is no total concentration"
