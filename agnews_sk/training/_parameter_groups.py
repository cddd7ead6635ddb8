"""Parameter groups for optimizers: weight decay and learning rate by depth."""

from collections.abc import Iterable, Mapping
from typing import Any

from torch.nn import Parameter


def parameter_groups(
    named_parameters: Iterable[tuple[str, Parameter]],
    *,
    weight_decay: float,
    learning_rate: float | None = None,
    layer_decay: float = 1.0,
    depths: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Split trainable parameters by whether they decay, and by depth.

    Vectors (biases and the gains of normalization layers) are not decayed: smaller ones do not
    make a smoother function. Frozen parameters are left out, so that no optimizer state is
    kept for them.

    Parameters
    ----------
    named_parameters : iterable of (str, Parameter)
        As `torch.nn.Module.named_parameters` gives them.
    weight_decay : float
        For the matrices.
    learning_rate : float, optional
        Rate of the deepest parameters; needed with `layer_decay`.
    layer_decay : float, default=1.0
        Factor of the learning rate from each layer to the one below.
    depths : mapping of str to int, optional
        Depth of each parameter, as `parameter_depths` gives it; needed with `layer_decay`.

    Returns
    -------
    list of dict
        Groups for a `torch.optim.Optimizer`; empty groups are left out.

    Notes
    -----
    A parameter d layers below the deepest learns at ``learning_rate * layer_decay ** d`` (Howard
    and Ruder 2018, "ULMFiT", section 3.2, with a factor of 1 / 2.6).

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.training import parameter_groups
    >>> groups = parameter_groups(torch.nn.Linear(3, 2).named_parameters(), weight_decay=0.1)
    >>> [(group["weight_decay"], len(group["params"])) for group in groups]
    [(0.1, 1), (0.0, 1)]
    """
    by_kind: dict[tuple[int, bool], list[Parameter]] = {}
    top = max(depths.values()) if depths else 0
    for name, parameter in named_parameters:
        if parameter.requires_grad:
            below = top - depths[name] if depths and layer_decay != 1.0 else 0
            by_kind.setdefault((below, parameter.ndim <= 1), []).append(parameter)
    groups = []
    for (below, is_vector), parameters in sorted(by_kind.items(), key=lambda item: item[0]):
        group = {"params": parameters, "weight_decay": 0.0 if is_vector else weight_decay}
        if learning_rate is not None:
            group["lr"] = learning_rate * layer_decay**below
        groups.append(group)
    return groups
