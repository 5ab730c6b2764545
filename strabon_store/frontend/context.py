"""What translation remembers on its way through one query."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from strabon_store.algebra.expressions import Aggregate
from strabon_store.algebra.terms import Var
from strabon_store.errors import QuerySyntaxError
from strabon_store.frontend.prologue import Prologue
from strabon_store.frontend.syntax import Child, Node, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from strabon_store.algebra.nodes import Pattern


@dataclass(slots=True)
class Aggregates:
    """The aggregates of one SELECT, each with the variable that it is bound to."""

    variables: dict[Aggregate, Var] = field(default_factory=dict)
    is_inside: bool = False


@dataclass(slots=True)
class Context:
    """The state of one translation.

    `translate_group` and `translate_select` are here because expressions hold patterns
    (EXISTS) and patterns hold queries (subqueries): the modules refer to each other
    through this object only.

    Attributes:
        text: The query, for error messages.
        prologue: BASE and PREFIX.
        translate_group: `group_graph_pattern` to a pattern.
        translate_select: `sub_select` to a pattern.
        aggregates: Where aggregates go, or None where none may stand (19.8 note 14).
        is_in_graph: Whether patterns are matched elsewhere than in the default graph.
    """

    text: str
    prologue: Prologue
    translate_group: "Callable[[Node, Context], Pattern]"
    translate_select: "Callable[[Node, Context], Pattern]"
    aggregates: Aggregates | None = None
    is_in_graph: bool = False
    _labels: dict[str, int] = field(default_factory=dict)
    _bgp: int = 0
    _fresh: dict[str, int] = field(default_factory=dict)

    def error(self, place: Child, problem: str) -> QuerySyntaxError:
        """The error that marks the first token of `place`."""
        return syntax_error(self.text, next(tokens(place)), problem)

    def fresh(self, stem: str) -> Var:
        """A variable that no query text can name, e.g. `.agg0`.

        Variables for blank nodes start with `_:` and a dot, which no label may.
        """
        number = self._fresh.get(stem, 0)
        self._fresh[stem] = number + 1
        return Var(f"{stem}{number}")

    def for_template(self) -> "Context":
        """A context for a template: its blank node labels are not those of patterns."""
        return replace(self, _labels={})

    def begin_bgp(self) -> None:
        """End the basic graph pattern here, and the scope of its labels (5.1)."""
        self._bgp += 1

    def blank_node(self, token: Token) -> Var:
        """The variable of a labelled blank node.

        Raises:
            QuerySyntaxError: Another basic graph pattern has the label (19.6).
        """
        bgp = self._labels.setdefault(token.value, self._bgp)
        if bgp != self._bgp:
            raise self.error(
                token,
                f"{token.value} was used in another basic graph pattern; "
                "use a variable to connect the two",
            )
        return Var(token.value)


def syntax_error(text: str, token: Token, problem: str) -> QuerySyntaxError:
    """The error of a well-formed text that breaks a rule beside the grammar."""
    return QuerySyntaxError(
        text,
        line=token.line or 1,
        column=token.column or 1,
        found=f"'{token.value}'",
        problem=problem,
    )
