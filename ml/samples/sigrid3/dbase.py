"""dBase III tables as shapefiles have them: every cell with its blanks.

GDAL strips blanks at the start of a cell, but in ICESOD they carry meaning: the blank
first pair of `  9381` says that there is no So.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEADER: Final = 32
_END_OF_FIELDS: Final = 0x0D
_DELETED: Final = ord("*")


class NotDbase(ValueError):
    """The bytes are no dBase table, or fewer than its header says."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: At most ten characters.
        kind: "C" for text, "N" for numbers.
        width: Bytes of a cell.
        decimals: Of a number.
    """

    name: str
    kind: str
    width: int
    decimals: int = 0


def read_table(path: Path) -> dict[str, list[str]]:
    """The cells of each column, as they are in the file; deleted rows are left out.

    Raises:
        NotDbase: It is none, or cut off.
        OSError: It cannot be read.
    """
    content = path.read_bytes()
    if len(content) <= _HEADER:
        raise NotDbase("it is empty")
    count = int.from_bytes(content[4:8], "little")
    start = int.from_bytes(content[8:10], "little")
    step = int.from_bytes(content[10:12], "little")
    columns = _columns(content[:start])
    if step != 1 + sum(column.width for column in columns) or not columns:
        raise NotDbase("it is no dBase table")
    if len(content) < start + count * step:
        raise NotDbase(f"it is cut off: {count} rows do not fit in it")
    rows = [content[start + i * step : start + (i + 1) * step] for i in range(count)]
    kept = [row for row in rows if row[0] != _DELETED]
    table, offset = {}, 1
    for column in columns:
        cells = slice(offset, offset + column.width)
        table[column.name] = [row[cells].decode("latin-1") for row in kept]
        offset += column.width
    return table


def _columns(header: bytes) -> list[Column]:
    columns = []
    for offset in range(_HEADER, len(header) - 1, _HEADER):
        if header[offset] == _END_OF_FIELDS:
            break
        field = header[offset : offset + _HEADER]
        name = field[:11].split(b"\0")[0].decode("latin-1").strip()
        columns.append(Column(name, chr(field[11]), field[16], field[17]))
    return columns


def render_table(columns: Sequence[Column], rows: Sequence[Mapping[str, str]]) -> bytes:
    """A table; cells are padded: text on the right, numbers on the left.

    Raises:
        ValueError: A cell is too long.
    """
    # A fixed date, so that the same table is the same bytes.
    date = dt.date(2000, 1, 1)
    head = bytes([3, date.year - 1900, date.month, date.day])
    length = _HEADER * (len(columns) + 1) + 1
    width = 1 + sum(column.width for column in columns)
    head += len(rows).to_bytes(4, "little") + length.to_bytes(2, "little")
    head += width.to_bytes(2, "little")
    fields = b"".join(
        column.name.encode("ascii").ljust(11, b"\0")
        + column.kind.encode("ascii")
        + bytes([0, 0, 0, 0, column.width, column.decimals])
        + bytes(14)
        for column in columns
    )
    cells = (b" " + b"".join(_cell(column, row) for column in columns) for row in rows)
    return (
        head.ljust(_HEADER, b"\0")
        + fields
        + bytes([_END_OF_FIELDS])
        + b"".join(cells)
        + b"\x1a"
    )


def _cell(column: Column, row: Mapping[str, str]) -> bytes:
    text = row[column.name]
    padded = text.ljust if column.kind == "C" else text.rjust
    cell = padded(column.width).encode("latin-1")
    if len(cell) > column.width:
        raise ValueError(f"{text!r} is longer than {column.name}, {column.width} bytes")
    return cell
