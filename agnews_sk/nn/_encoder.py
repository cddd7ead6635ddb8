"""A layer of a Transformer encoder: attention and feed-forward, with what joins them."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from agnews_sk.nn._attention import MultiHeadSelfAttention

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}


class FeedForward(nn.Module):
    r"""Transform each token's vector by itself, through a wider layer.

    Parameters
    ----------
    d_model : int
    d_hidden : int
        Width of the layer between.
    activation : {"relu", "gelu"}, default="gelu"
        "relu" as in the paper of 2017, "gelu" as in BERT (Hendrycks and Gimpel 2016,
        arXiv 1606.08415).
    dropout : float, default=0.0

    Notes
    -----
    .. math:: \mathrm{FFN}(x) = f(x W_1 + b_1) W_2 + b_2

    (Vaswani et al. 2017, equation 2).

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import FeedForward
    >>> FeedForward(d_model=8, d_hidden=16, activation="relu")(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(
        self, d_model: int, d_hidden: int, activation: str = "gelu", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {list(ACTIVATIONS)}, got {activation!r}.")
        self.widen = nn.Linear(d_model, d_hidden)
        self.narrow = nn.Linear(d_hidden, d_model)
        self.activation = ACTIVATIONS[activation]
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., d_model) to (..., d_model)."""
        return self.narrow(self.dropout(self.activation(self.widen(x))))


class EncoderLayer(nn.Module):
    """Attention, then feed-forward, each with a residual connection and layer normalisation.

    Parameters
    ----------
    d_model, n_heads, d_hidden : int
    activation : {"relu", "gelu"}, default="gelu"
    dropout : float, default=0.1
        On the output of each part and inside the feed-forward one, as in section 5.4 of the paper
        of 2017, not on attention weights: without that, attention runs in one fused kernel.
    norm_first : bool, default=True
        Normalise before each part (Xiong et al. 2020, arXiv 2002.04745: trains without a long
        warm-up), or after the residual sum as in the paper of 2017.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import EncoderLayer
    >>> layer = EncoderLayer(d_model=8, n_heads=2, d_hidden=16).eval()
    >>> layer(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_hidden: int,
        activation: str = "gelu",
        dropout: float = 0.1,
        norm_first: bool = True,
    ) -> None:
        super().__init__()
        self.attention = MultiHeadSelfAttention(d_model, n_heads)
        self.feed_forward = FeedForward(d_model, d_hidden, activation, dropout)
        self.attention_norm = nn.LayerNorm(d_model)
        self.feed_forward_norm = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Encode once more.

        Parameters
        ----------
        x : Tensor of shape (batch, length, d_model)
        mask : Tensor of bool of shape (batch, length), optional
            True where a token may be looked at; None lets all be looked at.

        Returns
        -------
        Tensor of shape (batch, length, d_model)
        """
        if self.norm_first:
            x = x + self.dropout(self.attention(self.attention_norm(x), mask))
            return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        x = self.attention_norm(x + self.dropout(self.attention(x, mask)))
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x)))
