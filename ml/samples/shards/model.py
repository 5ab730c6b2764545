"""What shards hold, and how their files are laid out.

    FOLDER/
      manifest.json       what the samples are, and the SHA-256 of all other files
      index.parquet       a row for each sample (GeoParquet 1.1, CRS84)
      shard-000000.tar    the files of a sample beside each other, by its key:
                            00000000.values.npy  00000000.cls  00000000.json

A key is the number of the sample.  What follows its first point is the name of a part,
by which WebDataset knows how to decode it.  All samples have the same parts in the same
order, so the place and the sizes of parts tell where each of them begins.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

VERSION: Final = 1
MANIFEST: Final = "manifest.json"
INDEX: Final = "index.parquet"
LABEL_PART: Final = "cls"
ABOUT_PART: Final = "json"
SPLIT_PREFIX: Final = "split."
BLOCK: Final = 512
"""Bytes of a header of tar; files begin at multiples of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One labelled sample on its way into a shard.

    Attributes:
        id: Unique in the set; where several samples show one object, `groups` say so.
        arrays: By part, `"values.npy"`; of the same types and shapes in all samples.
        label: Position of its class, None where arrays hold the labels, or nobody
            knows.
        groups: What a split may keep apart: region, year, scene, object.
        place: Its footprint in CRS84, a point or a polygon; None where it has none.
        period: When it was observed, UTC.
    """

    id: str
    arrays: Mapping[str, NDArray[Any]]
    label: int | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    place: BaseGeometry | None = None
    period: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SampleSet:
    """Samples, one by one, and what they have in common.

    Attributes:
        name: Of the data set.
        kind: `series`, `patches`, `chips` or `charts`: what reads them.
        classes: Names or IRIs.
        channels: Names, with units.
        groups: Which groups each sample has.
        samples: Each is asked for once.
        count: How many there will be, where somebody knows.
        attributes: What else `kind` needs to know.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    groups: tuple[str, ...]
    samples: Iterable[Sample]
    count: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArrayPart:
    """A part that is an array.

    Attributes:
        dtype: As NumPy writes it: `<f4`.
        shape: Of one sample.
    """

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShardFile:
    """One tar file.

    Attributes:
        name: Of the file.
        samples: How many it has.
        bytes: Its size.
        sha256: Of its bytes.
    """

    name: str
    samples: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says.

    Attributes:
        name: Of the data set.
        kind: What reads the samples.
        classes: Names or IRIs.
        channels: Names, with units.
        groups: What splits may keep apart.
        parts: Of every sample, in their order.
        arrays: Those that are arrays.
        attributes: What else `kind` needs to know.
        shards: The tar files.
        index_sha256: Of `index.parquet`.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    groups: tuple[str, ...]
    parts: tuple[str, ...]
    arrays: Mapping[str, ArrayPart]
    attributes: Mapping[str, Any]
    shards: tuple[ShardFile, ...]
    index_sha256: str

    @property
    def count(self) -> int:
        """How many samples there are."""
        return sum(each.samples for each in self.shards)

    @property
    def sha256(self) -> str:
        """Of what all files hold: equal for equal samples, written whenever."""
        content = [*(each.sha256 for each in self.shards), self.index_sha256]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()

    def text(self) -> str:
        """As JSON."""
        document = {
            "version": VERSION,
            "name": self.name,
            "kind": self.kind,
            "classes": self.classes,
            "channels": self.channels,
            "groups": self.groups,
            "parts": self.parts,
            "arrays": {
                part: {"dtype": each.dtype, "shape": each.shape}
                for part, each in self.arrays.items()
            },
            "attributes": dict(self.attributes),
            "shards": [
                {name: getattr(each, name) for name in ShardFile.__slots__}
                for each in self.shards
            ],
            "index_sha256": self.index_sha256,
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def parse_manifest(text: str) -> Manifest:
    """A manifest from JSON.

    Raises:
        ValueError: It is no manifest, or of another version.
    """
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ValueError(f"version {data['version']}, not {VERSION}")
        return Manifest(
            name=data["name"],
            kind=data["kind"],
            parts=tuple(data["parts"]),
            classes=tuple(data["classes"]),
            channels=tuple(data["channels"]),
            groups=tuple(data["groups"]),
            arrays={
                part: ArrayPart(each["dtype"], tuple(each["shape"]))
                for part, each in data["arrays"].items()
            },
            attributes=data["attributes"],
            shards=tuple(ShardFile(**each) for each in data["shards"]),
            index_sha256=data["index_sha256"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no manifest of shards ({error!r})") from error


def index_schema(groups: Iterable[str]) -> pa.Schema:
    """The columns of the index; those of groups begin with `split.`."""
    time = pa.timestamp("ms", tz="UTC")
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
    }
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("key", pa.string(), nullable=False),
            # Position in the manifest's list.
            pa.field("shard", pa.int32(), nullable=False),
            # Of the header of the first part.
            pa.field("offset", pa.int64(), nullable=False),
            # Bytes of each part, without headers.
            pa.field("sizes", pa.list_(pa.int64()), nullable=False),
            pa.field("label", pa.int64()),
            *(pa.field(f"{SPLIT_PREFIX}{one}", pa.string()) for one in groups),
            pa.field("time_start", time),
            pa.field("time_end", time),
            pa.field("geometry", pa.binary()),
        ],
        metadata={"geo": json.dumps(geo)},
    )


def padded(size: int) -> int:
    """Bytes that a file of so many takes in a tar.

    Examples:
        >>> [padded(size) for size in (0, 1, 512, 513)]
        [0, 512, 512, 1024]
    """
    return -(-size // BLOCK) * BLOCK
