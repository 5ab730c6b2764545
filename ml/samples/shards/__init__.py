"""Samples in tar files that WebDataset reads, with an index that finds each of them."""
