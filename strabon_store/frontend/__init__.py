"""SPARQL text becomes algebra; the only readers of SPARQL syntax."""

from strabon_store.frontend.parse import never, parse_query, parse_tree, parse_update

__all__ = ["never", "parse_query", "parse_tree", "parse_update"]
