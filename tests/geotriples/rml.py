"""Small mappings for tests, and RDF read back by a parser that is not ours."""

from pathlib import Path

import pyoxigraph as ox

PREFIXES = """
@prefix rml: <http://w3id.org/rml/> .
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix geof: <http://www.opengis.net/def/function/geosparql/> .
@prefix ex: <http://example.com/> .
"""


def triples_map(
    source: str, subject: str, *objects: str, formulation: str = "rml:CSV"
) -> str:
    """A triples map; each object map stands under ex:p0, ex:p1, ..."""
    maps = "".join(
        f"rml:predicateObjectMap [ rml:predicate ex:p{i} ; rml:objectMap {one} ] ;\n"
        for i, one in enumerate(objects)
    )
    return (
        f"{PREFIXES}\nex:map rml:logicalSource [\n"
        f'    rml:source [ a rml:RelativePathSource ; rml:path "{source}" ] ;\n'
        f"    rml:referenceFormulation {formulation} ] ;\n"
        f"  {maps}  rml:subjectMap {subject} .\n"
    )


def quads(path: Path) -> set[str]:
    """The quads of a file, as pyoxigraph reads them."""
    return {str(one) for one in ox.parse(path=path, format=ox.RdfFormat.N_QUADS)}


def objects(path: Path) -> dict[str, ox.NamedNode | ox.BlankNode | ox.Literal]:
    """Predicate's local name to object, in a file with one object for each."""
    return {
        one.predicate.value.removeprefix("http://example.com/"): one.object
        for one in ox.parse(path=path, format=ox.RdfFormat.N_QUADS)
    }
