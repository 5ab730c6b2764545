"""The passes in their order, and the loop that runs them."""

import logging
from dataclasses import replace
from typing import Final, Protocol

from strabon_store.algebra.nodes import Pattern
from strabon_store.algebra.queries import Query
from strabon_store.algebra.render import render
from strabon_store.passes.list_to_table import list_to_table
from strabon_store.passes.merge_filters import merge_filters
from strabon_store.passes.normalize import normalize
from strabon_store.passes.prune_variables import prune_variables
from strabon_store.passes.push_filters import push_filters
from strabon_store.passes.substitute_constants import substitute_constants

_log = logging.getLogger(__name__)


class Pass(Protocol):
    """Algebra to algebra, answers kept.

    A pass keeps the variables in scope at the root, and the multiset of solutions.
    Errors of expressions may vanish, never appear. Each pass stands alone: none needs
    another one to have run.
    """

    __name__: str

    def __call__(self, pattern: Pattern, /) -> Pattern:
        """The pattern, rewritten."""


PASSES: Final[tuple[Pass, ...]] = (
    normalize,
    merge_filters,
    push_filters,
    substitute_constants,
    list_to_table,
    prune_variables,
)
"""Filters are pushed when groups are flat, so that they find the narrowest place;
variables are pruned last, when it is known who reads what."""


def run_passes(query: Query, passes: tuple[Pass, ...] = PASSES) -> Query:
    """The query with each pass applied to its pattern, in order.

    Examples:
        >>> from strabon_store.algebra.nodes import BGP, Join
        >>> from strabon_store.algebra.queries import AskQuery
        >>> run_passes(AskQuery(Join(BGP(()), BGP(())))).pattern
        BGP(patterns=())
    """
    pattern = query.pattern
    for rewrite in passes:
        pattern = rewrite(pattern)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("after %s:\n%s", rewrite.__name__, render(pattern))
    return replace(query, pattern=pattern)
