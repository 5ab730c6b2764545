r"""Columns of an engine's answer become terms.

A variable in `TermId` is four columns: id, lexical form, datatype, language, the last
three NULL where the id is inline. In the other encodings it is one. A NULL (an id that
is NULL) is an unbound variable.

Closures made once per column run over whole batches; a term that repeats is made once.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import pyarrow as pa

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import (
    PAYLOAD_BITS,
    Encoding,
    Plain,
    Tag,
    TermId,
    Typed,
)
from strabon_store.relational.inline import decode_inline
from strabon_store.results.lexical import (
    render_boolean,
    render_date,
    render_datetime,
    render_decimal,
    render_double,
    render_float,
    render_integer,
)
from strabon_store.results.solutions import Row

_Terms: TypeAlias = list[Term | None]
_Decoder: TypeAlias = Callable[[Sequence[pa.Array]], _Terms]

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
) -> Iterator[Row]:
    """The rows of an answer.

    Args:
        batches: Record batches, or a reader of them, with the columns of the variables
            in order; what follows them is not looked at.
        columns: The variables. Without any, a row is empty.

    Raises:
        InternalError: The batches have too few columns.
    """
    decoders = [_decoder(column.encoding) for column in columns]
    widths = [_PARTS if isinstance(c.encoding, TermId) else 1 for c in columns]
    for batch in batches:
        if batch.num_columns < sum(widths):
            raise InternalError(
                f"an answer has {batch.num_columns} columns, not {sum(widths)}"
            )
        if not columns:
            yield from (() for _ in range(batch.num_rows))
            continue
        decoded, first = [], 0
        for decode, width in zip(decoders, widths, strict=True):
            decoded.append(decode(batch.columns[first : first + width]))
            first += width
        yield from zip(*decoded, strict=True)


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
        lexical = _ESCAPE.sub(_unescape, lexical)
    if not rest:
        return Literal(lexical)
    if rest[0] == "@":
        return Literal(lexical, language=rest[1:])
    return Literal(lexical, rest[3:-1])


_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED: Final = MappingProxyType(
    {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
)


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(found[3], found[3])


def _decoder(encoding: Encoding) -> _Decoder:
    match encoding:
        case TermId():
            return _decode_term_ids
        case Plain():
            return _decode_plain
        case Typed(datatype):
            return _typed_decoder(datatype)


def _decode_term_ids(columns: Sequence[pa.Array]) -> _Terms:
    made: dict[int | None, Term | None] = {None: None}
    terms: _Terms = []
    append = terms.append
    for term_id, *parts in zip(*(each.to_pylist() for each in columns), strict=True):
        if term_id not in made:
            made[term_id] = _term(term_id, *parts)
        append(made[term_id])
    return terms


def _term(
    term_id: int, lexical: str | None, datatype: str | None, language: str | None
) -> Term:
    if lexical is None:
        return decode_inline(term_id)
    if datatype is not None:
        return Literal(lexical, datatype, language)
    is_blank = term_id >> PAYLOAD_BITS == Tag.BLANK
    return BlankNode(lexical) if is_blank else IRI(lexical)


def _decode_plain(columns: Sequence[pa.Array]) -> _Terms:
    made: dict[str | None, Term | None] = {None: None}
    terms: _Terms = []
    for text in columns[0].to_pylist():
        if text not in made:
            made[text] = parse_plain(text)
        terms.append(made[text])
    return terms


def _typed_decoder(datatype: str) -> _Decoder:
    """For native values; the datatype "" stands for IRIs."""
    if not datatype:
        return _each(IRI)
    render = _RENDERERS.get(datatype, str)
    is_moment = datatype in _MOMENTS

    def make(value: Any) -> Term:
        return Literal(render(value), datatype)

    return _each(make, is_moment=is_moment)


def _each(make: Callable[[Any], Term], *, is_moment: bool = False) -> _Decoder:
    def decode(columns: Sequence[pa.Array]) -> _Terms:
        column = columns[0]
        if is_moment:
            # As a number: Python's dates end with the year 9999.
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        return [None if value is None else make(value) for value in column.to_pylist()]

    return decode


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
