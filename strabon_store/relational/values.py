"""What an expression evaluates to, facet by facet.

SPARQL is dynamically typed: whether `?x < 5` compares numbers is known when `?x` is.
A `Value` therefore holds a scalar for each question that an operator may ask (its
number, its string, its datatype, ...), NULL where the answer is an error. Facets that
nobody reads cost nothing: they never reach the plan.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ontologies.geosparql.datatypes import WKT_LITERAL
from ontologies.namespaces import XSD
from strabon_store.algebra.terms import XSD_STRING, Term
from strabon_store.relational.encoding import Encoding, Plain, Tag, TermId, Typed
from strabon_store.relational.numbers import (
    NOT_A_NUMBER,
    RANKED,
    Numeric,
    Rank,
    numeric_text,
    of_rank,
    rank_of,
)
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import NULL, Call, Column, Constant, Scalar, call
from strabon_store.relational.temporals import NO_TIME, Temporal, family_of

XSD_BOOLEAN: Final = XSD.term("boolean")
XSD_DATETIME: Final = XSD.term("dateTime")
XSD_DATE: Final = XSD.term("date")
ANY_IRI: Final = ""
"""The datatype of a `Typed` column of IRIs."""


ANY_TERM: Final = TermId()
"""Ids of which nothing is known."""

_NUMERIC: Final = (Tag.INTEGER, Tag.DECIMAL, Tag.NUMBER, Tag.EXACT)
_TEMPORAL: Final = (Tag.DATETIME, Tag.DATE, Tag.MOMENT, Tag.DURATION)
_ZONED: Final[Mapping[frozenset[Tag], bool]] = MappingProxyType(
    {frozenset({Tag.DATETIME}): True, frozenset({Tag.DATE}): False}
)
"""Whether inline terms tell a zone."""

_AS_WRITTEN: Final = (
    Tag.IRI,
    Tag.STRING,
    Tag.LANGUAGE,
    Tag.OTHER,
    Tag.GEOMETRY,
    Tag.NUMBER,
    Tag.MOMENT,
    Tag.EXACT,
    Tag.DURATION,
)
"""The tags of terms whose text is the dictionary's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The facets of a value; each is a scalar of one SQL type.

    Attributes:
        encoding: How a variable holds the value when it is bound to it.
        native: The value in that encoding.
        plain: The term in N-Triples; what identity is decided by.
        kind: A `Tag`, the inline and dictionary forms of a kind made one.
        text: What STR gives; an error for blank nodes.
        datatype: IRI of the datatype; an error for what is no literal.
        language: The tag, empty for other literals; an error for what is no literal.
        numeric: The number that it is.
        temporal: The date, time or duration that it is.
        boolean: BOOLEAN, for xsd:boolean.
        geometry: The geometry of a geometry literal with its CRS, packed into bytes.
        planes: IRIs of the CRSs with a plane that it can be in; None: unknown.
        variable: The stored variable behind it, whose geometry can be looked up.
        term: The constant behind it.
    """

    encoding: Encoding
    native: Scalar
    plain: Scalar
    kind: Scalar
    text: Scalar = NULL
    datatype: Scalar = NULL
    language: Scalar = NULL
    numeric: Numeric = NOT_A_NUMBER
    temporal: Temporal = NO_TIME
    boolean: Scalar = NULL
    geometry: Scalar = NULL
    planes: frozenset[str] | None = None
    variable: str | None = None
    term: Term | None = None

    @property
    def number(self) -> Scalar:
        """DOUBLE, for numbers."""
        return self.numeric.double

    def map(self, function: Callable[[Scalar], Scalar]) -> "Value":
        """The value with every scalar changed."""
        return replace(
            self,
            native=function(self.native),
            plain=function(self.plain),
            kind=function(self.kind),
            text=function(self.text),
            datatype=function(self.datatype),
            language=function(self.language),
            numeric=self.numeric.map(function),
            temporal=self.temporal.map(function),
            boolean=function(self.boolean),
            geometry=function(self.geometry),
        )

    def is_surely(self, kind: Tag) -> bool:
        """Whether the kind is known while compiling, of all values that there are."""
        match self.kind:
            case Constant(known) | Call("if_bound", (_, Constant(known))):
                return known == int(kind)
            case _:
                return False


def is_surely_number(value: Value) -> bool:
    """Whether a stored variable is bound to a number in every solution."""
    known = value.encoding
    is_bound = isinstance(value.kind, Constant)
    return is_bound and isinstance(known, TermId) and known.is_within(*_NUMERIC)


ERROR: Final = Value(encoding=Plain(), native=NULL, plain=NULL, kind=NULL)
"""No value at all."""


def part(variable: str, name: str) -> Column:
    """What the dictionary, or the table of geometries, has for a stored variable."""
    return Column(f"{variable}.{name}")


def stored(
    variable: str, known: TermId = ANY_TERM, *, is_nullable: bool = True
) -> Value:
    """The value of a variable that holds term ids.

    What is known of all its terms makes facets lean: constants, errors, or columns of
    the dictionary as they stand.
    """
    facets = _Stored(variable, known, is_nullable)
    key = Column(variable)
    return Value(
        encoding=known,
        native=key,
        plain=facets.plain,
        kind=facets.kind,
        text=facets.text,
        datatype=facets.datatype,
        language=facets.language,
        numeric=facets.numeric,
        temporal=facets.temporal,
        boolean=call("term_boolean", key) if known.can_be(Tag.BOOLEAN) else NULL,
        geometry=facets.geometry,
        planes=known.planes,
        variable=variable,
    )


@dataclass(frozen=True, slots=True)
class _Stored:
    """The facets of a variable that holds term ids, as lean as can be."""

    variable: str
    known: TermId
    is_nullable: bool

    def _key(self) -> Column:
        return Column(self.variable)

    def _constant(self, value: str | int) -> Scalar:
        """What is the same for all terms that there are."""
        found = Constant(value)
        return call("if_bound", self._key(), found) if self.is_nullable else found

    @property
    def plain(self) -> Scalar:
        parts = ("lexical", "datatype", "language")
        looked_up = (part(self.variable, name) for name in parts)
        return call("term_plain", self._key(), *looked_up)

    @property
    def kind(self) -> Scalar:
        kind = self.known.kind
        return call("term_kind", self._key()) if kind is None else self._constant(kind)

    @property
    def text(self) -> Scalar:
        lexical = part(self.variable, "lexical")
        if self.known.is_within(*_AS_WRITTEN):
            return lexical
        return call("term_text", self._key(), lexical)

    @property
    def datatype(self) -> Scalar:
        datatype = self.known.datatype
        if datatype is None or self.known.can_be(Tag.IRI, Tag.BLANK):
            return call("term_datatype", self._key(), part(self.variable, "datatype"))
        return self._constant(datatype)

    @property
    def language(self) -> Scalar:
        if self.known.can_be(Tag.IRI, Tag.BLANK, Tag.LANGUAGE):
            return call("term_language", self._key(), part(self.variable, "language"))
        return self._constant("")

    @property
    def numeric(self) -> Numeric:
        known = self.known
        if not known.can_be(*_NUMERIC):
            return NOT_A_NUMBER
        number: Scalar = part(self.variable, "number")
        if not known.is_within(Tag.NUMBER, Tag.EXACT):
            number = call("term_number", self._key(), number)
        return Numeric(
            rank=self._rank,
            integer=self._integer,
            decimal=self._decimal,
            double=number,
            is_small=known.is_within(Tag.INTEGER),
            is_stored=True,
            may_be_nan=known.may_be_nan,
        )

    @property
    def _rank(self) -> Scalar:
        datatype = self.known.datatype
        rank = None if datatype is None else rank_of(datatype)
        if rank is not None and self.known.is_within(*_NUMERIC):
            return Constant(int(rank))
        return call("term_rank", self._key(), part(self.variable, "datatype"))

    @property
    def _integer(self) -> Scalar:
        if self.known.is_within(Tag.INTEGER):
            return call("inline_integer", self._key())
        if self.known.can_be(Tag.INTEGER, Tag.EXACT):
            return call("term_integer", self._key(), *self._written)
        return NULL

    @property
    def _decimal(self) -> Scalar:
        if self.known.can_be(Tag.INTEGER, Tag.DECIMAL, Tag.EXACT):
            return call("term_decimal", self._key(), self._written[1])
        return NULL

    @property
    def _written(self) -> tuple[Scalar, Scalar]:
        """Datatype and lexical form of numbers that are not inline."""
        if self.known.can_be(Tag.EXACT):
            return part(self.variable, "datatype"), part(self.variable, "lexical")
        return NULL, NULL

    @property
    def temporal(self) -> Temporal:
        known = self.known
        if not known.can_be(*_TEMPORAL):
            return NO_TIME
        is_inline = known.is_within(Tag.DATETIME, Tag.DATE)
        return Temporal(
            family=self._family,
            moment=self._moment,
            text=self.text,
            plain=self.plain,
            is_zoned=_ZONED.get(known.tags) if is_inline else None,
            is_whole=is_inline,
        )

    @property
    def _family(self) -> Scalar:
        datatype = self.known.datatype
        family = None if datatype is None else family_of(datatype)
        if family is not None and self.known.is_within(*_TEMPORAL):
            return self._constant(family)
        datatypes = self.known.can_be(Tag.MOMENT)
        named = part(self.variable, "datatype") if datatypes else NULL
        return call("term_family", self._key(), named)

    @property
    def _moment(self) -> Scalar:
        if not self.known.can_be(Tag.DATETIME, Tag.DATE, Tag.MOMENT):
            return NULL
        moment = part(self.variable, "moment")
        if self.known.is_within(Tag.MOMENT):
            return moment
        return call("term_moment", self._key(), moment)

    @property
    def geometry(self) -> Scalar:
        # An ill-formed one is another literal.
        if not self.known.can_be(Tag.GEOMETRY):
            return NULL
        return read_geometry(part(self.variable, "lexical"), self.datatype)


def read_geometry(text: Scalar, datatype: Scalar) -> Scalar:
    """The geometry of a literal, by its datatype; NULL of what is none."""
    return call("read_geometry", text, datatype)


def from_plain(native: Scalar) -> Value:
    """A value of unknown type, from its N-Triples."""
    text, datatype = call("plain_text", native), call("plain_datatype", native)
    name = call("xsd_name", datatype)
    double = call("parse_double", name, text)
    truth = call("parse_boolean", name, text)
    moment, span = call("parse_moment", name, text), call("parse_duration", name, text)
    return Value(
        encoding=Plain(),
        native=native,
        plain=native,
        kind=call("plain_kind", native, double, truth, moment, span),
        text=text,
        datatype=datatype,
        language=call("plain_language", native),
        numeric=Numeric(
            rank=call("parsed_rank", name, double),
            integer=call("parse_integer", name, text),
            decimal=call("parse_decimal", name, text),
            double=double,
        ),
        temporal=Temporal(
            family=call("parsed_family", name, moment, span),
            moment=moment,
            text=text,
            plain=native,
        ),
        boolean=truth,
        geometry=read_geometry(text, datatype),
    )


def number(value: Scalar, rank: Rank, *, is_small: bool = False) -> Value:
    """A number that was computed, of a type that is known while compiling."""
    return of_numeric(of_rank(value, rank, is_small=is_small))


def of_numeric(numeric: Numeric) -> Value:
    """A number that was computed.

    Where its rank is known, a variable bound to it is a native column.
    """
    rank, text = numeric.static_rank, numeric_text(numeric)
    if rank is None:
        name: Scalar = call("rank_datatype", numeric.rank, text)
    else:
        name = Constant(RANKED[rank])
    plain = call("typed_plain", text, name)
    return Value(
        encoding=Plain() if rank is None else Typed(RANKED[rank]),
        native=plain if rank is None else numeric.native,
        plain=plain,
        kind=Constant(int(Tag.INTEGER)),
        text=text,
        datatype=call("if_bound", text, name),
        language=call("if_bound", text, Constant("")),
        numeric=numeric,
    )


def boolean(value: Scalar) -> Value:
    """A truth value that was computed."""
    return Value(
        encoding=Typed(XSD_BOOLEAN),
        native=value,
        plain=call("typed_plain", call("boolean_text", value), Constant(XSD_BOOLEAN)),
        kind=Constant(int(Tag.BOOLEAN)),
        text=call("boolean_text", value),
        datatype=call("if_bound", value, Constant(XSD_BOOLEAN)),
        language=call("if_bound", value, Constant("")),
        boolean=value,
    )


def string(text: Scalar, language: Scalar | None = None) -> Value:
    """A string that was computed, with the language of another when there is one."""
    if language is None or language == Constant(""):
        return Value(
            encoding=Typed(XSD_STRING),
            native=text,
            plain=call("string_plain", text, Constant("")),
            kind=Constant(int(Tag.STRING)),
            text=text,
            datatype=call("if_bound", text, Constant(XSD_STRING)),
            language=call("if_bound", text, Constant("")),
        )
    return from_plain(call("string_plain", text, language))


def iri(text: Scalar) -> Value:
    """An IRI that was computed."""
    return Value(
        encoding=Typed(ANY_IRI),
        native=text,
        plain=call("iri_plain", text),
        kind=Constant(int(Tag.IRI)),
        text=text,
    )


def moment(value: Scalar, datatype: str) -> Value:
    """A date or time that was computed."""
    text = call("moment_text", value, Constant(datatype))
    plain = call("typed_plain", text, Constant(datatype))
    return Value(
        encoding=Typed(datatype),
        native=value,
        plain=plain,
        kind=Constant(int(Tag.DATETIME)),
        text=text,
        datatype=call("if_bound", value, Constant(datatype)),
        language=call("if_bound", value, Constant("")),
        temporal=Temporal(
            family=Constant(family_of(datatype)),
            moment=value,
            text=text,
            plain=plain,
            is_zoned=datatype == XSD_DATETIME,
            is_whole=True,
        ),
    )


def geometry(packed: Scalar, planes: frozenset[str] | None = None) -> Value:
    """A geometry that was computed: a geo:wktLiteral in one CRS, of `planes` maybe."""
    text = call("text_of_geometry", Constant("asWKT"), packed, Constant(""))
    return Value(
        encoding=Typed(WKT_LITERAL),
        native=packed,
        plain=call("typed_plain", text, Constant(WKT_LITERAL)),
        kind=Constant(int(Tag.GEOMETRY)),
        text=text,
        datatype=call("if_bound", packed, Constant(WKT_LITERAL)),
        language=call("if_bound", packed, Constant("")),
        geometry=packed,
        planes=planes,
    )


def literal(text: Scalar, datatype: str) -> Value:
    """A literal that was computed, of a datatype that SPARQL has no operators for."""
    plain = call("typed_plain", text, Constant(datatype))
    return Value(
        encoding=Plain(),
        native=plain,
        plain=plain,
        kind=Constant(int(Tag.OTHER)),
        text=text,
        datatype=call("if_bound", text, Constant(datatype)),
        language=call("if_bound", text, Constant("")),
        geometry=read_geometry(text, Constant(datatype)),
    )


def of_column(column: PlanColumn) -> Value:
    """The value of a variable in a plan."""
    scalar = Column(column.name)
    match column.encoding:
        case TermId() as known:
            return stored(column.name, known, is_nullable=column.is_nullable)
        case Typed(datatype):
            return of_native(scalar, datatype)
        case _:
            return from_plain(scalar)


def of_native(scalar: Scalar, datatype: str) -> Value:
    """The value of a native column whose datatype is known."""
    if datatype in RANKED:
        return number(scalar, Rank(RANKED.index(datatype)))
    if datatype == XSD_BOOLEAN:
        return boolean(scalar)
    if datatype == XSD_STRING:
        return string(scalar)
    if datatype == ANY_IRI:
        return iri(scalar)
    if datatype == WKT_LITERAL:
        return geometry(scalar)
    return moment(scalar, datatype)
