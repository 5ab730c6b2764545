"""SPARQL text becomes algebra; the only readers of SPARQL syntax."""

from strabon_store.frontend.parse import parse_query, parse_tree, parse_update

__all__ = ["parse_query", "parse_tree", "parse_update"]
