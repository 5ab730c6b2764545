"""The example queries: `queries/*.rq`, whose first comment line is their title."""

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Example:
    """A query to start from.

    Attributes:
        name: The file's stem.
        title: What it asks, in a sentence.
        text: The query, title included.
    """

    name: str
    title: str
    text: str


def examples(kind: str) -> tuple[Example, ...]:
    """The example queries about one kind of map, in the order of their names.

    Args:
        kind: `seaice` or `crop`.

    Examples:
        >>> len(examples("seaice"))
        3
    """
    folder = files("api.demo").joinpath("queries", kind)
    found = [file for file in folder.iterdir() if file.name.endswith(".rq")]
    return tuple(
        _example(file.name.removesuffix(".rq"), file.read_text("utf-8"))
        for file in sorted(found, key=lambda file: file.name)
    )


def _example(name: str, text: str) -> Example:
    first, _, _ = text.partition("\n")
    return Example(name, first.removeprefix("#").strip(), text)
