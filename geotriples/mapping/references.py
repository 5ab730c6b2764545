"""The references of a mapping, rewritten where a language spells them otherwise."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeAlias

from geotriples.mapping.model import (
    JoinCondition,
    LogicalSource,
    Mapping,
    Reference,
    RefObjectMap,
)

Rewrite: TypeAlias = Callable[[LogicalSource, str], str]
"""From a reference to a row of a source to the reference in its place."""


def rewrite_references(mapping: Mapping, rewrite: Rewrite) -> Mapping:
    """Every reference, by the source on whose rows it is evaluated."""
    sources = {
        one.name: one.source
        for one in mapping.triples_maps
        if isinstance(one.source, LogicalSource)
    }
    # The names of a view's fields are the same in every language.
    return Mapping(
        tuple(
            _rewritten(one, one.source, sources, rewrite)
            if isinstance(one.source, LogicalSource)
            else one
            for one in mapping.triples_maps
        )
    )


def _rewritten(
    part: Any,
    source: LogicalSource,
    sources: dict[str, LogicalSource],
    rewrite: Rewrite,
) -> Any:
    """A part of a triples map; what holds no references stays the same."""
    match part:
        case Reference(text):
            return Reference(rewrite(source, text))
        case LogicalSource():
            return part
        case tuple():
            return tuple(_rewritten(one, source, sources, rewrite) for one in part)
        case RefObjectMap(parent=name):
            others = sources.get(name, source)
            return replace(
                part,
                conditions=tuple(
                    JoinCondition(
                        one.node,
                        _rewritten(one.child, source, sources, rewrite),
                        _rewritten(one.parent, others, sources, rewrite),
                        one.function,
                    )
                    for one in part.conditions
                ),
            )
        case _ if not is_dataclass(part) or isinstance(part, type):
            return part
        case _:
            pass
    changed = {
        one.name: _rewritten(getattr(part, one.name), source, sources, rewrite)
        for one in fields(part)
    }
    return replace(part, **changed)
