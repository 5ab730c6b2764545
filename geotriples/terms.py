"""Term maps -> columns of terms, as SQL trees over the columns of a source.

A term column keeps its parts (kind, lexical form, datatype, language) apart; only a
sink puts them together.  A part is NULL where the row gives no term.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from sqlglot import exp

from geotriples.functions import FUNCTIONS
from geotriples.mapping.grammar import ABSOLUTE_IRI, LANGUAGE_TAG, SCHEME
from geotriples.mapping.model import (
    Constant,
    Expression,
    FunctionExecution,
    Iri,
    Literal,
    Reference,
    Template,
    TermMap,
    TermType,
)
from geotriples.sources.base import Kind
from geotriples.values import (
    XSD_STRING,
    Scope,
    Value,
    concatenation,
    lexical_form,
    natural_datatype,
    text_literal,
)
from ontologies.namespaces import XSD

_FLOATING: Final = frozenset({XSD.term("double"), XSD.term("float")})
_NUMERIC: Final = frozenset({Kind.INTEGER, Kind.DECIMAL})


class TermKind(Enum):
    """What an RDF term can be."""

    IRI = auto()
    BLANK_NODE = auto()
    LITERAL = auto()


@dataclass(frozen=True, slots=True)
class Check:
    """A condition without which a row's value makes no valid term.

    Attributes:
        node: The term map.
        value: The value that is judged.
        is_valid: The condition.
        reason: What is wrong where it does not hold.
    """

    node: str
    value: exp.Expr
    is_valid: exp.Expr
    reason: str


@dataclass(frozen=True, slots=True)
class TermColumn:
    """One term per row.

    Attributes:
        kind: What the terms are.
        lexical: IRI, blank node label or lexical form.
        datatype: IRI of a literal's datatype; NULL stands for xsd:string.
        language: A literal's language tag.
        checks: What must hold of the parts.
    """

    kind: TermKind
    lexical: exp.Expr
    datatype: exp.Expr | None = None
    language: exp.Expr | None = None
    checks: tuple[Check, ...] = ()


def term_column(term: TermMap, scope: Scope) -> TermColumn:
    """The column of terms that a normalized term map makes."""
    match term.term_type:
        case TermType.LITERAL:
            return _literal(term, scope)
        case TermType.BLANK_NODE:
            return _blank_node(term, scope)
        case _:
            return _iri(term, scope)


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of an expression, as its source types it."""
    match expression:
        case Reference(text):
            return scope.resolve(text)
        case Constant(term):
            return _constant(term)
        case Template():
            return Value(_filled(expression, scope, _as_it_is), Kind.STRING)
        case FunctionExecution():
            return _applied(expression, scope)


def _constant(term: Iri | Literal) -> Value:
    if isinstance(term, Iri):
        any_uri = XSD.term("anyURI")
        return Value(text_literal(term.value), Kind.STRING, datatype=any_uri)
    return Value(text_literal(term.lexical), Kind.STRING, datatype=term.datatype)


def _applied(execution: FunctionExecution, scope: Scope) -> Value:
    function = FUNCTIONS[execution.function]
    arguments = {one.parameter: _argument(one.value, scope) for one in execution.inputs}
    result = function.build(arguments)
    return replace(result, sql=scope.compute(result.sql))


def _argument(term: TermMap, scope: Scope) -> Value:
    """An argument keeps its natural type, unless its map makes an IRI of it."""
    value = evaluate(_expression(term), scope)
    if value.kind in {Kind.GEOMETRY, Kind.STRING}:
        return value
    return Value(lexical_form(value, scope), Kind.STRING)


# -- literals ------------------------------------------------------------------------


def _literal(term: TermMap, scope: Scope) -> TermColumn:
    match term.expression:
        case Constant(Literal(language=language)) if language:
            tag: exp.Expr | None = text_literal(language)
        case _:
            tag = None
    value = evaluate(_expression(term), scope)
    if term.language is not None:
        return _tagged(value, term.language, scope)
    if tag is not None:
        return TermColumn(TermKind.LITERAL, lexical_form(value, scope), language=tag)
    if term.datatype is not None:
        return _typed(value, term.datatype, scope)
    return TermColumn(
        TermKind.LITERAL, lexical_form(value, scope), natural_datatype(value)
    )


def _tagged(value: Value, language: TermMap, scope: Scope) -> TermColumn:
    tag = lexical_form(evaluate(_expression(language), scope), scope)
    checks = (
        ()
        if isinstance(language.expression, Constant)
        else (
            Check(
                language.node,
                tag,
                exp.RegexpLike(this=tag, expression=text_literal(LANGUAGE_TAG)),
                "not a language tag",
            ),
        )
    )
    return TermColumn(
        TermKind.LITERAL, lexical_form(value, scope), language=tag, checks=checks
    )


def _typed(value: Value, datatype: TermMap, scope: Scope) -> TermColumn:
    iri = _iri(datatype, scope)
    match datatype.expression:
        case Constant(Iri(name)) if name == XSD_STRING:
            declared: exp.Expr = exp.null()
        case Constant(Iri(name)):
            declared = text_literal(name)
            # A whole number under xsd:double gets the canonical form of a double.
            if name in _FLOATING and value.kind in _NUMERIC:
                value = Value(exp.cast(value.sql, "DOUBLE"), Kind.DOUBLE)
        case _:
            declared = iri.lexical
    return TermColumn(
        TermKind.LITERAL, lexical_form(value, scope), declared, checks=iri.checks
    )


# -- IRIs and blank nodes ------------------------------------------------------------


def _iri(term: TermMap, scope: Scope) -> TermColumn:
    match term.expression:
        case Constant(Iri(constant)):
            return TermColumn(TermKind.IRI, text_literal(constant))
        case Template() as template:
            return _template_iri(term, template, scope)
        case _:
            value = evaluate(_expression(term), scope)
            lexical = lexical_form(value, scope)
            if value.is_iri:
                return TermColumn(TermKind.IRI, lexical)
            return _checked_iri(term, _absolute(lexical, scope))


def _template_iri(term: TermMap, template: Template, scope: Scope) -> TermColumn:
    encode = _ENCODERS.get(term.term_type)
    if encode is None:
        filled = _filled(template, scope, _as_it_is)
        return _checked_iri(term, _absolute(filled, scope))
    filled = _filled(template, scope, encode)
    first = template.parts[0] if template.parts else ""
    # An encoded value has no colon, so only the template's own text can bring a scheme.
    if not (isinstance(first, str) and SCHEME.match(first)):
        filled = concatenation(text_literal(scope.base), filled)
    return TermColumn(TermKind.IRI, filled)


def _checked_iri(term: TermMap, iri: exp.Expr) -> TermColumn:
    is_valid = exp.RegexpLike(this=iri, expression=text_literal(ABSOLUTE_IRI))
    check = Check(term.node, iri, is_valid, "not an absolute IRI")
    return TermColumn(TermKind.IRI, iri, checks=(check,))


def _absolute(value: exp.Expr, scope: Scope) -> exp.Expr:
    base = text_literal(scope.base)
    return scope.compute(exp.func("RDF_ABSOLUTE", value, base))


def _blank_node(term: TermMap, scope: Scope) -> TermColumn:
    if term.expression is None:
        return TermColumn(TermKind.BLANK_NODE, scope.row_label())
    value = lexical_form(evaluate(term.expression, scope), scope)
    return TermColumn(TermKind.BLANK_NODE, exp.func("RDF_BLANK_LABEL", value))


def _filled(
    template: Template,
    scope: Scope,
    encode: Callable[[exp.Expr], exp.Expr],
) -> exp.Expr:
    parts = [
        text_literal(part)
        if isinstance(part, str)
        else encode(lexical_form(scope.resolve(part.text), scope))
        for part in template.parts
    ]
    return concatenation(*parts) if parts else text_literal("")


def _as_it_is(part: exp.Expr) -> exp.Expr:
    return part


Encode = Callable[[exp.Expr], exp.Expr]

_ENCODERS: Final[Mapping[TermType | None, Encode]] = {
    TermType.IRI: lambda part: exp.func("RDF_IRI_SAFE", part),
    TermType.URI: lambda part: exp.func("RDF_URI_SAFE", part),
}


def _expression(term: TermMap) -> Expression:
    # `parse` reports a map without an expression unless it is a blank node.
    assert term.expression is not None, term.node  # noqa: S101
    return term.expression
