"""Queries as they stand in `queries/*.rq`: a title, how to compare, the text."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
DATA: Final = FOLDER / "data.trig"
PROLOGUE: Final = (
    "PREFIX : <http://example.org/>\n"
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
    "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
)
_ORDERED: Final = "# ordered: "


@dataclass(frozen=True, slots=True)
class Case:
    """A query and what of its answer is determined.

    Attributes:
        text: The query with its prefixes.
        ordered: The variables whose values come in a determined order.
    """

    text: str
    ordered: tuple[str, ...]


def read_cases() -> dict[str, Case]:
    """The cases of all files, by `file: title`."""
    return {
        f"{path.stem}: {title}": case
        for path in sorted((FOLDER / "queries").glob("*.rq"))
        for title, case in _read(path)
    }


def _read(path: Path) -> Iterator[tuple[str, Case]]:
    for block in path.read_text("utf-8").split("## ")[1:]:
        title, _, rest = block.partition("\n")
        ordered: tuple[str, ...] = ()
        if rest.startswith(_ORDERED):
            line, _, rest = rest.partition("\n")
            ordered = tuple(line.removeprefix(_ORDERED).split())
        yield title, Case(PROLOGUE + rest, ordered)
