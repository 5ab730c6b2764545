r"""Columns of an engine's answer become terms.

A variable in `TermId` is four columns: id, lexical form, datatype, language, the last
three NULL where the id is inline. In the other encodings it is one. A NULL (an id that
is NULL) is an unbound variable.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from types import MappingProxyType
from typing import Any, Final, assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engines.geosparql.accessors import wkt_text
from engines.geosparql.packing import unpack
from ontologies.geosparql.datatypes import WKT_LITERAL
from ontologies.namespaces import XSD
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import (
    INTEGER_BIAS,
    PAYLOAD_BITS,
    PAYLOAD_MASK,
    Encoding,
    Plain,
    Tag,
    TermId,
    Typed,
)
from strabon_store.relational.inline import decode_inline
from strabon_store.results.columns import (
    BLANK_TYPE,
    IRI_TYPE,
    Batch,
    Index,
    TermColumn,
    TermKind,
    TermType,
    column_of,
    narrowed,
)
from strabon_store.results.lexical import (
    render_boolean,
    render_date,
    render_datetime,
    render_decimal,
    render_double,
    render_float,
    render_integer,
)

_PARTS: Final = 4
"""The columns of a variable in `TermId`."""


@dataclass(frozen=True, slots=True)
class DecodedColumn:
    """A variable in an engine's answer.

    Attributes:
        name: The variable.
        encoding: How its column, or its four columns, hold terms.
    """

    name: str
    encoding: Encoding


def decode_batches(
    batches: Iterable[pa.RecordBatch], columns: Sequence[DecodedColumn]
) -> Iterator[Batch]:
    """The solutions of an answer.

    Args:
        batches: Record batches, or a reader of them, with the columns of the variables
            in order; what follows them is not looked at.
        columns: The variables. Without any, a solution is empty.

    Raises:
        InternalError: The batches have too few columns.
    """
    widths = [_PARTS if isinstance(c.encoding, TermId) else 1 for c in columns]
    for batch in batches:
        if batch.num_columns < sum(widths):
            raise InternalError(
                f"an answer has {batch.num_columns} columns, not {sum(widths)}"
            )
        arrays = iter(batch.columns)
        decoded = [
            _decode(column.encoding, list(islice(arrays, width)))
            for column, width in zip(columns, widths, strict=True)
        ]
        yield Batch(tuple(decoded), batch.num_rows)


def parse_plain(text: str) -> Term:
    r"""The term of an N-Triples text that we wrote.

    Examples:
        >>> parse_plain('"say \\"hi\\""@en').lexical
        'say "hi"'
        >>> parse_plain("<https://example.org/>")
        IRI(value='https://example.org/')
    """
    first = text[:1]
    if first == "<":
        return IRI(text[1:-1])
    if first == "_":
        return BlankNode(text[2:])
    end = text.rfind('"')
    if first != '"' or end < 1:
        raise InternalError(f"no term in N-Triples: {text[:80]!r}")
    lexical, rest = text[1:end], text[end + 1 :]
    if "\\" in lexical:
        lexical = unescape(lexical)
    if not rest:
        return Literal(lexical)
    if rest[0] == "@":
        return Literal(lexical, language=rest[1:])
    return Literal(lexical, rest[3:-1])


def unescape(text: str) -> str:
    r"""What stands between the quotes of a literal in N-Triples, without escapes.

    Examples:
        >>> unescape(r"\u00e9\\n")
        'é\\n'
    """
    return _ESCAPE.sub(_unescape, text)


_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED: Final = MappingProxyType(
    {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
)


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(found[3], found[3])


def _decode(encoding: Encoding, parts: Sequence[Any]) -> TermColumn:
    if isinstance(encoding, TermId):
        return decode_term_ids(*parts)
    return decode_values(encoding, parts[0])


def decode_values(encoding: Plain | Typed, values: Any) -> TermColumn:
    """The terms in a column that is no column of ids."""
    match encoding:
        case Plain():
            return _decode_plain(values)
        case Typed(datatype):
            return _decode_typed(datatype, values)
        case _:
            assert_never(encoding)


def decode_term_ids(ids: Any, lexical: Any, *described: Any) -> TermColumn:
    """The terms of ids, and of what the dictionary says of them.

    Args:
        ids: An Arrow array; NULL is unbound.
        lexical: Lexical forms, NULL for inline ids.
        described: Datatypes and languages.
    """
    numbers = ids.fill_null(0).to_numpy()
    stored = TermColumn(lexical, *_types(numbers, *described))
    if lexical.null_count == ids.null_count:
        return stored
    missing = pc.and_(lexical.is_null(), ids.is_valid())
    inline = missing.to_numpy(zero_copy_only=False)
    return _overlaid(stored, inline, decode_inline_column(numbers[inline]))


def decode_inline_column(ids: Index) -> TermColumn:
    """The literals of inline ids."""
    if np.all(ids >> PAYLOAD_BITS == Tag.INTEGER):
        numbers = pa.array((ids & PAYLOAD_MASK) - INTEGER_BIAS)
        only = TermType(TermKind.LITERAL, XSD.term("integer"))
        return TermColumn(numbers.cast(pa.string()), (only,))
    made = {each: decode_inline(each) for each in dict.fromkeys(ids.tolist())}
    return column_of([made[each] for each in ids.tolist()])


def _types(
    numbers: Index, datatype: Any, language: Any
) -> tuple[tuple[TermType, ...], Index | None]:
    """What terms of the dictionary are: IRIs and blank nodes have no datatype."""
    datatypes, which = _encoded(datatype)
    languages, tag = _encoded(language)
    is_blank = numbers >> PAYLOAD_BITS == Tag.BLANK
    types = tuple(
        TermType(TermKind.LITERAL, name, tongue)
        if name is not None
        else (BLANK_TYPE if blank else IRI_TYPE)
        for name, tongue, blank in product(datatypes, languages, (False, True))
    )
    return narrowed(types, (which * len(languages) + tag) * 2 + is_blank)


def _encoded(texts: Any) -> tuple[list[str | None], Index]:
    """The distinct texts after None, and where each row has its text among them."""
    if texts.null_count == len(texts):
        return [None], np.zeros(len(texts), dtype=np.int64)
    encoded = texts.dictionary_encode()
    index = encoded.indices.fill_null(-1).to_numpy().astype(np.int64) + 1
    return [None, *encoded.dictionary.to_pylist()], index


def _overlaid(below: TermColumn, rows: Any, above: TermColumn) -> TermColumn:
    """A column with other terms in the rows of a mask."""
    first = len(below.types)
    codes = np.zeros(len(rows), dtype=np.int64)
    if below.index is not None:
        codes[:] = below.index
    codes[rows] = first if above.index is None else first + above.index
    lexical = pc.replace_with_mask(below.lexical, pa.array(rows), above.lexical)
    return TermColumn(lexical, *narrowed(below.types + above.types, codes))


def _decode_plain(texts: Any) -> TermColumn:
    terms: dict[str | None, Term | None] = {None: None}
    terms |= {text: parse_plain(text) for text in texts.to_pylist() if text is not None}
    return column_of([terms[text] for text in texts.to_pylist()])


def _decode_typed(datatype: str, values: Any) -> TermColumn:
    """For native values; the datatype "" stands for IRIs."""
    if not datatype:
        return TermColumn(values, (IRI_TYPE,))
    only = (TermType(TermKind.LITERAL, datatype),)
    if pa.types.is_string(values.type):
        return TermColumn(values, only)
    if datatype == WKT_LITERAL:
        return TermColumn(_written_geometries(values), only)
    if datatype == XSD.term("integer") and pa.types.is_integer(values.type):
        return TermColumn(values.cast(pa.string()), only)
    if datatype in _MOMENTS:
        # As a number: Python's dates end with the year 9999.
        values = values.cast(pa.timestamp("us")).cast(pa.int64())
    render = _RENDERERS.get(datatype, str)
    texts = [None if each is None else render(each) for each in values.to_pylist()]
    return TermColumn(pa.array(texts, pa.string()), only)


def _written_geometries(values: Any) -> Any:
    """Packed geometries as WKT; one that repeats is written once."""
    known: dict[bytes | None, str | None] = {None: None}
    known |= {p: wkt_text(unpack(p)) for p in set(values.to_pylist()) - {None}}
    return pa.array([known[each] for each in values.to_pylist()], pa.string())


_MOMENTS: Final = frozenset({XSD.term("dateTime"), XSD.term("date")})
_RENDERERS: Final[Mapping[str, Callable[[Any], str]]] = MappingProxyType(
    {
        XSD.term("integer"): render_integer,
        XSD.term("decimal"): render_decimal,
        XSD.term("double"): render_double,
        XSD.term("float"): render_float,
        XSD.term("boolean"): render_boolean,
        XSD.term("dateTime"): render_datetime,
        XSD.term("date"): render_date,
    }
)
