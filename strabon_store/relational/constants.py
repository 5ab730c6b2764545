"""The values of terms that stand in a query: all facets are known while compiling."""

from engines.geosparql.answers import read
from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.relational.encoding import KINDS, Plain, Tag
from strabon_store.relational.kinds import literal_kind
from strabon_store.relational.numbers import NOT_A_NUMBER, parse_number
from strabon_store.relational.plain import render_plain
from strabon_store.relational.scalars import NULL, Constant, Scalar
from strabon_store.relational.temporals import constant_time
from strabon_store.relational.values import XSD_BOOLEAN, Value


def constant(term: Term) -> Value:
    """The value of a term that stands in the query; its lexical form is kept."""
    plain = Constant(render_plain(term))
    match term:
        case IRI(value):
            return Value(
                encoding=Plain(),
                native=plain,
                plain=plain,
                kind=Constant(int(Tag.IRI)),
                text=Constant(value),
                term=term,
            )
        case BlankNode():
            kind = Constant(int(Tag.BLANK))
            return Value(encoding=Plain(), native=plain, plain=plain, kind=kind)
        case Literal():
            return _literal(term, plain)


def _literal(term: Literal, plain: Constant) -> Value:
    numeric = parse_number(term.lexical, term.datatype)
    flags = {"true": True, "1": True, "false": False, "0": False}
    flag = flags.get(term.lexical) if term.datatype == XSD_BOOLEAN else None
    is_number = numeric is not None
    return Value(
        encoding=Plain(),
        native=plain,
        plain=plain,
        kind=Constant(int(_literal_kind(term, is_number=is_number, flag=flag))),
        text=Constant(term.lexical),
        datatype=Constant(term.datatype),
        language=Constant(term.language or ""),
        numeric=numeric or NOT_A_NUMBER,
        temporal=constant_time(term.lexical, term.datatype, plain),
        boolean=NULL if flag is None else Constant(flag),
        geometry=_geometry(term),
        term=term,
    )


def _literal_kind(term: Literal, *, is_number: bool, flag: bool | None) -> Tag:
    if is_number:
        return Tag.INTEGER
    if flag is not None:
        return Tag.BOOLEAN
    return KINDS[literal_kind(term.lexical, term.datatype).tag]


def _geometry(term: Literal) -> Scalar:
    """The geometry of a literal, parsed once; an ill-formed one is an error (17.2)."""
    if term.datatype not in GEOMETRY_DATATYPES:
        return NULL
    return Constant(read(term.lexical, term.datatype))
