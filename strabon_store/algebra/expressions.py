"""Expressions of filters, BIND and aggregates (SPARQL 1.1 section 17), a closed union.

An expression either has a value or is an error; an error is not an exception but a
missing value (section 17.2). Operators are named by the symbol of the grammar; the
operator mapping of 17.3 is applied where an expression is lowered, not here.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from strabon_store.algebra.terms import IRI, Literal, Var

if TYPE_CHECKING:
    from strabon_store.algebra.nodes import Pattern


class ComparisonOperator(StrEnum):
    """The comparisons of the operator mapping (17.3)."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class ArithmeticOperator(StrEnum):
    """The arithmetic operators of the operator mapping (17.3)."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


@dataclass(frozen=True, slots=True)
class And:
    """`left && right` in the three-valued logic of section 17.2."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Or:
    """`left || right` in the three-valued logic of section 17.2."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Not:
    """`! inner`; an error stays an error."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`, by value (17.3)."""

    operator: ComparisonOperator
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class In:
    """`needle IN (haystack)`: a disjunction of equalities (17.4.1.9)."""

    needle: "Expression"
    haystack: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left operator right` on numbers, with the type promotion of XPath."""

    operator: ArithmeticOperator
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Negate:
    """`- inner` on a number."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class Bound:
    """BOUND: whether the variable has a value (17.4.1.1)."""

    variable: Var


@dataclass(frozen=True, slots=True)
class If:
    """IF: only the chosen branch is evaluated (17.4.1.2)."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Coalesce:
    """COALESCE: the first argument that is not an error (17.4.1.3)."""

    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """EXISTS: whether the pattern has a solution under the current one (17.4.1.4)."""

    pattern: "Pattern"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A built-in call of section 17.4 by its upper-case keyword, e.g. `STRLEN`."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function by IRI: an extension function or an XSD cast (17.5, 17.6).

    Where it stands in the text, line and column from 1, is no part of what it means.
    """

    function: IRI
    arguments: tuple["Expression", ...]
    place: tuple[int, int] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A set function over a group (18.5.1), by its keyword, e.g. `GROUP_CONCAT`.

    One that is not SPARQL's own has its IRI as its name: no keyword has a colon.

    `argument` is None for `COUNT(*)`; `separator` is for GROUP_CONCAT alone.
    """

    name: str
    argument: "Expression | None"
    distinct: bool = False
    separator: str = " "

    @property
    def iri(self) -> IRI | None:
        """The IRI of a set function that is not SPARQL's own."""
        return IRI(self.name) if ":" in self.name else None


Expression: TypeAlias = (
    IRI
    | Literal
    | Var
    | And
    | Or
    | Not
    | Comparison
    | In
    | Arithmetic
    | Negate
    | Bound
    | If
    | Coalesce
    | Exists
    | BuiltIn
    | FunctionCall
)
