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

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
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
    those between are inline. A `NUMBER` is a float or a double, `EXACT` an integer or
    a decimal.
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
    EXACT = 13
    DURATION = 14


INLINE: Final = frozenset(
    {Tag.INTEGER, Tag.DECIMAL, Tag.BOOLEAN, Tag.DATETIME, Tag.DATE}
)
"""The kinds whose payload is the value."""


KINDS: Final[Mapping[Tag, Tag]] = MappingProxyType(
    {
        **{tag: tag for tag in Tag},
        Tag.DECIMAL: Tag.INTEGER,
        Tag.NUMBER: Tag.INTEGER,
        Tag.EXACT: Tag.INTEGER,
        Tag.DATE: Tag.DATETIME,
        Tag.MOMENT: Tag.DATETIME,
    }
)
"""The kind of each tag: the inline and dictionary forms of a kind made one."""


@dataclass(frozen=True, slots=True)
class TermId:
    """A column of term ids, with what is known of all of them.

    Columns that differ in this knowledge alone hold terms alike: `are_alike`.

    Attributes:
        tags: The tags that ids can have; empty: any.
        datatype: IRI of the datatype of all literals; None: unknown, or several.
        may_be_nan: Whether a number among them may be NaN.
        planes: IRIs of the CRSs with a plane that geometries can be in; None: unknown.
    """

    tags: frozenset[Tag] = frozenset()
    datatype: str | None = None
    may_be_nan: bool = True
    planes: frozenset[str] | None = None

    @property
    def kind(self) -> Tag | None:
        """The kind of all terms; None: unknown, or several."""
        kinds = {KINDS[tag] for tag in self.tags}
        return kinds.pop() if len(kinds) == 1 else None

    def can_be(self, *tags: Tag) -> bool:
        """Whether an id can have one of these tags."""
        return not self.tags or not self.tags.isdisjoint(tags)

    def is_within(self, *tags: Tag) -> bool:
        """Whether every id has one of these tags."""
        return bool(self.tags) and self.tags <= frozenset(tags)


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


def are_alike(left: Encoding | None, right: Encoding | None) -> bool:
    """Whether two columns write the same term the same way.

    Examples:
        >>> are_alike(TermId(frozenset({Tag.IRI})), TermId())
        True
        >>> are_alike(TermId(), Plain())
        False
    """
    return left == right or (isinstance(left, TermId) and isinstance(right, TermId))


def either(left: Encoding, right: Encoding) -> Encoding:
    """The encoding of a column whose terms come from one of two that are alike.

    Examples:
        >>> sorted(
        ...     either(
        ...         TermId(frozenset({Tag.IRI})), TermId(frozenset({Tag.BLANK}))
        ...     ).tags
        ... )
        [<Tag.IRI: 0>, <Tag.BLANK: 1>]
    """
    match left, right:
        case (
            TermId(tags, datatype, planes=planes),
            TermId(others, other, planes=more),
        ):
            known = tags | others if tags and others else frozenset[Tag]()
            every = None if planes is None or more is None else planes | more
            may_be_nan = left.may_be_nan or right.may_be_nan
            common = datatype if datatype == other else None
            return TermId(known, common, may_be_nan, every)
        case _:
            return left
