"""Simulated scenes whose truth, and whose best possible classifier, are known."""
