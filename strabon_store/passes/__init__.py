"""Algebra to algebra, answers kept: one function a file."""

from strabon_store.passes.pipeline import PASSES, Pass, run_passes
from strabon_store.passes.rewrite_relations import rewrite_relations

__all__ = ["PASSES", "Pass", "rewrite_relations", "run_passes"]
