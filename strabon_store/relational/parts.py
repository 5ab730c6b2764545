"""What the joins of a basic graph pattern are made of."""

from dataclasses import dataclass
from typing import Self

from strabon_store.relational.nodes import Plan


@dataclass(frozen=True, slots=True)
class Part:
    """The solutions of some triple patterns: a union of joins.

    Attributes:
        plan: All of them.
        branches: For each branch of the union what it is the join of, so that what is
            joined with the whole may be joined with each instead, and come first.
    """

    plan: Plan
    branches: tuple[tuple[Plan, ...], ...]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """A plan that is neither union nor join."""
        return cls(plan, ((plan,),))
