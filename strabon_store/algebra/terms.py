"""RDF terms and variables as they stand in patterns and expressions.

A literal keeps its lexical form; nothing here compares by value. Plain strings carry
`xsd:string` and language-tagged ones `rdf:langString` (RDF 1.1 Concepts 3.3), so two
`Literal`s are equal exactly when they are the same RDF term.
"""

from dataclasses import dataclass
from typing import TypeAlias

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
RDF_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


@dataclass(frozen=True, slots=True)
class IRI:
    """An absolute IRI."""

    value: str


@dataclass(frozen=True, slots=True)
class BlankNode:
    """A blank node in data; in a query blank nodes are variables (SPARQL 4.1.4)."""

    label: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: lexical form, datatype IRI, and a lower-case language tag or None.

    Examples:
        >>> Literal("is", language="da").datatype == RDF_LANG_STRING
        True
    """

    lexical: str
    datatype: str = XSD_STRING
    language: str | None = None

    def __post_init__(self) -> None:
        if self.language is not None and self.datatype != RDF_LANG_STRING:
            # Frozen; the datatype follows from the tag, so that equal terms are equal.
            object.__setattr__(self, "datatype", RDF_LANG_STRING)


@dataclass(frozen=True, slots=True)
class Var:
    """A query variable, without its `?`.

    Blank nodes of a query become variables whose name starts with `_:`; those are never
    projected by `SELECT *`.
    """

    name: str

    @property
    def is_blank(self) -> bool:
        """Whether the variable stands for a blank node of the query text."""
        return self.name.startswith("_:")


Term: TypeAlias = IRI | BlankNode | Literal
TermOrVar: TypeAlias = Term | Var
