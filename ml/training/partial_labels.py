"""A loss that learns from shares: what a chart says of a polygon, and not of a pixel.

A chart says that of the ice in a polygon so much is old and so much young.  With c_k
the share of class k, and p_k what the network says of a pixel, its loss is

    -log(sum of c_k p_k / greatest c_k).

It is the cross entropy where one class has all.  Where the shares differ from polygon
to polygon, a pixel is the more probably of class k, the more often such pixels lie
where k has much; polygons that no class dominates teach as well.  It is 0 at best.

For one polygon alone it is least where all pixels are of the class with the greatest
share.  A network that tells polygons apart by what lies around a pixel may learn that,
which is what the dominance rule says; small fields of view and many polygons help.

Shape suffixes: B batch, K classes of all heads, H rows, W columns.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

import torch
from torch import Tensor

_TINY: Final = 1e-12


def share_loss(
    logits_BKHW: Tensor, shares_BKHW: Tensor, heads: Mapping[str, int]
) -> Tensor:
    """The sum over heads of the mean over all pixels.

    Pixels of which a head is told nothing count as 0, so that processes that share a
    batch agree on the mean.

    Args:
        logits_BKHW: Of the network.
        shares_BKHW: What is known; all 0 where nothing is.
        heads: How many classes each head has, by name, in the order of `logits_BKHW`.
    """
    sizes = list(heads.values())
    split = partial(torch.split, split_size_or_sections=sizes, dim=1)
    parts = zip(split(logits_BKHW), split(shares_BKHW), strict=True)
    return torch.stack([_of_head(logits, shares) for logits, shares in parts]).sum()


def _of_head(logits_BKHW: Tensor, shares_BKHW: Tensor) -> Tensor:
    most_B1HW = shares_BKHW.amax(1, keepdim=True)
    is_known_BHW = most_B1HW[:, 0] > 0
    relative = shares_BKHW / most_B1HW.clamp_min(_TINY)
    # log(0) is -inf, which logsumexp takes for what it is: nothing.
    joint = logits_BKHW.log_softmax(1) + relative.clamp_min(_TINY).log()
    joint = joint.masked_fill(shares_BKHW <= 0, -torch.inf)
    # Where nothing is known all is -inf, whose gradient would be no number.
    joint = torch.where(is_known_BHW[:, None], joint, torch.zeros_like(joint))
    loss_BHW = -joint.logsumexp(1)
    return torch.where(is_known_BHW, loss_BHW, torch.zeros_like(loss_BHW)).mean()
