"""Which version of Pytheas makes a map."""

import tomllib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "pytheas-eo"

_PROJECT: Final = Path(__file__).resolve().parent.parent / "pyproject.toml"


@lru_cache
def software_version() -> str:
    """The installed version; in a checkout that is not installed, the project file's.

    Examples:
        >>> software_version().count(".")
        2
    """
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
        return str(project["version"])
