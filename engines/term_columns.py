"""RDF as columns: rows of terms, and the statements that each row makes.

What makes RDF and what stores it meet here, so that no statement is written as text in
between. A term stands once in a row, however many statements it is part of.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

StringColumn: TypeAlias = Any
"""A pyarrow array of strings, NULL where a row has none; pyarrow ships no types."""


class TermKind(Enum):
    """What the terms of a column are, by their first character in N-Quads."""

    IRI = "<"
    BLANK_NODE = "_"
    LITERAL = '"'


@dataclass(frozen=True, slots=True)
class Terms:
    """A column of terms, one for each row.

    Attributes:
        kind: What they are.
        lexical: Absolute IRI, label of a blank node, or lexical form; a string is the
            same in every row. A row with NULL has no term.
        datatype: IRIs of literals' datatypes, or the same in every row; None, and NULL
            in a row: xsd:string, or rdf:langString where there is a language.
        language: Well-formed language tags of literals.
    """

    kind: TermKind
    lexical: StringColumn | str
    datatype: StringColumn | str | None = None
    language: StringColumn | str | None = None


@dataclass(frozen=True, slots=True)
class StatementBatch:
    """Some rows of terms.

    Attributes:
        rows: How many.
        columns: The terms.
        statements: Which columns are subject, predicate, object and graph of each
            statement; None: the default graph. A row that lacks one of the terms does
            not make the statement.
    """

    rows: int
    columns: tuple[Terms, ...]
    statements: tuple[tuple[int, int, int, int | None], ...]
