"""The parse tree: what the grammar saw, free of the library that built it.

A `Node` is named for its rule in `grammar.lark`; keywords and punctuation that carry no
meaning are not in the tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias


class Token(Protocol):
    """One terminal of the grammar, with its place in the text."""

    @property
    def type(self) -> str:
        """The name of the terminal, e.g. `IRIREF`."""

    @property
    def value(self) -> str:
        """The characters as they stand in the text."""

    @property
    def line(self) -> int | None:
        """The line of the first character, from 1."""

    @property
    def column(self) -> int | None:
        """The column of the first character, from 1."""


@dataclass(slots=True)
class Node:
    """A rule of the grammar and what it matched.

    Attributes:
        rule: The name of the rule.
        children: Nodes and tokens in the order of the text.
    """

    rule: str
    children: "list[Child]"

    def find(self, rule: str) -> "Node | None":
        """The first child that is a node of `rule`."""
        for child in self.children:
            if isinstance(child, Node) and child.rule == rule:
                return child
        return None

    def has(self, token_type: str) -> bool:
        """Whether a child is a token of the type."""
        return any(
            not isinstance(child, Node) and child.type == token_type
            for child in self.children
        )


Child: TypeAlias = Node | Token


def tokens(child: Child) -> Iterator[Token]:
    """Every token at or below `child`, in the order of the text."""
    pending = [child]
    while pending:
        match pending.pop():
            case Node(children=children):
                pending.extend(reversed(children))
            case token:
                yield token


def place_of(token: Token) -> tuple[int, int] | None:
    """Line and column of a token, from 1; None where they are unknown."""
    if token.line is None or token.column is None:
        return None
    return token.line, token.column


def deepest(child: Child) -> tuple[int, Token | None]:
    """How many levels lie at and below `child`, and the first token of the lowest one.

    Groups without any token have none to name.
    """
    levels = 0
    lowest: tuple[int, Token | None] = (0, None)
    pending: list[tuple[Child, int]] = [(child, 1)]
    while pending:
        node, level = pending.pop()
        levels = max(levels, level)
        if isinstance(node, Node):
            pending.extend((inner, level + 1) for inner in reversed(node.children))
        elif level > lowest[0]:
            lowest = level, node
    return levels, lowest[1]
