"""Whether a table ends within a quoted field, as one that was cut off may.

Readers of tables take the rest of such a file for the value, and say nothing.
"""

import csv
from pathlib import Path
from typing import Final

from geotriples.errors import SourceError
from geotriples.mapping.model import Dialect
from geotriples.sources.text import UTF_8

_CHUNK: Final = 1 << 20
_LONGEST_FIELD: Final = (1 << 31) - 1
_CUT_OFF: Final = "unexpected end of data"


def check_quotes(path: Path, dialect: Dialect) -> None:
    """Refuse a table whose last field is quoted and has no end.

    Args:
        path: The table, in UTF-8.
        dialect: How it is written.

    Raises:
        SourceError: With the line where its row begins.
    """
    # Few files have an odd number of quotes, so few are read twice.
    if dialect.quote is None or not _is_odd(path, dialect.quote.encode()):
        return
    begin = 1
    limit = csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding=UTF_8, newline="") as lines:
            rows = csv.reader(
                lines,
                delimiter=dialect.delimiter,
                quotechar=dialect.quote,
                escapechar=dialect.escape,
                doublequote=dialect.escape is None,
                strict=True,
            )
            for _ in rows:
                begin = rows.line_num + 1
    except csv.Error as error:
        # Other quirks are for the reader to judge, which is less strict.
        if str(error) == _CUT_OFF:
            reason = f"is not CSV: the row in line {begin} ends within quotes"
            raise SourceError(path, reason) from error
    except UnicodeDecodeError:
        return  # the reader tells, with its place
    finally:
        csv.field_size_limit(limit)


def _is_odd(path: Path, quote: bytes) -> bool:
    count = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            count += chunk.count(quote)
    return bool(count % 2)
