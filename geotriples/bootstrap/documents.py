"""JSON documents -> entities: what is nested becomes entities of its own."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from geotriples.bootstrap.columns import TableFacts, read_facts
from geotriples.bootstrap.entities import Entity, Field, Link, Nesting
from geotriples.errors import SourceError
from geotriples.mapping.model import FileAccess, LogicalSource, Problem
from geotriples.sources.catalog import SourceCatalog
from ontologies.namespaces import RML

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORMULATION: Final = RML.term("JSONPath")


@dataclass(slots=True)
class _Level:
    """What stands in the objects at one place of a document.

    Attributes:
        values: Paths of plain values below an object.
        lists: Paths of arrays of plain values.
        children: Paths of arrays of objects, and what stands in those.
        odd: Paths of what is neither, or several of these.
    """

    values: dict[str, None] = field(default_factory=dict)
    lists: dict[str, None] = field(default_factory=dict)
    children: dict[str, "_Level"] = field(default_factory=dict)
    odd: dict[str, None] = field(default_factory=dict)

    def read(self, value: dict[str, Any], path: str = "$") -> None:
        for key, one in value.items():
            self._read(one, path + step(key))

    def _read(self, one: Any, path: str) -> None:
        match one:
            case dict():
                self.read(one, path)
            case []:
                pass  # of what, other rows say
            case [dict(), *_] if all(isinstance(each, dict) for each in one):
                level = self.children.setdefault(path, _Level())
                for each in one:
                    level.read(each)
            case list() if any(isinstance(each, dict | list) for each in one):
                self.odd[path] = None
            case list():
                self.lists[path] = None
            case _:
                self.values[path] = None

    def settled(self) -> "_Level":
        """The same without paths that are sometimes a value and sometimes more."""
        whole = [*self.values, *self.lists, *self.children]
        for path in {*whole}:
            below = any(other.startswith((f"{path}.", f"{path}[")) for other in whole)
            if whole.count(path) > 1 or (below and path in self.values):
                self.odd[path] = None
        for path in self.odd:
            self.values.pop(path, None)
            self.lists.pop(path, None)
            self.children.pop(path, None)
        return self


def step(key: str) -> str:
    """A step of JSONPath to a member.

    Examples:
        >>> step("name"), step("a b")
        ('.name', "['a b']")
    """
    if _PLAIN.fullmatch(key):
        return f".{key}"
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"


def survey_json(path: Path) -> tuple[Entity, ...]:
    """The entities of a document, those that hold others first.

    Raises:
        SourceError: It is no JSON, or holds no objects.
    """
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        raise SourceError(path, f"is not JSON: {error}") from error
    iterator, rows = _rows(document)
    if not rows:
        raise SourceError(path, "holds no objects that could be rows")
    level = _Level()
    for row in rows:
        level.read(row)
    return tuple(_entities(path, path.stem, iterator, level))


def _rows(document: Any) -> tuple[str, list[dict[str, Any]]]:
    """Where the rows of a document are: in it, or in its only array of objects."""
    if isinstance(document, list):
        return "$[*]", [one for one in document if isinstance(one, dict)]
    if not isinstance(document, dict):
        return "$", []
    arrays = [
        key
        for key, one in document.items()
        if isinstance(one, list) and one and all(isinstance(each, dict) for each in one)
    ]
    if len(arrays) == 1:
        return f"${step(arrays[0])}[*]", document[arrays[0]]
    return "$", [document]


def _entities(path: Path, name: str, iterator: str, level: _Level) -> Iterator[Entity]:
    level.settled()
    source = _opened(path, iterator)
    references = [*level.values, *(f"{one}[*]" for one in level.lists)]
    facts = read_facts(source, references)
    links, notes, below = [], [f"{one} is not mapped" for one in level.odd], []
    for child, inner in level.children.items():
        inside = list(_entities(path, _name(child), f"{iterator}{child[1:]}[*]", inner))
        below += inside
        key = inside[0].key
        if key:
            keys = tuple(f"{child}[*]{one[1:]}" for one in key)
            links.append(Link(_name(child), inside[0].name, keys=keys))
        elif facts.key:
            outer = (name, iterator, facts.key)
            below[-len(inside)] = _nested(inside[0], outer, child)
        else:
            notes.append(f"{child} has no key, so nothing leads to what is in it")
    yield Entity(
        *(name, _FORMULATION, iterator, facts.rows, _fields(facts), facts.key),
        links=tuple(one for one in links if len(one.keys) == 1),
        notes=tuple(notes),
    )
    yield from below


def _nested(
    inner: Entity, outer: tuple[str, str, tuple[str, ...]], child: str
) -> Entity:
    """An entity whose rows are told apart by the outer row and their place in it."""
    name, iterator, key = outer
    item = re.sub(r"\W", "_", _name(child))
    names = {one.reference: f"f{number}" for number, one in enumerate(inner.fields, 1)}
    for one in inner.fields:
        plain = re.sub(r"\W", "_", one.name)
        if plain not in names.values():
            names[one.reference] = plain
    keys = tuple((f"outer{number or ''}", one) for number, one in enumerate(key))
    nesting = Nesting(
        *(name, iterator, child),
        keys,
        tuple((names[one.reference], one.reference) for one in inner.fields),
    )
    fields = tuple(
        replace(one, reference=f"{item}.{names[one.reference]}") for one in inner.fields
    )
    whole = (*(one for one, _ in keys), f"{item}.#")
    return replace(inner, fields=fields, key=whole, nesting=nesting, links=())


def _fields(facts: TableFacts) -> tuple[Field, ...]:
    found = []
    for one in facts.columns:
        missing = facts.rows - one.present
        note = f"{missing:,} of {facts.rows:,} have none" if missing else ""
        name = _name(one.reference.removesuffix("[*]"))
        found.append(Field(name, one.reference, one.datatype, note=note))
    return tuple(found)


def _name(path: str) -> str:
    """A path for people: its steps."""
    steps = re.finditer(r"\.([A-Za-z0-9_]+)|\['(.*?)'\]", path)
    return " ".join(one[1] or one[2] for one in steps)


def _opened(path: Path, iterator: str) -> Any:
    logical = LogicalSource(path.name, _FORMULATION, FileAccess(path.name), iterator)
    source = SourceCatalog(path.parent, {path.name: path}).open(logical)
    if isinstance(source, Problem):
        raise SourceError(path, source.message)
    return source
