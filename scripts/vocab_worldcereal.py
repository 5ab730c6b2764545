"""Write worldcereal-croptype.ttl: the nine crop types of WorldCereal (CROPTYPE9)."""

import json
from pathlib import Path

from vocab_scheme import ConceptRow, SchemeRow, main

# HCAT tells soft from durum wheat, and grain maize from maize harvested green;
# WorldCereal does neither, so those two have no equal.
MATCHES: dict[str, dict[str, tuple[str, ...]]] = {
    "barley": {"exactMatch": ("hcat/3301010400",)},
    "maize": {
        "broadMatch": ("hcat/3301000000",),
        "narrowMatch": ("hcat/3301010600", "hcat/3301090400"),
    },
    "millet_sorghum": {"exactMatch": ("hcat/3301010900",)},
    "other_crop": {"relatedMatch": ("hcat/3300000000",)},
    "rapeseed_rape": {"exactMatch": ("hcat/3301060400",)},
    "rye": {"exactMatch": ("hcat/3301010300",)},
    "soy_soybeans": {"exactMatch": ("hcat/3301160000",)},
    "sunflower": {"exactMatch": ("hcat/3301060500",)},
    "wheat": {
        "broadMatch": ("hcat/3301010000",),
        "narrowMatch": ("hcat/3301010100", "hcat/3301010200"),
    },
}

LABELS = {
    "barley": "Barley",
    "maize": "Maize",
    "millet_sorghum": "Millet or sorghum",
    "other_crop": "Other crop",
    "rapeseed_rape": "Rapeseed",
    "rye": "Rye",
    "soy_soybeans": "Soybeans",
    "sunflower": "Sunflower",
    "wheat": "Wheat",
}

CSS_COLOURS = {
    "coral": "#FF7F50",
    "darkturquoise": "#00CED1",
    "gold": "#FFD700",
    "lightgray": "#D3D3D3",
    "thistle": "#D8BFD8",
    "wheat": "#F5DEB3",
    "yellow": "#FFFF00",
}

# So many codes fall under other_crop that listing them would explain nothing.
MAX_LISTED = 5


NO_CROP_NOTE = (
    "Holds codes of land that bears no crop, too: the map is meant to be read within a "
    "cropland mask."
)


def _concept(name: str, codes: list[str], colour: str) -> ConceptRow:
    if len(codes) > MAX_LISTED:
        what = f"{len(codes)} codes that belong to no other class"
    else:
        what = f"the code{'s' if len(codes) > 1 else ''} {', '.join(codes)}"
    return ConceptRow(
        local_name=name,
        label=LABELS[name],
        definition=f"The class {name} of the WorldCereal crop type map: {what} of the "
        "WorldCereal legend.",
        scope_note=NO_CROP_NOTE if name == "other_crop" else None,
        colour=CSS_COLOURS.get(colour, colour),
        matches=MATCHES[name],
    )


def schemes(data: Path) -> dict[str, SchemeRow]:
    """The one scheme, read from the class definitions of WorldCereal."""
    text = (data / "worldcereal/croptype_classes.json").read_text(encoding="utf-8")
    tables = json.loads(text)
    codes: dict[str, list[str]] = {}
    for code, name in sorted(tables["CROPTYPE9"].items()):
        codes.setdefault(name, []).append(code)
    colours = tables["CROPTYPE0_COLORS"]
    scheme = SchemeRow(
        path="worldcereal/croptype",
        title="WorldCereal crop types (CROPTYPE9)",
        description=(
            "The nine classes of the WorldCereal crop type map, matched to HCAT 3."
        ),
        source=(
            "ESA WorldCereal, "
            "https://github.com/WorldCereal/worldcereal-classification, file "
            "croptype_classes.json (MIT licence); colours are those of the lowest code"
            " of each class. The matches to HCAT 3 are ours."
        ),
        licence="https://spdx.org/licenses/MIT",
        scope_note=(
            "An exact match is stated only where both sides mean the same crop in "
            "every season and use."
        ),
        concepts=tuple(
            _concept(
                name, codes[name], next(colours[c] for c in codes[name] if c in colours)
            )
            for name in sorted(codes)
        ),
    )
    return {"worldcereal-croptype.ttl": scheme}


if __name__ == "__main__":
    main(Path(__file__), schemes)
