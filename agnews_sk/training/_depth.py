"""The stack of layers in an encoder, and how deep each parameter lies in it."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class LayerStack:
    """The list of layers in an encoder.

    Attributes
    ----------
    parent : torch.nn.Module
        Holds the list.
    name : str
        Attribute of `parent` that is the list.
    path : str
        Name of the list within the whole module.
    layers : tuple of torch.nn.Module
        From the lowest to the highest.
    """

    parent: nn.Module
    name: str
    path: str
    layers: tuple[nn.Module, ...]

    @property
    def side_inputs(self) -> dict[str, nn.Module]:
        """Modules that are registered after the layers though the layers read them, by name.

        DeBERTa and MPNet keep the embeddings of their distances there, DeBERTa also their
        normalization and a convolution that follows the lowest layer.
        """
        if not any(hasattr(self.parent, name) for name in _DISTANCES):
            return {}
        prefix = self.path.removesuffix(self.name)
        children = self.parent.named_children()
        return {prefix + name: child for name, child in children if name != self.name}


_DISTANCES = ("rel_embeddings", "relative_attention_bias")


def find_layers(module: nn.Module) -> LayerStack:
    """Return the stack of layers of an encoder: its longest `torch.nn.ModuleList`.

    Parameters
    ----------
    module : torch.nn.Module
        A `TextTransformer`, or any encoder or decoder of transformers.

    Returns
    -------
    LayerStack

    Raises
    ------
    ValueError
        If the module has no list of layers.

    Examples
    --------
    >>> from agnews_sk.nn import TextTransformer
    >>> from agnews_sk.training import find_layers
    >>> stack = find_layers(TextTransformer(10, 2, d_model=8, n_heads=2, n_layers=3))
    >>> stack.path, len(stack.layers)
    ('layers', 3)
    """
    lists = [(p, m) for p, m in module.named_modules() if isinstance(m, nn.ModuleList)]
    if not lists:
        raise ValueError(f"{type(module).__name__} has no list of layers to freeze or to decay by.")
    path, layers = max(lists, key=lambda item: len(item[1]))
    parent, _, name = path.rpartition(".")
    return LayerStack(module.get_submodule(parent), name, path, tuple(layers))


def parameter_depths(module: nn.Module) -> dict[str, int]:
    """Return the depth of each parameter: 0 for embeddings, 1 for the lowest layer, and so on.

    Parameters
    ----------
    module : torch.nn.Module
        Modules before its stack of layers, or read by several of them, count as embeddings;
        modules after it belong to the head.

    Returns
    -------
    dict of str to int
        The head's depth is the number of layers + 1.

    Examples
    --------
    >>> from agnews_sk.nn import TextTransformer
    >>> from agnews_sk.training import parameter_depths
    >>> depths = parameter_depths(TextTransformer(10, 2, d_model=8, n_heads=2, n_layers=3))
    >>> depths["embedding.token.weight"], depths["classifier.bias"]
    (0, 4)
    """
    stack = find_layers(module)
    side_inputs = tuple(f"{name}." for name in stack.side_inputs)
    depths = {}
    depth_outside = 0
    for name, _ in module.named_parameters():
        if name.startswith(f"{stack.path}."):
            depths[name] = int(name.removeprefix(f"{stack.path}.").split(".")[0]) + 1
            depth_outside = len(stack.layers) + 1
        else:
            depths[name] = 0 if name.startswith(side_inputs) else depth_outside
    return depths
