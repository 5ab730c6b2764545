"""The kinds of source that a query can ask, one module each."""
