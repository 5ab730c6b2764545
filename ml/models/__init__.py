"""Classifiers in torch, and scenes classified by them; needs the `ml` extra."""

from ml.errors import MissingExtra

try:
    import torch  # noqa: F401 - asked once, here, for all modules of this package
except ModuleNotFoundError as error:
    raise MissingExtra("torch", "ml") from error
