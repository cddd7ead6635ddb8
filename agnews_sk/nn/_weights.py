"""Load weights from an untrusted file into a module, after checking that they fit."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from agnews_sk.nn._random import seeded_torch

# Tables that a module computes itself, such as sinusoidal positions, are small.
_MAX_COMPUTED_BYTES = 2**28
# Some modules register a parameter more than once, or register some that they do not save.
_PARAMETERS_PER_WEIGHT, _SPARE_PARAMETERS = 4, 100


def module_with_weights(
    make: Callable[[], nn.Module], weights: Mapping[str, np.ndarray]
) -> nn.Module:
    """Return the module that `make` builds, with these weights.

    It is built on torch's "meta" device first, without memory, so that forged settings, of a much
    larger model, allocate nothing.

    Parameters
    ----------
    make : callable
        Takes no arguments, returns a module.
    weights : mapping of str to ndarray
        As in the module's `state_dict`.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    ValueError
        If the names, shapes or dtypes of the weights are not those of the module, or it has many
        more parameters than there are weights.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from agnews_sk.nn import module_with_weights
    >>> weights = {"weight": np.ones((1, 2), dtype=np.float32)}
    >>> module_with_weights(lambda: nn.Linear(2, 1, bias=False), weights).weight.tolist()
    [[1.0, 1.0]]
    """
    most = _PARAMETERS_PER_WEIGHT * len(weights) + _SPARE_PARAMETERS
    with seeded_torch():
        with torch.device("meta"), _at_most(most):
            _check_fit(make(), weights)
        module = make()
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in weights.items()}
    module.load_state_dict(tensors)
    return module


def weights_of(module: nn.Module) -> dict[str, np.ndarray]:
    """Return the weights of a module as arrays, as `module_with_weights` takes them.

    Parameters
    ----------
    module : torch.nn.Module

    Returns
    -------
    dict of str to ndarray
    """
    return {
        name: np.ascontiguousarray(tensor.detach().cpu().numpy())
        for name, tensor in module.state_dict().items()
    }


@contextmanager
def _at_most(n_parameters: int) -> Iterator[None]:
    """Raise ValueError within the block if this thread registers more parameters than that."""
    thread, given = threading.get_ident(), itertools.count(1)

    def count(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        if threading.get_ident() == thread and next(given) > n_parameters:
            raise ValueError(f"the model would have more than {n_parameters} parameters.")

    counting = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        counting.remove()


def _check_fit(outline: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    """Reject weights that do not fit a module, and modules that compute huge tables.

    Parameters
    ----------
    outline : torch.nn.Module
        On the "meta" device.
    weights : mapping of str to ndarray
    """
    wanted = {name: _kind(tensor) for name, tensor in outline.state_dict().items()}
    given = {name: (array.shape, str(array.dtype)) for name, array in weights.items()}
    different = sorted(name for name in wanted | given if wanted.get(name) != given.get(name))
    if different:
        name = different[0]
        raise ValueError(
            f"{len(different)} weights do not fit the model; {name!r} must be "
            f"{wanted.get(name, 'absent')}, got {given.get(name, 'none')}."
        )
    computed = [b for name, b in outline.named_buffers() if name not in wanted]
    n_bytes = sum(buffer.nbytes for buffer in computed)
    if n_bytes > _MAX_COMPUTED_BYTES:
        raise ValueError(f"the model would compute tables of {n_bytes} bytes, which is too large.")


def _kind(tensor: torch.Tensor) -> tuple[tuple[int, ...], str]:
    """Return shape and dtype of a tensor as those of an array are written."""
    return tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")
