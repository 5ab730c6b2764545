"""How good a classifier is, and how honest its probabilities are."""
