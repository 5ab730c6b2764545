"""Algebra becomes a relational plan: how terms are columns."""
