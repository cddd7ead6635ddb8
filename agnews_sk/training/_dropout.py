"""Faster dropout on CPUs."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

N_CHANCES = 2**16


class FastDropout(TorchFunctionMode):
    """Within it, dropout on a CPU decides on four activations by each random number.

    torch draws one number per activation, in a single thread, which takes a third of the time of
    a small encoder's training. Here each draw of 64 bits is read as four numbers of 16 bits, which
    match a share of dropout to within 1/65536.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is F.dropout and args[0].device.type == "cpu":
            return _dropout(*args, **kwargs)
        if func is F.scaled_dot_product_attention and _needs_dropout(args[0], kwargs):
            return _attention(*args, **kwargs)
        return func(*args, **kwargs)


def _dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Return x with a share p of its elements zero and the others scaled, of the same shape.

    The signature is that of `torch.nn.functional.dropout`; nothing is done in place.
    """
    if not training or p == 0:
        return x
    n_numbers = -(-x.numel() // 4)
    # From -2**63 without an upper bound: all 64 bits are random.
    numbers = torch.empty(n_numbers, dtype=torch.int64).random_(-(2**63), None)  # (n_numbers,)
    chances = numbers.view(torch.int16)[: x.numel()].view(x.shape)  # in [-2**15, 2**15)
    kept = chances >= round(p * N_CHANCES) - N_CHANCES // 2
    return x * kept.to(x.dtype).mul_(1 / (1 - p))


def _needs_dropout(query: Tensor, kwargs: dict[str, Any]) -> bool:
    """Return whether attention drops weights on a CPU, in a form that `_attention` computes."""
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
    """Compute attention with the dropout of this module.

    Parameters
    ----------
    query, key, value : Tensor of shape (batch, heads, length, head_dim)
    attn_mask : Tensor of bool or float, optional
        Broadcast to (batch, heads, length, length): True where a token may be attended to, or
        what is added to the scores.
    dropout_p : float, default=0.0
        Share of the attention weights that is dropped.
    scale : float, optional
        1 / sqrt(head_dim) by default.
    **switched_off : ignored
        Options of `torch.nn.functional.scaled_dot_product_attention` that are not set.

    Returns
    -------
    Tensor of shape (batch, heads, length, head_dim)
    """
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = (query * scale) @ key.transpose(-2, -1)  # (batch, heads, length, length)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        # Finite, so that a query that may attend to no token gives no NaN.
        scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return _dropout(scores.softmax(dim=-1), dropout_p) @ value
