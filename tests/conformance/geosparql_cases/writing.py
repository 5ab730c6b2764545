"""Cases for requirements of GeoSPARQL 1.1, and the files of W3C manifests they become.

A case says what is asked, of which data, what comes out and by whom that is known: an
oracle that is not ours (shapely, pyproj, GeographicLib, H3), or the standard's text.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias
from xml.sax.saxutils import escape

import pyoxigraph as ox

Row: TypeAlias = tuple[ox.NamedNode | ox.Literal | None, ...]

GEO: Final = "http://www.opengis.net/ont/geosparql#"
SF: Final = "http://www.opengis.net/ont/sf#"
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
H3: Final = "https://w3id.org/pytheas/dggs/h3"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_DIGITS: Final = 12
"""Significant digits of an oracle's number that are written down."""

PREFIXES: Final[Mapping[str, str]] = {
    "": "http://example.org/",
    "geo": GEO,
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "gml": "http://www.opengis.net/ont/gml#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sf": SF,
    "unit": "http://qudt.org/vocab/unit/",
    "uom": "http://www.opengis.net/def/uom/OGC/1.0/",
    "xsd": _XSD,
}
_MANIFEST: Final = """\
# Written by python -m tests.conformance.geosparql_cases.write: the cases are there.
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ent: <http://www.w3.org/ns/entailment/> .
@prefix mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#> .
@prefix qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix req: <http://www.opengis.net/spec/geosparql/1.1/req/> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
@prefix test: <https://w3id.org/pytheas/ontology/test#> .
@prefix : <#> .

<> a mf:Manifest ;
  rdfs:label "GeoSPARQL 1.1: {folder}" ;
  mf:entries (
{entries}
  ) .
"""
_ENTRY: Final = """
:{name} a mf:QueryEvaluationTest ;
  mf:name "{name}" ;
  rdfs:comment {comment} ;
  dct:conformsTo {requirements} ;
  mf:action [ qt:query <{name}.rq> ; qt:data <{data}>{regime} ] ;
  mf:result <{name}.{suffix}>{tolerance} .
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: Its local name, and that of its files.
        requirements: The requirements, behind `.../geosparql/1.1/req/`.
        query: The query without its prefixes.
        variables: Those of the result; none: ASK.
        rows: The solutions; of ASK the truth value.
        source: By whom the result is known.
        data: The file of the default graph.
        tolerance: By how much of its value a double may be off.
        entails: Whether the graph is asked for what it entails by RDFS.
        is_json: Whether the result is in JSON instead of XML.
    """

    name: str
    requirements: tuple[str, ...]
    query: str
    variables: str
    rows: Sequence[Row] | bool
    source: str
    data: str = "data.ttl"
    tolerance: float = 0.0
    entails: bool = False
    is_json: bool = False


def iri(name: str) -> ox.NamedNode:
    """An IRI by its name of a prefix, or written out.

    Examples:
        >>> iri(":box")
        <NamedNode value=http://example.org/box>
    """
    prefix, _, local = name.partition(":")
    if prefix in PREFIXES and not local.startswith("//"):
        return ox.NamedNode(PREFIXES[prefix] + local)
    return ox.NamedNode(name)


def wkt(geometry: Any, crs: str = CRS84) -> ox.Literal:
    """A geo:wktLiteral of a geometry or of WKT, in the axis order of its CRS."""
    text = geometry if isinstance(geometry, str) else geometry.wkt
    text = text if crs == CRS84 else f"<{crs}> {text}"
    return ox.Literal(text, datatype=ox.NamedNode(f"{GEO}wktLiteral"))


def typed(text: str, datatype: str) -> ox.Literal:
    """A literal of a datatype."""
    return ox.Literal(text, datatype=iri(datatype))


def value(of: Any) -> ox.Literal:
    """A truth value, an integer or a double of Python or numpy."""
    if isinstance(of, bool) or type(of).__name__ == "bool":
        return typed("true" if of else "false", "xsd:boolean")
    if isinstance(of, int) or "int" in type(of).__name__:
        return typed(str(int(of)), "xsd:integer")
    return typed(f"{float(of):.{_DIGITS}g}", "xsd:double")


def uri(text: str) -> ox.Literal:
    """An xsd:anyURI, which annex B has functions return."""
    return typed(text, "xsd:anyURI")


def files_of(
    folder: str, cases: Iterable[Case], data: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The name and the text of each file of a folder."""
    listed = list(cases)
    names = "\n".join(f"    :{case.name}" for case in listed)
    manifest = _MANIFEST.format(folder=folder, entries=names)
    yield "manifest.ttl", manifest + "".join(map(_entry, listed))
    prefixes = "".join(f"@prefix {name}: <{ns}> .\n" for name, ns in PREFIXES.items())
    for name, text in data.items():
        yield name, f"{prefixes}\n{text}"
    for case in listed:
        yield f"{case.name}.rq", _query(case)
        suffix = "srj" if case.is_json else "srx"
        yield f"{case.name}.{suffix}", _json(case) if case.is_json else _xml(case)


def write_files(root: Path, folder: str, files: Iterable[tuple[str, str]]) -> None:
    """Write the files of a folder, and remove those that were there before."""
    target = root / folder
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    for name, text in files:
        (target / name).write_text(text, "utf-8")


def _entry(case: Case) -> str:
    requirements = " , ".join(f"<{_requirement(each)}>" for each in case.requirements)
    tolerance = case.tolerance
    return _ENTRY.format(
        name=case.name,
        comment=_quoted(f"Expected by {case.source}."),
        requirements=requirements,
        data=case.data,
        regime=" ; sd:entailmentRegime ent:RDFS" if case.entails else "",
        suffix="srj" if case.is_json else "srx",
        tolerance=f" ;\n  test:relativeTolerance {tolerance:.0e}" if tolerance else "",
    )


def _requirement(name: str) -> str:
    return f"http://www.opengis.net/spec/geosparql/1.1/req/{name}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _query(case: Case) -> str:
    used = {name for name in PREFIXES if _uses(case.query, name)}
    lines = [f"PREFIX {n}: <{ns}>\n" for n, ns in PREFIXES.items() if n in used]
    return "".join(lines) + case.query.strip() + "\n"


def _uses(query: str, prefix: str) -> bool:
    found = query.find(f"{prefix}:")
    while found >= 0:
        before = query[found - 1] if found else " "
        if not (before.isalnum() or before in "_-<"):
            return True
        found = query.find(f"{prefix}:", found + 1)
    return False


def _xml(case: Case) -> str:
    head = '<?xml version="1.0"?>\n'
    # Two hyphens would end the comment.
    head += f"<!-- Expected by {case.source.replace('--', '- -')}. -->\n"
    head += '<sparql xmlns="http://www.w3.org/2005/sparql-results#">\n'
    if isinstance(case.rows, bool):
        answer = "true" if case.rows else "false"
        return f"{head}  <head/>\n  <boolean>{answer}</boolean>\n</sparql>\n"
    names = case.variables.split()
    declared = "".join(f'<variable name="{name}"/>' for name in names)
    results = "".join(_xml_row(names, row) for row in _ordered(case.rows))
    head += f"  <head>{declared}</head>\n"
    return f"{head}  <results>\n{results}  </results>\n</sparql>\n"


def _ordered(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: tuple(map(str, row)))


def _xml_row(names: Sequence[str], row: Row) -> str:
    bindings = "".join(
        f'<binding name="{name}">{_xml_term(term)}</binding>'
        for name, term in zip(names, row, strict=True)
        if term is not None
    )
    return f"    <result>{bindings}</result>\n"


def _xml_term(term: ox.NamedNode | ox.Literal) -> str:
    if isinstance(term, ox.NamedNode):
        return f"<uri>{escape(term.value)}</uri>"
    if term.language:
        tag = f'xml:lang="{term.language}"'
        return f"<literal {tag}>{escape(term.value)}</literal>"
    if term.datatype.value == f"{_XSD}string":
        return f"<literal>{escape(term.value)}</literal>"
    datatype = escape(term.datatype.value)
    return f'<literal datatype="{datatype}">{escape(term.value)}</literal>'


def _json(case: Case) -> str:
    assert not isinstance(case.rows, bool)
    names = case.variables.split()
    bindings = [
        {n: _json_term(term) for n, term in zip(names, row, strict=True) if term}
        for row in _ordered(case.rows)
    ]
    answer = {"head": {"vars": names}, "results": {"bindings": bindings}}
    return json.dumps(answer, indent=1) + "\n"


def _json_term(term: ox.NamedNode | ox.Literal) -> dict[str, str]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if term.language:
        return {"type": "literal", "value": term.value, "xml:lang": term.language}
    if term.datatype.value == f"{_XSD}string":
        return {"type": "literal", "value": term.value}
    return {
        "type": "literal",
        "value": term.value,
        "datatype": term.datatype.value,
    }
