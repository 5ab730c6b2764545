"""What columns of Arrow hold, as far as RDF cares (R2RML 10.2, natural mapping)."""

from typing import Final

import pyarrow as pa

from geotriples.sources.base import Kind

TYPED: Final = pa.struct([("lexical", pa.string()), ("datatype", pa.string())])
"""Values that bring their own datatype, see `Kind.TYPED`."""

ROW_ONLY: Final = pa.schema([("row", pa.bool_())])
"""What is read where no reference is asked for: engines need one column."""

_KINDS: Final = (
    (pa.types.is_boolean, Kind.BOOLEAN),
    (pa.types.is_integer, Kind.INTEGER),
    (pa.types.is_decimal, Kind.DECIMAL),
    (pa.types.is_floating, Kind.DOUBLE),
    (pa.types.is_string, Kind.STRING),
    (pa.types.is_large_string, Kind.STRING),
    (pa.types.is_date, Kind.DATE),
    (pa.types.is_time, Kind.TIME),
    (pa.types.is_binary, Kind.BINARY),
    (pa.types.is_large_binary, Kind.BINARY),
)


def is_list(arrow_type: pa.DataType) -> bool:
    """Whether a row may have several values."""
    return bool(pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type))


def value_type(arrow_type: pa.DataType) -> pa.DataType:
    """The type of the values, whether they are in lists or a dictionary."""
    if is_list(arrow_type):
        return value_type(arrow_type.value_type)
    if pa.types.is_dictionary(arrow_type):
        return value_type(arrow_type.value_type)
    return arrow_type


def kind_of(arrow_type: pa.DataType) -> Kind | None:
    """What a type holds; None for what can become no term."""
    if pa.types.is_timestamp(arrow_type):
        return Kind.DATE_TIME_UTC if arrow_type.tz else Kind.DATE_TIME
    return next((kind for test, kind in _KINDS if test(arrow_type)), None)
