"""A text classifier with a Transformer encoder, from token ids to logits."""

import math

import torch
from torch import Tensor, nn

from agnews_sk.nn._encoder import EncoderLayer
from agnews_sk.nn._pooling import make_pooling
from agnews_sk.nn._positions import sinusoidal_positions

POSITIONS = ("learned", "sinusoidal")


class TokenEmbedding(nn.Module):
    r"""Map token ids to vectors that depend on the id and on the position.

    Parameters
    ----------
    vocab_size : int
        Number of ids.
    d_model : int
        Width of a vector; even for sinusoidal positions.
    max_length : int
        Number of positions.
    positions : {"learned", "sinusoidal"}, default="sinusoidal"
        Position vectors.
    dropout : float, default=0.0
        Share of the activations that training sets to zero.
    token_dropout : float, default=0.0
        Share of the tokens whose whole :math:`E_{w_t}` training sets to zero.

    Notes
    -----
    .. math:: h_t = \sqrt{d}\, E_{w_t} + P_t

    with E drawn at a scale of :math:`1/\sqrt{d}` (Vaswani et al. 2017, section 3.4). Dropout of
    whole tokens is from Iyyer et al. (2015), section 3: it keeps a classifier from relying on
    single words.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import TokenEmbedding
    >>> TokenEmbedding(vocab_size=10, d_model=8, max_length=5)(torch.tensor([[3, 4]])).shape
    torch.Size([1, 2, 8])
    """

    position: Tensor

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        max_length: int,
        positions: str = "sinusoidal",
        dropout: float = 0.0,
        token_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if positions not in POSITIONS:
            raise ValueError(f"positions must be one of {list(POSITIONS)}, got {positions!r}.")
        self.token = nn.Embedding(vocab_size, d_model)
        if positions == "learned":
            self.position = nn.Parameter(torch.zeros(max_length, d_model))
        else:
            table = sinusoidal_positions(max_length, d_model)
            self.register_buffer("position", table, persistent=False)
        self.scale = math.sqrt(d_model)
        self.dropout = nn.Dropout(dropout)
        self.token_dropout = nn.Dropout(token_dropout)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Map ids of (batch, length) to vectors of (batch, length, d_model)."""
        length = input_ids.shape[1]
        token = self.token(input_ids)  # (batch, length, d_model)
        # Dropout of the factors, one per token, drops whole vectors: (batch, length, 1)
        scale = self.token_dropout(token.new_full((*input_ids.shape, 1), self.scale))
        return self.dropout(token * scale + self.position[:length])


class TextTransformer(nn.Module):
    """A Transformer encoder with a classification head.

    Embedding, encoder layers, pooling over the tokens of a text, dropout, one linear layer.

    Parameters
    ----------
    vocab_size : int
        Number of token ids.
    n_classes : int
        Number of logits.
    d_model : int, default=128
        Width of a token's vector; a multiple of `n_heads`.
    n_heads : int, default=4
        Attention heads per layer.
    n_layers : int, default=2
        Encoder layers.
    d_hidden : int or None, default=None
        Width of the hidden layer in the feed-forward networks; None is 4 x `d_model`.
    max_length : int, default=128
        Longest text in tokens.
    positions : {"learned", "sinusoidal"}, default="sinusoidal"
        Position vectors.
    activation : {"relu", "gelu"}, default="gelu"
        Of the feed-forward networks.
    norm_first : bool, default=True
        Whether layer normalization comes before attention and feed-forward network, or after.
    pooling : {"mean", "max", "first", "attention"}, default="mean"
        How the vectors of a text's tokens become one vector.
    dropout : float, default=0.1
        Share of activations that training sets to zero.
    token_dropout : float, default=0.0
        Share of the tokens whose embedding training sets to zero.

    Attributes
    ----------
    settings : dict of str to Any
        The parameters above, with which the same module can be built.

    Notes
    -----
    The encoder of Vaswani et al. (2017), section 3.1. Matrices are drawn from the uniform
    distribution of Glorot and Bengio (2010), embeddings from a normal one with a standard
    deviation of 1/sqrt(d_model); biases start at zero. Padding never changes a logit.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import TextTransformer
    >>> net = TextTransformer(vocab_size=10, n_classes=4, d_model=8, n_heads=2).eval()
    >>> net(torch.tensor([[3, 4, 5]])).shape
    torch.Size([1, 4])
    """

    def __init__(
        self,
        vocab_size: int,
        n_classes: int,
        *,
        d_model: int = 128,
        n_heads: int = 4,
        n_layers: int = 2,
        d_hidden: int | None = None,
        max_length: int = 128,
        positions: str = "sinusoidal",
        activation: str = "gelu",
        norm_first: bool = True,
        pooling: str = "mean",
        dropout: float = 0.1,
        token_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        d_hidden = 4 * d_model if d_hidden is None else d_hidden
        self.settings = {
            "vocab_size": vocab_size,
            "n_classes": n_classes,
            "d_model": d_model,
            "n_heads": n_heads,
            "n_layers": n_layers,
            "d_hidden": d_hidden,
            "max_length": max_length,
            "positions": positions,
            "activation": activation,
            "norm_first": norm_first,
            "pooling": pooling,
            "dropout": dropout,
            "token_dropout": token_dropout,
        }
        self.embedding = TokenEmbedding(
            vocab_size, d_model, max_length, positions, dropout, token_dropout
        )
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, n_heads, d_hidden, activation, dropout, norm_first)
            for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.pooling = make_pooling(pooling, d_model)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(d_model, n_classes)
        self.apply(_initialize)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the logits of texts.

        Parameters
        ----------
        input_ids : Tensor of int of shape (batch, length)
        attention_mask : Tensor of bool or int of shape (batch, length), optional
            1 at tokens, 0 at padding; None if nothing is padded, which is faster.

        Returns
        -------
        Tensor of shape (batch, n_classes)
        """
        mask = None if attention_mask is None else attention_mask.bool()
        x = self.embedding(input_ids)  # (batch, length, d_model)
        for layer in self.layers:
            x = layer(x, mask)
        pooled = self.pooling(self.norm(x), mask)  # (batch, d_model)
        return self.classifier(self.dropout(pooled))


def _initialize(module: nn.Module) -> None:
    """Draw the weights of one module within the net, see the notes of `TextTransformer`."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=module.embedding_dim**-0.5)
    elif isinstance(module, TokenEmbedding) and isinstance(module.position, nn.Parameter):
        nn.init.normal_(module.position, std=0.02)
