"""`rml:XPath`: the nodes to which the iterator leads are rows; values are strings.

Paths are XPath 1.0.  A prefix is one that the reference formulation declares
(`rml:namespace`), or one that the document's root has.  A node's value is its
string-value (XPath 1.0, section 5), so an element's is the text of all that is in it.

A short document is held in memory, because it may be read several times; a long one is
read as a stream, where the iterator is a path of names from the root and no reference
leads out of its row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from lxml import etree

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.sources.arrow_types import ROW_ONLY
from geotriples.sources.base import Column, Kind
from geotriples.sources.workspace import Workspace
from geotriples.sources.xml_stream import (
    Namespaces,
    is_alone,
    is_single,
    parse_document,
    root_of,
    row_tags,
    stream_elements,
)

_BATCH_ROWS: Final = 16_384
_HELD_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class XmlSource:
    """A document in memory, with its rows found.

    Attributes:
        path: The file.
        rows: The nodes that are rows.
        namespaces: Prefixes of paths.
        nulls: Strings that stand for no value.
    """

    path: Path
    rows: tuple[Any, ...]
    namespaces: Namespaces
    nulls: frozenset[str]
    _values: dict[str, list[list[str]]] = field(default_factory=dict)

    @property
    def row_count(self) -> int | None:
        """The number of places to which the iterator leads."""
        return len(self.rows)

    def explain(self, reference: str) -> str | None:
        """Whether the reference is a path that leads anywhere."""
        try:
            values = self.values(reference)
        except ValueError as error:
            return str(error)
        if not values or any(values):
            return None
        # A node with a value that stands for none is there all the same.
        found = _compiled(reference, self.namespaces)
        if any(_strings(found(row)) for row in self.rows):
            return None
        return f"{reference!r} leads nowhere in any row of {self.path.name}"

    def column(self, reference: str) -> Column:
        """Strings; a list where a row has several."""
        values = self.values(reference)
        return Column(Kind.STRING, is_list=any(len(one) > 1 for one in values))

    def values(self, reference: str) -> list[list[str]]:
        """The values of each row, worked out once.

        Raises:
            ValueError: The reference is not XPath.
        """
        if reference not in self._values:
            path = _compiled(reference, self.namespaces)
            self._values[reference] = [
                [one for one in _strings(path(row)) if one not in self.nulls]
                for row in self.rows
            ]
        return self._values[reference]

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """The values of every row."""
        if not references:
            present = pa.array([True] * len(self.rows), pa.bool_())
            return pa.table([present], schema=ROW_ONLY).to_reader()
        columns = {name: self._array(text) for name, text in references.items()}
        return pa.table(columns).to_reader(_BATCH_ROWS)

    def _array(self, reference: str) -> pa.Array:
        values = self.values(reference)
        if self.column(reference).is_list:
            return pa.array(values, pa.list_(pa.string()))
        return pa.array([one[0] if one else None for one in values], pa.string())


@dataclass(frozen=True, slots=True)
class XmlStream:
    """A document that is read as a stream.

    Attributes:
        path: The file that the mapping means.
        plain: The same, not compressed.
        tags: The elements that lead from the root to a row, the row's last.
        namespaces: Prefixes of paths.
        nulls: Strings that stand for no value.
        encoding: The encoding that the mapping names.
    """

    path: Path
    plain: Path
    tags: tuple[str, ...]
    namespaces: Namespaces
    nulls: frozenset[str]
    encoding: str | None

    @property
    def row_count(self) -> int | None:
        """Unknown before the end."""
        return None

    def explain(self, reference: str) -> str | None:
        """Whether the reference is a path within a row."""
        try:
            # A prefix that is unknown shows when the path is followed.
            _compiled(reference, self.namespaces)(etree.Element("row"))
        except ValueError as error:
            return str(error)
        if is_alone(reference):
            return None
        return (
            f"{reference!r} may lead out of its row, and {self.path.name} is too long "
            "to be held in memory; choose an iterator that holds both"
        )

    def column(self, reference: str) -> Column:
        """Strings; a list unless the path cannot lead to several places."""
        return Column(Kind.STRING, is_list=not is_single(reference))

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Evaluate the references on every row."""
        fields = [
            pa.field(name, pa.string() if is_single(text) else pa.list_(pa.string()))
            for name, text in references.items()
        ]
        schema = pa.schema(fields) if fields else ROW_ONLY
        batches = self._batches(schema, references)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _batches(
        self, schema: pa.Schema, references: Mapping[str, str]
    ) -> Iterator[pa.RecordBatch]:
        paths = [_compiled(text, self.namespaces) for text in references.values()]
        unseen = set(references.values())
        # A row is gone when the next is read, so its values are taken at once.
        values = (
            [_strings(path(row)) for path in paths]
            for row in stream_elements(self.path, self.plain, self.tags, self.encoding)
        )
        while chunk := list(islice(values, _BATCH_ROWS)):
            columns = list(zip(*chunk, strict=True))
            for text, column in zip(references.values(), columns, strict=True):
                if any(column):
                    unseen.discard(text)
            yield self._batch(schema, columns, len(chunk))
        for text in unseen:
            raise SourceError(self.path, f"{text!r} leads nowhere in any row")

    def _batch(
        self, schema: pa.Schema, columns: Iterable[tuple[list[str], ...]], count: int
    ) -> pa.RecordBatch:
        arrays = [
            pa.array(self._cells(column, is_list=pa.types.is_list(kind)), kind)
            for column, kind in zip(columns, schema.types, strict=False)
        ] or [pa.array([True] * count, pa.bool_())]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _cells(
        self, column: tuple[list[str], ...], *, is_list: bool
    ) -> list[list[str]] | list[str | None]:
        kept = [[one for one in row if one not in self.nulls] for row in column]
        return kept if is_list else [row[0] if row else None for row in kept]


def open_xml(
    path: Path, source: LogicalSource, workspace: Workspace
) -> XmlSource | XmlStream:
    """Open an XML document; a short one is read.

    Raises:
        SourceError: It is absent, no XML or declares entities, or the iterator is no
            XPath.
    """
    plain = workspace.plain(path, source.representation)
    iterator = source.iterator or "/*"
    encoding = source.representation.encoding
    root = root_of(path, plain, encoding)
    prefixes = {prefix: name for prefix, name in root.nsmap.items() if prefix}
    namespaces = {**prefixes, **dict(source.representation.namespaces)}
    tags = row_tags(iterator, namespaces)
    if tags is not None and plain.stat().st_size > _HELD_BYTES:
        return XmlStream(path, plain, tags, namespaces, source.nulls, encoding)
    document = parse_document(path, plain, encoding)
    try:
        rows = _compiled(iterator, namespaces)(document)
    except ValueError as error:
        raise SourceError(path, f"iterator: {error}") from error
    if not isinstance(rows, list) or not all(map(etree.iselement, rows)):
        raise SourceError(path, f"iterator: {iterator!r} leads to no elements")
    return XmlSource(path, tuple(rows), namespaces, source.nulls)


def _compiled(path: str, namespaces: Namespaces) -> Callable[[Any], Any]:
    """What an XPath expression gives at a node.

    Raises:
        ValueError: It is no expression; also later, from what is returned.
    """
    try:
        compiled = etree.XPath(path, namespaces=namespaces, smart_strings=False)
    except (etree.XPathError, ValueError) as error:
        raise ValueError(f"{path!r} is not XPath: {error}") from error

    def evaluate(node: Any) -> Any:
        try:
            return compiled(node)
        except etree.XPathError as error:
            raise ValueError(f"{path!r} is not XPath: {error}") from error

    return evaluate


def _strings(found: Any) -> list[str]:
    """What an expression gives, as strings (XPath 1.0, section 4.2: string)."""
    match found:
        case bool():
            return ["true" if found else "false"]
        case float():
            return [str(int(found)) if found.is_integer() else str(found)]
        case str():
            return [found]
        case _:
            return [_string_value(node) for node in found]


def _string_value(node: Any) -> str:
    if isinstance(node, str):
        return node
    # The tag of comments and processing instructions is a function.
    if callable(node.tag):
        return node.text or ""
    return "".join(node.itertext(etree.Element))
