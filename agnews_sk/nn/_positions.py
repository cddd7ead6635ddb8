"""The position of a token in its text, as a vector."""

import torch
from torch import Tensor


def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    r"""Return the fixed position vectors of Vaswani et al. 2017, section 3.5.

    Parameters
    ----------
    length : int
        Number of positions.
    d_model : int
        Even.

    Returns
    -------
    Tensor of shape (length, d_model)

    Notes
    -----
    .. math:: PE_{pos, 2i} = \sin(pos / 10000^{2i/d}), \quad
              PE_{pos, 2i+1} = \cos(pos / 10000^{2i/d})

    Examples
    --------
    >>> from agnews_sk.nn import sinusoidal_positions
    >>> sinusoidal_positions(length=2, d_model=2)
    tensor([[0.0000, 1.0000],
            [0.8415, 0.5403]])
    """
    if d_model % 2:
        raise ValueError(f"d_model must be even for sinusoidal positions, got {d_model}.")
    rates = 10000.0 ** (-torch.arange(0, d_model, 2) / d_model)  # (d_model / 2,)
    angles = torch.arange(length)[:, None] * rates  # (length, d_model / 2)
    # Stacked last, so that sines and cosines take turns: (length, d_model / 2, 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(length, d_model)
