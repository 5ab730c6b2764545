"""The mappings that we ship write the RDF that the vocabularies describe."""

import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest
import shapely
from pyproj import CRS

from geotriples import mappings
from geotriples.errors import MappingNotFound
from geotriples.reports import RunReport
from geotriples.run_local import run
from ontologies.namespaces import CROP, EO, GEO, ICE, PREFIXES, PROV, RDF, RDFS, SF
from tests.geotriples.polygons import polygon_row, write_polygons

BASE = "https://example.org/id/"
VOCAB = Path(__file__).resolve().parent.parent.parent / "ontologies" / "vocab"


def _run(
    folder: Path, name: str, rows: list[dict[str, object]]
) -> tuple[RunReport, ox.Store]:
    write_polygons(folder / "polygons.parquet", rows, CRS("EPSG:3413"))
    report = run(
        mappings.path(name),
        folder / "o.nq",
        sources={"polygons.parquet": folder / "polygons.parquet"},
        base=BASE,
    )
    store = ox.Store()
    store.load(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS)
    return report, store


def _rows(count: int) -> list[dict[str, object]]:
    boxes = [
        shapely.box(x, -1e6, x + 900, -999_100) for x in range(0, count * 1000, 1000)
    ]
    return [polygon_row(i, box) for i, box in enumerate(boxes)]


def _ask(store: ox.Store, pattern: str) -> bool:
    prefixes = "".join(f"PREFIX {p}: <{ns}>\n" for p, ns in PREFIXES.items())
    return bool(store.query(f"{prefixes} BASE <{BASE}> ASK {{ {pattern} }}"))


@pytest.mark.parametrize(
    ("name", "class_", "predicate"),
    [
        ("seaice", ICE.term("IceObservation"), "ice:iceType"),
        ("crop", CROP.term("CropObservation"), "crop:cropType"),
    ],
)
def test_an_observation_leads_back_to_scene_model_and_mapping(
    tmp_path: Path, name: str, class_: str, predicate: str
) -> None:
    report, store = _run(tmp_path, name, _rows(3))
    sha = hashlib.sha256(mappings.path(name).read_bytes()).hexdigest()[:12]
    assert report.mapping_iri == f"{BASE}mapping/{name}/{sha}"
    assert _ask(
        store,
        f"""
        <observation/0000000000000001> a <{class_}> ;
          rdfs:label "Level ice"@en ; {predicate} icetype:level ;
          geo:hasDefaultGeometry/geo:asWKT ?wkt ; eo:pixelCount 771 ;
          geo:hasMetricArea 1234567.8e0 ; eo:classProbability 0.931e0 ;
          eo:observedUntil "2022-04-21T07:32:05.25Z"^^xsd:dateTime ;
          prov:wasDerivedFrom <scene/S1A_EW_GRDM_1SDH_20220421T073105> ;
          prov:wasGeneratedBy ?run ; dcterms:isPartOf ?dataset .
        ?run a eo:Classification ; prov:used ?model .
        ?model a eo:Model ; dcat:version "89abcdef0123" .
        ?dataset a eo:ClassMap ; prov:wasGeneratedBy ?mapping_run .
        ?mapping_run a eo:MappingRun ; prov:wasInformedBy ?run ;
          prov:used <{report.mapping_iri}> .
        <{report.mapping_iri}> a eo:Mapping ; rdfs:label "{name}" ;
          dcat:version "{sha}" .
        """,
    )


def test_what_all_polygons_share_is_said_once(tmp_path: Path) -> None:
    counts = [_run(tmp_path, "seaice", _rows(n))[0].triples for n in (1, 2, 11)]
    assert counts[1] - counts[0] == (counts[2] - counts[1]) / 9


def test_what_is_unknown_is_left_out(tmp_path: Path) -> None:
    unknown = ("platform", "product_type", "second_class_iri", "second_probability")
    rows = [row | dict.fromkeys(unknown) for row in _rows(1)]
    _, store = _run(tmp_path, "seaice", rows)
    for local in ("platform", "productType", "runnerUpClass", "runnerUpProbability"):
        predicate = ox.NamedNode(EO.term(local))
        assert not list(store.quads_for_pattern(None, predicate, None))


def test_a_polygon_that_is_cut_says_that_it_is_two(tmp_path: Path) -> None:
    box = shapely.box(-640_000, 580_000, -600_000, 620_000)
    _, store = _run(tmp_path, "seaice", [polygon_row(7, box)])
    geometry = ox.NamedNode(f"{BASE}geometry/0000000000000007")
    type_ = ox.NamedNode(RDF.term("type"))
    (quad,) = store.quads_for_pattern(geometry, type_, None)
    assert quad.object == ox.NamedNode(SF.term("MultiPolygon"))


def test_no_polygons_make_no_triples(tmp_path: Path) -> None:
    report, _ = _run(tmp_path, "seaice", [])
    assert (report.triples, report.rows) == (0, 0)


@pytest.mark.parametrize("name", mappings.names())
def test_every_term_of_ours_is_defined(tmp_path: Path, name: str) -> None:
    _, store = _run(tmp_path, name, _rows(1))
    defined = {
        str(one.subject)
        for file in VOCAB.glob("*.ttl")
        for one in ox.parse(path=file, format=ox.RdfFormat.TURTLE)
    }
    used = {
        str(term)
        for quad in store
        for term in (quad.predicate, quad.object)
        if isinstance(term, ox.NamedNode) and term.value.startswith((EO, ICE, CROP))
    }
    assert used
    assert used <= defined


def test_predicates_of_geosparql_and_prov_are_used_as_they_are(tmp_path: Path) -> None:
    _, store = _run(tmp_path, "seaice", _rows(1))
    predicates = {quad.predicate.value for quad in store}
    expected = {GEO.term("asWKT"), PROV.term("used"), RDFS.term("label")}
    assert expected <= predicates


def test_an_unknown_mapping_is_refused_by_name() -> None:
    with pytest.raises(MappingNotFound, match="crop, seaice"):
        mappings.path("glacier")
