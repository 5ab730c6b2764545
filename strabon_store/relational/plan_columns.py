"""Columns of a plan, and how rows are sorted by them."""

from dataclasses import dataclass

from strabon_store.relational.encoding import Encoding, either


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """A column of a plan.

    Attributes:
        name: A variable's name, or `{variable}.{part}` for what was looked up, or
            `.order{n}` for a sort key; `.` stands in no variable's name.
        encoding: How it holds terms; None for parts and sort keys, which are native.
        is_nullable: Whether NULL can stand there.
    """

    name: str
    encoding: Encoding | None
    is_nullable: bool

    @property
    def is_variable(self) -> bool:
        """Whether the column holds terms."""
        return self.encoding is not None

    def united_with(self, other: "PlanColumn") -> "PlanColumn":
        """The column of the rows of both, which is nullable where either is."""
        encoding = self.encoding
        if encoding is not None and other.encoding is not None:
            encoding = either(encoding, other.encoding)
        is_nullable = self.is_nullable or other.is_nullable
        return PlanColumn(self.name, encoding, is_nullable)


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column to sort by."""

    column: str
    descending: bool
