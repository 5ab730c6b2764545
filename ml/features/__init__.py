"""A feature store: features in versions, with commits, statistics and joins in time."""
