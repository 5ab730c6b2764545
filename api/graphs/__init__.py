"""The SPARQL 1.1 Graph Store HTTP Protocol: whole graphs over HTTP."""
