"""Logical sources opened without a mapping, and what their references yield."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geotriples.errors import SourceError
from geotriples.mapping.model import (
    Access,
    FileAccess,
    LogicalSource,
    Problem,
    Representation,
)
from geotriples.sources.base import Source
from geotriples.sources.catalog import SourceCatalog
from geotriples.sources.places import Permissions
from ontologies.namespaces import PYRML, RML


@contextmanager
def opened(  # noqa: PLR0913 - one for each part of a logical source
    folder: Path,
    place: str | Access,
    formulation: str,
    iterator: str | None = None,
    *,
    nulls: tuple[str, ...] = (),
    representation: Representation | None = None,
    permissions: Permissions | None = None,
    named: Mapping[str, Path] | None = None,
) -> Iterator[Source]:
    """A source; what is wrong with it is raised."""
    access = FileAccess(place) if isinstance(place, str) else place
    prefix, _, name = formulation.partition(":")
    source = LogicalSource(
        "source",
        {"rml": RML, "pyrml": PYRML}[prefix].term(name),
        access,
        iterator,
        frozenset(nulls),
        representation or Representation(),
    )
    permitted = permissions or Permissions(None)
    with SourceCatalog(folder, named or {}, permissions=permitted) as catalog:
        found = catalog.open(source)
        if isinstance(found, Problem):
            raise SourceError(str(place), found.message)
        yield found


def column(source: Source, reference: str) -> list[Any]:
    """The values of a reference, of one that has nothing wrong."""
    assert source.explain(reference) is None, source.explain(reference)
    return [value for (value,) in rows(source, reference)]


def rows(source: Source, *references: str) -> list[tuple[Any, ...]]:
    """The values of references, row by row; typed ones without their types."""
    named = {f"c{i}": text for i, text in enumerate(references)}
    table = source.read(named).read_all()
    columns = [table.column(name).to_pylist() for name in named]
    return [tuple(map(_lexical, row)) for row in zip(*columns, strict=True)]


def _lexical(value: Any) -> Any:
    if isinstance(value, list):
        return [_lexical(one) for one in value]
    return value["lexical"] if isinstance(value, dict) else value
