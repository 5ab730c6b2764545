"""The built-ins of SPARQL 1.1 section 17.4 and the casts of 17.5, as tables.

A module for each heading of 17.4. A function that needs more than a row stands above
the table that names it. What is in no table is refused while compiling.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.errors import UnsupportedFeature
from strabon_store.relational.functions.arguments import Function
from strabon_store.relational.functions.casts import CASTS
from strabon_store.relational.functions.dates_and_times import DATES_AND_TIMES
from strabon_store.relational.functions.hashes import HASHES
from strabon_store.relational.functions.numerics import NUMERICS, random
from strabon_store.relational.functions.strings import STRINGS, concat
from strabon_store.relational.functions.terms import FRESH, TERMS
from strabon_store.relational.values import Value

__all__ = ("CASTS", "FRESH_BUILT_INS", "lower_builtin", "lower_fresh")

_BUILT_INS: Final[Mapping[tuple[str, int], Function]] = MappingProxyType(
    {**TERMS, **STRINGS, **NUMERICS, **DATES_AND_TIMES, **HASHES}
)
_VARIADIC: Final = MappingProxyType({"CONCAT": concat})
_FRESH: Final[Mapping[str, Function]] = MappingProxyType({**FRESH, "RAND": random})

FRESH_BUILT_INS: Final = frozenset(_FRESH)
"""Built-ins of no argument that give something else with each call."""


def lower_builtin(name: str, arguments: tuple[Value, ...]) -> Value:
    """The value of a built-in call.

    Raises:
        UnsupportedFeature: We do not compile it, or not with so many arguments.
    """
    function = _BUILT_INS.get((name, len(arguments)))
    if function is None and name in _VARIADIC:
        return _VARIADIC[name](arguments)
    if function is None:
        raise UnsupportedFeature(f"{name} with {len(arguments)} argument(s)")
    return function(*arguments)


def lower_fresh(name: str, serial: Value) -> Value:
    """The value of a call that gives something else each time, by its serial number."""
    return _FRESH[name](serial)
