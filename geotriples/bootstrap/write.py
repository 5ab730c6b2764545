"""Entities -> a mapping in Turtle, and an ontology: text that people read and edit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geotriples.bootstrap.entities import Entity, Field, Link, Nesting, camel_case
from geotriples.bootstrap.survey import Survey
from geotriples.direct import encoded
from geotriples.values import WKT_LITERAL
from ontologies.namespaces import GEO, OWL, PYRML, RDF, RDFS, RML, XSD, Namespace

_PREFIXES: Final = {
    "rml": RML,
    "pyrml": PYRML,
    "xsd": XSD,
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "geo": GEO,
    "d2rq": Namespace("http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """The IRIs of what a survey found.

    Attributes:
        base: What the IRIs of things begin with; ends in `/` or `#`.
        survey: The survey.
        language: Tag of the language of texts and names; None where nobody says.
    """

    base: str
    survey: Survey
    language: str | None = None

    def is_text(self, entity: Entity, field: Field) -> bool:
        """Whether the values of a field are text in a language, and no key."""
        is_string = field.datatype == XSD.term("string")
        return bool(self.language) and is_string and field.reference not in entity.key

    def label(self, text: str) -> str:
        """A name as a label."""
        return _text(text) + (f"@{self.language}" if self.language else "")

    def range(self, entity: Entity, field: Field) -> str:
        """The datatype of a field."""
        if self.is_text(entity, field):
            return "rdf:langString"
        return _short(field.datatype) if field.datatype else "rdfs:Literal"

    @property
    def ontology(self) -> str:
        """What the IRIs of classes and properties begin with."""
        return f"{self.base}ontology/{encoded(self.survey.name)}#"

    def entity(self, name: str) -> Entity:
        """The entity of this name."""
        return next(one for one in self.survey.entities if one.name == name)

    def template(self, entity: Entity, keys: Sequence[str] | None = None) -> str:
        """The template of the things of an entity, filled from some references."""
        parts = "/".join(f"{{{_reference(key)}}}" for key in keys or entity.key)
        return f"{self._folder(entity)}/{parts}"

    def geometry_template(self, entity: Entity) -> str:
        """The template of the geometries of an entity's things."""
        parts = "/".join(f"{{{_reference(key)}}}" for key in entity.key)
        return f"{self._folder(entity)}/geometry/{parts}"

    def _folder(self, entity: Entity) -> str:
        return _braced(f"{self.base}{encoded(entity.name.replace(' ', '-'))}")


def mapping_text(names: Names, path: str) -> str:
    """The mapping of all entities.

    Args:
        names: Their IRIs.
        path: The source as the mapping names it.
    """
    survey = names.survey
    what = survey.path.name if survey.path else "a database"
    body = list(_source(survey, path))
    for entity in survey.entities:
        body += ["", *_entity(names, entity)]
    text = "\n".join(body)
    head = [
        f"# {what} to RDF: a first mapping, to be edited.",
        "#",
        "# An IRI is made of a key, so that it stays the same whenever this is run.",
        "",
        *(f"@prefix {one}: <{_PREFIXES[one]}> ." for one in _used(text)),
        f"@prefix onto: <{names.ontology}> .",
        f"@base <{names.base}mapping/{encoded(survey.name)}> .",
        "",
    ]
    return "\n".join([*head, text, ""])


def _used(text: str) -> Iterator[str]:
    return (name for name in _PREFIXES if f" {name}:" in text)


def _source(survey: Survey, path: str) -> Iterator[str]:
    if survey.database is not None:
        yield "<#source> a d2rq:Database ;"
        yield f"    d2rq:jdbcDSN {_text(path)} ."
        return
    yield "<#source> a rml:RelativePathSource ; rml:root rml:MappingDirectory ;"
    nulls = "".join(f" ;\n    rml:null {_text(one)}" for one in survey.nulls)
    yield f"    rml:path {_text(path)}{nulls} ."


def _entity(names: Names, entity: Entity) -> Iterator[str]:
    yield f"# ---- {entity.name}: {entity.rows:,} rows ----"
    if entity.nesting is not None:
        outer = entity.nesting.entity
        yield f"# Rows have no key: their place in those of {outer} tells them apart."
    elif entity.key:
        keys = " and ".join(entity.key)
        yield f"# No two rows share {keys}."
    else:
        yield "# No column tells all rows apart: a row is a blank node by its number."
    yield from (f"# {note}" for note in entity.notes)
    if entity.nesting is not None:
        yield from _view(names, entity, entity.nesting)
    yield f"<#{entity.class_name}> a rml:TriplesMap ;"
    yield from _logical_source(entity)
    yield f"    rml:subjectMap [ {_subject(names, entity)} ;"
    is_last = not _properties(names, entity)
    yield f"        rml:class onto:{entity.class_name} ] {'.' if is_last else ';'}"
    yield from _joined(_properties(names, entity))
    if entity.geometry is not None and entity.key:
        yield from _geometry(names, entity)


def _view(names: Names, entity: Entity, nesting: Nesting) -> Iterator[str]:
    """The rows of an entity within those of another, and what leads to them."""
    view = f"<#{entity.class_name}View>"
    item = entity.key[-1].removesuffix(".#")
    yield f"{view} a rml:LogicalView ;"
    yield "    rml:viewOn [ a rml:LogicalSource ; rml:source <#source> ;"
    yield f"        rml:referenceFormulation {_short(entity.formulation)} ;"
    yield f"        rml:iterator {_text(nesting.iterator)} ] ;"
    for name, reference in nesting.keys:
        yield f"    rml:field {_expression_field(name, reference)} ;"
    yield f"    rml:field [ a rml:IterableField ; rml:fieldName {_text(item)} ;"
    yield f"        rml:iterator {_text(f'{nesting.path}[*]')}"
    for name, reference in nesting.fields:
        yield f"        ; rml:field {_expression_field(name, reference)}"
    yield "    ] ."
    outer = names.template(
        names.entity(nesting.entity), [name for name, _ in nesting.keys]
    )
    predicate = f"onto:{camel_case(entity.name)}"
    inner = _text(names.template(entity))
    yield f"<#{entity.class_name}Link> a rml:TriplesMap ; rml:logicalSource {view} ;"
    yield f"    rml:subjectMap [ rml:template {_text(outer)} ] ;"
    yield f"    rml:predicateObjectMap [ rml:predicate {predicate} ;"
    yield f"        rml:objectMap [ rml:template {inner} ] ] ."


def _expression_field(name: str, reference: str) -> str:
    return (
        f"[ a rml:ExpressionField ; rml:fieldName {_text(name)} ; "
        f"rml:reference {_text(reference)} ]"
    )


def _logical_source(entity: Entity) -> Iterator[str]:
    if entity.nesting is not None:
        yield f"    rml:logicalSource <#{entity.class_name}View> ;"
        return
    formulation = _formulation(entity)
    yield "    rml:logicalSource [ a rml:LogicalSource ; rml:source <#source> ;"
    tail = (
        "" if entity.iterator is None else f" ; rml:iterator {_text(entity.iterator)}"
    )
    yield f"        rml:referenceFormulation {formulation}{tail} ] ;"


def _formulation(entity: Entity) -> str:
    """A reference formulation, with the prefixes that its paths have."""
    if not entity.namespaces:
        return _short(entity.formulation)
    prefixes = " ,\n            ".join(
        f"[ rml:namespacePrefix {_text(one)} ; rml:namespaceURL {_text(url)} ]"
        for one, url in entity.namespaces
    )
    head = "[ a rml:XPathReferenceFormulation ; rml:namespace"
    return f"{head}\n            {prefixes} ]"


def _subject(names: Names, entity: Entity) -> str:
    if not entity.key:
        return "rml:termType rml:BlankNode"
    return f"rml:template {_text(names.template(entity))}"


def _properties(names: Names, entity: Entity) -> list[tuple[str, str]]:
    """Predicate-object maps, and what is to be said of each."""
    found = [
        (
            _property(
                one, name, names.language if names.is_text(entity, one) else None
            ),
            one.note,
        )
        for name, one in properties(entity)
    ]
    found += [(_link(names, one), "") for one in entity.links]
    if entity.geometry is None:
        return found
    what = f"{entity.geometry.name}; CRS: {entity.geometry.crs}"
    if not entity.key:
        literal = f"[ {_wkt(entity)} ]"
        return [*found, (f"rml:predicate geo:asWKT ; rml:objectMap {literal}", what)]
    template = _text(names.geometry_template(entity))
    predicates = "geo:hasGeometry , geo:hasDefaultGeometry"
    pair = f"rml:predicate {predicates} ;\n          rml:objectMap [ rml:template"
    return [*found, (f"{pair} {template} ]", what)]


def _joined(properties: Sequence[tuple[str, str]]) -> Iterator[str]:
    if not properties:
        return
    yield "    rml:predicateObjectMap"
    for number, (text, note) in enumerate(properties, 1):
        end = "." if number == len(properties) else ","
        yield f"        [ {text} ] {end}{f'  # {note}' if note else ''}"


def properties(entity: Entity) -> Iterator[tuple[str, Field]]:
    """Local names of the properties of fields; no two of an entity are equal."""
    taken = {camel_case(one.name) for one in entity.links}
    for field in entity.fields:
        name = plain = camel_case(field.name)
        number = 1
        while name in taken:
            number += 1
            name = f"{plain}{number}"
        taken.add(name)
        yield name, field


def _property(field: Field, name: str, language: str | None) -> str:
    declared = "" if language is None else f" ; rml:language {_text(language)}"
    if field.is_declared and field.datatype is not None:
        declared = f" ; rml:datatype {_short(field.datatype)}"
    value = f"[ rml:reference {_text(field.reference)}{declared} ]"
    return f"rml:predicate onto:{name} ; rml:objectMap {value}"


def _link(names: Names, link: Link) -> str:
    predicate = f"rml:predicate onto:{camel_case(link.name)}"
    other = names.entity(link.entity)
    if link.keys:
        template = _text(names.template(other, link.keys))
        return f"{predicate} ; rml:objectMap [ rml:template {template} ]"
    joins = " , ".join(
        f"[ rml:child {_text(child)} ; rml:parent {_text(parent)} ]"
        for child, parent in link.conditions
    )
    parent = f"rml:parentTriplesMap <#{other.class_name}>"
    return (
        f"{predicate} ;\n          rml:objectMap [ {parent} ;\n"
        f"            rml:joinCondition {joins} ]"
    )


def _geometry(names: Names, entity: Entity) -> Iterator[str]:
    yield ""
    yield f"<#{entity.class_name}Geometry> a rml:TriplesMap ;"
    yield from _logical_source(entity)
    template = _text(names.geometry_template(entity))
    yield f"    rml:subjectMap [ rml:template {template} ; rml:class geo:Geometry ] ;"
    pair = f"rml:predicate geo:asWKT ; rml:objectMap [ {_wkt(entity)} ]"
    yield f"    rml:predicateObjectMap [ {pair} ] ."


def _wkt(entity: Entity) -> str:
    geometry = entity.geometry
    if geometry is None:
        raise ValueError(f"{entity.name} has no geometry")
    if geometry.point is not None:
        x, y = (f"{{{_reference(one)}}}" for one in geometry.point)
        template = _text(f"POINT({x} {y})")
        return (
            f"rml:template {template} ; rml:termType rml:Literal ; "
            "rml:datatype geo:wktLiteral"
        )
    value = f"rml:reference {_text(geometry.reference or '')}"
    return value if geometry.is_column else f"{value} ; rml:datatype geo:wktLiteral"


def ontology_text(names: Names) -> str:
    """The classes and properties of the mapping, in OWL."""
    lines = [
        *(
            f"@prefix {name}: <{_PREFIXES[name]}> ."
            for name in ("rdf", "rdfs", "owl", "xsd", "geo")
        ),
        f"@prefix onto: <{names.ontology}> .",
        "",
        f"<{names.ontology.removesuffix('#')}> a owl:Ontology ;",
        f"    rdfs:label {names.label(names.survey.name)} .",
    ]
    for entity in names.survey.entities:
        parent = (
            "" if entity.geometry is None else " ;\n    rdfs:subClassOf geo:Feature"
        )
        lines += ["", f"onto:{entity.class_name} a owl:Class{parent} ;"]
        lines += [f"    rdfs:label {names.label(entity.name)} ."]
    for (name, kind), declared in _declared(names).items():
        labels, domains, ranges = (list(dict.fromkeys(each)) for each in declared)
        lines += ["", f"onto:{name} a owl:{kind} ;"]
        lines += [f"    rdfs:domain {_union(domains)} ;"]
        lines += [f"    rdfs:range {ranges[0]} ;"] if len(ranges) == 1 else []
        lines += [f"    rdfs:label {names.label(labels[0])} ."]
    return "\n".join(lines) + "\n"


_Declared = tuple[list[str], list[str], list[str]]


def _declared(names: Names) -> dict[tuple[str, str], _Declared]:
    """Labels, domains and ranges of each property; entities may share one."""
    found: dict[tuple[str, str], _Declared] = {}
    for entity in names.survey.entities:
        domain = f"onto:{entity.class_name}"
        for name, field in properties(entity):
            key = (name, "DatatypeProperty")
            labels, domains, ranges = found.setdefault(key, ([], [], []))
            labels.append(field.name)
            domains.append(domain)
            ranges.append(names.range(entity, field))
        if entity.nesting is not None:
            key = (camel_case(entity.name), "ObjectProperty")
            labels, domains, ranges = found.setdefault(key, ([], [], []))
            labels.append(entity.name)
            domains.append(f"onto:{names.entity(entity.nesting.entity).class_name}")
            ranges.append(domain)
        for link in entity.links:
            key = (camel_case(link.name), "ObjectProperty")
            labels, domains, ranges = found.setdefault(key, ([], [], []))
            labels.append(link.name)
            domains.append(domain)
            ranges.append(f"onto:{names.entity(link.entity).class_name}")
    return found


def _union(classes: Sequence[str]) -> str:
    if len(classes) == 1:
        return classes[0]
    return f"[ a owl:Class ; owl:unionOf ( {' '.join(classes)} ) ]"


def _short(iri: str) -> str:
    if iri == WKT_LITERAL:
        return "geo:wktLiteral"
    for name, namespace in _PREFIXES.items():
        if iri.startswith(namespace):
            return f"{name}:{iri.removeprefix(namespace)}"
    return f"<{iri}>"


def _reference(text: str) -> str:
    return _braced(text)


def _braced(text: str) -> str:
    """Text or a reference in a template (RML Core, templates)."""
    return text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")


def _text(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(one, one) for one in text) + '"'


def path_from(folder: Path, source: Path) -> str | None:
    """A source as a mapping in a folder may name it; None where it may not."""
    whole, root = source.resolve(), folder.resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else None
