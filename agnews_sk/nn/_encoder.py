"""A layer of a Transformer encoder: attention and a feed-forward network, with residuals."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from agnews_sk.nn._attention import MultiHeadSelfAttention

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}


class FeedForward(nn.Module):
    r"""Transform the vector of each token alone, through a wider hidden layer.

    Parameters
    ----------
    d_model : int
    d_hidden : int
        Width of the hidden layer.
    activation : {"relu", "gelu"}, default="gelu"
        "relu" as in Vaswani et al. (2017), "gelu" as in BERT (Hendrycks and Gimpel 2016,
        arXiv 1606.08415).
    dropout : float, default=0.0
        Share of the hidden layer that training sets to zero.

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
        hidden = self.activation(self.widen(x))  # (..., d_hidden)
        return self.narrow(self.dropout(hidden))


class EncoderLayer(nn.Module):
    """Attention, then a feed-forward network, each with a residual sum and layer normalization.

    Parameters
    ----------
    d_model : int
        Width of a token's vector; a multiple of `n_heads`.
    n_heads : int
        Attention heads.
    d_hidden : int
        Width of the hidden layer in the feed-forward network.
    activation : {"relu", "gelu"}, default="gelu"
        Of the feed-forward network.
    dropout : float, default=0.1
        On the outputs of attention and feed-forward network, and inside the latter, as in section
        5.4 of Vaswani et al. (2017). Not on attention weights: without that, attention runs in one
        fused kernel.
    norm_first : bool, default=True
        Normalize the inputs of attention and feed-forward network (Xiong et al. 2020,
        arXiv 2002.04745: trains without a long warm-up), or the residual sums as in Vaswani et
        al. (2017).

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
        """Return new vectors of the tokens.

        Parameters
        ----------
        x : Tensor of shape (batch, length, d_model)
        mask : Tensor of bool of shape (batch, length), optional
            True where a token may be attended to, False at padding; None attends to all.

        Returns
        -------
        Tensor of shape (batch, length, d_model)
        """
        if self.norm_first:
            x = x + self.dropout(self.attention(self.attention_norm(x), mask))
            return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        x = self.attention_norm(x + self.dropout(self.attention(x, mask)))
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x)))
