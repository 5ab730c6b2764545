"""Write the SIGRID-3 code tables as SKOS: stage, concentration and form of ice.

The tables are those of SIGRID-3 version 3.0 (WMO/TD-No. 1214, JCOMM TR-23, May 2014),
appendix E: codes and what they stand for.  Definitions are in our words; the hierarchy
is that of the WMO sea-ice nomenclature (WMO-No. 259).  Colours are those of the ice
chart colour code standard (WMO/TD-No. 1215), and only where one is certain.
"""

from pathlib import Path

from vocab_scheme import ConceptRow, SchemeRow, main

SOURCE = (
    "SIGRID-3: a vector archive format for sea ice georeferenced information and data, "
    "version 3.0, WMO/TD-No. 1214, JCOMM Technical Report No. 23, May 2014, "
    "appendix E, table {table}. Colours: ice chart colour code standard, "
    "WMO/TD-No. 1215."
)
LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"

# code, label, definition, broader, colour
STAGES: tuple[tuple[str, str, str, str | None, str | None], ...] = (
    ("01", "Ice free", "No ice of any kind is present.", None, None),
    (
        "79",
        "Brash ice",
        "Floating pieces of broken ice, at most 2 m across.",
        None,
        None,
    ),
    ("80", "No stage of development", "No stage is given for the ice.", None, None),
    (
        "81",
        "New ice",
        (
            "Recently formed ice, under 10 cm: its crystals hang together weakly if at"
            " all, as in frazil, grease ice, slush and shuga."
        ),
        None,
        "#F0D2FA",
    ),
    (
        "82",
        "Nilas, ice rind",
        (
            "A thin crust of ice, under 10 cm: elastic and matt (nilas) or brittle and"
            " shiny (ice rind)."
        ),
        None,
        "#FF64FF",
    ),
    (
        "83",
        "Young ice",
        "Ice between nilas and first-year ice, 10 cm to less than 30 cm.",
        None,
        "#AA28F0",
    ),
    ("84", "Grey ice", "Young ice of 10 cm to less than 15 cm.", "83", "#873CD7"),
    ("85", "Grey-white ice", "Young ice of 15 cm to less than 30 cm.", "83", "#DC50EB"),
    (
        "86",
        "First-year ice",
        (
            "Ice of not more than one winter's growth that came out of young ice, 30 "
            "cm or thicker."
        ),
        None,
        "#FFFF00",
    ),
    (
        "87",
        "Thin first-year ice",
        "First-year ice of 30 cm to less than 70 cm.",
        "86",
        "#9BD200",
    ),
    (
        "88",
        "Thin first-year ice, stage 1",
        "First-year ice of 30 cm to less than 50 cm.",
        "87",
        "#D7FA82",
    ),
    (
        "89",
        "Thin first-year ice, stage 2",
        "First-year ice of 50 cm to less than 70 cm.",
        "87",
        "#AFFA00",
    ),
    (
        "91",
        "Medium first-year ice",
        "First-year ice of 70 cm to less than 120 cm.",
        "86",
        "#00C814",
    ),
    (
        "93",
        "Thick first-year ice",
        "First-year ice of 120 cm or thicker.",
        "86",
        "#007800",
    ),
    (
        "94",
        "Residual ice",
        "First-year ice that outlasted the summer and is in its next cycle of growth.",
        "95",
        None,
    ),
    (
        "95",
        "Old ice",
        "Ice that outlasted at least one summer's melt.",
        None,
        "#B46432",
    ),
    (
        "96",
        "Second-year ice",
        "Old ice that outlasted one summer's melt only.",
        "95",
        "#FF780A",
    ),
    (
        "97",
        "Multi-year ice",
        "Old ice that outlasted two summers' melt or more.",
        "95",
        "#C80000",
    ),
    ("98", "Glacier ice", "Ice in or from a glacier, on land or afloat.", None, None),
    ("99", "Undetermined or unknown stage", "The stage could not be told.", None, None),
)

THICKNESS = "thickness"
# thickness in cm, lower bound included: the stage with that range
THICKNESS_STAGES = ((10, "84"), (15, "85"), (30, "88"), (50, "89"), (70, "91"))
THICK = 120
NILAS_NOTE = "SIGRID-3, table 2, note c, uses this code for {shade} nilas."
NILAS = {"03": "dark", "07": "light"}


def _thicknesses() -> dict[str, str]:
    """Code to thickness as table 2 writes it: steps of 1, 5, 10, 50 and 100 cm."""
    steps = ((3, 50, 3, 1), (51, 59, 55, 5), (60, 69, 100, 10), (70, 73, 200, 50))
    last = (74, 78, 400, 100)
    cm = {
        f"{code:02}": f"{start + step * (code - first)} cm"
        for first, final, start, step in (*steps, last)
        for code in range(first, final + 1)
    }
    return {"02": "1 to 2 cm", **cm}


def _related_stage(code: str, thickness: str) -> tuple[str, ...]:
    """The stage of that thickness; none from 120 cm on, where ice may be old."""
    if code in NILAS:
        return ("82",)
    cm = int(thickness.split()[-2])
    stages = [stage for lowest, stage in THICKNESS_STAGES if lowest <= cm < THICK]
    return tuple(stages[-1:])


def _thickness(code: str, thickness: str) -> ConceptRow:
    return ConceptRow(
        local_name=code,
        label=f"Ice {thickness} thick",
        definition=f"The thickness of the ice is stated: {thickness}.",
        broader=(THICKNESS,),
        related=_related_stage(code, thickness),
        scope_note=NILAS_NOTE.format(shade=NILAS[code]) if code in NILAS else None,
    )


def _stage() -> SchemeRow:
    group = ConceptRow(
        local_name=THICKNESS,
        label="Ice of stated thickness",
        definition="The thickness is stated instead of a stage of development.",
        has_notation=False,
    )
    stages = [
        ConceptRow(
            code, label, definition, (broader,) if broader else (), colour=colour
        )
        for code, label, definition, broader, colour in STAGES
    ]
    thicknesses = [_thickness(code, cm) for code, cm in _thicknesses().items()]
    codes = sorted([*stages, *thicknesses], key=lambda row: row.local_name)
    return SchemeRow(
        path="stage",
        title="Stage of development of sea ice (SIGRID-3 table 2)",
        description=(
            "Codes for the variables SA, SB, SC, CN and CD of SIGRID-3: stages of "
            "development, and thicknesses stated in their place."
        ),
        source=SOURCE.format(table=2),
        licence=LICENCE,
        scope_note=(
            "Codes 90 and 92, which the table keeps for later use, stand for nothing "
            "and are left out."
        ),
        concepts=(*codes, group),
    )


CONCENTRATIONS = (
    ("98", "Ice free", "No ice of any kind is present.", "#0064FF"),
    ("01", "Open water", "Ice covers less than one tenth.", "#96C8FF"),
    ("02", "Bergy water", "No sea ice is present, but ice of land origin is.", None),
    (
        "99",
        "Undetermined or unknown concentration",
        "The concentration could not be told.",
        None,
    ),
)

# In tenths; 92 is 10/10 and 91 is the interval 9/10 to 10/10, also written 9+/10.
POINTS = {**{f"{n}0": n for n in range(1, 10)}, "92": 10}
INTERVALS = {
    "12": (1, 2),
    "13": (1, 3),
    "23": (2, 3),
    "24": (2, 4),
    "34": (3, 4),
    "35": (3, 5),
    "45": (4, 5),
    "46": (4, 6),
    "56": (5, 6),
    "57": (5, 7),
    "67": (6, 7),
    "68": (6, 8),
    "78": (7, 8),
    "79": (7, 9),
    "89": (8, 9),
    "81": (8, 10),
    "91": (9, 10),
}
# The classes of the colour standard: what lies within one class has its colour.
CONCENTRATION_COLOURS = {
    (1, 3): "#8CFFA0",
    (4, 6): "#FFFF00",
    (7, 8): "#FF7D07",
    (9, 10): "#FF0000",
}


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]


def _narrowest_around(interval: tuple[int, int]) -> tuple[str, ...]:
    around = {c: i for c, i in INTERVALS.items() if _within(interval, i)}
    return tuple(
        code
        for code, outer in sorted(around.items())
        if not any(_within(other, outer) for other in around.values())
    )


def _tenths(code: str, low: int, high: int) -> ConceptRow:
    colours = [
        colour
        for (a, b), colour in CONCENTRATION_COLOURS.items()
        if a <= low <= high <= b
    ]
    span = f"{low}/10" if low == high else f"{low}/10 to {high}/10"
    what = f"{low} tenths" if low == high else f"between {low} and {high} tenths"
    return ConceptRow(
        local_name=code,
        label=span,
        definition=f"Ice covers {what.replace('1 tenths', '1 tenth')} of the area.",
        broader=_narrowest_around((low, high)),
        scope_note="Charts write this interval as 9+/10, too."
        if code == "91"
        else None,
        colour=colours[0] if colours else None,
    )


def _concentration() -> SchemeRow:
    rows = [
        ConceptRow(c, label, text, colour=colour)
        for c, label, text, colour in CONCENTRATIONS
    ]
    rows += [_tenths(code, tenths, tenths) for code, tenths in POINTS.items()]
    rows += [_tenths(code, low, high) for code, (low, high) in INTERVALS.items()]
    return SchemeRow(
        path="concentration",
        title="Concentration of sea ice (SIGRID-3 table 1)",
        description=(
            "Codes for the variables CT, CA, CB, CC, AV, AK, AM and AT of SIGRID-3."
        ),
        source=SOURCE.format(table=1),
        licence=LICENCE,
        scope_note=(
            "An interval is broader than the concentrations and intervals within it. "
            "Intervals that no single class of the colour standard holds have no "
            "colour."
        ),
        concepts=tuple(sorted(rows, key=lambda row: row.local_name)),
    )


# code, label, definition, broader, colour
FORMS: tuple[tuple[str, str, str, str | None, str | None], ...] = (
    (
        "01",
        "Shuga, small ice cake or brash ice",
        "Pieces less than 2 m across.",
        None,
        None,
    ),
    ("02", "Ice cake", "Flat pieces less than 20 m across.", None, None),
    ("03", "Small floe", "Floes of 20 m to less than 100 m across.", "floe", None),
    ("04", "Medium floe", "Floes of 100 m to less than 500 m across.", "floe", None),
    ("05", "Big floe", "Floes of 500 m to less than 2 km across.", "floe", None),
    ("06", "Vast floe", "Floes of 2 km to less than 10 km across.", "floe", None),
    ("07", "Giant floe", "Floes of 10 km across or more.", "floe", None),
    (
        "08",
        "Fast ice",
        (
            "Ice that is attached to the coast, to an ice wall or front, or between "
            "shoals."
        ),
        None,
        "#969696",
    ),
    (
        "09",
        "Growlers, floebergs or floebits",
        "Small pieces of glacier ice, or massive pieces of ridged sea ice.",
        None,
        None,
    ),
    ("10", "Icebergs", "Massive pieces of ice broken off a glacier.", None, None),
    ("21", "Level ice", "Ice that no deformation has touched.", None, None),
    (
        "22",
        "Pancake ice",
        "Round pieces of 30 cm to 3 m across with raised rims.",
        None,
        None,
    ),
    ("99", "Undetermined or unknown form", "The form could not be told.", None, None),
)

STRIPS = "strips-and-patches"
STRIP_TENTHS = {
    **{f"{10 + n}": f"{n}/10" for n in range(1, 10)},
    "20": "10/10",
    "91": "9+/10",
}
FORM_GROUPS = (
    ("floe", "Floe", "Flat pieces of ice of 20 m across or more."),
    (
        STRIPS,
        "Strips and patches",
        "Long narrow areas and small areas of floating ice.",
    ),
)


def _strips(code: str, tenths: str) -> ConceptRow:
    return ConceptRow(
        local_name=code,
        label=f"Strips and patches, {tenths}",
        definition=f"Strips and patches in which the concentration is {tenths}.",
        broader=(STRIPS,),
    )


def _form() -> SchemeRow:
    rows = [
        ConceptRow(
            code, label, definition, (broader,) if broader else (), colour=colour
        )
        for code, label, definition, broader, colour in FORMS
    ]
    rows += [_strips(code, tenths) for code, tenths in STRIP_TENTHS.items()]
    groups = [ConceptRow(*group, has_notation=False) for group in FORM_GROUPS]
    return SchemeRow(
        path="form",
        title="Form of sea ice (SIGRID-3 table 3)",
        description="Codes for the variables FA, FB, FC, FP and FS of SIGRID-3.",
        source=SOURCE.format(table=3),
        licence=LICENCE,
        scope_note=(
            "The two concepts without a code group others, after the WMO sea-ice "
            "nomenclature."
        ),
        concepts=(*sorted(rows, key=lambda row: row.local_name), *groups),
    )


def schemes(data: Path) -> dict[str, SchemeRow]:
    """The three tables; `data` is not read, the tables are above."""
    del data
    return {
        "sigrid3-stage.ttl": _stage(),
        "sigrid3-concentration.ttl": _concentration(),
        "sigrid3-form.ttl": _form(),
    }


if __name__ == "__main__":
    main(Path(__file__), schemes)
