"""Queries over a graph that is stored nowhere: what they reach, and the answer."""
