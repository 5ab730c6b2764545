"""DuckDB with its spatial extension: sessions, files as relations, spellings."""

from engines.duckdb.session import connect

__all__ = ["connect"]
