"""The mapping as data: RML Core and RML-FNML in frozen dataclasses.

`parse` makes it, `normalize` brings it to one form, `validate` judges it, `plan` reads
it.  Names are those of the RML ontology.  Every part carries `node`, the words by which
error messages point at it.  Nothing here knows RDF libraries or engines.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from ontologies.namespaces import RDF, RML


class TermType(StrEnum):
    """The kinds of term that a term map may generate (RML Core, term types)."""

    IRI = f"{RML}IRI"
    URI = f"{RML}URI"
    UNSAFE_IRI = f"{RML}UnsafeIRI"
    UNSAFE_URI = f"{RML}UnsafeURI"
    BLANK_NODE = f"{RML}BlankNode"
    LITERAL = f"{RML}Literal"

    @property
    def is_iri(self) -> bool:
        """Whether terms of this type are IRIs."""
        return self not in {TermType.BLANK_NODE, TermType.LITERAL}


@dataclass(frozen=True, slots=True)
class Iri:
    """A constant IRI."""

    value: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant literal; `language` is empty unless the datatype is rdf:langString."""

    lexical: str
    datatype: str
    language: str = ""


Term: TypeAlias = Iri | Literal


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of the current row, named in the words of the reference formulation."""

    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """Text with references in it; escapes are resolved."""

    parts: tuple[str | Reference, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references, in order."""
        return tuple(part for part in self.parts if isinstance(part, Reference))


@dataclass(frozen=True, slots=True)
class Constant:
    """The same term for every row."""

    term: Term


@dataclass(frozen=True, slots=True)
class Input:
    """One argument of a function: `rml:parameter` and the map of its value."""

    node: str
    parameter: str
    value: "TermMap"


def positional(number: int) -> str:
    """The name of an argument that is given by its place, from 1: `rdf:_1`, ...

    Examples:
        >>> positional(2)
        'http://www.w3.org/1999/02/22-rdf-syntax-ns#_2'
    """
    return RDF.term(f"_{number}")


@dataclass(frozen=True, slots=True)
class FunctionExecution:
    """A function applied to values of the row (RML-FNML)."""

    node: str
    function: str
    inputs: tuple[Input, ...]
    returns: str | None = None


Expression: TypeAlias = Template | Reference | Constant | FunctionExecution


@dataclass(frozen=True, slots=True)
class LogicalTarget:
    """A file for statements with terms of a term map (RML-IO, logical targets).

    Attributes:
        node: Where the target stands in the mapping.
        path: `rml:path` of the file.
        root: IRI of `rml:root`, what a relative path starts from; None where the
            mapping does not say.
        serialization: IRI of the format (`rml:serialization`).
        encoding: Local name of `rml:encoding`, such as `UTF-8`.
        compression: Local name of `rml:compression`, such as `gzip`; None for none.
        appends: Whether the statements are added to what the file holds (`rml:mode`).
    """

    node: str
    path: str
    root: str | None
    serialization: str
    encoding: str = "UTF-8"
    compression: str | None = None
    appends: bool = False


@dataclass(frozen=True, slots=True)
class Gather:
    """What makes a term map the node of a list or a container (RML-CC).

    Attributes:
        members: The maps of its members, in order.
        kind: IRI of rdf:List, rdf:Bag, rdf:Seq or rdf:Alt.
        is_product: Whether each combination of the maps' values is a collection of its
            own (`rml:cartesianProduct`), where else all are appended to one.
        allow_empty: Whether there is one where no map has a value.
    """

    members: "tuple[TermMap | RefObjectMap, ...]"
    kind: str
    is_product: bool = False
    allow_empty: bool = False


@dataclass(frozen=True, slots=True)
class TermMap:
    """How one term is made from a row.

    Attributes:
        node: Where the map stands in the mapping.
        expression: What makes the value; None only for a blank node per row, or for a
            collection per row.
        term_type: The kind of term; None until `normalize` has filled in the default.
        datatype: The map of a literal's datatype, which makes an IRI.
        language: The map of a literal's language tag, which makes a string.
        condition: The map of a truth value, without which the row gives no term
            (RML-FNML, conditions).
        targets: The files for statements with such a term.
        gather: What the term is the list or container of; None for a plain term.
    """

    node: str
    expression: Expression | None
    term_type: TermType | None = None
    datatype: "TermMap | None" = None
    language: "TermMap | None" = None
    condition: "TermMap | None" = None
    targets: tuple[LogicalTarget, ...] = ()
    gather: Gather | None = None

    @property
    def all_targets(self) -> tuple[LogicalTarget, ...]:
        """Its own targets, and those of its datatype and its language."""
        parts = [one for one in (self.datatype, self.language) if one is not None]
        return (*self.targets, *(each for one in parts for each in one.all_targets))


@dataclass(frozen=True, slots=True)
class JoinCondition:
    """A child row and a parent row join where both maps give the same string.

    Or, where there is a function, where that is true of what both maps give: the IRI of
    a topological relation of GeoTriples' `rrxf:`, of the child's geometry and the
    parent's.
    """

    node: str
    child: TermMap
    parent: TermMap
    function: str | None = None


@dataclass(frozen=True, slots=True)
class RefObjectMap:
    """The subjects of another triples map as objects."""

    node: str
    parent: str
    conditions: tuple[JoinCondition, ...]
    targets: tuple[LogicalTarget, ...] = ()

    @property
    def all_targets(self) -> tuple[LogicalTarget, ...]:
        """The files for statements with such an object."""
        return self.targets


@dataclass(frozen=True, slots=True)
class PredicateObjectMap:
    """Every predicate with every object, in every graph."""

    node: str
    predicates: tuple[TermMap, ...]
    objects: tuple[TermMap | RefObjectMap, ...]
    graphs: tuple[TermMap, ...]


@dataclass(frozen=True, slots=True)
class SubjectMap:
    """The subject of a triples map, with its `rml:class` and graph maps."""

    term: TermMap
    classes: tuple[Iri, ...] = ()
    graphs: tuple[TermMap, ...] = ()


@dataclass(frozen=True, slots=True)
class FileAccess:
    """A file (RML-IO, `rml:FilePath`).

    Attributes:
        path: `rml:path`, a path or a name that the run resolves.
        root: IRI of `rml:root`, what a relative path starts from; None where the
            mapping does not say.
    """

    path: str
    root: str | None = None


@dataclass(frozen=True, slots=True)
class WebAccess:
    """A document behind a URL of a scheme that the run can fetch."""

    url: str


@dataclass(frozen=True, slots=True)
class DatabaseAccess:
    """A relational database; its password is in no message and no `repr`.

    Attributes:
        dsn: Its URL, with or without `jdbc:`, or the path of a SQLite file; empty for
            the database that the run names.
        username: Who asks, where the URL does not say.
        password: The password of that user.
        driver: Name of the JDBC driver, where the mapping says.
    """

    dsn: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class SparqlAccess:
    """A SPARQL endpoint, which answers the query that the iterator is."""

    endpoint: str


Access: TypeAlias = FileAccess | WebAccess | SparqlAccess | DatabaseAccess
"""Where the data of a logical source are."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written as text (CSVW, tabular data model, section 5.9 dialects).

    Attributes:
        delimiter: What stands between the fields of a row.
        quote: What stands around a field that holds a delimiter; None for nothing.
        escape: What stands before a quote in a quoted field; None for a second quote.
        has_header: Whether the first row names the columns; else they are `_col.1`,
            `_col.2`, ... (CSVW, 4.3).
        comment: How a line begins that is no row; None where every line is one.
        skip_rows: Lines to be passed over before the first row.
        trim: Whether white space around a field is no part of it.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    has_header: bool = True
    comment: str | None = None
    skip_rows: int = 0
    trim: bool = False


@dataclass(frozen=True, slots=True)
class Representation:
    """How data are to be read where their format leaves it open.

    Attributes:
        encoding: Name of the character encoding; None where the format tells.
        compression: Local name of `rml:compression`, such as `gzip`; None for none.
        dialect: How a table is written as text; None where the formulation tells.
        namespaces: Prefixes of paths in XML, with their namespaces.
        crs: The CRS of geometries whose data name none, as pyproj reads it.
    """

    encoding: str | None = None
    compression: str | None = None
    dialect: Dialect | None = None
    namespaces: tuple[tuple[str, str], ...] = ()
    crs: str | None = None


SourceKey: TypeAlias = tuple[Hashable, ...]
"""Equal where the rows are."""


@dataclass(frozen=True, slots=True)
class LogicalSource:
    """Where the rows come from.

    Attributes:
        node: Where the source stands in the mapping.
        formulation: IRI of the reference formulation.
        access: Where the data are.
        iterator: Which parts of the data are rows, in the words of the formulation: a
            path, a layer, a table or a query; None where rows are given.
        nulls: Strings that stand for no value (`rml:null`).
        representation: How the data are to be read.
    """

    node: str
    formulation: str
    access: Access
    iterator: str | None = None
    nulls: frozenset[str] = frozenset()
    representation: Representation = Representation()

    @property
    def key(self) -> SourceKey:
        """Equal for logical sources that yield the same rows."""
        return (
            *(self.formulation, self.access, self.iterator),
            *(self.nulls, self.representation),
        )


ITERATION: Final = "<it>"
"""The key of the record of an iteration (RML-LV), and how sources are asked for it."""

INDEX: Final = "#"
"""The key of the position of a record, after the field's name and a dot."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a view: an expression, or an iteration over parts of a record.

    Attributes:
        node: Where the field stands in the mapping.
        name: Its declared name.
        expression: What makes the values; None for an iterable field.
        iterator: Which parts of the record above are iterated over.
        formulation: IRI of the reference formulation; None for that above.
        fields: The fields within it.
    """

    node: str
    name: str
    expression: Expression | None
    iterator: str | None = None
    formulation: str | None = None
    fields: "tuple[Field, ...]" = ()


@dataclass(frozen=True, slots=True)
class ViewJoin:
    """Fields from the iterations of another view that join."""

    node: str
    parent: "LogicalView"
    conditions: tuple[JoinCondition, ...]
    fields: tuple[Field, ...]
    is_inner: bool


@dataclass(frozen=True, slots=True)
class LogicalView:
    """A table of named fields over a source, or over another view (RML-LV)."""

    node: str
    on: "LogicalSource | LogicalView"
    fields: tuple[Field, ...]
    joins: tuple[ViewJoin, ...] = ()

    @property
    def key(self) -> SourceKey:
        """Equal for views that yield the same rows."""
        return ("view", self.on.key, self.fields, self.joins)

    @property
    def sources(self) -> "tuple[LogicalSource, ...]":
        """Everything that is read for it."""
        below = self.on.sources if isinstance(self.on, LogicalView) else (self.on,)
        joined = (each for one in self.joins for each in one.parent.sources)
        return (*below, *joined)

    @property
    def keys(self) -> tuple[str, ...]:
        """What can be referred to: values of fields, and positions."""
        fields = [*self.fields, *(each for one in self.joins for each in one.fields)]
        return (INDEX, *(key for one in fields for key in _keys(one, "")))


def _keys(field: Field, above: str) -> Iterator[str]:
    name = f"{above}{field.name}"
    if field.expression is not None:
        yield name
    yield f"{name}.{INDEX}"
    for one in field.fields:
        yield from _keys(one, f"{name}.")


@dataclass(frozen=True, slots=True)
class TriplesMap:
    """One `rml:TriplesMap`; `name` is its IRI, or its position when it has none."""

    name: str
    source: LogicalSource | LogicalView
    subject: SubjectMap
    predicate_objects: tuple[PredicateObjectMap, ...]
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """A whole mapping document."""

    triples_maps: tuple[TriplesMap, ...]

    def triples_map(self, name: str) -> TriplesMap:
        """The triples map of this name.

        Raises:
            KeyError: There is none.
        """
        return {one.name: one for one in self.triples_maps}[name]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a mapping, and the node where."""

    node: str
    message: str

    def __str__(self) -> str:
        return f"{self.node}: {self.message}"
