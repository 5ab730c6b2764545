"""Lines of a table that are no rows: comments, and what comes before the header.

Readers of tables know neither, so a copy without them is made, in a folder of the run
(CSVW, tabular data model, section 8: parsing tabular data).
"""

from pathlib import Path

from geotriples.errors import SourceError
from geotriples.mapping.model import Dialect
from geotriples.sources.text import UTF_8


def without_other_lines(path: Path, dialect: Dialect, folder: Path) -> Path:
    """The file with the lines of rows only; itself if its dialect has no others.

    A line within a quoted field is no comment, whatever it begins with.

    Args:
        path: A file in UTF-8.
        dialect: How it is written.
        folder: Where a copy is put.

    Raises:
        SourceError: It is no text in UTF-8.
    """
    if dialect.comment is None and not dialect.skip_rows:
        return path
    target = folder / f"rows-{path.name}"
    quote, is_quoted = dialect.quote or "", False
    try:
        with (
            path.open(encoding=UTF_8, newline="") as lines,
            target.open("w", encoding=UTF_8, newline="") as rows,
        ):
            for number, line in enumerate(lines):
                if number < dialect.skip_rows:
                    continue
                if not is_quoted and _is_comment(line, dialect):
                    continue
                if quote and line.count(quote) % 2:
                    is_quoted = not is_quoted
                rows.write(line)
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(path, f"cannot be read: {error}") from error
    return target


def _is_comment(line: str, dialect: Dialect) -> bool:
    return dialect.comment is not None and line.startswith(dialect.comment)
