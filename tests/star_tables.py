"""A store in which every characteristic set has a star table, however small."""

from pathlib import Path

from strabon_store.storage.database import write_meta
from strabon_store.storage.transaction import write_transaction
from strabon_store.store import Store


def open_with_star_tables(location: Path) -> Store:
    """A new store that builds star tables for single subjects and single predicates."""
    store = Store.open(location)
    with write_transaction(store._database) as cursor:
        write_meta(cursor, "star_subjects", "1")
    return store
