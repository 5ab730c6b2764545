r"""Tokens of N-Quads are held against a pattern, each distinct one once.

* `STRICT`: tokens of a file that are valid beyond doubt, and spelled in the one way in
  which pyoxigraph would spell them. Lines with others are given to pyoxigraph, which
  decides.
* `WRITTEN`: tokens that pyoxigraph wrote; what does not match is beyond RDF 1.1.

So one term has one token. That `STRICT` promises no more than pyoxigraph keeps is
checked in `tests/strabon_store/storage/test_lines.py`.

Literals are most of the text, and most are plain: nothing in them needs an escape. They
match where their ends do, of which there are few.
"""

from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from strabon_store.storage.lines import (
    Lines,
    buffers_of,
    find,
    find_odd,
    in_batches,
    without,
)

_Tokens: TypeAlias = Any  # pyarrow ships no types
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

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

STRICT: Final = rf"{_IRI}|{_BLANK}|{_TEXT}(?:{_LANGUAGE}|{_DATATYPE})?"
"""A token that is valid, and spelled as pyoxigraph spells it."""

WRITTEN: Final = (
    r"<[^<> ]*>|_:[^ ]+"
    r'|"(?:[^"\\]|\\.)*"(?:@[^ \-]+(?:-[^ \-]+)*|\^\^<[^<> ]*>)?'
)
"""A token of RDF 1.1 that pyoxigraph wrote."""

_MISFITS: Final = """
SELECT row FROM tokens WHERE NOT regexp_full_match(token, $pattern)
"""
_QUOTES: Final = 2
"""Around the text of a literal."""


def checked(cursor: duckdb.DuckDBPyConnection, lines: Lines, pattern: str) -> Lines:
    """The lines; those with tokens that do not match a pattern do not fit."""
    tokens = lines.statements.tokens
    if not len(tokens):
        return lines
    is_plain, tails = _plain_literals(tokens)
    ends = tails.dictionary_encode()
    # An empty literal with the same end stands for all that are plain.
    empty = [f'"{end}' for end in ends.dictionary.to_pylist()]
    others = tokens.filter(pa.array(~is_plain))
    asked = pa.concat_arrays([others, pa.array(empty, pa.large_string())])
    is_bad = _misfits(cursor, asked, pattern)
    if not is_bad.any():
        return lines
    bad = np.empty(len(tokens), bool)
    bad[~is_plain] = is_bad[: len(others)]
    bad[is_plain] = is_bad[len(others) :][ends.indices.to_numpy()]
    return without(lines, bad)


def _plain_literals(tokens: _Tokens) -> tuple[_Flags, _Tokens]:
    """Which tokens are literals in which nothing is escaped or has to be.

    Both patterns allow every such text.

    Returns:
        A flag for each token, and how each that is plain ends, from its last quote on.
    """
    data, offsets = buffers_of(tokens)
    used = data[: offsets[-1]]
    quotes = find(used, '"')
    behind = np.searchsorted(quotes, offsets)
    is_plain = (data[offsets[:-1]] == ord('"')) & (np.diff(behind) == _QUOTES)
    for odd in (find_odd(used), find(used, "\\")):
        is_plain[np.searchsorted(offsets, odd, side="right") - 1] = False
    last, stops = quotes[behind[1:][is_plain] - 1], offsets[1:][is_plain]
    edges = np.append(np.column_stack([last, stops]), len(used))
    buffers = [None, pa.py_buffer(edges), tokens.buffers()[2]]
    pieces = pa.Array.from_buffers(pa.large_string(), len(edges) - 1, buffers)
    return is_plain, pieces.take(pa.array(np.arange(0, len(edges) - 1, 2)))


def _misfits(
    cursor: duckdb.DuckDBPyConnection, tokens: _Tokens, pattern: str
) -> _Flags:
    """Which tokens do not match."""
    table = pa.table({"row": np.arange(len(tokens)), "token": tokens})
    cursor.register("tokens", in_batches(table))
    rows = cursor.execute(_MISFITS, {"pattern": pattern}).fetchnumpy()["row"]
    cursor.unregister("tokens")
    is_bad = np.zeros(len(tokens), bool)
    is_bad[rows] = True
    return is_bad
