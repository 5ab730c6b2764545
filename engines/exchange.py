"""A directory takes the place of another at one moment: one of them is always there."""

import ctypes
import errno
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from engines.whole_files import sync_directory

_CURRENT_FOLDER: Final = -100
_RENAME_EXCHANGE: Final = 2
_NOT_HERE: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
"""What systems and file systems say that know no exchange."""


def replace_directory(new: Path, target: Path) -> None:
    """Let a directory be `target`; what was there, if anything, is at `new` then.

    At no moment is there nothing, on Linux and the file systems that can exchange two
    names (ext4, XFS, Btrfs, tmpfs and others).  Elsewhere, NFS among them, there is
    nothing between two renames.

    Raises:
        OSError: The disk does not let us; both are as they were.
    """
    if not target.exists():
        new.rename(target)
    elif not exchanged(new, target):
        aside = new.with_name(f"{new.name}.replaced")
        target.rename(aside)
        try:
            new.rename(target)
        except OSError:
            aside.rename(target)
            raise
        aside.rename(new)
    sync_directory(target.parent)


def exchanged(one: Path, other: Path) -> bool:
    """Exchange two names of one file system; False where that is not known how.

    Raises:
        OSError: The disk does not let us.
    """
    rename = _renameat2()
    if rename is None:
        return False
    here = _CURRENT_FOLDER
    if rename(here, bytes(one), here, bytes(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_HERE:
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


@cache
def _renameat2() -> Callable[..., Any] | None:
    """The function of the C library (Linux, `rename(2)`), which Python has not."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        path, folder = ctypes.c_char_p, ctypes.c_int
        function.argtypes = [folder, path, folder, path, ctypes.c_uint]
    return function
