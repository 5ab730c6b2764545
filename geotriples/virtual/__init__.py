"""A mapping as a graph that is read in place."""
