"""DuckDB with its spatial extension: sessions, files as relations, spellings."""

from engines.duckdb.session import (
    DATABASE,
    ROW_GROUP_SIZE,
    Spill,
    connect,
    cursor_of,
)

__all__ = ["DATABASE", "ROW_GROUP_SIZE", "Spill", "connect", "cursor_of"]
