"""Terms of the query text to terms of the algebra (section 4.1)."""

from typing import Final

from ontologies.namespaces import RDF, XSD
from strabon_store.algebra.terms import IRI, Literal, TermOrVar, Var
from strabon_store.frontend.context import Context
from strabon_store.frontend.escapes import unquote
from strabon_store.frontend.syntax import Child, Node, Token, tokens

RDF_TYPE: Final = IRI(RDF.term("type"))
RDF_FIRST: Final = IRI(RDF.term("first"))
RDF_REST: Final = IRI(RDF.term("rest"))
RDF_NIL: Final = IRI(RDF.term("nil"))

_NUMBERS: Final = {
    "INTEGER": XSD.term("integer"),
    "DECIMAL": XSD.term("decimal"),
    "DOUBLE": XSD.term("double"),
}
_BOOLEAN: Final = XSD.term("boolean")


def translate_term(child: Child, context: Context) -> TermOrVar:
    """The term or variable of one token, or of a literal with a tag or a datatype."""
    if isinstance(child, Node):
        return RDF_NIL if child.rule == "nil" else translate_literal(child, context)
    match child.type:
        case "VAR":
            return Var(child.value[1:])
        case "IRIREF" | "PNAME":
            return context.prologue.iri(child)
        case "A":
            return RDF_TYPE
        case "ANON":
            return context.fresh("_:.anon")
        case "BLANK_NODE_LABEL":
            return context.blank_node(child)
        case _:
            return translate_literal(child, context)


def translate_literal(child: Child, context: Context) -> Literal:
    """The literal of a token or of a `tagged_literal` or `typed_literal` node.

    Numbers and booleans are shorthands for typed literals (4.1.2); their sign and
    digits stay as written. Language tags are lower case: RDF compares them so.
    """
    string, *more = tokens(child)
    if not isinstance(child, Node):
        return _literal(string)
    if child.rule == "tagged_literal":
        return Literal(unquote(string.value), language=more[0].value[1:].lower())
    return Literal(unquote(string.value), context.prologue.iri(more[0]).value)


def _literal(token: Token) -> Literal:
    match token.type:
        case "STRING":
            return Literal(unquote(token.value))
        case "TRUE" | "FALSE":
            return Literal(token.value.lower(), _BOOLEAN)
        case kind:
            return Literal(token.value, _NUMBERS[kind.removeprefix("SIGNED_")])
