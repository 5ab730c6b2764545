"""Columns become RDF terms, and terms become bytes in a media type."""
