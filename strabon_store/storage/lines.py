r"""Lines of N-Quads become columns of tokens, many lines at a time.

A token is a term as N-Quads writes it. Two patterns decide what is split here:

* `STRICT`: lines of a file that are valid beyond doubt, and spelled in the one way in
  which pyoxigraph would spell them. All others are given to pyoxigraph, which decides.
* `WRITTEN`: lines that pyoxigraph wrote; what does not fit is beyond RDF 1.1.

So one term has one token. That `STRICT` promises no more than pyoxigraph keeps is
checked in `tests/strabon_store/storage/test_lines.py`.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

_Lines: TypeAlias = Any  # pyarrow ships no types

# RFC 3987 without userinfo, literal addresses and private characters.
_CHARACTER: Final = (
    "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]"
    "|%[0-9A-Fa-f]{2})"
)
_AUTHORITY: Final = (
    "[A-Za-z0-9\\-._~\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]*(?::[0-9]*)?"
)
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_WITH_AUTHORITY: Final = rf"//{_AUTHORITY}(?:/(?:{_CHARACTER}|/)*)?"
# Without an authority, a path never begins with two slashes.
_ROOTLESS: Final = rf"{_CHARACTER}(?:{_CHARACTER}|/)*"
_PATH: Final = rf"(?:{_WITH_AUTHORITY}|/(?:{_ROOTLESS})?|{_ROOTLESS})?"
_QUERY: Final = rf"(?:{_CHARACTER}|[/?])*"
_IRI: Final = rf"<{_SCHEME}{_PATH}(?:\?{_QUERY})?(?:#{_QUERY})?>"
_BLANK: Final = r"_:[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?"
_TEXT: Final = (
    '"(?:[^"\\\\\\x00-\\x1f\\x7f\ufffe\uffff]|\\\\[btnfr"\\\\]'
    '|\\\\u00(?:0[0-7BEF]|1[0-9A-F]|7F)|\\\\uFFF[EF])*"'
)
_LANGUAGE: Final = r"@[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
# Of xsd:string, rdf:langString and rdf:dirLangString, which have other spellings, all
# end in a g.
_DATATYPE: Final = (
    rf"\^\^<{_SCHEME}//{_AUTHORITY}(?:/{_CHARACTER}*)*[/#]{_CHARACTER}*[A-Za-fh-z0-9]>"
)

STRICT: Final = (
    rf"(?:{_IRI}|{_BLANK}) {_IRI} "
    rf"(?:{_IRI}|{_BLANK}|{_TEXT}(?:{_LANGUAGE}|{_DATATYPE})?)"
    rf"(?: {_IRI}| {_BLANK})? \.\r?\n"
)
"""A line that is valid, and spelled as pyoxigraph spells it."""

_RESOURCE: Final = r"(?:<[^<> ]*>|_:[^ ]+)"

WRITTEN: Final = (
    rf"{_RESOURCE} <[^<> ]*> "
    rf'(?:{_RESOURCE}|"(?:[^"\\]|\\.)*"(?:@[^ \-]+(?:-[^ \-]+)*|\^\^<[^<> ]*>)?)'
    rf"(?: {_RESOURCE})? \.\n"
)
"""A line of RDF 1.1 that pyoxigraph wrote."""

# The first two tokens have no spaces. An object with spaces is a literal, and the part
# that ends it has a quote in it, which no graph name has.
_SPLIT: Final = """
INSERT INTO split
SELECT
  number,
  fits,
  CASE WHEN fits THEN parts[1] ELSE line END,
  parts[2],
  CASE
    WHEN NOT fits THEN NULL
    WHEN len(parts) = CASE WHEN has_graph THEN 5 ELSE 4 END THEN parts[3]
    ELSE substr(
      line,
      length(parts[1]) + length(parts[2]) + 3,
      length(line) - length(parts[1]) - length(parts[2]) - length(parts[-1]) - 3
      - CASE WHEN has_graph THEN length(parts[-2]) + 1 ELSE 0 END
    )
  END,
  CASE WHEN has_graph THEN parts[-2] ELSE $graph END
FROM (
  SELECT *, fits AND len(parts) > 4 AND NOT contains(parts[-2], '"') AS has_graph
  FROM (
    SELECT
      number, line, regexp_full_match(line, $pattern) AS fits,
      string_split(line, ' ') AS parts
    FROM lines
  )
)
"""
_CREATE: Final = """
CREATE OR REPLACE TEMPORARY TABLE split (
  number BIGINT, fits BOOLEAN, subject VARCHAR, predicate VARCHAR, object VARCHAR,
  graph VARCHAR
)
"""
_TASK_ROWS: Final = 1 << 14
"""Lines that one thread takes at a time."""


def create_split(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make an empty table `split` for tokens, in place of the one before.

    A line that fits has its number and its tokens; one that does not stands whole in
    the column of the subject.
    """
    cursor.execute(_CREATE)


def cut_lines(data: bytes) -> _Lines:
    """A column of the lines of a text, each with its line feed; nothing is copied.

    Args:
        data: Ends in a line feed.

    Raises:
        pyarrow.ArrowInvalid: It is not UTF-8.
    """
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    offsets = np.zeros(len(ends) + 1, np.int64)
    np.add(ends, 1, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    lines = pa.Array.from_buffers(pa.large_string(), len(ends), buffers)
    lines.validate(full=True)
    return lines


def split_lines(
    cursor: duckdb.DuckDBPyConnection,
    lines: _Lines,
    numbers: "np.ndarray[Any, np.dtype[np.int64]]",
    pattern: str,
    graph: str | None,
) -> None:
    """Put lines into the table `split`.

    Args:
        cursor: Where the table is.
        lines: The lines.
        numbers: Their numbers, which order them.
        pattern: `STRICT` or `WRITTEN`.
        graph: The token of the graph of triples; None: the default graph.
    """
    table = pa.table({"number": pa.array(numbers), "line": lines})
    batches = table.to_batches(max_chunksize=_TASK_ROWS)
    cursor.register("lines", pa.Table.from_batches(batches, table.schema))
    cursor.execute(_SPLIT, {"pattern": pattern, "graph": graph})
    cursor.unregister("lines")


def misfits(cursor: duckdb.DuckDBPyConnection) -> Sequence[tuple[int, str]]:
    """The lines that did not fit, with their numbers, in order."""
    return cursor.execute(
        "SELECT number, subject FROM split WHERE NOT fits ORDER BY number"
    ).fetchall()


def has_other_graphs(cursor: duckdb.DuckDBPyConnection, graph: str) -> bool:
    """Whether a statement of the table `split` names a graph, and not this one."""
    other = "SELECT 1 FROM split WHERE graph <> ? LIMIT 1"
    return cursor.execute(other, [f"<{graph}>"]).fetchone() is not None
