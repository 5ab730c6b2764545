"""Write hcat.ttl: the crop taxonomy HCAT 3 of EuroCrops as a SKOS concept scheme."""

import csv
from pathlib import Path

from vocab_scheme import ConceptRow, SchemeRow, main

ROOT = "3000000000"


def broader_code(code: str) -> str | None:
    """The code one level up: levels are pairs of digits, absent ones are 00.

    The level above 33 (crop type) is 30 (characteristics), the root.
    """
    if code == ROOT:
        return None
    levels = [code[i : i + 2] for i in range(0, len(code), 2)]
    depth = max(i for i, level in enumerate(levels) if level != "00")
    above = "".join(levels[:depth])
    return above.ljust(len(code), "0") if above else ROOT


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _concept(code: str, names: dict[str, str]) -> ConceptRow:
    ancestors: list[str] = []
    above = broader_code(code)
    while above is not None:
        ancestors.insert(0, above)
        above = broader_code(above)
    path = " > ".join(_label(names[c]) for c in ancestors)
    place = f"under {path}" if path else "the root of the taxonomy"
    return ConceptRow(
        local_name=code,
        label=_label(names[code]),
        definition=f"The HCAT 3 class {names[code]}, {place}.",
        broader=tuple(ancestors[-1:]),
        hidden_label=names[code],
    )


def schemes(data: Path) -> dict[str, SchemeRow]:
    """The one scheme, read from the core table of the EuroCrops repository."""
    with (data / "hcat/hcat_core/HCAT3.csv").open(encoding="utf-8", newline="") as file:
        names = {row["HCAT3_code"]: row["HCAT3_name"] for row in csv.DictReader(file)}
    scheme = SchemeRow(
        path="hcat",
        title="Hierarchical Crop and Agriculture Taxonomy, version 3 (HCAT 3)",
        description=(
            "Crops and other agricultural land, as declared across the European Union,"
            " in a hierarchy that the digits of the codes spell out."
        ),
        source=(
            "EuroCrops, https://github.com/maja601/EuroCrops, file HCAT3.csv, by Maja "
            "Schneider and contributors, licensed CC BY-SA 4.0. Changed: rendered as "
            "SKOS, labels made from the names, broader concepts made from the codes."
        ),
        licence="https://creativecommons.org/licenses/by-sa/4.0/",
        scope_note=(
            "HCAT itself defines its classes by name and place only; so do these "
            "definitions. The name as HCAT spells it is the hidden label."
        ),
        concepts=tuple(_concept(code, names) for code in sorted(names)),
    )
    return {"hcat.ttl": scheme}


if __name__ == "__main__":
    main(Path(__file__), schemes)
