"""Which layers are frozen, epoch by epoch."""

from torch import nn

from agnews_sk.training._depth import find_layers, parameter_depths


def freeze_layers(module: nn.Module, freeze: int | str | None) -> None:
    """Freeze parameters that are never trained, so that the optimizer keeps no state for them.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place: `requires_grad` of the frozen parameters becomes False.
    freeze : None, "embeddings", int or "encoder"
        As the parameter of the classifiers.

    Raises
    ------
    ValueError
        If the module has fewer layers.
    """
    depth = _lasting_depth(freeze, len(find_layers(module).layers))
    depths = parameter_depths(module)
    for name, parameter in module.named_parameters():
        if depths[name] < depth:
            parameter.requires_grad_(False)


class Freezing:
    """Which layers of a module are trained, epoch by epoch.

    Parameters
    ----------
    module : torch.nn.Module
        `freeze_layers` has frozen the parameters that are never trained.
    freeze : None, "embeddings", int or "encoder"
        As the parameter of the classifiers.
    gradual : bool, default=False
        Unfreeze one layer per epoch from the top (Howard and Ruder 2018, "ULMFiT", section 3.3).

    Attributes
    ----------
    n_frozen_layers : int
        How many of the lowest layers are frozen in every epoch.
    """

    def __init__(self, module: nn.Module, freeze: int | str | None, gradual: bool = False) -> None:
        self._module = module
        self._stack = find_layers(module)
        self._embeddings = [
            *_modules_before(module, self._stack.path),
            *self._stack.side_inputs.values(),
        ]
        n_layers = len(self._stack.layers)
        self._lasting_depth = _lasting_depth(freeze, n_layers)
        self._first_depth = n_layers + 1 if gradual else self._lasting_depth
        depths = parameter_depths(module)
        self._trainable = [
            (parameter, depths[name])
            for name, parameter in module.named_parameters()
            if parameter.requires_grad
        ]
        # "encoder" has a depth beyond the last layer's, that of the head.
        self.n_frozen_layers = max(self._lasting_depth - 1, 0)
        self._depth = self._lasting_depth

    def begin_epoch(self, epoch: int) -> None:
        """Freeze the parameters that this epoch, counted from 0, does not train."""
        self._freeze_below(max(self._lasting_depth, self._first_depth - epoch))

    def _freeze_below(self, depth: int) -> None:
        """Freeze or unfreeze the layers between this depth and the last one.

        The rest stays as it is: a callback may have frozen parts of it.
        """
        for parameter, own_depth in self._trainable:
            if (own_depth < depth) != (own_depth < self._depth):
                parameter.requires_grad_(own_depth >= depth)
        self._depth = depth

    def set_frozen_to_eval(self) -> None:
        """Switch dropout off in the layers that are always frozen: their outputs can be cached."""
        if self.n_frozen_layers:
            for module in (*self._embeddings, *self._stack.layers[: self.n_frozen_layers]):
                module.eval()

    def set_head_to_eval(self) -> None:
        """Switch dropout off in all modules that follow the layers."""
        for module in _modules_after(self._module, self._stack.path):
            module.eval()


def _lasting_depth(freeze: int | str | None, n_layers: int) -> int:
    """Return the depth below which nothing is trained in any epoch."""
    if freeze is None:
        return 0
    if isinstance(freeze, str):
        return {"embeddings": 1, "encoder": n_layers + 1}[freeze]
    if freeze > n_layers:
        raise ValueError(
            f"freeze must be at most the model's {n_layers} layers, got {freeze}; "
            "'encoder' freezes all of them."
        )
    return freeze + 1


def _modules_before(module: nn.Module, path: str) -> list[nn.Module]:
    """Return the modules registered before the one at `path`, without those that contain it."""
    before = []
    for name, child in module.named_modules():
        if name == path:
            break
        if name and not path.startswith(f"{name}."):
            before.append(child)
    return before


def _modules_after(module: nn.Module, path: str) -> list[nn.Module]:
    """Return the modules registered after those at `path`."""
    names = [name for name, _ in module.named_modules()]
    last = max(i for i, name in enumerate(names) if name == path or name.startswith(f"{path}."))
    return [module.get_submodule(name) for name in names[last + 1 :]]
