"""What of a large geometry can hold the shortest geodesic to a small one.

A coastline of 200,000 vertices is asked for its distance by one point after another.
Its pieces are laid into a tree once, which tells those that are near enough to each.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import shapely

from engines.geodesy.arrays import (
    GEOD,
    Booleans,
    Floats,
    Geometries,
    Integers,
    Segments,
)

Pieces: TypeAlias = Callable[[shapely.Geometry], Segments]
"""The boundary of a geometry in short pieces."""

_LARGE: Final = 2_000
"""Vertices, from which a tree pays."""

_LARGEST: Final = 1_000_000
"""Vertices, up to which a tree is kept: it takes 200 bytes for each."""

_KEPT: Final = 2
"""Geometries whose trees are kept: rows come with the same one after another."""


def are_large(geoms: Geometries) -> Booleans:
    """Which geometries are worth a tree."""
    counts = shapely.get_num_coordinates(geoms)
    return np.asarray((counts >= _LARGE) & (counts <= _LARGEST))


def chords(lonlat: Floats) -> Floats:
    """Earth-centered coordinates on the ellipsoid, in metres."""
    lon, lat = np.radians(lonlat.T)
    n = GEOD.a / np.sqrt(1 - GEOD.es * np.sin(lat) ** 2)
    return np.column_stack(
        [
            n * np.cos(lat) * np.cos(lon),
            n * np.cos(lat) * np.sin(lon),
            n * (1 - GEOD.es) * np.sin(lat),
        ]
    )


@dataclass(frozen=True, slots=True)
class Boundary:
    """The boundary of a geometry, to be searched.

    Attributes:
        pieces: Its pieces; those of a part follow each other.
        ends: Where they begin, and where they end.
        longest: The length of the longest, in metres.
        tree: Of the ends, as places in space.
    """

    pieces: Segments
    ends: Floats
    longest: float
    tree: Any

    def near(self, shape: shapely.Geometry) -> shapely.Geometry:
        """What is near enough to a geometry to hold the nearest place, as lines.

        The nearest place is no farther than the vertex that is nearest to one of the
        geometry's; a piece that holds it has its ends about there.
        """
        lonlat = shapely.get_coordinates(shape)
        places = chords(lonlat)
        reach = float(np.linalg.norm(places - places[0], axis=1).max())
        _, nearest = self.tree.query(places[0])
        _, _, far = GEOD.inv(*lonlat[0], *self.ends[nearest])
        # No chord is longer than its geodesic.
        found = self.tree.query_ball_point(places[0], far + reach + self.longest + 1.0)
        chosen = np.unique(np.array(found, dtype=np.intp) % len(self.pieces.start))
        return _lines(self.pieces, chosen)


def _lines(pieces: Segments, chosen: Integers) -> shapely.Geometry:
    """Some pieces, those that follow each other in one line, and the next on each side.

    A foot at the end of a piece may belong on its neighbor.
    """
    wider = np.unique(np.concatenate([chosen - 1, chosen, chosen + 1]))
    wider = wider[(wider >= 0) & (wider < len(pieces.part))]
    breaks = (np.diff(wider) > 1) | (np.diff(pieces.part[wider]) != 0)
    runs = np.split(wider, np.flatnonzero(breaks) + 1)
    return shapely.MultiLineString(
        [np.concatenate([pieces.start[run], pieces.end[run[-1:]]]) for run in runs]
    )


@dataclass(slots=True)
class Boundaries:
    """The boundaries of the last geometries that were asked for.

    Attributes:
        pieces: What makes pieces of a geometry.
    """

    pieces: Pieces
    _known: deque[tuple[shapely.Geometry, Boundary]] = field(
        default_factory=lambda: deque(maxlen=_KEPT)
    )

    def of(self, shape: shapely.Geometry) -> Boundary:
        """The boundary of a geometry, by its identity: to compare it takes as long."""
        for known, boundary in tuple(self._known):
            if known is shape:
                return boundary
        boundary = self._made(shape)
        self._known.append((shape, boundary))
        return boundary

    def _made(self, shape: shapely.Geometry) -> Boundary:
        # It takes a fifth of a second to import, and few measure large shapes.
        from scipy.spatial import cKDTree  # noqa: PLC0415

        found = self.pieces(shape)
        ends = np.concatenate([found.start, found.end])
        _, _, lengths = GEOD.inv(*found.start.T, *found.end.T)
        return Boundary(found, ends, float(np.max(lengths)), cKDTree(chords(ends)))
