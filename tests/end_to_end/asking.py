"""SPARQLWrapper, as its users use it, and what its answers are compared with."""

from collections.abc import Iterable, Mapping
from typing import Any

from SPARQLWrapper import JSON, SPARQLWrapper

Bindings = list[dict[str, dict[str, str]]]


def ask(endpoint: str, query: str) -> Bindings:
    """The bindings that an endpoint answers."""
    wrapper = SPARQLWrapper(endpoint)
    wrapper.setReturnFormat(JSON)
    wrapper.setQuery(query)
    answer: Any = wrapper.queryAndConvert()
    bindings: Bindings = answer["results"]["bindings"]
    return bindings


def values(bindings: Iterable[Mapping[str, Mapping[str, str]]], name: str) -> list[str]:
    """The values of one variable, row by row."""
    return [binding[name]["value"] for binding in bindings]
