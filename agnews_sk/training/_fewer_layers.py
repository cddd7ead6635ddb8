"""A model with some of the layers of a pretrained one, to train as a smaller student of it."""

import copy
from typing import Any

import numpy as np
from torch import nn

from agnews_sk.training._depth import find_layers


def kept_layers(n_before: int, n_layers: int) -> list[int]:
    """Return which layers a model with fewer layers takes, from the lowest to the highest.

    Parameters
    ----------
    n_before : int
    n_layers : int
        At most `n_before`.

    Returns
    -------
    list of int
        Evenly spaced positions, from the first layer to the last.

    Notes
    -----
    Of 12 layers, 6 are those with which DistilBERT was initialized (Sanh et al. 2019,
    arXiv 1910.01108, section 3: "taking one layer out of two").

    Examples
    --------
    >>> from agnews_sk.training import kept_layers
    >>> kept_layers(12, 6)
    [0, 2, 4, 7, 9, 11]
    >>> kept_layers(6, 3)
    [0, 2, 5]
    """
    return np.linspace(0, n_before - 1, n_layers).round().astype(int).tolist()


def with_fewer_layers(model: Any, n_layers: int) -> nn.Module:
    """Return a model of transformers with some of the layers of another.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    n_layers : int
        `kept_layers` says which ones.

    Returns
    -------
    transformers.PreTrainedModel
        Of the same class, with copies of the weights.

    Raises
    ------
    ValueError
        If the model has fewer layers, or its layers are not a single list of different ones.

    Notes
    -----
    Layers keep the kind of their attention, as `config.layer_types` has it. The ModernBERT of
    transformers 5.0 reads it only in part: its layers attend to windows by their new positions.
    """
    stack = find_layers(model)
    n_before = len(stack.layers)
    if model.config.num_hidden_layers != n_before:
        raise ValueError(
            f"n_layers={n_layers} needs a model with one list of layers; {type(model).__name__} "
            "shares or nests them. Set n_layers=None."
        )
    if n_layers > n_before:
        raise ValueError(f"n_layers must be at most the model's {n_before} layers, got {n_layers}.")
    kept = kept_layers(n_before, n_layers)
    fewer = type(model)(_config_of_layers(model.config, kept))
    weights = model.state_dict()
    taken = {name: weights[_source(name, stack.path, kept)] for name in fewer.state_dict()}
    fewer.load_state_dict(taken)
    return fewer


def _config_of_layers(config: Any, kept: list[int]) -> Any:
    """Return a copy of a configuration, with the entries of these layers."""
    config = copy.deepcopy(config)
    for name, value in vars(config).items():
        # One entry per layer, such as the kind of its attention.
        of_layers = "layer" in name or name == "attention_window"
        if of_layers and isinstance(value, list) and len(value) == config.num_hidden_layers:
            setattr(config, name, [value[layer] for layer in kept])
    config.num_hidden_layers = len(kept)
    return config


def _source(name: str, path: str, kept: list[int]) -> str:
    """Return the name that weights have in the model with all layers."""
    prefix = f"{path}."
    if not name.startswith(prefix):
        return name
    layer, _, rest = name.removeprefix(prefix).partition(".")
    return f"{prefix}{kept[int(layer)]}.{rest}"
