"""Embeddings of features, averaged and classified, trained by stochastic gradient descent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.special import softmax

_LEAST = 1e-12  # added to sums of squares, which are 0 where a gradient is


@dataclass(frozen=True)
class EmbeddingNet:
    """Margins of classes: weighted sums of embeddings, rectified, times a matrix.

    Attributes
    ----------
    embeddings : ndarray of float32 of shape (n_features, embedding_dim)
    hidden_bias : ndarray of float32 of shape (embedding_dim,)
    output : ndarray of float32 of shape (embedding_dim, n_classes)
    bias : ndarray of float32 of shape (n_classes,)
    """

    embeddings: np.ndarray
    hidden_bias: np.ndarray
    output: np.ndarray
    bias: np.ndarray

    def of(self, X: sp.csr_matrix) -> np.ndarray:
        """Return the margins of rows.

        Parameters
        ----------
        X : CSR matrix of float32 of shape (n_rows, n_features)

        Returns
        -------
        ndarray of float32 of shape (n_rows, n_classes)

        Raises
        ------
        ValueError
            If they overflow.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            hidden = np.maximum(X @ self.embeddings + self.hidden_bias, 0)
            margins = hidden @ self.output + self.bias
        if not np.isfinite(margins).all():
            raise ValueError("the margins overflow on X; scale its rows, as TF-IDF does.")
        return margins


class _Batch(NamedTuple):
    """Some rows, with the features that they have.

    Attributes
    ----------
    features : ndarray of int of shape (n_used,)
        Sorted.
    X : CSR matrix of float32 of shape (n_rows, n_used)
    transposed : CSR matrix of float32 of shape (n_used, n_rows)
    target : ndarray of float32 of shape (n_rows, n_classes)
    weight : ndarray of float32 of shape (n_rows, 1)
        Divided by the number of rows.
    """

    features: np.ndarray
    X: sp.csr_matrix
    transposed: sp.csr_matrix
    target: np.ndarray
    weight: np.ndarray


class EmbeddingSteps(NamedTuple):
    """How a net is trained.

    Attributes
    ----------
    embedding_dim : int
    learning_rate : float
        Of the first step; it falls to 0 linearly.
    n_epochs : int
    batch_size : int
    """

    embedding_dim: int
    learning_rate: float
    n_epochs: int
    batch_size: int


def train_embeddings(
    X: sp.csr_matrix, target: np.ndarray, weight: np.ndarray, steps: EmbeddingSteps, seed: int
) -> EmbeddingNet:
    r"""Train embeddings and the layer behind them by Adagrad on minibatches.

    Parameters
    ----------
    X : CSR matrix of float32 of shape (n_rows, n_features)
    target : ndarray of float of shape (n_rows, n_classes)
        Distribution of the classes.
    weight : ndarray of float of shape (n_rows,)
        With the mean 1.
    steps : EmbeddingSteps
    seed : int

    Returns
    -------
    EmbeddingNet

    Notes
    -----
    Adagrad (Duchi et al. 2011) gives frequent features small steps and rare ones large steps. All
    numbers of an embedding share the mean of their squared gradients, which saves memory and time.
    Only the embeddings of features in a minibatch change. Rows are shuffled once, and the
    minibatches, whose features are looked up once, in each epoch.
    """
    random = np.random.default_rng(seed)
    n_classes, dim = target.shape[1], steps.embedding_dim
    net = EmbeddingNet(
        random.normal(0, 0.1, (X.shape[1], dim)).astype(np.float32),
        np.zeros(dim, dtype=np.float32),
        random.normal(0, dim**-0.5, (dim, n_classes)).astype(np.float32),
        np.zeros(n_classes, dtype=np.float32),
    )
    batches = list(_divide(X, target, weight, steps.batch_size, random))
    squares = np.full(X.shape[1], _LEAST, dtype=np.float32)
    layers = [net.hidden_bias, net.output, net.bias]
    of_layers = [np.full_like(layer, _LEAST) for layer in layers]
    n_steps, step = steps.n_epochs * len(batches), 0
    for _ in range(steps.n_epochs):
        for position in random.permutation(len(batches)):
            batch = batches[position]
            rate = np.float32(steps.learning_rate * (1 - step / n_steps))
            used = net.embeddings[batch.features]  # (n_used, dim)
            gradient, gradients = _gradients(batch, used, net)
            squares[batch.features] += np.einsum("ij,ij->i", gradient, gradient) / dim
            scale = rate / np.sqrt(squares[batch.features])
            net.embeddings[batch.features] = used - scale[:, None] * gradient
            for layer, total, change in zip(layers, of_layers, gradients):
                total += np.square(change)
                layer -= rate * change / np.sqrt(total)
            step += 1
    return net


def _divide(
    X: sp.csr_matrix,
    target: np.ndarray,
    weight: np.ndarray,
    batch_size: int,
    random: np.random.Generator,
) -> Iterator[_Batch]:
    """Divide shuffled rows into minibatches."""
    order = random.permutation(X.shape[0])
    X = X[order]
    # As np.unique does, without its sort.
    has, place = np.zeros(X.shape[1], dtype=bool), np.empty(X.shape[1], dtype=np.int32)
    for start in range(0, len(order), batch_size):
        rows = X[start : start + batch_size]
        chosen = order[start : start + batch_size]
        has[rows.indices] = True
        features = np.flatnonzero(has)
        has[features] = False
        place[features] = np.arange(len(features))
        parts = rows.data, place[rows.indices], rows.indptr
        local = sp.csr_matrix(parts, shape=(len(chosen), len(features)))
        yield _Batch(
            features,
            local,
            local.T.tocsr(),
            target[chosen].astype(np.float32),
            (weight[chosen, None] / len(chosen)).astype(np.float32),
        )


def _gradients(
    batch: _Batch, used: np.ndarray, net: EmbeddingNet
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the gradients of the weighted cross-entropy of a minibatch.

    Parameters
    ----------
    batch : _Batch
    used : ndarray of float32 of shape (n_used, embedding_dim)
        Embeddings of its features.
    net : EmbeddingNet

    Returns
    -------
    of_embeddings : ndarray of float32 of shape (n_used, embedding_dim)
    of_layers : list of ndarray
        By the hidden bias, the output matrix and its bias.
    """
    hidden = np.maximum(batch.X @ used + net.hidden_bias, 0)  # (n_rows, dim)
    proba = softmax(hidden @ net.output + net.bias, axis=1)
    of_margins = (proba - batch.target) * batch.weight  # (n_rows, n_classes)
    of_hidden = (of_margins @ net.output.T) * (hidden > 0)  # (n_rows, dim)
    of_layers = [of_hidden.sum(axis=0), hidden.T @ of_margins, of_margins.sum(axis=0)]
    return batch.transposed @ of_hidden, of_layers
