"""Term maps -> columns of terms, as SQL trees over the columns of a source.

A term column keeps its parts (kind, lexical form, datatype, language) apart; only a
sink puts them together.  A part is NULL where the row gives no term.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from sqlglot import exp

from engines.term_columns import TermKind
from geotriples.functions.base import Parameter, Type, argument, concatenated, is_null
from geotriples.functions.catalog import FUNCTIONS, inputs_of
from geotriples.mapping.grammar import ABSOLUTE_IRI, LANGUAGE_TAG, SCHEME
from geotriples.mapping.model import (
    Constant,
    Expression,
    FunctionExecution,
    Input,
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
    Check,
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
    if term.condition is None:
        return _unconditional(term, scope)
    return _on_condition(_unconditional(term, scope), term.condition, scope)


def _unconditional(term: TermMap, scope: Scope) -> TermColumn:
    match term.term_type:
        case TermType.LITERAL:
            return _literal(term, scope)
        case TermType.BLANK_NODE:
            return _blank_node(term, scope)
        case _:
            return _iri(term, scope)


def _on_condition(column: TermColumn, condition: TermMap, scope: Scope) -> TermColumn:
    """No term, and nothing wrong with one, where the condition is not true."""
    value = _single(evaluate(_expression(condition), scope), scope)
    truth = argument(value, Type.BOOLEAN, condition.node, scope)
    checks = [
        replace(check, is_valid=exp.case().when(truth.sql, check.is_valid))
        for check in column.checks
    ]
    return replace(
        column,
        lexical=exp.case().when(truth.sql, column.lexical),
        checks=(*checks, *_unless_made(truth)),
    )


def _unless_made(value: Value) -> tuple[Check, ...]:
    """What is wrong with arguments matters only where they gave no value."""
    made = exp.not_(is_null(value.sql))
    return tuple(
        replace(check, is_valid=exp.or_(check.is_valid, made)) for check in value.checks
    )


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of an expression, as its source types it."""
    return _single(_evaluated(expression, scope), scope)


def evaluate_all(expression: Expression, scope: Scope) -> Value:
    """The value of an expression, a list where a row may have several."""
    match expression:
        case Reference(text):
            return scope.resolve_all(text)
        case _:
            return _evaluated(expression, scope)


def term_parts(term: TermColumn) -> list[exp.Expr]:
    """All that a column of terms is made of."""
    parts = [term.lexical, term.datatype, term.language]
    return [part for part in parts if part is not None] + [
        part for check in term.checks for part in (check.value, check.is_valid)
    ]


def _single(value: Value, scope: Scope) -> Value:
    if not value.is_list:
        return value
    return replace(value, sql=scope.each(value.sql), is_list=False)


def _evaluated(expression: Expression, scope: Scope) -> Value:
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
    arguments = [
        _argument(inputs_of(execution, place, parameter), parameter, scope)
        for place, parameter in enumerate(function.parameters)
    ]
    result = function.build(*arguments)
    checks = [check for one in arguments if one is not None for check in one.checks]
    sql = scope.compute(result.sql)
    return replace(result, sql=sql, checks=tuple(dict.fromkeys(checks)))


def _argument(
    inputs: Sequence[Input], parameter: Parameter, scope: Scope
) -> Value | None:
    values = [
        argument(_of_type(one.value, parameter, scope), parameter.type, one.node, scope)
        for one in inputs
    ]
    return reduce(concatenated, values) if values else None


def _of_type(term: TermMap, parameter: Parameter, scope: Scope) -> Value:
    """An argument keeps its natural type, and its many values where a list is due."""
    value = evaluate_all(_expression(term), scope)
    if parameter.type is not Type.LIST:
        value = _single(value, scope)
    if term.condition is None:
        return value
    condition = evaluate(_expression(term.condition), scope)
    truth = argument(condition, Type.BOOLEAN, term.condition.node, scope)
    return replace(value, sql=exp.case().when(truth.sql, value.sql))


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
    if term.datatype is not None:
        return _typed(value, term.datatype, scope)
    return TermColumn(
        TermKind.LITERAL,
        lexical_form(value, scope),
        None if tag is not None else natural_datatype(value),
        tag,
        _unless_made(value),
    )


def _tagged(value: Value, language: TermMap, scope: Scope) -> TermColumn:
    tag = evaluate(_expression(language), scope)
    text = lexical_form(tag, scope)
    checks = (*_unless_made(value), *_unless_made(tag))
    if not isinstance(language.expression, Constant):
        is_valid = exp.RegexpLike(this=text, expression=text_literal(LANGUAGE_TAG))
        checks += (Check(language.node, text, is_valid, "not a language tag"),)
    return TermColumn(
        TermKind.LITERAL, lexical_form(value, scope), language=text, checks=checks
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
            elif name in _FLOATING and value.kind is Kind.TYPED:
                value = Value(_floating(value, scope), Kind.STRING)
        case _:
            declared = iri.lexical
    checks = (*_unless_made(value), *iri.checks)
    return TermColumn(
        TermKind.LITERAL, lexical_form(value, scope), declared, checks=checks
    )


def _floating(value: Value, scope: Scope) -> exp.Expr:
    """The same where a row brings a whole number; strings stay as they are."""
    lexical = lexical_form(value, scope)
    number = exp.cast(
        exp.TryCast(this=lexical, to=exp.DataType.build("DOUBLE")), "VARCHAR"
    )
    is_number = exp.In(
        this=natural_datatype(value),
        expressions=[text_literal(XSD.term(one)) for one in ("integer", "decimal")],
    )
    text = exp.func("RDF_DOUBLE_TEXT", scope.compute(number))
    return exp.case().when(is_number, text).else_(lexical)


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
            made = _unless_made(value)
            if value.is_iri:
                return TermColumn(TermKind.IRI, lexical, checks=made)
            column = _checked_iri(term, _absolute(lexical, scope))
            return replace(column, checks=(*made, *column.checks))


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
    value = evaluate(term.expression, scope)
    label = exp.func("RDF_BLANK_LABEL", lexical_form(value, scope))
    return TermColumn(TermKind.BLANK_NODE, label, checks=_unless_made(value))


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
