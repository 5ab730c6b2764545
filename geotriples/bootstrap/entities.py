"""What a survey finds in a source: entities with fields, keys and links."""

import re
from dataclasses import dataclass, field

from geotriples.mapping.grammar import is_iri_character

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Field:
    """A value of each row.

    Attributes:
        name: What people call it.
        reference: How the mapping refers to it.
        datatype: IRI of the datatype of its values; None where rows differ.
        is_declared: Whether the mapping must say the datatype, because the source has
            text only.
        note: What is worth knowing of its values; "" for nothing.
    """

    name: str
    reference: str
    datatype: str | None
    is_declared: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the geometries of an entity come from.

    Attributes:
        name: What the field is called.
        reference: A geometry column, or text in WKT.
        point: References of x and y, where there is no such column.
        crs: The CRS, for people.
        is_column: Whether it is a geometry column, not text.
    """

    name: str
    reference: str | None = None
    point: tuple[str, str] | None = None
    crs: str = ""
    is_column: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A field that leads to another entity.

    Attributes:
        name: What people call it.
        entity: The name of the entity.
        conditions: Pairs of references, here and there, that are equal.
        keys: References here to the key of the other, where no join is needed.
    """

    name: str
    entity: str
    conditions: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nesting:
    """Rows within rows of another entity, told apart by where they stand there.

    In the mapping they are a logical view (RML-LV); references of the entity are names
    of its fields.

    Attributes:
        entity: The name of the other entity.
        iterator: Which parts of the document are rows of that.
        path: Where the inner rows are, from such a row.
        keys: Names of fields that tell the outer rows apart, and their references.
        fields: Names of fields of the inner rows, and their references.
    """

    entity: str
    iterator: str
    path: str
    keys: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """Things of one kind: a table, or a level of a document.

    Attributes:
        name: What people call it.
        formulation: IRI of the reference formulation.
        iterator: Which parts are rows; None where rows are given.
        rows: How many there are.
        fields: Their values.
        key: References that tell rows apart; none where nothing does.
        geometry: Where their geometries come from.
        links: To other entities.
        notes: What was left out, and why.
        namespaces: Prefixes of paths, and what they stand for.
        nesting: What its rows are in, where they have no key of their own.
    """

    name: str
    formulation: str
    iterator: str | None
    rows: int
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    geometry: Geometry | None = None
    links: tuple[Link, ...] = ()
    notes: tuple[str, ...] = field(default=())
    namespaces: tuple[tuple[str, str], ...] = ()
    nesting: Nesting | None = None

    @property
    def class_name(self) -> str:
        """The local name of its class."""
        return pascal_case(self.name)


def pascal_case(text: str) -> str:
    """A name as a class has it.

    Examples:
        >>> pascal_case("ice charts_2026"), pascal_case("2nd")
        ('IceCharts2026', 'N2nd')
    """
    words = _words(text)
    name = "".join(word[0].upper() + word[1:] for word in words) or "Thing"
    return f"N{name}" if name[0].isdigit() else name


def camel_case(text: str) -> str:
    """A name as a property has it.

    Examples:
        >>> camel_case("Area (km2)"), camel_case("POLY_ID"), camel_case("größe")
        ('areaKm2', 'polyId', 'größe')
    """
    words = [word.lower() if word.isupper() else word for word in _words(text)]
    if not words:
        return "value"
    name = words[0][0].lower() + words[0][1:]
    name += "".join(word[0].upper() + word[1:] for word in words[1:])
    return f"n{name}" if name[0].isdigit() else name


def _words(text: str) -> list[str]:
    words = _WORD.findall(text)
    kept = ("".join(filter(is_iri_character, word)) for word in words)
    return [word for word in kept if word]
