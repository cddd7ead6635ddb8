"""Contrastive training: batches of the same number of texts per class, and the loss of pairs."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from agnews_sk.training._rows import TextRows

# So that a batch has pairs of one class, and of two.
_LEAST_SLOTS = 4


def check_pairs(classifier: Any) -> None:
    """Reject parameters that have no meaning in contrastive training.

    Parameters
    ----------
    classifier : TextNetClassifier

    Raises
    ------
    ValueError
        If `loss="contrastive"`, and another parameter conflicts with it.
    """
    if classifier.loss != "contrastive":
        return
    for name, (value, reason) in _CONFLICTS.items():
        if getattr(classifier, name) == value:
            raise ValueError(
                f"loss='contrastive' cannot be combined with {name}={value!r}: {reason}."
            )
    if classifier.chunk_pooling != "mean":
        raise ValueError(
            f"loss='contrastive' cannot be combined with chunk_pooling="
            f"{classifier.chunk_pooling!r}: the output layer is fitted to the mean vectors of "
            "chunks; set chunk_pooling='mean'."
        )
    if classifier.tokens_per_batch is not None:
        raise ValueError(
            f"loss='contrastive' cannot be combined with tokens_per_batch="
            f"{classifier.tokens_per_batch}: its batches have the same number of texts of each "
            "class; set batch_size instead."
        )


_CONFLICTS: dict[str, tuple[Any, str]] = {
    "freeze": ("encoder", "it trains the layers below the output layer; freeze fewer of them"),
    "gradual_unfreezing": (True, "the output layer alone cannot be trained by pairs"),
    "compile": (True, "compiled models do not give the vectors of texts"),
}


def balanced_batches(rows: TextRows, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the batches of an epoch, each with about as many texts of one class as of another.

    Parameters
    ----------
    rows : TextRows of n_samples rows
        With several labels per row, rows are drawn for each label, and for having none.
    batch_size : int
        Places in a batch, given to two texts of each class in turn; at least 4. A text of several
        chunks takes as many places. A class with fewer texts than places has each in it once.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of int of shape (batch,)
        As many batches as hold all rows. Texts of rare classes are in several of them, and not all
        texts of frequent ones are in any; the next epoch draws others.
    """
    drawn = _turns(_classes(rows), rng)
    n_chunks = rows.n_chunks
    row, batches = next(drawn), []
    for _ in range(n_balanced_batches(rows, batch_size)):
        batch: list[int] = []
        n_taken = 0
        while len(batch) < _LEAST_SLOTS or n_taken + n_chunks[row] <= batch_size:
            batch.append(row)
            n_taken += n_chunks[row]
            row = next(drawn)
        batches.append(np.array(list(dict.fromkeys(batch))))
    return batches


def n_balanced_batches(rows: TextRows, batch_size: int) -> int:
    """Return the number of batches in each epoch."""
    return -(-int(rows.n_chunks.sum()) // batch_size)


def _classes(rows: TextRows) -> list[np.ndarray]:
    """Return the rows of each class or label that has some, and those without a label."""
    if rows.target is None:
        return [np.arange(len(rows))]
    if rows.target.ndim == 1:
        order = np.argsort(rows.target, kind="stable")  # not an indicator: classes may be many
        return np.split(order, np.flatnonzero(np.diff(rows.target[order])) + 1)
    indicator = rows.target > 0
    indicator = np.column_stack([indicator, ~indicator.any(axis=1)])
    return [np.flatnonzero(column) for column in indicator.T if column.any()]


def _turns(classes: list[np.ndarray], rng: np.random.Generator) -> Iterator[int]:
    """Yield rows without end: two of each class in turn, each class in random orders."""
    sources = [_shuffled(members, rng) for members in classes]
    last = -1
    while True:
        order = rng.permutation(len(sources))
        if order[0] == last:  # two turns of a class could fill a batch
            order = order[::-1]
        for last in order:
            yield from itertools.islice(sources[last], 2)


def _shuffled(members: np.ndarray, rng: np.random.Generator) -> Iterator[int]:
    """Yield the rows of a class again and again, each time in another order."""
    while True:
        yield from rng.permutation(members).tolist()


def pair_loss(vectors: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    r"""Return the squared error of the cosines of all pairs of a batch.

    Parameters
    ----------
    vectors : Tensor of float of shape (batch, width)
    target : Tensor of shape (batch,) or (batch, n_labels)
        Codes of the classes, or an indicator of labels.
    weight : Tensor of shape (batch,) or (batch, n_labels), optional
        Of the texts, or of their labels, of which the mean is taken.

    Returns
    -------
    Tensor of shape ()
        0 if there are no pairs.

    Notes
    -----
    The cosine of two texts should be the share :math:`s` of their labels that they have in common
    (Jaccard index): with one label per text, 1 for two texts of one class and 0 for others.

    .. math:: \ell = \frac{1}{2} \operatorname{mean}_{s > 0} (\cos - s)^2
        + \frac{1}{2} \operatorname{mean}_{s = 0} \cos^2

    The means are weighted by the product of the weights of two texts. Since batches are balanced,
    each weight is first divided by the mean weight of its class, or for and against each label, so
    that the weights of classes have no effect.

    The loss is that of Reimers and Gurevych (2019), arXiv 1908.10084, as Tunstall et al. (2022),
    arXiv 2209.11055, use it for few labels.
    """
    unit = F.normalize(vectors, dim=1)
    shared = _shared_labels(target).to(unit)  # (batch, batch)
    errors = (unit @ unit.T - shared).square()
    of_pair = _pair_weights(target, weight, len(unit)).to(unit)  # (batch, batch)
    kinds = torch.stack([of_pair * (shared > 0), of_pair * (shared == 0)])
    totals = kinds.sum(dim=(1, 2))  # (2,)
    smallest = torch.finfo(unit.dtype).tiny
    means = (kinds * errors).sum(dim=(1, 2)) / totals.clamp(min=smallest)
    return means.sum() / (totals > 0).sum().clamp(min=1)


def _shared_labels(target: Tensor) -> Tensor:
    """Return the share of labels that each two texts have in common, of shape (batch, batch)."""
    if target.ndim == 1:
        return (target[:, None] == target).float()
    has = (target > 0).float()
    both = has @ has.T
    sizes = has.sum(dim=1)
    either = sizes[:, None] + sizes - both
    return torch.where(either > 0, both / either.clamp(min=1), torch.ones_like(both))


def _pair_weights(target: Tensor, weight: Tensor | None, n_texts: int) -> Tensor:
    """Return the weight of each pair, 0 for a text and itself, of shape (batch, batch)."""
    others = 1 - torch.eye(n_texts, device=target.device)
    if weight is None:
        return others
    weight = _without_class_weights(target, weight.float())
    return weight[:, None] * weight * others


def _without_class_weights(target: Tensor, weight: Tensor) -> Tensor:
    """Return weights of texts, with the same mean in each class, or for and against each label.

    Parameters
    ----------
    target, weight : Tensor of shape (batch,) or (batch, n_labels)

    Returns
    -------
    Tensor of shape (batch,)
        Of several labels the mean over them; weights of whole texts are then returned as they are.
    """
    if weight.ndim < target.ndim:
        return weight
    labels, weight = target.reshape(len(target), -1), weight.reshape(len(target), -1)
    same = (labels[:, None] == labels).float()  # (batch, batch, n_labels)
    n_weighted = (same * (weight > 0)).sum(dim=1).clamp(min=1)  # (batch, n_labels)
    mean = (same * weight).sum(dim=1) / n_weighted
    return (weight / torch.where(mean > 0, mean, 1.0)).mean(dim=1)
