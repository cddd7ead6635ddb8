"""Low-rank adaptation: train small additions to a model's matrices instead of the matrices."""

from typing import Any

from torch import nn

from agnews_sk._core.optional import import_optional
from agnews_sk.training._depth import find_layers, parameter_depths


def add_lora(module: nn.Module, lora: int | dict[str, Any]) -> Any:
    r"""Freeze a module except for its head, and add low-rank matrices to its layers, in place.

    Parameters
    ----------
    module : torch.nn.Module
    lora : int or dict
        Rank, or parameters of `peft.LoraConfig`.

    Returns
    -------
    peft.tuners.lora.LoraModel
        Its `merge_and_unload` adds the products to the matrices, and restores the module.

    Notes
    -----
    .. math:: W' = W + \frac{\alpha}{r} B A

    with B zero at first (Hu et al. 2021, arXiv 2106.09685, section 4.1). If only the rank is
    given, :math:`\alpha` is twice the rank, and every matrix of every layer is adapted.
    """
    peft = import_optional("peft", extra="peft", needed_by="lora")
    settings = lora if isinstance(lora, dict) else {"r": int(lora), "lora_alpha": 2 * int(lora)}
    config = peft.LoraConfig(**{"target_modules": _matrices(module), **settings})
    depths = parameter_depths(module)
    head = [p for name, p in module.named_parameters() if depths[name] == max(depths.values())]
    tuner = peft.tuners.lora.LoraModel(module, {"default": config}, "default")
    for parameter in head:
        parameter.requires_grad_(True)
    return tuner


def _matrices(module: nn.Module) -> list[str]:
    """Return the names of the modules within the layers whose weight is a matrix."""
    path = find_layers(module).path
    return [
        name
        for name, child in module.named_modules()
        if name.startswith(f"{path}.") and getattr(getattr(child, "weight", None), "ndim", 0) == 2
    ]
