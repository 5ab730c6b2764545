"""What a query means: SPARQL 1.1 section 18, as closed unions of frozen dataclasses."""
