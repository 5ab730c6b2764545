"""A store that a command makes to fill it is there when that worked, and only then."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from strabon_store.storage.database import FILE_NAME
from strabon_store.storage.documents import WebClient
from strabon_store.store import Store


@contextmanager
def opened_store(
    location: Path, *, allow_load: Sequence[str] = (), web: WebClient | None = None
) -> Iterator[Store]:
    """The store at a directory, opened for writing; made for nothing, it goes again.

    What another process has open is left as it is.

    Args:
        location: The directory; made when absent.
        allow_load: As of `Store.open`.
        web: As of `Store.open`.

    Raises:
        StoreUnavailable: In use by another process, damaged, of another format, or no
            store.
    """
    has_folder = location.exists()
    has_store = (location / FILE_NAME).exists()
    try:
        store = Store.open(location, allow_load=allow_load, web=web)
    except BaseException:
        if not has_folder:
            # Others may have a store there by now: an empty folder alone goes.
            with suppress(OSError):
                location.rmdir()
        raise
    try:
        with store:
            yield store
    except BaseException:
        if not has_folder:
            shutil.rmtree(location, ignore_errors=True)
        elif not has_store:
            (location / FILE_NAME).unlink(missing_ok=True)
        raise
