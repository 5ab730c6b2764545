"""HermiT finds what should follow from our ontologies, and what cannot be."""

from pathlib import Path

import pytest

from ontologies.namespaces import CROP, EO, GEO, ICE, PREFIXES, PROV, SOSA
from ontologies.reasoning import InconsistentOntology, Inferences, infer

pytestmark = pytest.mark.java

EXAMPLE = "https://example.org/"
HEAD = f"@prefix : <{EXAMPLE}> .\n" + "".join(
    f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items()
)
OBSERVATIONS = """
:multi-year a ice:IceObservation ; ice:stageOfDevelopment stage:97 .
:thin a ice:IceObservation ; ice:iceType stage:88 .
:untold a ice:IceObservation ; ice:iceType stage:99 .
:ice-free a ice:IceObservation ; ice:totalConcentration concentration:98 .
:fast a ice:IceObservation ; ice:iceType icetype:level ; ice:formOfIce form:08 .
:young-lead a ice:IceObservation ; ice:iceType icetype:leads-young .
:new a ice:IceObservation ; ice:iceType stage:81 .
:barley a crop:CropObservation ; crop:cropType croptype:barley .
:winter-barley a crop:CropObservation ; crop:cropType hcat:3301010401 .
:wheat a crop:CropObservation ; crop:cropType croptype:wheat .
:soft-wheat a crop:CropObservation ; crop:cropType hcat:3301010101 .
:maize a crop:CropObservation ; crop:cropType croptype:maize .
:vineyard a crop:CropObservation ; crop:cropType hcat:3303060000 .
:other a crop:CropObservation ; crop:cropType croptype:other_crop .
:unsure a crop:CropObservation ; eo:classProbability "0.5"^^xsd:double .
:sure a crop:CropObservation ; eo:classProbability "0.51"^^xsd:double .
"""

# Individual, and the most particular of the classes that it should belong to.
FOUND = {
    "multi-year": [ICE.term("MultiYearIceObservation"), ICE.term("OldIceObservation")],
    "thin": [
        ICE.term("ThinFirstYearIceObservation"),
        ICE.term("FirstYearIceObservation"),
    ],
    "untold": [],
    "ice-free": [ICE.term("IceFreeObservation")],
    "fast": [ICE.term("FastIceObservation"), ICE.term("LevelIceObservation")],
    "young-lead": [ICE.term("LeadObservation"), ICE.term("YoungIceObservation")],
    # New ice lies outside leads, too.
    "new": [ICE.term("NewIceObservation")],
    "barley": [
        CROP.term("BarleyObservation"),
        CROP.term("CerealObservation"),
        CROP.term("ArableCropObservation"),
    ],
    "winter-barley": [
        CROP.term("BarleyObservation"),
        CROP.term("CerealObservation"),
        CROP.term("ArableCropObservation"),
    ],
    "wheat": [
        CROP.term("WheatObservation"),
        CROP.term("CerealObservation"),
        CROP.term("ArableCropObservation"),
    ],
    "soft-wheat": [
        CROP.term("WheatObservation"),
        CROP.term("CerealObservation"),
        CROP.term("ArableCropObservation"),
    ],
    # HCAT counts maize harvested green among the fodder, not the cereals.
    "maize": [CROP.term("MaizeObservation"), CROP.term("ArableCropObservation")],
    "vineyard": [CROP.term("PermanentCropObservation")],
    "other": [],
    "unsure": [EO.term("ContestedObservation")],
    "sure": [],
}
ALWAYS = {
    "IceObservation": {ICE.term("IceObservation"), EO.term("SeaSurfaceObservation")},
    "CropObservation": {CROP.term("CropObservation"), EO.term("LandCoverObservation")},
}


@pytest.fixture(scope="module")
def inferences() -> Inferences:
    return infer((HEAD + OBSERVATIONS).encode())


@pytest.mark.parametrize("name", FOUND)
def test_an_observation_is_found_to_be_of_its_kinds(
    name: str, inferences: Inferences
) -> None:
    types = inferences.types[EXAMPLE + name]
    ours = {iri for iri in types if iri.startswith((EO, ICE, CROP))}
    stated = (
        "IceObservation" if ICE.term("IceObservation") in ours else "CropObservation"
    )
    base = ALWAYS[stated] | {EO.term("ClassObservation")}
    assert ours == base | set(FOUND[name])


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (ICE.term("MultiYearIceObservation"), ICE.term("OldIceObservation")),
        (ICE.term("SecondYearIceObservation"), ICE.term("OldIceObservation")),
        (ICE.term("GreyIceObservation"), ICE.term("YoungIceObservation")),
        (ICE.term("ThickFirstYearIceObservation"), ICE.term("FirstYearIceObservation")),
        (CROP.term("WheatObservation"), CROP.term("CerealObservation")),
        (CROP.term("CerealObservation"), CROP.term("ArableCropObservation")),
        (CROP.term("CerealObservation"), SOSA.term("Observation")),
        (ICE.term("OldIceObservation"), GEO.term("Feature")),
        (EO.term("Scene"), PROV.term("Entity")),
    ],
)
def test_a_class_is_found_below_another(
    narrow: str, wide: str, inferences: Inferences
) -> None:
    assert wide in inferences.superclasses[narrow]
    assert narrow not in inferences.superclasses[wide]


@pytest.mark.parametrize(
    ("narrow", "not_wide"),
    [
        (ICE.term("NewIceObservation"), ICE.term("LeadObservation")),
        (CROP.term("MaizeObservation"), CROP.term("CerealObservation")),
    ],
)
def test_what_does_not_follow_is_not_found(
    narrow: str, not_wide: str, inferences: Inferences
) -> None:
    assert not_wide not in inferences.superclasses[narrow]


def test_the_worked_example_contradicts_nothing() -> None:
    path = Path(__file__).parent / "vocab" / "observations.ttl"
    inferences = infer(path.read_bytes())
    observation = "https://w3id.org/pytheas/id/observation/00112233aabbccdd"
    assert {
        ICE.term("LevelIceObservation"),
        GEO.term("Feature"),
        PROV.term("Entity"),
    } <= inferences.types[observation]


ICE_TYPE = "a ice:IceObservation ; ice:iceType"
CONTRADICTIONS = {
    "ice that is a crop": "a ice:IceObservation , crop:CropObservation",
    "a feature that is its geometry": "a ice:IceObservation , geo:Geometry",
    "an entity that is an activity": "a eo:Scene , eo:Classification",
    "first-year ice that is old": f"{ICE_TYPE} stage:97 , stage:87",
    "deformed level ice": f"{ICE_TYPE} icetype:level , icetype:deformed",
    "a crop on water": "ice:iceType stage:97 ; crop:cropType croptype:wheat",
    "a probability above 1": 'eo:classProbability "1.5"^^xsd:double',
    "two probabilities": 'eo:classProbability "0.5"^^xsd:double , "0.6"^^xsd:double',
    "no pixels": "a ice:IceObservation ; eo:pixelCount 0",
    "a concept that is a scheme": "a skos:Concept , skos:ConceptScheme",
}


@pytest.mark.parametrize("said", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_found(said: str) -> None:
    with pytest.raises(InconsistentOntology, match="the data contradict") as caught:
        infer(f"{HEAD} :x {said} .".encode())
    assert caught.value.classes == ()


def test_a_class_without_a_possible_member_is_named(tmp_path: Path) -> None:
    impossible = tmp_path / "impossible.ttl"
    impossible.write_text(
        f"{HEAD} :FloatingField a owl:Class ;"
        " rdfs:subClassOf ice:IceObservation , crop:CropObservation .",
        encoding="utf-8",
    )
    with pytest.raises(InconsistentOntology, match="FloatingField") as caught:
        infer(ontologies=[impossible])
    assert caught.value.classes == (f"{EXAMPLE}FloatingField",)


def test_the_whole_of_geosparql_contradicts_nothing(suites: Path) -> None:
    folder = suites / "geosparql-1.1-ogc" / "1.1"
    published = [folder / name for name in ("geo.ttl", "sf_geometries.ttl")]
    inferences = infer(ontologies=published)
    polygon = "http://www.opengis.net/ont/sf#Polygon"
    assert GEO.term("Geometry") in inferences.superclasses[polygon]
