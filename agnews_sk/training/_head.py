"""Fit an output layer on what the layers below it give, before training them or after it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from agnews_sk.nn import ChunkPooling
from agnews_sk.training._rows import TextRows, epoch_rng, in_order

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet

# Before training, more rows take longer than they save: training changes the layers below.
MAX_ROWS = 1_000
# On vectors whose lengths have the mean 1, as in a logistic regression of normalized embeddings.
_C = 1.0
_MAX_ITERATIONS = 200
# Of vectors around their mean, relative to their length.
_SMALLEST_SPREAD = 0.1


def fit_head(net: "TextNet", rows: TextRows, max_rows: int = MAX_ROWS) -> None:
    r"""Set the output layer of a net to the minimum of its loss, before the layers below train.

    Training then begins where a logistic regression on frozen embeddings ends, instead of pulling
    the pretrained layers towards a random output layer.

    Parameters
    ----------
    net : TextNet
        Initialized. Its module is changed in place, if it ends in one linear layer with a bias that
        reads one vector per text, that layer is trained, and the minimum is finite.
    rows : TextRows
        Training rows.
    max_rows : int, default=1,000
        If there are more rows, a random sample of this size is used.

    Notes
    -----
    With vectors :math:`x_i`, centred and scaled to a mean length of 1, it minimizes

    .. math:: \frac{1}{n} \sum_i \ell(W x_i + b, y_i) + \frac{1}{2 C n} \lVert W \rVert^2

    by L-BFGS, where :math:`\ell` is the loss of the net (Kumar et al. 2022, arXiv 2202.10054,
    "linear probing, then fine-tuning").
    """
    if len(rows) > max_rows:
        rng = epoch_rng(net.settings.seed, 0)
        rows = rows.take(rng.choice(len(rows), max_rows, replace=False))
    layer, vectors = _inputs_of_head(net, rows)
    if layer is None or not _is_trained(layer):
        return
    with suppress(FloatingPointError):
        _set(layer, *_minimum(net, vectors.to(layer.weight), rows))


def refit_head(net: "TextNet", rows: TextRows, *, must_be_finite: bool = True) -> None:
    """Set the output layer of a net to the minimum of its loss, after the layers below are trained.

    Parameters
    ----------
    net : TextNet
        Of contrastive training. Its module is changed in place.
    rows : TextRows
        Training rows; all are used.
    must_be_finite : bool, default=True
        Whether a minimum that is not finite is an error; otherwise the layer becomes NaN, so that
        all predictions are.

    Raises
    ------
    FloatingPointError
        If the minimum is not finite.
    ValueError
        If there is no output layer that reads one vector per text, or it is frozen.

    Notes
    -----
    The minimum is that of `fit_head`.
    """
    layer, vectors = _inputs_of_head(net, rows)
    layer = _check_head(net, layer)
    try:
        minimum = _minimum(net, vectors.to(layer.weight), rows)
    except FloatingPointError:
        if must_be_finite:
            raise
        minimum = torch.tensor(math.nan), torch.tensor(math.nan)
    _set(layer, *minimum)


def _set(layer: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    """Copy a weight and a bias into a layer, or one value into all of its entries."""
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def _is_trained(layer: nn.Linear) -> bool:
    """Return whether no parameter of a layer is frozen."""
    return all(parameter.requires_grad for parameter in layer.parameters())


def _check_head(net: "TextNet", layer: nn.Linear | None) -> nn.Linear:
    """Return the output layer if contrastive training can fit it, otherwise raise a ValueError."""
    if layer is None:
        raise ValueError(
            "loss='contrastive' needs a model whose output layer has a bias and reads one vector "
            f"per text, which that of {type(net.module_).__name__} does not; set pooling='mean', "
            "or another loss."
        )
    if not _is_trained(layer):
        raise ValueError(
            "loss='contrastive' fits the output layer after the layers below it, but it is frozen, "
            f"by freeze={net.settings.freeze!r} or by a callback; set freeze=None, and leave the "
            "output layer out of what callbacks freeze."
        )
    return layer


def _inputs_of_head(net: "TextNet", rows: TextRows) -> tuple[nn.Linear | None, Tensor]:
    """Return the output layer and what it reads for each row, or None and an empty tensor.

    Parameters
    ----------
    net : TextNet
    rows : TextRows of n_samples rows

    Returns
    -------
    layer : torch.nn.Linear or None
    vectors : Tensor of shape (n_samples, width)
    """
    loader, found = net.get_iterator(rows), []
    layer = None
    # Compiled code would not call the hooks.
    with net.evaluating(), torch.compiler.set_stance("force_eager"), watch_head(net) as last:
        for inputs, _ in loader:
            net.infer(inputs)
            if not last:
                return None, torch.empty(0)
            layer, vectors = last[0]
            found.append(_one_per_text(vectors, inputs.get("chunks")).float())
    return layer, in_order(loader, found)


def vectors_of_head(net: "TextNet", inputs: dict[str, Tensor]) -> Tensor:
    """Return what the output layer reads for each text of a batch, to train the layers below it.

    Parameters
    ----------
    net : TextNet
    inputs : dict of str to Tensor
        As `TextNet.infer` takes them.

    Returns
    -------
    Tensor of float32 of shape (batch, width)

    Raises
    ------
    ValueError
        If the module does not end in a linear layer that reads one vector per text, that layer is
        frozen, or no layer below it is trained.
    """
    with watch_head(net) as last:
        net.infer(inputs)
    _check_head(net, last[0][0] if last else None)
    if not last[0][1].requires_grad:
        raise ValueError(
            "loss='contrastive' trains the layers below the output layer, and "
            f"freeze={net.settings.freeze!r} freezes all of them; freeze fewer."
        )
    return _one_per_text(last[0][1], inputs.get("chunks")).float()


@contextmanager
def watch_head(net: "TextNet") -> Iterator[list[tuple[nn.Linear, Tensor]]]:
    """Within the block, keep the output layer and what it read in the last batch.

    Parameters
    ----------
    net : TextNet

    Yields
    ------
    list of (torch.nn.Linear, Tensor of shape (n_chunks, width))
        Of one pair after each batch; empty if the last layer of the module has no bias, or reads
        more than a vector per chunk.
    """
    last: list[tuple[nn.Linear, Tensor]] = []

    def keep(layer: nn.Module, args: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.Linear)
        is_head = args[0].ndim == 2 and layer.bias is not None
        last[:] = [(layer, args[0])] if is_head else []

    hooks = [
        layer.register_forward_pre_hook(keep)
        for layer in net.module_.modules()
        if isinstance(layer, nn.Linear) and layer.out_features == net.n_classes
    ]
    try:
        yield last
    finally:
        for hook in hooks:
            hook.remove()


def _one_per_text(vectors: Tensor, chunks: Tensor | None) -> Tensor:
    """Return the mean of the vectors of each text's chunks.

    Parameters
    ----------
    vectors : Tensor of shape (n_chunks, width)
    chunks : Tensor of int of shape (n_texts, most) or None
        None if each text is one chunk.

    Returns
    -------
    Tensor of shape (n_texts, width)
    """
    if chunks is None:
        return vectors
    return ChunkPooling("mean", vectors.shape[1])(vectors, chunks.to(vectors.device))


def _minimum(net: "TextNet", vectors: Tensor, rows: TextRows) -> tuple[Tensor, Tensor]:
    """Return the weight and the bias of the output layer that minimize the loss of a net.

    Parameters
    ----------
    net : TextNet
    vectors : Tensor of float32 of shape (n_samples, width)
    rows : TextRows of n_samples rows
        Their labels and weights are read.

    Returns
    -------
    weight : Tensor of shape (n_classes, width)
    bias : Tensor of shape (n_classes,)

    Raises
    ------
    FloatingPointError
        If the vectors, the loss or the minimum are not finite.
    """
    labels = {name: torch.from_numpy(values) for name, values in rows.labels.items()}
    centre = vectors.mean(dim=0)  # (width,)
    # Large weights on small differences would make the first steps diverge.
    smallest = _SMALLEST_SPREAD * vectors.norm(dim=1).mean()
    scale = (vectors - centre).norm(dim=1).mean().clamp(min=smallest)
    if not scale.isfinite():
        raise FloatingPointError(
            "the vectors that the output layer is to be fitted to are not finite; lower "
            "learning_rate, or set precision='fp32'."
        )
    scaled = (vectors - centre) / scale  # (n_samples, width)
    weight = scaled.new_zeros(net.n_classes, scaled.shape[1], requires_grad=True)
    bias = scaled.new_zeros(net.n_classes, requires_grad=True)
    # The loss of several labels is the mean over them too.
    n_terms = len(vectors) * (net.n_classes if net.several_labels else 1)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=_MAX_ITERATIONS, history_size=10, line_search_fn="strong_wolfe"
    )

    no_minimum = (
        f"the loss of {type(net.criterion_).__name__} has no finite minimum that the output layer "
        "could be set to; check the criterion of net_params, class_weight and sample_weight."
    )

    def objective() -> Tensor:
        optimizer.zero_grad()
        loss = net.get_loss(scaled @ weight.T + bias, labels)
        loss = loss + weight.square().sum() / (2 * _C * n_terms)
        if loss.isnan():  # L-BFGS would raise an error that does not say why
            raise FloatingPointError(no_minimum)
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(objective)
    if not (weight.isfinite().all() and bias.isfinite().all()):
        raise FloatingPointError(no_minimum)
    weight = weight.detach() / scale
    # Of a class that the sample lacks the minimum is at minus infinity, out of reach of training.
    lowest = -math.log(2 * len(vectors))
    return weight, bias.detach().clamp(min=lowest) - weight @ centre
