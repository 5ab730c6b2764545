"""SQL as a structure: pieces that are quoted when they are made, and SELECTs of them.

`Sql` is text that is complete by itself: whoever has some got it from a function here,
or from a template of the tables of spellings. Values enter by `literal` and names by
`identifier`, nowhere else. Trees of a general library do the same and more, and cost a
hundred times as much: they are copied whenever they are put together.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, NewType

from strabon_store.relational.scalars import ConstantValue

Sql = NewType("Sql", str)
"""Text that can stand wherever an expression, or a relation, can."""

_PLACEHOLDER: Final = re.compile(r"'(?:[^']|'')*'|(?<!:):([a-z])\b")
_NUL: Final = "' || chr(0) || '"


def identifier(name: str) -> Sql:
    """A quoted name.

    DuckDB folds the case of names, quoted or not; `?a` and `?A` are two variables.

    Examples:
        >>> identifier('a"B')
        '"a""^b"'
    """
    folded = name
    if name != name.lower():
        folded = "".join(f"^{c.lower()}" if c != c.lower() else c for c in name)
    return Sql('"' + folded.replace('"', '""') + '"')


def literal(value: ConstantValue) -> Sql:
    """A value.

    Examples:
        >>> literal("it's"), literal(-1), literal(None), literal(value=True)
        ("'it''s'", '(-1)', 'NULL', 'TRUE')
    """
    match value:
        case None:
            return Sql("NULL")
        case bool():
            return Sql("TRUE" if value else "FALSE")
        case str():
            text = "'" + value.replace("'", "''") + "'"
            # A text of SQL ends for the engine with the first NUL.
            return Sql(f"({text.replace(chr(0), _NUL)})" if "\0" in text else text)
        case bytes():
            return Sql(f"unhex('{value.hex().upper()}')")
        case float() if not math.isfinite(value):
            return Sql(f"CAST('{value}' AS DOUBLE)")
        case float():
            # Without an exponent it would be a decimal.
            text = repr(value) if "e" in repr(value) else f"{value!r}e0"
            return Sql(f"({text})" if value < 0 else text)
        case _:
            # Two minus signs begin a comment.
            return Sql(f"({value})" if value < 0 else str(value))


class Template:
    """A spelling with places `:a`, `:b`, ... for arguments, taken apart once.

    Examples:
        >>> Template("coalesce(:a, ':b', :a + :b)").filled([Sql("x"), Sql("1")])
        "coalesce(x, ':b', x + 1)"
    """

    __slots__ = ("_pieces", "_places")

    def __init__(self, text: str) -> None:
        """A template of a table of spellings; what stands in quotes is no place."""
        pieces, places, end = [], [], 0
        for match in _PLACEHOLDER.finditer(text):
            if match[1] is not None:
                pieces.append(text[end : match.start()])
                places.append(ord(match[1]) - ord("a"))
                end = match.end()
        self._pieces = (*pieces, text[end:])
        self._places = tuple(places)

    @property
    def length(self) -> int:
        """How many characters there are beside the arguments."""
        return sum(map(len, self._pieces))

    def copies(self, arguments: int) -> tuple[int, ...]:
        """How often each of so many arguments is written."""
        return tuple(map(self._places.count, range(arguments)))

    def filled(self, arguments: Sequence[Sql]) -> Sql:
        """The text with the arguments in their places."""
        pieces = iter(self._pieces)
        written = [next(pieces)]
        for place, piece in zip(self._places, pieces, strict=True):
            written += (arguments[place], piece)
        return Sql("".join(written))


def function(name: str, *arguments: Sql) -> Sql:
    """A call.

    Examples:
        >>> function("least", literal(1), literal(2))
        'least(1, 2)'
    """
    return Sql(f"{name}({', '.join(arguments)})")


def joined(connective: str, operands: Sequence[Sql]) -> Sql:
    """Operands with a connective between them.

    Examples:
        >>> joined(" AND ", [literal(value=True), literal(value=False)])
        'TRUE AND FALSE'
    """
    return Sql(connective.join(operands))


class Grade(IntEnum):
    """What an output costs where it is read."""

    COLUMN = 0
    CONSTANT = 1
    COMPUTED = 2


@dataclass(frozen=True, slots=True)
class Output:
    """An expression over the sources of a SELECT."""

    text: Sql
    grade: Grade


@dataclass(frozen=True, slots=True)
class Source:
    """A relation in FROM.

    Attributes:
        relation: The relation with its alias.
        condition: When a row fits what stands before; None: always.
        is_outer: Whether what stands before stays without a partner here.
    """

    relation: Sql
    condition: Sql | None = None
    is_outer: bool = False

    @property
    def text(self) -> Sql:
        """As it stands behind another source."""
        if self.condition is None:
            return Sql(f"CROSS JOIN {self.relation}")
        kind = "LEFT JOIN" if self.is_outer else "JOIN"
        return Sql(f"{kind} {self.relation} ON {self.condition}")


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT that is being written.

    While it `is_open` it has neither DISTINCT nor clauses behind WHERE: sources and
    conditions can be added to it, and what reads it can stand in its place.

    Attributes:
        outputs: What comes out, by name.
        sources: FROM, in order.
        conditions: WHERE, all of them.
        is_distinct: Whether equal rows are one.
        tail: What follows WHERE.
    """

    outputs: Mapping[str, Output]
    sources: tuple[Source, ...] = ()
    conditions: tuple[Sql, ...] = ()
    is_distinct: bool = False
    tail: Sql = Sql("")

    @property
    def is_open(self) -> bool:
        """Whether its rows are those of its sources, one for one."""
        return not (self.is_distinct or self.tail)

    @property
    def text(self) -> Sql:
        """The statement."""
        named = [
            f"{output.text} AS {identifier(name)}"
            for name, output in self.outputs.items()
        ]
        # SQL has no row without columns; solutions that bind nothing get one of NULLs.
        outputs = ", ".join(named or ['NULL AS "."'])
        words = ["SELECT DISTINCT" if self.is_distinct else "SELECT", outputs]
        if self.sources:
            first, *others = self.sources
            words += ["FROM", first.relation, *(each.text for each in others)]
        if self.conditions:
            words += ["WHERE", " AND ".join(self.conditions)]
        if self.tail:
            words.append(self.tail)
        return Sql(" ".join(words))

    def where(self, *conditions: Sql) -> "Select":
        """The rows for which these hold as well."""
        return replace(self, conditions=self.conditions + conditions)


@dataclass(frozen=True, slots=True)
class UnionOfAll:
    """SELECTs whose rows are put together; they have the same outputs in order."""

    selects: tuple[Select, ...]

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The outputs of the first, which names the columns."""
        return self.selects[0].outputs

    @property
    def is_open(self) -> bool:
        """Nothing can be added to it."""
        return False

    @property
    def text(self) -> Sql:
        """The statement."""
        return Sql(" UNION ALL ".join(f"({each.text})" for each in self.selects))
