"""Folders that appear whole or not at all, and replace only what is ours."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from ml.errors import OutputExists


@contextmanager
def appearing(folder: Path, names: Collection[str]) -> Iterator[Path]:
    """A folder to fill, beside `folder`; it takes its place where the block succeeds.

    Where the block fails, `folder` is what it was.

    Args:
        folder: Absent, empty, or holding files of an earlier run.
        names: The files that an earlier run may have left.

    Raises:
        OutputExists: `folder` holds anything else, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputExists(folder)
    if folder.exists() and {path.name for path in folder.iterdir()} - set(names):
        raise OutputExists(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    new, old = scratch / "new", scratch / "old"
    try:
        new.mkdir()
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(scratch)
