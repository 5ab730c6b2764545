"""Algebra to algebra, answers kept: one function a file."""

from strabon_store.passes.pipeline import PASSES, Pass, run_passes

__all__ = ["PASSES", "Pass", "run_passes"]
