"""Contrastive training: batches of the same number of texts per class, and the loss of pairs."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from agnews_sk.training._rows import TextRows
from agnews_sk.training._weighing import factors_of_rows

# So that a batch has pairs of one class, and of two.
LEAST_TEXTS = 4


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
    batch_size = (classifier.net_params or {}).get("batch_size", classifier.batch_size)
    if batch_size < LEAST_TEXTS:
        raise ValueError(
            f"loss='contrastive' cannot be combined with batch_size={batch_size}: a batch has two "
            f"texts of each of two classes; set batch_size={LEAST_TEXTS} or more."
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
        Places in a batch, at least 4, given to two texts of each class in turn. A text of several
        chunks takes as many places, but a batch has at least 4 texts. A class with fewer texts
        than places has each in it once.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of int of shape (batch,)
        They draw as many texts as there are, or a few more to fill the last batch. Texts of rare
        classes are in several batches, and not all texts of frequent ones are in any; the next
        epoch draws others.
    """
    drawn = _turns(_classes(rows), rng)
    n_chunks = rows.n_chunks
    row, batches = next(drawn), []
    n_left = len(rows)
    while n_left > 0:
        batch: list[int] = []
        n_taken = 0
        while len(batch) < LEAST_TEXTS or n_taken + n_chunks[row] <= batch_size:
            batch.append(row)
            n_taken += n_chunks[row]
            row = next(drawn)
        n_left -= len(batch)
        batches.append(np.array(list(dict.fromkeys(batch))))
    return batches


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
    weight : Tensor of shape (batch,), optional
        Of the texts, see `pair_weights`.

    Returns
    -------
    Tensor of shape ()
        0 if there are no pairs.

    Notes
    -----
    The cosine of two texts should be the share :math:`s` of their labels that they have in common
    (Jaccard index): with one label per text, 1 for two texts of one class and 0 for others.

    .. math:: \ell = \frac{1}{2} \operatorname{mean}_{s > 0} w (\cos - s)^2
        + \frac{1}{2} \operatorname{mean}_{s = 0} w \cos^2

    where :math:`w` is the product of the weights of both texts. The means divide by the number of
    pairs, not by their weights: a batch of texts of low weight counts less than others.

    The loss is that of Reimers and Gurevych (2019), arXiv 1908.10084, as Tunstall et al. (2022),
    arXiv 2209.11055, use it for few labels.
    """
    unit = F.normalize(vectors, dim=1)
    shared = _shared_labels(target).to(unit)  # (batch, batch)
    errors = (unit @ unit.T - shared).square()
    if weight is not None:
        errors = errors * torch.outer(weight, weight).to(unit)
    others = 1 - torch.eye(len(unit), device=unit.device, dtype=unit.dtype)
    kinds = torch.stack([others * (shared > 0), others * (shared == 0)])  # (2, batch, batch)
    n_pairs = kinds.sum(dim=(1, 2))  # (2,)
    means = (kinds * errors).sum(dim=(1, 2)) / n_pairs.clamp(min=1)
    return means.sum() / (n_pairs > 0).sum().clamp(min=1)


def _shared_labels(target: Tensor) -> Tensor:
    """Return the share of labels that each two texts have in common, of shape (batch, batch)."""
    if target.ndim == 1:
        return (target[:, None] == target).float()
    has = (target > 0).float()
    both = has @ has.T
    sizes = has.sum(dim=1)
    either = sizes[:, None] + sizes - both
    return torch.where(either > 0, both / either.clamp(min=1), torch.ones_like(both))


def pair_weights(rows: TextRows) -> np.ndarray | None:
    """Return the weight of each row in the loss of pairs, free of the weights of classes.

    Batches are balanced over the classes, so that weights of classes must not have an effect.

    Parameters
    ----------
    rows : TextRows of n_samples rows
        All that are trained on.

    Returns
    -------
    ndarray of float32 of shape (n_samples,), or None
        Each weight divided by the mean weight of its class, or of the rows with, or without, each
        label, and then the mean over the labels. A weight of 0 counts in no mean. None if the rows
        have no weights.
    """
    if rows.weight is None or rows.target is None:
        return None
    target, weight = rows.target, rows.weight.astype(np.float64)
    if target.ndim == 1:
        totals = np.bincount(target, weight)  # (n_classes,)
        n_weighted = np.bincount(target, weight > 0)
    else:
        weight = np.broadcast_to(weight.reshape(len(target), -1), target.shape)
        sides = target <= 0, target > 0
        totals = np.stack([(side * weight).sum(axis=0) for side in sides])  # (2, n_labels)
        n_weighted = np.stack([(side & (weight > 0)).sum(axis=0) for side in sides])
    mean = np.where(n_weighted > 0, totals / np.maximum(n_weighted, 1), 1.0)
    relative = (weight / factors_of_rows(mean, target)).reshape(len(target), -1)
    of_rows = relative.sum(axis=1) / np.maximum((relative > 0).sum(axis=1), 1)
    return of_rows.astype(np.float32)
