"""What every source can do, whatever its format: name its columns and read them.

A reference of the mapping is a column of the source.  Columns are read as Arrow, so
that any engine can work on them; their kinds decide the natural mapping to RDF (R2RML
10.2).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from geotriples.mapping.model import LogicalSource
from geotriples.sources.workspace import Workspace


class Kind(Enum):
    """What a column holds, as far as RDF cares."""

    STRING = auto()
    BOOLEAN = auto()
    INTEGER = auto()
    DECIMAL = auto()
    DOUBLE = auto()
    DATE = auto()
    TIME = auto()
    DATE_TIME = auto()
    DATE_TIME_UTC = auto()
    BINARY = auto()
    GEOMETRY = auto()
    """WKB, x = east, y = north, in the column's CRS."""
    TYPED = auto()
    """A struct of `lexical` and `datatype`: each row brings its own type."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a reference yields.

    Attributes:
        kind: What each value is.
        crs: For a geometry, its CRS as pyproj reads it.
        is_list: Whether a row may have several values, each of which makes a term.
    """

    kind: Kind
    crs: str | None = None
    is_list: bool = False


@runtime_checkable
class Columnar(Protocol):
    """A source that knows the names of its columns, which are its references."""

    @property
    def names(self) -> Sequence[str]:
        """The columns, in their order."""


class Source(Protocol):
    """Rows of one logical source."""

    @property
    def path(self) -> Path | str:
        """The file that is read, or the name of the database."""

    @property
    def row_count(self) -> int | None:
        """How many rows there are, where that is known without reading them."""

    def explain(self, reference: str) -> str | None:
        """What is wrong with a reference, or None when it can be read."""

    def column(self, reference: str) -> Column:
        """What a reference yields; `explain` has found nothing wrong with it."""

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Every row, with one column for each reference.

        Args:
            references: Name of the column in the result to reference.

        Raises:
            SourceError: The file cannot be read; also later, from the reader.
        """


OpenSource = Callable[[Path, LogicalSource, Workspace], Source]
"""Opens a file as a logical source says; raises SourceError where it cannot be read."""
