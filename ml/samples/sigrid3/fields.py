"""The columns of a chart: SIGRID-3's own, and those of the Ice Objects Catalogue.

JCOMM TR-23, table A-1: both spellings may be mixed, but not for one thing.
"""

from collections.abc import Mapping
from typing import Final

from ml.samples.sigrid3.codes import PolyType
from ml.samples.sigrid3.egg import Egg, Part

POLY_TYPE: Final = "POLY_TYPE"

TABLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("CT", "CA", "CB", "CC"), "concentration"),
    # Table A-2 names table 1 for CN and CD; appendix E and what they mean, table 2.
    **dict.fromkeys(("CN", "SA", "SB", "SC", "CD"), "stage"),
    **dict.fromkeys(("FA", "FB", "FC", "FP", "FS"), "form"),
}
"""The fields with codes, and the concept scheme of each."""

COMPOUND: Final[Mapping[str, tuple[str, ...]]] = {
    "ICEACT": ("CT",),
    "ICEAPC": ("CA", "CB", "CC"),
    "ICESOD": ("CN", "SA", "SB", "SC", "CD"),
    "ICEFLZ": ("FA", "FB", "FC"),
    # Versions 1 and 2 had the predominant and the secondary form in one column.
    "CF": ("FP", "FS"),
}
"""Columns of several codes, two characters each, and the fields that they fill."""

_CODE_WIDTH: Final = 2


def fields_of(column: str) -> tuple[str, ...]:
    """The fields that a column fills; none where it holds no codes."""
    name = column.upper()
    return COMPOUND.get(name, (name,) if name in TABLES else ())


def cells_of(column: str, cell: str) -> dict[str, str]:
    """The text of each field in a cell.

    Raises:
        ValueError: A column of several codes holds more, or half of one.

    Examples:
        >>> cells_of("ICESOD", "  9381    ")["SA"]
        '93'
        >>> cells_of("CF", "-9-9")
        {'FP': '-9', 'FS': '-9'}
    """
    fields = fields_of(column)
    if len(fields) == 1:
        return {fields[0]: cell}
    text = cell.rstrip()
    if len(text) > _CODE_WIDTH * len(fields) or len(text) % _CODE_WIDTH:
        raise ValueError(f"is not up to {len(fields)} codes of two characters")
    padded = text.ljust(_CODE_WIDTH * len(fields))
    return {
        field: padded[_CODE_WIDTH * i : _CODE_WIDTH * (i + 1)]
        for i, field in enumerate(fields)
    }


def egg_of(poly_type: PolyType, codes: Mapping[str, str | None]) -> Egg:
    """The egg with these codes; fields that are absent say nothing."""
    first, second, third = (
        Part(codes.get(f"C{x}"), codes.get(f"S{x}"), codes.get(f"F{x}")) for x in "ABC"
    )
    return Egg(
        poly_type=poly_type,
        total=codes.get("CT"),
        parts=(first, second, third),
        trace=codes.get("CN"),
        remaining=codes.get("CD"),
        predominant=codes.get("FP"),
        secondary=codes.get("FS"),
    )


def codes_of(egg: Egg) -> dict[str, str]:
    """The code of each field, blank where nothing is said.

    Law: `egg_of(egg.poly_type, codes_of(egg))` is the egg, blanks read as nothing.
    """
    parts = {
        f"{kind}{letter}": code
        for letter, part in zip("ABC", egg.parts, strict=True)
        for kind, code in (
            ("C", part.concentration),
            ("S", part.stage),
            ("F", part.form),
        )
    }
    others = {
        "CT": egg.total,
        "CN": egg.trace,
        "CD": egg.remaining,
        "FP": egg.predominant,
        "FS": egg.secondary,
    }
    return {field: ({**others, **parts}[field] or "") for field in TABLES}
