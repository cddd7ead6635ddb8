"""From one vector per token to one vector per text; padding is ignored."""

import torch
from torch import Tensor, nn


class MeanPooling(nn.Module):
    """Average the vectors of a text's tokens.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import MeanPooling
    >>> MeanPooling()(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    tensor([[2.]])
    """

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (batch, length, d_model) to (batch, d_model); mask is True at real tokens."""
        if mask is None:
            return x.mean(dim=1)
        kept = mask.unsqueeze(-1).to(x.dtype)  # (batch, length, 1)
        return (x * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1)


class MaxPooling(nn.Module):
    """Take the largest value of each feature over a text's tokens.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import MaxPooling
    >>> MaxPooling()(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    tensor([[3.]])
    """

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (batch, length, d_model) to (batch, d_model); mask is True at real tokens."""
        if mask is not None:
            # Finite, unlike -inf, so that a row of padding alone gives no NaN later on.
            x = x.masked_fill(~mask.unsqueeze(-1), torch.finfo(x.dtype).min)
        return x.amax(dim=1)


class FirstTokenPooling(nn.Module):
    """Take the vector of the first token, as BERT does with its [CLS].

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import FirstTokenPooling
    >>> FirstTokenPooling()(torch.tensor([[[1.0], [3.0]]]))
    tensor([[1.]])
    """

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (batch, length, d_model) to (batch, d_model); texts are padded at their end."""
        return x[:, 0]


class AttentionPooling(nn.Module):
    r"""Average the vectors of a text's tokens with learned weights.

    Parameters
    ----------
    d_model : int

    Notes
    -----
    .. math:: a = \mathrm{softmax}(v^T \tanh(W h)), \quad x = \sum_t a_t h_t

    (Yang et al. 2016, "Hierarchical attention networks for document classification",
    equations 5 to 7).

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import AttentionPooling
    >>> AttentionPooling(d_model=8)(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 8])
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(d_model, d_model)
        self.score = nn.Linear(d_model, 1, bias=False)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (batch, length, d_model) to (batch, d_model); mask is True at real tokens."""
        scores = self.score(self.hidden(x).tanh()).squeeze(-1)  # (batch, length)
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = scores.softmax(dim=1).to(x.dtype)
        averaged = weights.unsqueeze(1) @ x  # (batch, 1, d_model)
        return averaged.squeeze(1)


POOLINGS = ("attention", "first", "max", "mean")


def make_pooling(name: str, d_model: int) -> nn.Module:
    """Return the pooling of this name.

    Parameters
    ----------
    name : {"mean", "max", "first", "attention"}
    d_model : int
        Width of a token's vector; only "attention" has weights.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    ValueError
        If there is no pooling of this name.

    Examples
    --------
    >>> from agnews_sk.nn import make_pooling
    >>> make_pooling("mean", d_model=8)
    MeanPooling()
    """
    if name == "attention":
        return AttentionPooling(d_model)
    simple = {"mean": MeanPooling, "max": MaxPooling, "first": FirstTokenPooling}
    if name not in simple:
        raise ValueError(f"pooling must be one of {list(POOLINGS)}, got {name!r}.")
    return simple[name]()
