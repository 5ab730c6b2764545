"""Labelled samples: arrays, where each came from, and splits that do not leak."""
