"""Labels of a polygon for networks: concentration, stage and floe size.

A polygon often holds several kinds of ice.  The dominance rule gives it one label where
one class has most of the ice; shares keep what the chart says of the others, for losses
that learn from partial labels (the sum of share times probability).

The classes are those of AI4Arctic, and so are the rules: 65 % of the ice for the stage,
50 % for the floe size, concentrations of parts with one class added up.

Shape suffix: K classes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.samples.sigrid3.codes import (
    FAST_ICE,
    ICE_FREE,
    PolyType,
    interval_of,
    thickness_cm,
)
from ml.samples.sigrid3.egg import Egg
from ontologies.vocabulary import concept_scheme

NO_LABEL: Final = 255
WATER: Final = 0

CONCENTRATION: Final = tuple(f"{tenth}/10" for tenth in range(11))
STAGE: Final = (
    *("open water", "new ice", "young ice"),
    *("thin first-year ice", "thick first-year ice", "old ice"),
)
FLOE: Final = (
    *("open water", "cake ice", "small floe", "medium floe"),
    *("big floe", "vast floe", "bergs"),
)
HEADS: Final = {"concentration": CONCENTRATION, "stage": STAGE, "floe": FLOE}

# A code that stands under one of these in the scheme has its class, the nearest first.
_STAGE_CLASSES: Final = {
    "01": 0,
    "81": 1,
    "82": 1,
    "83": 2,
    "87": 3,
    "86": 4,
    "95": 5,
}
_FLOE_CLASSES: Final = {
    "02": 1,
    "03": 2,
    "04": 3,
    "05": 4,
    "06": 5,
    "07": 5,
    "09": 6,
    "10": 6,
}
# In cm: thinner than this is of that class.  From 120 cm on ice may be old.
_THICKNESS_CLASSES: Final = ((10, 1), (30, 2), (70, 3), (120, 4))


@dataclass(frozen=True, slots=True)
class Dominance:
    """From which share of the ice on a class names the polygon.

    Attributes:
        stage: For the stage of development, above 0 to 1.
        floe: For the floe size.
    """

    stage: float = 0.65
    floe: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """What a polygon teaches one head of a network.

    Attributes:
        index: The class, or `NO_LABEL`.
        shares_K: Of each class.  Stage and floe: its share of the ice; they sum to less
            than 1 where ice is of no class, and to 0 where nothing is known.
            Concentration: equal for each tenth that the code allows.
    """

    index: int
    shares_K: NDArray[np.float64]


def labels_of(egg: Egg, dominance: Dominance | None = None) -> dict[str, Label]:
    """The labels of a polygon by the name of the head; see `HEADS`.

    Land, ice shelves and places without data have none; water has class 0 in each.
    """
    rule = dominance or Dominance()
    if egg.poly_type not in {PolyType.ICE, PolyType.WATER}:
        return {head: _none(len(classes)) for head, classes in HEADS.items()}
    if egg.poly_type is PolyType.WATER or _is_water(egg.total):
        return {head: _sure(WATER, len(classes)) for head, classes in HEADS.items()}
    stages = [stage_class(part.stage) for part in egg.parts]
    floes = [_FLOE_CLASSES.get(part.form or "") for part in egg.parts]
    floe = _dominant(egg, floes, len(FLOE), rule.floe)
    if any(part.form == FAST_ICE for part in egg.parts):
        # Fast ice has no floes, so what else is there does not tell the size.
        floe = _none(len(FLOE))
    return {
        "concentration": _concentration(egg),
        "stage": _dominant(egg, stages, len(STAGE), rule.stage),
        "floe": floe,
    }


def stage_class(code: str | None) -> int | None:
    """The class of `STAGE` of a code of table 2; None where it has none.

    Examples:
        >>> [stage_class(code) for code in ("88", "93", "97", "12", "98")]
        [3, 4, 5, 2, None]
    """
    if code is None:
        return None
    cm = thickness_cm(code)
    if cm is not None:
        return next((one for above, one in _THICKNESS_CLASSES if cm < above), None)
    scheme = concept_scheme("stage")
    codes = [code, *(concept.notation for concept in scheme.ancestors(code))]
    return next((_STAGE_CLASSES[c] for c in codes if c in _STAGE_CLASSES), None)


def _is_water(total: str | None) -> bool:
    return total in {"01", "02", ICE_FREE}


def _none(count: int) -> Label:
    return Label(NO_LABEL, np.zeros(count))


def _sure(index: int, count: int) -> Label:
    return Label(index, np.eye(count)[index])


def _concentration(egg: Egg) -> Label:
    """The middle of the tenths that the total allows; of two, the greater."""
    count = len(CONCENTRATION)
    interval = interval_of(egg.total) if egg.total else None
    if interval is None:
        return _none(count)
    low, high = round(10 * interval.low), round(10 * interval.high)
    allowed = np.arange(low, high + 1)
    shares_K = np.zeros(count)
    shares_K[allowed] = 1 / len(allowed)
    return Label(int(allowed[len(allowed) // 2]), shares_K)


def _dominant(
    egg: Egg, classes: list[int | None], count: int, least_share: float
) -> Label:
    """The class with the most ice, where it has enough of it.

    Concentrations are the middles of their intervals.  The whole is the total; where
    the parts sum to more, or the total is unknown, their sum.
    """
    parts = [0.0 if i is None else i.middle for i in egg.part_intervals()]
    total = egg.total_interval
    whole = max(total.middle if total else 0.0, sum(parts))
    if whole <= 0:
        return _none(count)
    shares_K = np.zeros(count)
    for index, part in zip(classes, parts, strict=True):
        if index is not None:
            shares_K[index] += part / whole
    best = int(shares_K.argmax())
    # The middles of intervals are no exact fractions.
    is_dominant = shares_K[best] >= least_share - 1e-9
    return Label(best if is_dominant else NO_LABEL, shares_K)
