"""Algebra to algebra, answers kept: one function a file."""
