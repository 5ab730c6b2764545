"""XML documents -> entities: elements that repeat become things of their own.

What an element says is a value: an attribute, or the text of an element below it that
holds no others.  What of it occurs more than once in any element is a list of values,
or, where it holds others, an entity.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lxml import etree

from geotriples.bootstrap.columns import ColumnFacts, read_facts
from geotriples.bootstrap.entities import Entity, Field, Link
from geotriples.errors import SourceError
from geotriples.mapping.model import (
    FileAccess,
    LogicalSource,
    Problem,
    Representation,
)
from geotriples.sources.base import Source
from geotriples.sources.catalog import SourceCatalog
from geotriples.sources.xml_stream import parse_document
from ontologies.namespaces import RML

_FORMULATION: Final = RML.term("XPath")
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(slots=True)
class _Level:
    """What stands in the elements at one place of a document.

    Attributes:
        values: Paths of values below an element.
        children: Paths of elements that repeat and hold others.
    """

    values: dict[str, None] = field(default_factory=dict)
    children: dict[str, "_Level"] = field(default_factory=dict)


@dataclass(slots=True)
class _Document:
    """A document as it is looked through.

    Attributes:
        path: The file.
        prefixes: Namespace to the prefix that paths have for it.
        repeated: The places of elements of which one element has several.
    """

    path: Path
    prefixes: dict[str, str]
    repeated: set[str] = field(default_factory=set)

    def find_repeated(self, element: Any, place: str) -> None:
        for name, count in Counter(map(self.name, element)).items():
            if count > 1:
                self.repeated.add(f"{place}/{name}")
        for child in element:
            self.find_repeated(child, f"{place}/{self.name(child)}")

    def read(self, element: Any, place: str, level: _Level, way: str = "") -> None:
        """Note what an element says, as paths from the row."""
        for key in element.attrib:
            if not key.startswith(_XSI):
                level.values[f"{way}@{self.qualified(key)}"] = None
        for child in element:
            name = self.name(child)
            below, path = f"{place}/{name}", f"{way}{name}"
            is_plain = not len(child) and not child.attrib
            if is_plain:
                level.values[path] = None
            elif below in self.repeated:
                inner = level.children.setdefault(path, _Level())
                self.read(child, below, inner)
                self._text(child, inner, ".")
            else:
                self.read(child, below, level, f"{path}/")
                self._text(child, level, path)

    def _text(self, element: Any, level: _Level, path: str) -> None:
        if not len(element) and (element.text or "").strip():
            level.values[path] = None

    def name(self, element: Any) -> str:
        return self.qualified(str(element.tag))

    def qualified(self, tag: str) -> str:
        """A name as a path has it; prefixes are made up where the document has none."""
        if not tag.startswith("{"):
            return tag
        namespace, _, local = tag[1:].partition("}")
        known = self.prefixes.setdefault(namespace, f"ns{len(self.prefixes) + 1}")
        return f"{known}:{local}"


def survey_xml(path: Path) -> tuple[Entity, ...]:
    """The entities of a document, those that hold others first.

    Raises:
        SourceError: It is no XML, or holds nothing that could be a row.
    """
    root = parse_document(path, path, None).getroot()
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    prefixes = {url: prefix for prefix, url in root.nsmap.items() if prefix}
    document = _Document(path, prefixes)
    place = f"/{document.name(root)}"
    document.find_repeated(root, place)
    level = _Level()
    document.read(root, place, level)
    found = _Entities(path, tuple((one, url) for url, one in document.prefixes.items()))
    if level.values or not level.children:
        entities = list(found.of(_local(place), place, level))
    else:
        entities = [
            entity
            for child, inner in level.children.items()
            for entity in found.of(_local(child), f"{place}/{child}", inner)
        ]
    if not any(one.fields for one in entities):
        raise SourceError(path, "holds no elements with values that could be rows")
    return tuple(entities)


@dataclass(frozen=True, slots=True)
class _Entities:
    """Makes entities of what stands at places of a document."""

    path: Path
    namespaces: tuple[tuple[str, str], ...]

    def of(self, name: str, iterator: str, level: _Level) -> Iterator[Entity]:
        """The entity of a place, and those below it."""
        facts = read_facts(self.opened(iterator), list(level.values), is_text=True)
        links, notes, below = [], [], []
        for child, inner in level.children.items():
            inside = list(self.of(_local(child), f"{iterator}/{child}", inner))
            below += inside
            if len(inside[0].key) == 1:
                key = inside[0].key[0]
                keys = (child if key == "." else f"{child}/{key}",)
                links.append(Link(_local(child), inside[0].name, keys=keys))
            else:
                notes.append(f"{child} has no key, so nothing leads to what is in it")
        fields = tuple(_field(one, facts.rows) for one in facts.columns)
        yield Entity(
            *(name, _FORMULATION, iterator, facts.rows, fields, facts.key),
            links=tuple(links),
            notes=tuple(notes),
            namespaces=self.namespaces,
        )
        yield from below

    def opened(self, iterator: str) -> Source:
        """The elements at a place, as rows."""
        logical = LogicalSource(
            self.path.name,
            _FORMULATION,
            FileAccess(self.path.name),
            iterator,
            frozenset(),
            Representation(namespaces=self.namespaces),
        )
        named = {self.path.name: self.path}
        source = SourceCatalog(self.path.parent, named).open(logical)
        if isinstance(source, Problem):
            raise SourceError(self.path, source.message)
        return source


def _field(one: ColumnFacts, rows: int) -> Field:
    missing = rows - one.present
    note = f"{missing:,} of {rows:,} have none" if missing else ""
    name = " ".join(map(_local, one.reference.replace("@", "").split("/")))
    name = name if name.strip(".") else "value"
    return Field(name, one.reference, one.datatype, one.is_declared, note)


def _local(path: str) -> str:
    """The last name of a path, without its prefix."""
    return path.rpartition("/")[2].rpartition(":")[2]
