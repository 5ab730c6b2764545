"""The 24 topological relations of GeoSPARQL 1.1 as DE-9IM patterns (section 9).

A pattern is nine cells in the order II IB IE BI BB BE EI EB EE (interior, boundary and
exterior of the left geometry against those of the right one); a cell is `T` (not
empty), `F` (empty), `*` (either) or a dimension `0`, `1`, `2`.

What belongs here: what a relation means. How an engine spells it is in `engines/`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import GEO, GEOF


class Family(StrEnum):
    """The three families of section 9: Simple Features, Egenhofer, RCC8."""

    SF = "Simple Features"
    EH = "Egenhofer"
    RCC8 = "RCC8"


_SECTIONS: Final = {Family.SF: "9.3", Family.EH: "9.4", Family.RCC8: "9.5"}


@dataclass(frozen=True, slots=True)
class Case:
    """The patterns of a relation for some pairs of dimensions, as printed.

    Attributes:
        patterns: DE-9IM patterns; the relation holds when one of them matches.
        dimensions: Pairs (left, right) of topological dimensions to which they apply;
            empty means all pairs.
    """

    patterns: tuple[str, ...]
    dimensions: frozenset[tuple[int, int]] = frozenset()

    def applies_to(self, left: int, right: int) -> bool:
        """True for the dimensions that the table names, or when it names none."""
        return not self.dimensions or (left, right) in self.dimensions


@dataclass(frozen=True, slots=True)
class Relation:
    """A topological relation between two geometries.

    Attributes:
        name: Local name, the same for the property `geo:` and the function `geof:`.
        family: Which of the three families it belongs to.
        cases: What the standard prints, by dimension.
        converse: Name of the relation with `converse(b, a) == self(a, b)`.
    """

    name: str
    family: Family
    cases: tuple[Case, ...]
    converse: str

    @property
    def property_iri(self) -> str:
        """The property between spatial objects, `geo:{name}` (section 7)."""
        return GEO + self.name

    @property
    def function_iri(self) -> str:
        """The function on geometry literals, `geof:{name}` (section 9)."""
        return GEOF + self.name

    @property
    def section(self) -> str:
        """The section of OGC 22-047r1 that defines the function."""
        return _SECTIONS[self.family]

    @property
    def is_symmetric(self) -> bool:
        """True when the order of the arguments does not matter."""
        return self.converse == self.name

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns that decide the relation whatever the dimensions of the arguments.

        Where the standard restricts a pattern to some dimensions, the restriction is
        written into the cells: the part of a homogeneous geometry that lies outside
        another one has the dimension of the geometry itself, so `T*T***T**` for A/A
        becomes `2*2***2**` and no longer matches two crossing lines. Exact for
        everything but collections of mixed dimension; those take `patterns_for`.

        Examples:
            >>> RELATIONS["sfWithin"].patterns
            ('T*F**F***',)
            >>> RELATIONS["sfOverlaps"].patterns
            ('2*2***2**', '0*0***0**', '1*1***1**')
        """
        found = dict.fromkeys(
            _narrow(pattern, left, right) if case.dimensions else pattern
            for case in self.cases
            for left, right in sorted(case.dimensions, reverse=True) or [(0, 0)]
            for pattern in case.patterns
        )
        return tuple(found)

    def patterns_for(self, left: int, right: int) -> tuple[str, ...]:
        """The patterns for arguments of these dimensions; none: it never holds.

        Examples:
            >>> RELATIONS["sfOverlaps"].patterns_for(1, 1)
            ('1*T***T**',)
            >>> RELATIONS["sfOverlaps"].patterns_for(1, 2)
            ()
        """
        return tuple(
            pattern
            for case in self.cases
            if case.applies_to(left, right)
            for pattern in case.patterns
        )


_II, _IE, _EI = 0, 2, 6


def _narrow(pattern: str, left: int, right: int) -> str:
    """Write the dimensions of the arguments into the cells that they determine."""
    cells = list(pattern)
    if cells[_IE] == "T":
        cells[_IE] = str(left)
    if cells[_EI] == "T":
        cells[_EI] = str(right)
    # Two lines may share points or stretches; any other pair shares what the
    # smaller dimension allows.
    if cells[_II] == "T" and (left, right) != (1, 1):
        cells[_II] = str(min(left, right))
    return "".join(cells)


def matches(matrix: str, pattern: str) -> bool:
    """Return True if a DE-9IM matrix (`F`, `0`, `1`, `2`) satisfies a pattern.

    Examples:
        >>> matches("212101212", "T*T***T**")
        True
        >>> matches("FF2FF1212", "T********")
        False
    """
    return all(
        wanted in ("*", cell) or (wanted == "T" and cell != "F")
        for cell, wanted in zip(matrix, pattern, strict=True)
    )


_P, _L, _A = 0, 1, 2
_AREAS: Final = frozenset({(_A, _A)})

# The tables print TFFFTFFFT, which asks for a boundary that points and rings do not
# have: no point would equal itself. ISO 19125-1, to which requirement 27 refers,
# defines Equals as equality of point sets: neither has a part outside the other.
_EQUAL: Final = ("**F**FFF*",)
_DISJOINT: Final = ("FF*FF****",)
_MEET: Final = ("FT*******", "F**T*****", "F***T****")

# The standard lists P/L, P/A, L/A and L/L and is silent on the mirrored pairs; JTS,
# GEOS and PostGIS read it as symmetric, and so do we. `T*T***T**` is `T*T******` there:
# a geometry of higher dimension always has a part outside one of lower dimension.
_MIXED: Final = frozenset((a, b) for a, b in product((_P, _L, _A), repeat=2) if a != b)
_CROSSES: Final = (
    Case(("T*T***T**",), _MIXED),
    Case(("0*T***T**",), frozenset({(_L, _L)})),
)
_OVERLAPS: Final = (
    Case(("T*T***T**",), frozenset({(_A, _A), (_P, _P)})),
    Case(("1*T***T**",), frozenset({(_L, _L)})),
)


def _all(*patterns: str) -> tuple[Case, ...]:
    return (Case(patterns),)


def _areas(pattern: str) -> tuple[Case, ...]:
    return (Case((pattern,), _AREAS),)


def _table() -> Iterable[Relation]:
    """Tables 5, 6 and 7 of OGC 22-047r1, row by row."""
    sf, eh, rcc8 = Family.SF, Family.EH, Family.RCC8
    yield Relation("sfEquals", sf, _all(*_EQUAL), "sfEquals")
    yield Relation("sfDisjoint", sf, _all(*_DISJOINT), "sfDisjoint")
    yield Relation(
        "sfIntersects",
        sf,
        # Table 5 repeats the row of sfTouches here; this is the one of table 3.
        _all("T********", "*T*******", "***T*****", "****T****"),
        "sfIntersects",
    )
    yield Relation("sfTouches", sf, _all(*_MEET), "sfTouches")
    yield Relation("sfCrosses", sf, _CROSSES, "sfCrosses")
    yield Relation("sfWithin", sf, _all("T*F**F***"), "sfContains")
    yield Relation("sfContains", sf, _all("T*****FF*"), "sfWithin")
    yield Relation("sfOverlaps", sf, _OVERLAPS, "sfOverlaps")

    yield Relation("ehEquals", eh, _all(*_EQUAL), "ehEquals")
    yield Relation("ehDisjoint", eh, _all(*_DISJOINT), "ehDisjoint")
    yield Relation("ehMeet", eh, _all(*_MEET), "ehMeet")
    yield Relation("ehOverlap", eh, _all("T*T***T**"), "ehOverlap")
    yield Relation("ehCovers", eh, _all("T*TFT*FF*"), "ehCoveredBy")
    yield Relation("ehCoveredBy", eh, _all("TFF*TFT**"), "ehCovers")
    yield Relation("ehInside", eh, _all("TFF*FFT**"), "ehContains")
    yield Relation("ehContains", eh, _all("T*TFF*FF*"), "ehInside")

    yield Relation("rcc8eq", rcc8, _areas("TFFFTFFFT"), "rcc8eq")
    yield Relation("rcc8dc", rcc8, _areas("FFTFFTTTT"), "rcc8dc")
    yield Relation("rcc8ec", rcc8, _areas("FFTFTTTTT"), "rcc8ec")
    yield Relation("rcc8po", rcc8, _areas("TTTTTTTTT"), "rcc8po")
    yield Relation("rcc8tppi", rcc8, _areas("TTTFTTFFT"), "rcc8tpp")
    yield Relation("rcc8tpp", rcc8, _areas("TFFTTFTTT"), "rcc8tppi")
    yield Relation("rcc8ntpp", rcc8, _areas("TFFTFFTTT"), "rcc8ntppi")
    yield Relation("rcc8ntppi", rcc8, _areas("TTTFFTFFT"), "rcc8ntpp")


RELATIONS: Final[Mapping[str, Relation]] = MappingProxyType(
    {relation.name: relation for relation in _table()}
)
"""The 24 relations by local name, in the order of tables 5, 6 and 7."""
