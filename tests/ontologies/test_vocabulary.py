"""The concept schemes: complete, and as their sources have them."""

import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ontologies.errors import OntologyError
from ontologies.namespaces import CODE, STAGE
from ontologies.vocabulary import (
    SCHEMES,
    ConceptScheme,
    UnknownConcept,
    UnknownScheme,
    concept_scheme,
)

# Appendix E of SIGRID-3 version 3.0: thicknesses are codes 02 to 78 of table 2, and
# 90 and 92 are kept for later use.
STAGE_CODES = {f"{n:02}" for n in range(1, 100)} - {"90", "92"}
CONCENTRATION_CODES = {
    *(
        "98",
        "01",
        "02",
        "99",
        "10",
        "20",
        "30",
        "40",
        "50",
        "60",
        "70",
        "80",
        "90",
        "92",
    ),
    *(
        "91",
        "89",
        "81",
        "79",
        "78",
        "68",
        "67",
        "57",
        "56",
        "46",
        "45",
        "35",
        "34",
        "24",
    ),
    *("23", "13", "12"),
}
FORM_CODES = {*(f"{n:02}" for n in range(1, 23)), "91", "99"}
COUNTS = {
    "stage": len(STAGE_CODES),
    "concentration": 31,
    "form": 24,
    "icetype": 4,
    "hcat": 384,
    "worldcereal/croptype": 9,
}


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> ConceptScheme:
    return concept_scheme(request.param)


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_a_scheme_has_as_many_codes_as_its_source(name: str, count: int) -> None:
    assert len(concept_scheme(name)) == count


def test_the_codes_are_those_of_sigrid_3() -> None:
    assert set(concept_scheme("stage")) == STAGE_CODES
    assert set(concept_scheme("concentration")) == CONCENTRATION_CODES
    assert set(concept_scheme("form")) == FORM_CODES


def test_every_concept_has_label_and_definition(scheme: ConceptScheme) -> None:
    for concept in scheme.concepts:
        assert concept.label
        assert concept.definition.endswith(".")


def test_labels_tell_concepts_apart(scheme: ConceptScheme) -> None:
    labels = [concept.label for concept in scheme.concepts]
    assert len(labels) == len(set(labels))


def test_notation_is_the_end_of_the_iri(scheme: ConceptScheme) -> None:
    coded = [concept for concept in scheme.concepts if concept.notation]
    assert len(coded) == len(scheme), "a notation stands for one concept"
    for concept in coded:
        assert concept.iri == f"{scheme.iri}/{concept.notation}"
        assert scheme[concept.notation] is scheme.by_iri(concept.iri)


def test_every_concept_leads_up_to_a_top_concept(scheme: ConceptScheme) -> None:
    for notation in scheme:
        ancestors = scheme.ancestors(notation)
        assert scheme[notation] not in ancestors
        assert any(not concept.broader for concept in (scheme[notation], *ancestors))


def test_matches_name_concepts_that_exist(scheme: ConceptScheme) -> None:
    others = {c.iri for name in SCHEMES for c in concept_scheme(name).concepts}
    for concept in scheme.concepts:
        targets = set(itertools.chain.from_iterable(concept.matches.values()))
        assert targets <= others
        assert not any(iri.startswith(f"{scheme.iri}/") for iri in targets)


def test_colours_are_six_hexadecimal_digits(scheme: ConceptScheme) -> None:
    for concept in scheme.concepts:
        assert concept.colour is None or re.fullmatch("#[0-9A-F]{6}", concept.colour)


@pytest.mark.parametrize("name", ["icetype", "worldcereal/croptype"])
def test_classes_of_a_classifier_have_a_colour_each(name: str) -> None:
    colours = [concept.colour for concept in concept_scheme(name).values()]
    assert None not in colours
    assert len(set(colours)) == len(colours)


# What is left of linear RGB by protanopia, deuteranopia and tritanopia: Machado et al.,
# 2009.
COLOUR_BLINDNESS = (
    (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
)


def _seen(
    colour: str, matrix: tuple[tuple[float, ...], ...]
) -> npt.NDArray[np.float64]:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    left = np.clip(np.array(matrix) @ linear, 0, 1)
    encoded = np.where(
        left <= 0.0031308, left * 12.92, 1.055 * left ** (1 / 2.4) - 0.055
    )
    return np.asarray(encoded, dtype=np.float64)


@pytest.mark.parametrize("matrix", COLOUR_BLINDNESS, ids=["protan", "deutan", "tritan"])
def test_colour_blind_people_can_tell_ice_types_apart(
    matrix: tuple[tuple[float, ...], ...],
) -> None:
    colours = [str(concept.colour) for concept in concept_scheme("icetype").values()]
    seen = [_seen(colour, matrix) for colour in colours]
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) > 0.25


def test_a_scheme_names_its_source_and_licence(scheme: ConceptScheme) -> None:
    assert scheme.iri.startswith(CODE)
    assert scheme.title
    assert scheme.source
    assert scheme.version == "0.1.0"


def test_hcat_is_shared_alike() -> None:
    hcat = concept_scheme("hcat")
    assert hcat.licence == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert "EuroCrops" in hcat.source


@pytest.mark.parametrize(
    ("code", "above"),
    [
        ("88", ["87", "86"]),
        ("84", ["83"]),
        ("85", ["83"]),
        ("91", ["86"]),
        ("93", ["86"]),
        ("94", ["95"]),
        ("96", ["95"]),
        ("97", ["95"]),
        ("98", []),
    ],
)
def test_stages_stand_as_in_the_wmo_nomenclature(code: str, above: list[str]) -> None:
    ancestors = concept_scheme("stage").ancestors(code)
    assert [concept.notation for concept in ancestors] == above


@pytest.mark.parametrize(
    ("code", "thickness"),
    [
        ("02", "1 to 2 cm"),
        ("03", "3 cm"),
        ("50", "50 cm"),
        ("51", "55 cm"),
        ("59", "95 cm"),
        ("60", "100 cm"),
        ("69", "190 cm"),
        ("70", "200 cm"),
        ("73", "350 cm"),
        ("74", "400 cm"),
        ("78", "800 cm"),
    ],
)
def test_thickness_codes_count_as_table_2_does(code: str, thickness: str) -> None:
    assert concept_scheme("stage")[code].label == f"Ice {thickness} thick"


def test_an_interval_of_concentrations_is_above_what_lies_in_it() -> None:
    concentration = concept_scheme("concentration")
    above = {concept.notation for concept in concentration.ancestors("90")}
    assert above == {"89", "91", "79", "81"}


def test_hcat_levels_are_pairs_of_digits() -> None:
    above = [
        concept.notation for concept in concept_scheme("hcat").ancestors("3301010101")
    ]
    assert above == [
        "3301010100",
        "3301010000",
        "3301000000",
        "3300000000",
        "3000000000",
    ]


def test_an_unknown_code_names_the_nearest() -> None:
    with pytest.raises(UnknownConcept, match="did you mean 95") as caught:
        concept_scheme("stage")["old ise"]
    assert isinstance(caught.value, OntologyError)
    assert caught.value.scheme == STAGE.removesuffix("/")
    assert caught.value.near == ("95",)


def test_a_reserved_code_is_unknown() -> None:
    assert "90" not in concept_scheme("stage")
    with pytest.raises(UnknownConcept, match="'90'"):
        concept_scheme("stage")["90"]


def test_an_unknown_iri_is_refused() -> None:
    with pytest.raises(UnknownConcept, match="example"):
        concept_scheme("form").by_iri("https://example.org/x")


def test_an_unknown_scheme_lists_the_known() -> None:
    with pytest.raises(UnknownScheme, match=r"'crops'.*worldcereal/croptype"):
        concept_scheme("crops")


def test_the_classes_of_the_ice_classifier_are_all_there(data: Path) -> None:
    text = (data / "sim_params.json").read_text(encoding="utf-8")
    labels = {
        "Leads with OW/new ice": "leads-water-new",
        "Leads with young ice": "leads-young",
        "Level ice": "level",
        "Deformed ice": "deformed",
    }
    assert all(f'"{label}"' in text for label in labels)
    assert set(labels.values()) == set(concept_scheme("icetype"))


def _table(text: str, first: str, last: str) -> str:
    # The table of contents names the tables first.
    table = text[text.rindex(first) : text.rindex(last)]
    return re.sub(r".* Page \d+\n", "", table)


PDFTOTEXT = shutil.which("pdftotext")


@pytest.mark.skipif(
    PDFTOTEXT is None and os.environ.get("CI") != "true",
    reason="needs pdftotext (poppler); in CI its absence is a failure",
)
def test_codes_and_labels_are_those_of_the_published_tables(data: Path) -> None:
    command = [str(PDFTOTEXT), "-layout", str(data / "sigrid3" / "sigrid3-v3.pdf"), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    tables = {
        "concentration": _table(text, "Table 1: Conc", "Table 2: Thick"),
        "stage": _table(text, "Table 2: Thick", "Table 3: Form"),
        "form": _table(text, "Table 3: Form", "Table 4: List"),
    }
    for name, table in tables.items():
        printed = set(re.findall(r" (\d\d)\n", table))
        codes = set(concept_scheme(name))
        # Table 2 prints the ends of each run of thicknesses; 90 and 92 are reserved.
        assert printed - codes <= {"90", "92"}
        assert {code for code in codes - printed if not "04" < code < "79"} == set()
        for label, code in re.findall(
            r"^ +(\w[\w -]+?) {3,}.*?(\d\d)$", table, re.MULTILINE
        ):
            if code in codes and (name != "stage" or code > "78"):
                _same_words(label, concept_scheme(name)[code].label)


def _same_words(printed: str, ours: str) -> None:
    """Both begin with the same word, hyphens and case aside."""
    first = re.split(r"\W+", printed.lower())[0]
    assert first in re.split(r"\W+", ours.lower()), f"{printed} / {ours}"
