"""DuckDB with its spatial extension: sessions, files as relations, spellings."""

from engines.duckdb.session import (
    DATABASE,
    LAYOUT,
    Spill,
    connect,
    cursor_of,
    load_spatial,
)

__all__ = ["DATABASE", "LAYOUT", "Spill", "connect", "cursor_of", "load_spatial"]
