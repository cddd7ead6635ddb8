"""Pair each text with one of its nearest neighbours, to be trained on."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agnews_sk._core.device import choose_device
from agnews_sk.nn import RaggedLoader
from agnews_sk.training._checkpoint import Checkpoint
from agnews_sk.training._hardware import fast_inference
from agnews_sk.training._rows import TextRows, in_order

N_NEIGHBORS = 5
_BLOCK_BYTES = 2**27  # of the similarities that are in memory at a time


def pair_with_neighbors(
    module: nn.Module, rows: TextRows, options: Any, seed: int, checkpoint: Checkpoint
) -> TextRows:
    """Return rows of two chunks: a text, and one of its nearest neighbours.

    Parameters
    ----------
    module : torch.nn.Module
        Returns one vector per text.
    rows : TextRows of n_samples rows
    options : object
        With `batch_size`, `device` and `model_input_`.
    seed : int
        Draws the neighbours.
    checkpoint : Checkpoint
        Keeps the nearest neighbours, so that a training run that resumes does not search again.

    Returns
    -------
    TextRows of n_samples rows
    """

    def search() -> Tensor:
        vectors = _encode(module, rows, options)
        return nearest_neighbors(vectors, min(N_NEIGHBORS, len(rows) - 1))

    nearest = checkpoint.remember("neighbors", search).numpy()
    chosen = np.random.default_rng(seed).integers(nearest.shape[1], size=len(rows))
    texts = np.column_stack([np.arange(len(rows)), nearest[np.arange(len(rows)), chosen]])
    lengths = np.diff(rows.offsets)[texts.ravel()]  # (2 * n_samples,)
    offsets = np.concatenate([[0], lengths.cumsum()])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    values = rows.values[np.repeat(rows.offsets[texts.ravel()], lengths) + within]
    chunk_offsets = 2 * np.arange(len(rows) + 1)
    return TextRows(values, offsets, rows.target, chunk_offsets=chunk_offsets)


def _encode(module: nn.Module, rows: TextRows, options: Any) -> Tensor:
    """Return the vectors of texts, of length 1, of shape (n_samples, width), on the device."""
    device = choose_device(options.device)
    loader = RaggedLoader(rows, options.batch_size, pad_id=options.model_input_.pad_id)
    module.to(device).eval()
    found = []
    with fast_inference(device):
        for inputs, _ in loader:
            found.append(module(**{name: tensor.to(device) for name, tensor in inputs.items()}))
    return nn.functional.normalize(in_order(loader, found).to(device), dim=1)


def nearest_neighbors(vectors: Tensor, n_neighbors: int) -> Tensor:
    """Return the positions of the most similar other rows of each row, the nearest first.

    Parameters
    ----------
    vectors : Tensor of float of shape (n_rows, width)
        Of length 1.
    n_neighbors : int

    Returns
    -------
    Tensor of int64 of shape (n_rows, n_neighbors)
        On the CPU.

    Notes
    -----
    All pairs of rows are compared: the time grows with the square of their number.
    """
    step = max(1, _BLOCK_BYTES // (4 * len(vectors)))
    found = []
    for start in range(0, len(vectors), step):
        similarity = vectors[start : start + step] @ vectors.T  # (n_block, n_rows)
        in_block = torch.arange(len(similarity), device=vectors.device)
        similarity[in_block, start + in_block] = -torch.inf  # no row is its own neighbour
        found.append(similarity.topk(n_neighbors, dim=1).indices.cpu())
    return torch.cat(found)
