"""SPARQL text becomes algebra; the only readers of SPARQL syntax."""
