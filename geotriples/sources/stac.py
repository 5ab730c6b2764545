"""`pyrml:STAC`: items, collections and catalogues of STAC, local and on the web.

The iterator says what is a row: `items` (the default), `assets` or `links` of each
item, or `collections`.  A reference is a JSONPath from the row, a name of a member, or
a name in an item's properties, such as `eo:cloud_cover`; `geometry` is the item's, or
the first box of a collection's extent, in OGC:CRS84 (STAC 1.1, RFC 7946).  Rows of
assets and links have the `item` and `collection` that they are of, and `href` is where
they are.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource, WebAccess
from geotriples.sources.base import Column, Kind
from geotriples.sources.json import JsonSource
from geotriples.sources.json_stream import stream_lines
from geotriples.sources.stac_walk import ITEM, Document, Json, Place, Walk, links_of
from geotriples.sources.workspace import Workspace

_GEOMETRY: Final = "geometry"
_WKB: Final = "pytheas:wkb"
_CRS84: Final = "OGC:CRS84"
_BARE: Final = re.compile(r"[A-Za-z_][\w:-]*")
_MEMBERS: Final = frozenset(
    {
        *("type", "stac_version", "stac_extensions", "id", "bbox", "links", "assets"),
        *("collection", "properties"),
    }
)
_FLAT: Final = 4
"""Numbers of a box without heights."""


@dataclass(frozen=True, slots=True)
class StacSource:
    """Rows of a catalogue.

    Attributes:
        path: The catalogue; no `Path`, because there is more to it than that file.
        kind: What rows are: items, assets, links or collections.
        json: The same as rows of JSON.
    """

    path: str
    kind: str
    json: JsonSource

    @property
    def row_count(self) -> int | None:
        """Nobody knows before all is read."""
        return None

    def explain(self, reference: str) -> str | None:
        """Whether the reference is a path."""
        return self.json.explain(self._path(reference))

    def column(self, reference: str) -> Column:
        """Typed row by row; geometries in CRS84."""
        if reference == _GEOMETRY:
            return Column(Kind.GEOMETRY, _CRS84)
        return self.json.column(self._path(reference))

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Evaluate the references on every row."""
        paths = {name: self._path(text) for name, text in references.items()}
        reader = self.json.read(paths)
        shapes = {name for name, text in references.items() if text == _GEOMETRY}
        fields = [
            pa.field(one.name, pa.binary()) if one.name in shapes else one
            for one in reader.schema
        ]
        schema = pa.schema(fields)
        batches = (_with_shapes(batch, schema, shapes) for batch in reader)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _path(self, reference: str) -> str:
        """A reference as a JSONPath."""
        if reference == _GEOMETRY:
            return f"$['{_WKB}']"
        if not _BARE.fullmatch(reference):
            return reference
        if self.kind == "items" and reference not in _MEMBERS:
            return f"$.properties['{reference}']"
        return f"$['{reference}']"


def _with_shapes(
    batch: pa.RecordBatch, schema: pa.Schema, shapes: set[str]
) -> pa.RecordBatch:
    columns = [
        _bytes(column) if name in shapes else column
        for name, column in zip(schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _bytes(column: pa.Array) -> pa.Array:
    texts = pc.struct_field(column, "lexical").to_pylist()
    found = [None if text is None else bytes.fromhex(text) for text in texts]
    return pa.array(found, pa.binary())


def open_stac(path: Path, source: LogicalSource, workspace: Workspace) -> StacSource:
    """Open a catalogue; its first document is read, the others when rows are.

    Raises:
        SourceError: It is absent or no STAC, or the iterator is none.
    """
    kind = source.iterator or "items"
    if kind not in _ROWS:
        known = ", ".join(_ROWS)
        raise SourceError(path, f"the iterator is {kind!r}; there are {known}")
    plain = workspace.plain(path, source.representation)
    root: Place = plain.resolve()
    if isinstance(source.access, WebAccess) and workspace.holds(path):
        root = source.access.url
    rows = _Rows(root, plain, kind, workspace)
    rows.check()
    name = root if isinstance(root, str) else path
    json_source = JsonSource(path, rows.read, None, source.nulls)
    return StacSource(str(name), kind, json_source)


@dataclass(slots=True)
class _Rows:
    """The rows of a catalogue, kept in a file when they were read once."""

    root: Place
    first: Path
    kind: str
    workspace: Workspace
    _kept: Path | None = field(default=None)

    def check(self) -> None:
        """Refuse what is no STAC.

        Raises:
            SourceError: The first document is none.
        """
        next(self._walk().documents(), None)

    def read(self) -> Iterator[Any]:
        if self._kept is None:
            kept = self.workspace.folder() / "rows.ndjson"
            with kept.open("w", encoding="utf-8") as file:
                for document in self._walk().documents():
                    for row in _ROWS[self.kind](document):
                        file.write(f"{json.dumps(row)}\n")
            self._kept = kept
        yield from stream_lines(self._kept, self.first)

    def _walk(self) -> Walk:
        return Walk(self.root, self.workspace, self.first)


def _items(document: Document) -> Iterator[Json]:
    if document.content.get("type") != ITEM:
        return
    content = {**document.content, _WKB: _shape(document)}
    assets = content.get("assets") or {}
    content["assets"] = {
        key: _located(document, asset) for key, asset in assets.items()
    }
    content["links"] = [_located(document, link) for link in links_of(content)]
    yield content


def _assets(document: Document) -> Iterator[Json]:
    for item in _items(document):
        for key, asset in item["assets"].items():
            yield {**asset, "key": key, **_of(item)}


def _links(document: Document) -> Iterator[Json]:
    for item in _items(document):
        for link in item["links"]:
            yield {**link, **_of(item)}


def _of(item: Json) -> Json:
    return {
        "item": item["id"],
        "collection": item.get("collection"),
        _WKB: item[_WKB],
    }


def _collections(document: Document) -> Iterator[Json]:
    content = document.content
    if content.get("type") != ITEM:
        links = [_located(document, link) for link in links_of(content)]
        yield {**content, "links": links, _WKB: _extent(document)}


def _located(document: Document, one: Json) -> Json:
    href = one.get("href")
    return {**one, "href": document.absolute(href)} if isinstance(href, str) else one


def _shape(document: Document) -> str | None:
    geometry = document.content.get("geometry")
    if geometry is None:
        return None
    try:
        found = shapely.from_geojson(json.dumps(geometry))
    except shapely.errors.GEOSException as error:
        name = str(document.content["id"])
        reason = f"the item's geometry is no GeoJSON: {error}"
        raise SourceError(name, reason) from error
    return shapely.to_wkb(found, hex=True)


def _extent(document: Document) -> str | None:
    """The box of all of a collection (STAC, Spatial Extent Object)."""
    spatial: Any = (document.content.get("extent") or {}).get("spatial") or {}
    boxes = spatial.get("bbox") or ()
    box = boxes[0] if boxes else None
    if not isinstance(box, list) or len(box) < _FLAT:
        return None
    half = len(box) // 2
    west, south, east, north = *box[:2], *box[half : half + 2]
    if west <= east:
        return shapely.to_wkb(shapely.box(west, south, east, north), hex=True)
    # A box over the antimeridian has its west in the east (RFC 7946, 5.2).
    sides = [
        shapely.box(west, south, 180, north),
        shapely.box(-180, south, east, north),
    ]
    return shapely.to_wkb(shapely.MultiPolygon(sides), hex=True)


_ROWS: Final = {
    "items": _items,
    "assets": _assets,
    "links": _links,
    "collections": _collections,
}
"""Iterator to what makes the rows of a document."""
