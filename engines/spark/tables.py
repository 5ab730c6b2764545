"""Tables that tasks make with Arrow, in Python."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from engines.spark.failures import errors_travel

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

Counts = dict[tuple[int, int], int]
"""Numbers by the numbers of a table and of a part of it."""
Split = TypeVar("Split")
Read = Callable[[Split], Iterable[pa.RecordBatch]]
Transform = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]

# Spark has no unsigned numbers, no halves and nothing finer than a microsecond; each
# becomes the narrowest type of its own that holds all values. A time of day, which it
# has not either, becomes text.
_WIDENED: Final = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.date64(): pa.date32(),
    pa.null(): pa.string(),
}


def spark_type(arrow: pa.DataType) -> pa.DataType:
    """The Arrow type as which Spark takes values of a type.

    Examples:
        >>> spark_type(pa.uint16()), spark_type(pa.list_(pa.large_string()))
        (DataType(int32), ListType(list<element: string>))
    """
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return pa.list_(pa.field("element", spark_type(arrow.value_type)))
    if pa.types.is_fixed_size_binary(arrow):
        return pa.binary()
    if pa.types.is_dictionary(arrow):
        return spark_type(arrow.value_type)
    if pa.types.is_timestamp(arrow):
        return pa.timestamp("us", "UTC" if arrow.tz else None)
    if pa.types.is_time(arrow):
        return pa.string()
    return _WIDENED.get(arrow, arrow)


def spark_schema(schema: pa.Schema) -> pa.Schema:
    """A schema as Spark takes it."""
    return pa.schema([pa.field(one.name, spark_type(one.type)) for one in schema])


def spark_types(schema: pa.Schema) -> list[Any]:
    """The types of Spark of the columns of a schema."""
    return [field.dataType for field in _ddl(spark_schema(schema)).fields]


class _Known:
    """Merges what tasks say; a task that ran twice said the same twice."""

    def zero(self, value: Counts) -> Counts:
        """What nobody has said."""
        del value
        return {}

    def addInPlace(self, first: Counts, second: Counts) -> Counts:  # noqa: N802
        """What two have said; the name is pyspark's."""
        return {**first, **second}


def tally(session: "SparkSession") -> "Accumulator[Counts]":
    """Where tasks say how many rows the parts of tables have."""
    known: Any = _Known()
    return session.sparkContext.accumulator({}, known)


def table(
    session: "SparkSession",
    schema: pa.Schema,
    splits: Sequence[Split],
    read: "Read[Split]",
) -> "DataFrame":
    """A table that is read in tasks, one for each split.

    Args:
        session: The session.
        schema: What `read` gives.
        splits: What to read; at least one.
        read: Reads a split; it travels to the tasks, so it must be picklable.
    """
    wanted = spark_schema(schema)
    splits = tuple(splits)

    def read_all(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with errors_travel():
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    for one in read(splits[number]):
                        yield cast_batch(one, wanted)

    numbers = session.range(0, len(splits), 1, len(splits))
    return numbers.mapInArrow(read_all, _ddl(wanted))


def transformed(
    frame: "DataFrame", schema: pa.Schema, transform: Transform
) -> "DataFrame":
    """A table that tasks make of another one.

    Args:
        frame: The other table.
        schema: What `transform` gives.
        transform: From batches to batches; it travels to the tasks.
    """
    wanted = spark_schema(schema)

    def transform_all(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with errors_travel():
            for one in transform(batches):
                yield cast_batch(one, wanted)

    return frame.mapInArrow(transform_all, _ddl(wanted))


def cast_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with the types of a schema; fractions of microseconds are cut off."""
    if batch.schema.equals(schema):
        return batch
    columns = [
        _cast(column, field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if column.type == wanted:
        return column
    if pa.types.is_time(column.type):
        text = column.cast(pa.time64("us"), safe=False).cast(pa.string())
        whole = pc.replace_substring_regex(text, r"(\.[0-9]*?)0+$", r"\1")
        return pc.replace_substring_regex(whole, r"\.$", "")
    return column.cast(wanted, safe=False)


def _ddl(schema: pa.Schema) -> "StructType":
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - an extra

    return from_arrow_schema(schema, prefer_timestamp_ntz=True)
