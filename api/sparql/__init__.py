"""The SPARQL 1.1 Protocol: queries over HTTP."""
