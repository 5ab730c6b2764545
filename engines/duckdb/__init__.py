"""DuckDB with its spatial extension: sessions, files as relations, spellings."""

from engines.duckdb.session import Spill, connect, cursor_of

__all__ = ["Spill", "connect", "cursor_of"]
