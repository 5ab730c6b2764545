"""Chains of an associative operator as trees of little depth."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Operand = TypeVar("Operand")


def balance(
    operator: Callable[[Operand, Operand], Operand], operands: Sequence[Operand]
) -> Operand:
    """The operands, in order, under a tree of `operator` of logarithmic depth.

    A filter with a thousand `||` would otherwise be a thousand levels deep, and every
    function over expressions recurses. At least one operand is needed.

    Examples:
        >>> balance(lambda left, right: f"({left} {right})", "abcd")
        '((a b) (c d))'
    """
    if len(operands) == 1:
        return operands[0]
    middle = (len(operands) + 1) // 2
    return operator(
        balance(operator, operands[:middle]), balance(operator, operands[middle:])
    )
