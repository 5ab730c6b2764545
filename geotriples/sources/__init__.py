"""Readers of reference formulations: a file becomes columns of Arrow."""
