"""Mapped sources become RDF: RML mappings compiled to columns of terms."""
