"""DuckDB with its spatial extension: sessions, files as relations, spellings."""

from engines.duckdb.session import Spill, connect

__all__ = ["Spill", "connect"]
