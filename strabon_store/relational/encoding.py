"""How a term is a column.

| encoding | column | suits |
|---|---|---|
| `TermId` | BIGINT, tag and payload | what is stored: joins, DISTINCT |
| `Typed` | a native SQL type, XSD datatype known | results of expressions |
| `Plain` | VARCHAR, the term in N-Triples | where the others meet |

Two terms are the same exactly when their `TermId`s are equal, or their `Plain`s.
`Typed` keeps canonical lexical forms only, so nothing that is stored is read as one.

NULL is unbound in all three, and an expression error (SPARQL 1.1 section 17.2) is NULL.

A term id is never negative. Its tag tells the kind of the term; the payload is either a
key of the dictionary or, for inline kinds, the value itself, where the lexical form can
be restored exactly.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

PAYLOAD_BITS: Final = 59
PAYLOAD_MASK: Final = (1 << PAYLOAD_BITS) - 1
INTEGER_BIAS: Final = 1 << (PAYLOAD_BITS - 1)
"""Added to inline integers, seconds and days, so that payloads sort as values do."""

DEFAULT_GRAPH: Final = 0
"""The id that stands for the default graph in `quads`; no term has it."""


class Tag(IntEnum):
    """The kind of a term, in the top bits of its id.

    Kinds up to `GEOMETRY` and from `NUMBER` on are keys of the dictionary, from 1;
    those between are inline.
    """

    IRI = 0
    BLANK = 1
    STRING = 2
    LANGUAGE = 3
    OTHER = 4
    GEOMETRY = 5
    INTEGER = 6
    DECIMAL = 7
    BOOLEAN = 8
    DATETIME = 9
    DATE = 10
    NUMBER = 11
    MOMENT = 12


INLINE: Final = frozenset(
    {Tag.INTEGER, Tag.DECIMAL, Tag.BOOLEAN, Tag.DATETIME, Tag.DATE}
)
"""The kinds whose payload is the value."""


@dataclass(frozen=True, slots=True)
class TermId:
    """A column of term ids."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A column of native values.

    Attributes:
        datatype: IRI of the XSD datatype of all values, or "" for a column of IRIs.
    """

    datatype: str


@dataclass(frozen=True, slots=True)
class Plain:
    """A column of terms in N-Triples."""


Encoding: TypeAlias = TermId | Typed | Plain
