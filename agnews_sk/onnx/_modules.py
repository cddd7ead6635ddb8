"""Torch modules whose forward pass is exported as a graph."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agnews_sk.nn import ChunkPooling, make_pooling


class Logits(nn.Module):
    """Return the logits of a module, pooled over the chunks of each text, and no other output.

    Parameters
    ----------
    module : torch.nn.Module
        An `EmbeddingClassifier`, or another classifier, with `chunk_pooling` if it gets chunks.
        The attention of models of transformers is switched to the "eager" implementation: give a
        copy.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        for part in module.modules():
            # Eager attention is exported as MatMul, Softmax and MatMul, which onnxruntime fuses.
            set_attention = getattr(part, "set_attn_implementation", None)
            if callable(set_attention):
                set_attention("eager")

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, chunks: Tensor | None = None
    ) -> Tensor:
        """Return the logits of texts.

        Parameters
        ----------
        input_ids, attention_mask : Tensor of shape (n_chunks, length)
        chunks : Tensor of shape (n_texts, most), optional
            Chunks of each text; without it, each chunk is a text.

        Returns
        -------
        Tensor of shape (n_texts, n_classes)
        """
        if isinstance(self.module, EmbeddingClassifier):
            return self.module(input_ids, attention_mask, chunks)
        output = self.module(input_ids=input_ids, attention_mask=attention_mask)
        logits = getattr(output, "logits", output)
        if chunks is None:
            return logits
        return self.module.chunk_pooling(logits, chunks)  # type: ignore[operator]


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
    chunk_pooling : {"mean", "max"}, default="mean"
        How the vectors of a text's chunks become one.
    """

    matrix: Tensor
    bias: Tensor

    def __init__(
        self,
        encoder: Any,
        pooling: str,
        normalize: bool,
        matrix: np.ndarray,
        bias: np.ndarray,
        chunk_pooling: str = "mean",
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = make_pooling(pooling, len(matrix))
        self.chunk_pooling = ChunkPooling(chunk_pooling, len(matrix))
        self.normalize = normalize
        self.register_buffer("matrix", torch.from_numpy(np.asarray(matrix.T, dtype=np.float32)))
        self.register_buffer("bias", torch.from_numpy(np.asarray(bias, dtype=np.float32)))

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, chunks: Tensor | None = None
    ) -> Tensor:
        """Return logits, as `Logits` does."""
        output = self.encoder(input_ids, attention_mask=attention_mask)
        hidden = output.last_hidden_state  # (n_chunks, length, n_features)
        vectors = self.pooling(hidden, attention_mask.bool())  # (n_chunks, n_features)
        if chunks is not None:
            vectors = self.chunk_pooling(vectors, chunks)  # (n_texts, n_features)
        if self.normalize:
            vectors = nn.functional.normalize(vectors, dim=1)
        return nn.functional.linear(vectors, self.matrix, self.bias)
