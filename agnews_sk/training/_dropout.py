"""Dropout that does not wait for random numbers."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

N_CHANCES = 2**16


class FastDropout(TorchFunctionMode):
    """Within it, dropout on a CPU takes four chances from each random number.

    torch draws one number an activation, in a single thread, which is a third of the time of a
    small encoder's training. A chance of 16 bits meets a share to within 1/65536.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is F.dropout and args[0].device.type == "cpu":
            return _dropout(*args, **kwargs)
        if func is F.scaled_dot_product_attention and _needs_dropout(args[0], kwargs):
            return _attention(*args, **kwargs)
        return func(*args, **kwargs)


def _dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    if not training or p == 0:
        return x
    n_numbers = -(-x.numel() // 4)
    numbers = torch.empty(n_numbers, dtype=torch.int64).random_(-(2**63), None)
    chances = numbers.view(torch.int16)[: x.numel()].view(x.shape)
    kept = chances >= round(p * N_CHANCES) - N_CHANCES // 2
    return x * kept.to(x.dtype).mul_(1 / (1 - p))


def _needs_dropout(query: Tensor, kwargs: dict[str, Any]) -> bool:
    plain = not kwargs.get("is_causal") and not kwargs.get("enable_gqa")
    return query.device.type == "cpu" and plain and kwargs.get("dropout_p", 0.0) > 0


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    scale: float | None = None,
    **switched_off: Any,
) -> Tensor:
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = (query * scale) @ key.transpose(-2, -1)  # (batch, heads, length, length)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        # Finite, so that a query that may look nowhere is no NaN.
        scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return _dropout(scores.softmax(dim=-1), dropout_p) @ value
