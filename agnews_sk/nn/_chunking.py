"""From one output per chunk of a text to one per text."""

import torch
from torch import Tensor, nn

from agnews_sk.nn._pooling import make_pooling

CHUNK_POOLINGS = ("attention", "max", "mean")


class ChunkPooling(nn.Module):
    """Pool the outputs of a text's chunks, such as logits, to one output.

    Parameters
    ----------
    name : {"mean", "max", "attention"}
        The mean, the largest value of each column, or a mean with learned weights, see
        `AttentionPooling`.
    width : int
        Number of columns.

    Notes
    -----
    The output of a text of one chunk is that of the chunk, to the last bit. New weights are drawn
    without changing torch's random state, so that a text of one chunk is also trained as it would
    be without pooling.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import ChunkPooling
    >>> logits = torch.tensor([[1.0], [3.0], [5.0]])  # of three chunks
    >>> ChunkPooling("mean", 1)(logits, torch.tensor([[0, 1], [2, -1]]))  # of two texts
    tensor([[2.],
            [5.]])
    """

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        if name not in CHUNK_POOLINGS:
            raise ValueError(f"chunk_pooling must be one of {list(CHUNK_POOLINGS)}, got {name!r}.")
        self.name = name
        with torch.random.fork_rng(devices=()):
            self.pooling = make_pooling(name, width)

    def forward(self, outputs: Tensor, chunks: Tensor) -> Tensor:
        """Return one output per text.

        Parameters
        ----------
        outputs : Tensor of float of shape (n_chunks, width)
        chunks : Tensor of int64 of shape (n_texts, most)
            Chunks of each text, filled with -1.

        Returns
        -------
        Tensor of shape (n_texts, width)
        """
        real = chunks >= 0  # (n_texts, most)
        gathered = outputs[chunks.clamp(min=0)]  # (n_texts, most, width)
        # Zero, so that a chunk that is not finite affects no other text.
        return self.pooling(gathered.masked_fill(~real.unsqueeze(-1), 0.0), real)


def set_chunk_pooling(module: nn.Module, name: str | None, width: int) -> None:
    """Give a module the pooling of its outputs over chunks, as the attribute `chunk_pooling`.

    It is part of the module, so that its weights are trained, saved and loaded with it, but it is
    the caller who applies it. One of the same name is kept, with its weights.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    name : {"mean", "max", "attention"} or None
        None removes it.
    width : int
        Columns of the module's outputs.
    """
    present = chunk_pooling_name(module)
    if name == present:
        return
    if present is not None:
        del module.chunk_pooling
    if name is not None:
        module.chunk_pooling = ChunkPooling(name, width)


def chunk_pooling_name(module: nn.Module) -> str | None:
    """Return the name of a module's pooling over chunks, or None if it has none.

    Parameters
    ----------
    module : torch.nn.Module

    Returns
    -------
    str or None
    """
    pooling = getattr(module, "chunk_pooling", None)
    return pooling.name if isinstance(pooling, ChunkPooling) else None
