"""Which features a group has, and rows brought into their types."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from ml.features.errors import InvalidFeatures, InvalidRows

if TYPE_CHECKING:
    import pandas as pd

Rows: TypeAlias = "pd.DataFrame | pa.Table"

TYPES: Final[Mapping[str, pa.DataType]] = MappingProxyType(
    {
        "bigint": pa.int64(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "string": pa.string(),
        "binary": pa.binary(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
)
"""What features may be, and how Arrow has it."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TIMES: Final = frozenset({"bigint", "date", "timestamp"})
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a group.

    Attributes:
        name: Lower-case letters, digits, underscores.
        type: A key of `TYPES`.
        description: What it is, with its unit.
    """

    name: str
    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """The features of a group, and what tells its rows apart.

    Attributes:
        features: In their order.
        primary_key: Of which features.
        event_time: When a row began to be so; None where rows have no time.
    """

    features: tuple[Feature, ...]
    primary_key: tuple[str, ...]
    event_time: str | None

    def __post_init__(self) -> None:
        names = [each.name for each in self.features]
        for name in names:
            check_name(name)
        if len(set(names)) < len(names):
            raise InvalidFeatures(f"a feature stands twice in {names}")
        if not self.primary_key:
            raise InvalidFeatures("a group needs a primary key")
        if absent := set(self.row_key) - set(names):
            raise InvalidFeatures(
                f"{sorted(absent)} are no features; there are {names}"
            )
        for each in self.features:
            if each.type not in TYPES:
                raise InvalidFeatures(
                    f"{each.name}: {each.type!r} is no type; there are {[*TYPES]}"
                )
        if self.event_time and self.type_of(self.event_time) not in _TIMES:
            found = self.type_of(self.event_time)
            raise InvalidFeatures(
                f"{self.event_time} is a {found}, and no time: {sorted(_TIMES)}"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return tuple(each.name for each in self.features)

    @property
    def row_key(self) -> tuple[str, ...]:
        """What tells rows apart: the primary key and, where there is one, the time."""
        return (*self.primary_key, *((self.event_time,) if self.event_time else ()))

    def type_of(self, name: str) -> str:
        """The type of a feature that is there."""
        return next(each.type for each in self.features if each.name == name)

    def arrow(self, names: Sequence[str] | None = None) -> pa.Schema:
        """All features for Arrow, or some."""
        chosen = self.names if names is None else names
        return pa.schema([(name, TYPES[self.type_of(name)]) for name in chosen])

    def as_json(self) -> dict[str, Any]:
        """For `json.dumps`."""
        return asdict(self)


def schema_of(data: Mapping[str, Any]) -> Schema:
    """A schema from JSON."""
    features = tuple(Feature(**each) for each in data["features"])
    return Schema(features, tuple(data["primary_key"]), data["event_time"])


def check_name(name: str) -> None:
    """Refuse what is no name of a group, view or feature.

    Raises:
        InvalidFeatures: It has other characters, or too many.
    """
    if not _NAME.fullmatch(name):
        raise InvalidFeatures(
            f"{name!r} is no name: a lower-case letter, then letters, digits and "
            "underscores, 63 at most"
        )


def as_table(rows: Rows) -> pa.Table:
    """Rows as Arrow has them; the index of a frame is left out."""
    if isinstance(rows, pa.Table):
        return rows
    return pa.Table.from_pandas(rows, preserve_index=False)


def inferred(
    table: pa.Table, primary_key: Sequence[str], event_time: str | None
) -> Schema:
    """The schema of rows, of which nobody said more than their key.

    Raises:
        InvalidFeatures: A column is of a type that features cannot have.
    """
    features = tuple(Feature(f.name, _type_name(f)) for f in table.schema)
    return Schema(features, tuple(primary_key), event_time)


def _type_name(field: pa.Field) -> str:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = {
        "bigint": pa.types.is_integer,
        "double": pa.types.is_floating,
        "boolean": pa.types.is_boolean,
        "timestamp": pa.types.is_timestamp,
        "date": pa.types.is_date,
    }
    for name, is_it in tests.items():
        if is_it(kind):
            return name
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "string"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "binary"
    raise InvalidFeatures(f"{field.name}: {field.type} is none of {[*TYPES]}")


def fitted(
    group: str, schema: Schema, table: pa.Table, names: Sequence[str]
) -> pa.Table:
    """Rows in the types and the order of the schema.

    Times without a zone are taken for UTC.

    Args:
        group: Its name and version, for errors.
        schema: Of the group.
        table: The rows.
        names: The columns that they must have.

    Raises:
        InvalidRows: Columns are missing or too many, a value does not fit its type, or
            a key is null or stands twice.
    """
    absent = [name for name in names if name not in table.column_names]
    others = [name for name in table.column_names if name not in names]
    if absent or others:
        told = {"missing": absent, "unknown": others}
        raise InvalidRows(group, f"columns: {told}; other columns are a new version")
    columns = {name: _cast(group, schema, name, table[name]) for name in names}
    made = pa.table(columns, schema=schema.arrow(names))
    _check_keys(group, made, schema.row_key)
    return made


def _cast(group: str, schema: Schema, name: str, column: pa.ChunkedArray) -> Any:
    wanted = TYPES[schema.type_of(name)]
    try:
        if pa.types.is_timestamp(column.type) and column.type.tz is None:
            column = pc.assume_timezone(column, "UTC")
        if pa.types.is_timestamp(column.type):
            # Nanoseconds are cut to the microsecond, as everything reads them.
            return column.cast(wanted, safe=False)
        return column.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidRows(group, f"column {name}: {error}") from error


def _check_keys(group: str, table: pa.Table, row_key: Sequence[str]) -> None:
    for name in row_key:
        if table[name].null_count:
            row = pc.index(table[name].is_null(), True).as_py()
            raise InvalidRows(group, f"row {row} has no {name}")
    counted = table.group_by(list(row_key)).aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted["count_all"], 1))
    if len(twice):
        some = twice.select(list(row_key)).slice(0, _SHOWN).to_pylist()
        raise InvalidRows(group, f"{len(twice)} keys stand twice in it: {some}")
