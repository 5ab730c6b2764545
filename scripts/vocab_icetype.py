"""Write ice-type.ttl: the classes of the Belgica Bank ice classifier.

The classifier is that of Lohse et al. (2020), trained for Belgica Bank in spring 2022.
Its classes mix stage and deformation, so none of them equals a code of SIGRID-3; the
matches state no more than what the names of the classes say.
"""

from pathlib import Path

from vocab_scheme import ConceptRow, SchemeRow, main

# Colours of Okabe and Ito, which colour-blind people can tell apart.
CONCEPTS = (
    ConceptRow(
        local_name="leads-water-new",
        label="Leads with open water or new ice",
        definition=(
            "Openings in the ice whose surface is water, or ice newly formed on it."
        ),
        scope_note=(
            "Covers ice-free water and new ice alike; whether nilas is in it the "
            "classifier's authors do not say."
        ),
        colour="#0072B2",
        # Not narrowMatch: new ice lies outside leads, too.
        matches={
            "relatedMatch": ("stage/01", "stage/81", "stage/82", "concentration/01"),
        },
    ),
    ConceptRow(
        local_name="leads-young",
        label="Leads with young ice",
        definition="Openings in the ice that are covered by young ice.",
        colour="#56B4E9",
        matches={"broadMatch": ("stage/83",)},
    ),
    ConceptRow(
        local_name="level",
        label="Level ice",
        definition="Ice with a smooth surface that no deformation has touched.",
        scope_note=(
            "Says nothing about the stage of development; at Belgica Bank in spring it"
            " is mostly land-fast first-year ice."
        ),
        colour="#F0E442",
        matches={"closeMatch": ("form/21",), "relatedMatch": ("stage/86", "form/08")},
    ),
    ConceptRow(
        local_name="deformed",
        label="Deformed ice",
        definition=(
            "Ice with a rough surface: squeezed together, ridged, rafted or hummocked."
        ),
        scope_note=(
            "Says nothing about the stage of development: it may be first-year or old "
            "ice."
        ),
        colour="#D55E00",
        matches={"relatedMatch": ("stage/86", "stage/95")},
    ),
)


def schemes(data: Path) -> dict[str, SchemeRow]:
    """The one scheme; `data` is not read, the classes are above."""
    del data
    scheme = SchemeRow(
        path="icetype",
        title="Ice types of the Belgica Bank classifier",
        description=(
            "What the incidence-angle classifier of Lohse et al. (2020), trained on "
            "Sentinel-1 EW scenes of Belgica Bank in April and May 2022, tells apart."
        ),
        source="Classes of belgica_bank_classifier_4_classes_20220421 in "
        "https://github.com/jlo031/ice_type_classification. Definitions, matches and "
        "colours are ours.",
        licence="https://www.apache.org/licenses/LICENSE-2.0",
        scope_note="No class is an exact match of a SIGRID-3 code.",
        concepts=CONCEPTS,
    )
    return {"ice-type.ttl": scheme}


if __name__ == "__main__":
    main(Path(__file__), schemes)
