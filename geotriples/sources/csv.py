"""`rml:CSV`, `pyrml:TSV`: a header and rows; every value is a string (RML-IO, CSV).

An empty field is an empty string unless `rml:null ""` says that it is no value.  How
the table is written is its dialect (CSVW, `csvw:Dialect`); without one it is that of
RFC 4180.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from geotriples.errors import SourceError
from geotriples.mapping.model import Dialect, LogicalSource
from geotriples.sources.arrow_types import ROW_ONLY
from geotriples.sources.base import Column, Kind
from geotriples.sources.lines import without_other_lines
from geotriples.sources.quotes import check_quotes
from geotriples.sources.text import check_utf_8
from geotriples.sources.workspace import Workspace

_STRING: Final = Column(Kind.STRING)
_BLOCK: Final = 1 << 20
_LARGEST_BLOCK: Final = (1 << 31) - 1
_GROWTH: Final = 16


@dataclass(frozen=True, slots=True)
class CsvSource:
    """A table in a text file.

    Attributes:
        path: The file that the mapping means.
        rows: The same in UTF-8, without lines that are no rows.
        names: Its columns.
        dialect: How it is written.
        nulls: Strings that stand for no value.
    """

    path: Path
    rows: Path
    names: tuple[str, ...]
    dialect: Dialect
    nulls: frozenset[str]

    @property
    def row_count(self) -> int | None:
        """Unknown: a CSV file does not say how long it is."""
        return None

    def explain(self, reference: str) -> str | None:
        """Whether the header has a column of this name."""
        if reference in self.names:
            return None
        known = list(self.names)
        return f"{self.path.name} has no column {reference!r}; it has {known}"

    def column(self, reference: str) -> Column:
        """A string, always."""
        del reference
        return _STRING

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Stream the columns as strings."""
        schema = pa.schema([(name, pa.string()) for name in references])
        wanted = list(references.values())
        if not references:
            schema, wanted = ROW_ONLY, list(self.names[:1])
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema, wanted))

    def _batches(
        self, schema: pa.Schema, wanted: list[str]
    ) -> Iterator[pa.RecordBatch]:
        at = {name: position for position, name in enumerate(dict.fromkeys(wanted))}
        for batch in self._blocks(list(at)):
            if schema is ROW_ONLY:
                present = pa.array([True] * batch.num_rows, pa.bool_())
                yield pa.RecordBatch.from_arrays([present], schema=schema)
                continue
            columns = [self._cleaned(batch.column(at[name])) for name in wanted]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _cleaned(self, column: pa.Array) -> pa.Array:
        if not self.dialect.trim:
            return column
        trimmed = pc.utf8_trim_whitespace(column)
        if not self.nulls:
            return trimmed
        absent = pc.is_in(trimmed, pa.array(sorted(self.nulls), pa.string()))
        return pc.if_else(absent, pa.scalar(None, pa.string()), trimmed)

    def _blocks(self, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows; where one does not fit into a block, blocks grow."""
        size, done = _BLOCK, 0
        while True:
            try:
                for batch in self._from_row(done, size, wanted):
                    yield batch
                    done += batch.num_rows
            except (pa.ArrowInvalid, OSError) as error:
                size = _larger(size, error, self.path)
            else:
                return

    def _from_row(
        self, first: int, size: int, wanted: list[str]
    ) -> Iterator[pa.RecordBatch]:
        with self._open(size, wanted) as reader:
            for batch in reader:
                rest = batch.slice(min(first, batch.num_rows))
                first -= batch.num_rows - rest.num_rows
                if rest.num_rows:
                    yield rest

    def _open(self, size: int, wanted: list[str]) -> pa_csv.CSVStreamingReader:
        nulls = () if self.dialect.trim else sorted(self.nulls)
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            null_values=nulls,
            strings_can_be_null=bool(nulls),
        )
        # One thread, so that errors know the number of their row.
        read = pa_csv.ReadOptions(
            block_size=size,
            use_threads=False,
            column_names=self.names,
            skip_rows_after_names=int(self.dialect.has_header),
        )
        return pa_csv.open_csv(
            self.rows,
            read_options=read,
            parse_options=_parse_options(self.dialect),
            convert_options=convert,
        )


def open_csv(path: Path, source: LogicalSource, workspace: Workspace) -> CsvSource:
    """Open a table whose fields are separated by commas, or as its dialect says.

    Raises:
        SourceError: It is absent or empty, or its header has a name twice.
    """
    return _open_table(path, source, workspace, Dialect())


def open_tsv(path: Path, source: LogicalSource, workspace: Workspace) -> CsvSource:
    """Open a table whose fields are separated by tabs, or as its dialect says.

    Raises:
        SourceError: As `open_csv`.
    """
    return _open_table(path, source, workspace, Dialect(delimiter="\t"))


def _open_table(
    path: Path, source: LogicalSource, workspace: Workspace, usual: Dialect
) -> CsvSource:
    dialect = source.representation.dialect or usual
    text = workspace.text(path, source.representation)
    rows = without_other_lines(text, dialect, workspace.folder())
    try:
        names = _names(rows, dialect)
        check_quotes(rows, dialect)
    except SourceError as error:
        raise SourceError(path, error.reason) from error
    if len(set(names)) < len(names):
        raise SourceError(path, f"has a column name twice in its header: {names}")
    return CsvSource(path, rows, tuple(names), dialect, source.nulls)


def _names(path: Path, dialect: Dialect) -> list[str]:
    """The names of the columns, from the first row."""
    size = _BLOCK
    while True:
        try:
            names = _first_row(path, dialect, size)
            break
        except (pa.ArrowInvalid, OSError) as error:
            size = _larger(size, error, path)
    if not dialect.has_header:
        return [f"_col.{number}" for number in range(1, len(names) + 1)]
    return [name.strip() for name in names] if dialect.trim else names


def _first_row(path: Path, dialect: Dialect, size: int) -> list[str]:
    read = pa_csv.ReadOptions(
        block_size=size,
        use_threads=False,
        autogenerate_column_names=not dialect.has_header,
    )
    parse = _parse_options(dialect)
    with pa_csv.open_csv(path, read_options=read, parse_options=parse) as reader:
        names: list[str] = reader.schema.names
        return names


def _larger(size: int, error: Exception, path: Path) -> int:
    """A block size that a row may fit into.

    Raises:
        SourceError: The size is not what the error is about.
    """
    if "straddl" not in str(error) or size == _LARGEST_BLOCK:
        raise _broken(path, error) from error
    return min(size * _GROWTH, _LARGEST_BLOCK)


def _parse_options(dialect: Dialect) -> pa_csv.ParseOptions:
    return pa_csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote or False,
        double_quote=dialect.escape is None,
        escape_char=dialect.escape or False,
        newlines_in_values=True,
    )


def _broken(path: Path, error: Exception) -> SourceError:
    """What is wrong with a table, with the place where it is."""
    if "UTF8" in str(error):
        check_utf_8(path)
    text = str(error).removeprefix("CSV parse error: ")
    hint = "; say how it is written (csvw:dialect)" if "Expected" in text else ""
    return SourceError(path, f"is not CSV: {text}{hint}")
