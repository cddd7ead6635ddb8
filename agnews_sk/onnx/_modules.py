"""Torch modules whose forward pass is exported as a graph."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agnews_sk.nn import make_pooling


class Logits(nn.Module):
    """Return the logits of a module and no other output.

    Parameters
    ----------
    module : torch.nn.Module
        A classifier, or a model of transformers, whose attention is switched to the "eager"
        implementation: give a copy.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        for part in module.modules():
            # Eager attention is exported as MatMul, Softmax and MatMul, which onnxruntime fuses.
            set_attention = getattr(part, "set_attn_implementation", None)
            if callable(set_attention):
                set_attention("eager")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (batch, n_classes) for two tensors of shape (batch, length)."""
        output = self.module(input_ids=input_ids, attention_mask=attention_mask)
        return getattr(output, "logits", output)


class EmbeddingClassifier(nn.Module):
    """An encoder, the pooling of its hidden states, and a linear classifier.

    Parameters
    ----------
    encoder : torch.nn.Module
        Model of transformers with `last_hidden_state`.
    pooling : {"mean", "max", "first"}
        How the hidden states of a text become one vector.
    normalize : bool
        Whether vectors are scaled to unit length.
    matrix : ndarray of shape (n_features, n_classes)
        Coefficients of the linear classifier.
    bias : ndarray of shape (n_classes,)
        Its intercepts.
    """

    matrix: Tensor
    bias: Tensor

    def __init__(
        self, encoder: Any, pooling: str, normalize: bool, matrix: np.ndarray, bias: np.ndarray
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = make_pooling(pooling, len(matrix))
        self.normalize = normalize
        self.register_buffer("matrix", torch.from_numpy(np.asarray(matrix.T, dtype=np.float32)))
        self.register_buffer("bias", torch.from_numpy(np.asarray(bias, dtype=np.float32)))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (batch, n_classes) for two tensors of shape (batch, length)."""
        output = self.encoder(input_ids, attention_mask=attention_mask)
        hidden = output.last_hidden_state  # (batch, length, n_features)
        vectors = self.pooling(hidden, attention_mask.bool())  # (batch, n_features)
        if self.normalize:
            vectors = nn.functional.normalize(vectors, dim=1)
        return nn.functional.linear(vectors, self.matrix, self.bias)
