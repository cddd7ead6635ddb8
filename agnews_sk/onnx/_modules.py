"""Modules whose forward pass is what an exported graph computes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agnews_sk.nn import make_pooling


class Logits(nn.Module):
    """A module with logits and nothing else for output, and attention written out.

    Parameters
    ----------
    module : torch.nn.Module
        It may change: give a copy.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        for part in module.modules():
            # Written out, attention is three nodes that onnxruntime is good at.
            write_out = getattr(part, "set_attn_implementation", None)
            if callable(write_out):
                write_out("eager")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (batch, n_classes)."""
        output = self.module(input_ids=input_ids, attention_mask=attention_mask)
        return getattr(output, "logits", output)


class EmbeddingClassifier(nn.Module):
    """A frozen encoder, its pooling, and a linear classifier of its vectors.

    Parameters
    ----------
    encoder : torch.nn.Module
    pooling : {"mean", "max", "first"}
    normalize : bool
    matrix : ndarray of shape (n_features, n_classes)
    bias : ndarray of shape (n_classes,)
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
        """Return logits of shape (batch, n_classes)."""
        hidden = self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state
        vectors = self.pooling(hidden, attention_mask.bool())
        if self.normalize:
            vectors = nn.functional.normalize(vectors, dim=1)
        return nn.functional.linear(vectors, self.matrix, self.bias)
