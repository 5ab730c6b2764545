"""One query, several sources: SPARQL endpoints as the store sees them."""
