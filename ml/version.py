"""Which version of Pytheas makes a map."""

import subprocess
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


@lru_cache
def git_state() -> str:
    """The commit of the checkout, and whether it was changed; `"none"` elsewhere."""
    asked = (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
    try:
        commit, changes = (
            subprocess.run(  # noqa: S603 - all arguments are ours
                ["git", "-C", str(_PROJECT.parent), *arguments],  # noqa: S607 - wherever it is
                capture_output=True,
                check=True,
                text=True,
            ).stdout.strip()
            for arguments in asked
        )
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return f"{commit}, changed" if changes else commit
