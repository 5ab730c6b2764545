"""Networks as data: what rebuilds one, and its name.

    {"type": "ensemble", "members": [{"type": "tempcnn", "channels": 1, ...}, ...]}

Only what stands in the table is ever built, so a description runs no code of others.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from torch import nn

from ml.errors import UnknownNetwork
from ml.models.calibrated import Calibrated
from ml.models.ensemble import Ensemble
from ml.models.headed_unet import HeadedUNet
from ml.models.ltae import Ltae
from ml.models.patch_cnn import PatchCnn
from ml.models.tempcnn import TempCnn
from ml.models.unet import UNet

_NETWORKS: Final[Mapping[str, type[TempCnn | Ltae | PatchCnn | UNet | HeadedUNet]]] = (
    MappingProxyType(
        {
            "tempcnn": TempCnn,
            "ltae": Ltae,
            "patch-cnn": PatchCnn,
            "unet": UNet,
            "headed-unet": HeadedUNet,
        }
    )
)
_ENSEMBLE: Final = "ensemble"
_CALIBRATED: Final = "calibrated"
_KNOWN: Final = (*_NETWORKS, _ENSEMBLE, _CALIBRATED)


def describe(model: nn.Module) -> dict[str, Any]:
    """The description of a network.

    Raises:
        UnknownNetwork: It is of no kind that can be rebuilt.
    """
    if isinstance(model, Ensemble):
        return {"type": _ENSEMBLE, "members": [describe(one) for one in model.members]}
    if isinstance(model, Calibrated):
        return {"type": _CALIBRATED, "model": describe(model.model)}
    for name, kind in _NETWORKS.items():
        if isinstance(model, kind):
            return {"type": name, **model.arguments}
    raise UnknownNetwork(type(model).__name__, _KNOWN)


def build(description: Mapping[str, Any]) -> nn.Module:
    """The network of a description, its weights not yet those that were learned.

    Raises:
        UnknownNetwork: The description is of nothing that is known.
    """
    parameters = dict(description)
    name = parameters.pop("type", None)
    if name == _ENSEMBLE:
        return Ensemble([build(one) for one in parameters["members"]])
    if name == _CALIBRATED:
        return Calibrated(build(parameters["model"]))
    if name not in _NETWORKS:
        raise UnknownNetwork(str(name), _KNOWN)
    return _NETWORKS[name](**parameters)


def text_of(description: Mapping[str, Any]) -> str:
    """A description as text, the same for the same network."""
    return json.dumps(description, sort_keys=True)
