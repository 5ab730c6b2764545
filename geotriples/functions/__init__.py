"""The functions that mappings may name, by topic; `catalog` is the whole table."""
