"""Self-attention through several heads."""

import torch.nn.functional as F
from torch import Tensor, nn


class MultiHeadSelfAttention(nn.Module):
    r"""Let every token attend to every token of its text, through several heads.

    Parameters
    ----------
    d_model : int
        Width of a token's vector; a multiple of `n_heads`.
    n_heads : int
        Number of heads, each of width d_model / n_heads.
    dropout : float, default=0.0
        Share of the attention weights that training sets to zero.

    Raises
    ------
    ValueError
        If `d_model` is not a multiple of `n_heads`.

    Notes
    -----
    Each head projects the tokens to queries, keys and values of width :math:`d_k` =
    d_model / n_heads and computes

    .. math:: \mathrm{Attention}(Q, K, V) = \mathrm{softmax}(Q K^T / \sqrt{d_k})\, V;

    the outputs of the heads are concatenated and projected once more (Vaswani et al. 2017,
    "Attention is all you need", arXiv 1706.03762, equation 1 and section 3.2.2).

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import MultiHeadSelfAttention
    >>> attention = MultiHeadSelfAttention(d_model=8, n_heads=2)
    >>> attention(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % n_heads:
            raise ValueError(
                f"d_model must be a multiple of n_heads={n_heads}, got {d_model}; "
                f"use {d_model - d_model % n_heads or n_heads}."
            )
        self.n_heads = n_heads
        self.dropout = dropout
        self.in_proj = nn.Linear(d_model, 3 * d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return for each token a mixture of the vectors of the tokens it attends to.

        Parameters
        ----------
        x : Tensor of shape (batch, length, d_model)
        mask : Tensor of bool of shape (batch, length), optional
            True where a token may be attended to, False at padding; None attends to all, which is
            faster.

        Returns
        -------
        Tensor of shape (batch, length, d_model)
        """
        batch, length, d_model = x.shape
        # One product for queries, keys and values: (batch, length, 3, heads, head_dim)
        heads = self.in_proj(x).view(batch, length, 3, self.n_heads, d_model // self.n_heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (batch, heads, length, head_dim)
        attended = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if mask is None else mask[:, None, None, :],  # (batch, 1, 1, length)
            dropout_p=self.dropout if self.training else 0.0,
        )  # (batch, heads, length, head_dim)
        joined = attended.transpose(1, 2).reshape(batch, length, d_model)
        return self.out_proj(joined)
