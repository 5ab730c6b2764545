"""`rml:CSV`: a header and rows; every value is a string (RML-IO, CSV).

An empty field is an empty string unless `rml:null ""` says that it is no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as ds

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.sources.base import Column, Kind
from geotriples.sources.dataset import read_columns

_STRING = Column(Kind.STRING)


@dataclass(frozen=True, slots=True)
class CsvSource:
    """A CSV file in UTF-8."""

    path: Path
    dataset: ds.Dataset

    @property
    def row_count(self) -> int | None:
        """Unknown: a CSV file does not say how long it is."""
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in their order."""
        return tuple(self.dataset.schema.names)

    def explain(self, reference: str) -> str | None:
        """Whether the header has a column of this name."""
        names = self.dataset.schema.names
        if reference in names:
            return None
        return f"{self.path.name} has no column {reference!r}; it has {names}"

    def column(self, reference: str) -> Column:
        """A string, always."""
        del reference
        return _STRING

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Stream the columns as strings."""
        return read_columns(self.dataset, self.path, references)


def open_csv(path: Path, source: LogicalSource) -> CsvSource:
    """Open a CSV file.

    Raises:
        SourceError: It is absent or empty, or its header has a name twice.
    """
    try:
        return CsvSource(path, _dataset(path, source))
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(path, f"is not CSV: {error}") from error


def _dataset(path: Path, source: LogicalSource) -> ds.Dataset:
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    with pa_csv.open_csv(path, parse_options=parse) as reader:
        names = reader.schema.names
    if len(set(names)) < len(names):
        raise SourceError(path, f"has a column name twice in its header: {names}")
    convert = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=sorted(source.nulls),
        strings_can_be_null=bool(source.nulls),
    )
    file_format = ds.CsvFileFormat(parse_options=parse, convert_options=convert)
    return ds.dataset(str(path), format=file_format)
