"""Readers of class maps that others made."""
