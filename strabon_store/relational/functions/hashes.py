"""Hash functions (SPARQL 1.1 section 17.4.6)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.relational.functions.arguments import Function, simple_literal
from strabon_store.relational.scalars import call
from strabon_store.relational.values import Value, string


def _digest(operation: str) -> Function:
    def function(value: Value) -> Value:
        return string(call(operation, simple_literal(value)))

    return function


HASHES: Final[Mapping[tuple[str, int], Function]] = MappingProxyType(
    {
        (name.upper(), 1): _digest(name)
        for name in ("md5", "sha1", "sha256", "sha384", "sha512")
    }
)
