"""The mappings that Pytheas ships, by name."""

from importlib.resources import files
from pathlib import Path

from geotriples.errors import MappingNotFound

__all__ = ["names", "path"]


def names() -> tuple[str, ...]:
    """The names of the shipped mappings.

    Examples:
        >>> names()
        ('crop', 'seaice')
    """
    folder = Path(str(files(__name__)))
    return tuple(sorted(file.stem for file in folder.glob("*.ttl")))


def path(name: str) -> Path:
    """The file of a shipped mapping.

    Raises:
        MappingNotFound: There is none of this name.
    """
    if name not in names():
        raise MappingNotFound(name, names())
    return Path(str(files(__name__))) / f"{name}.ttl"
