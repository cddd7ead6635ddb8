"""Teachers: what gives rows without labels the pseudo-labels of the first round."""

from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from agnews_sk._core.appending import append_rows
from agnews_sk._core.validation import take_rows
from agnews_sk.classifiers._fitting import TrainingRows, fit_on, probabilities
from agnews_sk.classifiers._labelled_rows import LabelledRows
from agnews_sk.classifiers._pseudo_labels import balanced

_BLOCK_BYTES = 2**27  # of the similarities that are in memory at a time
_POWER = 4  # of a similarity, so that near neighbours count more
_SPREAD = 0.97  # share of a row's labels that comes from its neighbours in each step
_STEPS = 40
_SHRINKAGE = 0.4  # of the covariance, towards one variance for all directions
_EM_STEPS = 5
_C = 10.0  # of logistic regression on the labelled vectors, as in `make_embedding_pipeline`


class Teacher(Protocol):
    """Predicts rows from the labels of others."""

    def probabilities(self, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Return the probabilities of rows, learnt from the labels of known ones.

        Parameters
        ----------
        known : ndarray of int of shape (n_known,)
            Positions among the labelled rows, with every class among them.
        asked : ndarray of int of shape (n_asked,)
            Positions among the labelled rows and, after them, the unlabelled ones.

        Returns
        -------
        ndarray of float of shape (n_asked, n_classes)
        """


class ClassifierTeacher:
    """Predicts by a classifier that is fitted on the known rows.

    Parameters
    ----------
    classifier : classifier with `predict_proba`
    labelled : LabelledRows
    unlabelled : container of n_unlabelled rows
    fit_params : dict of str to object
    """

    def __init__(
        self, classifier: Any, labelled: LabelledRows, unlabelled: Any, fit_params: dict[str, Any]
    ) -> None:
        self.classifier = classifier
        self.labelled = labelled
        self.unlabelled = unlabelled
        self.fit_params = fit_params

    def probabilities(self, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Return the probabilities of rows, as `Teacher.probabilities` says."""
        rows, classes = self.labelled.rows, self.labelled.classes
        fitted = fit_on(self.classifier, rows.take(known), self.fit_params)
        is_labelled = asked < len(rows.y)
        y_proba = np.empty((len(asked), len(classes)))
        for chosen, X, first in (
            (is_labelled, rows.X, 0),
            (~is_labelled, self.unlabelled, len(rows.y)),
        ):
            if chosen.any():
                X_asked = take_rows(X, asked[chosen] - first)
                y_proba[chosen] = probabilities(fitted, X_asked, classes)
        return y_proba


class VectorTeacher:
    """Predicts by the vectors of all rows, labelled and unlabelled.

    The mean of two classifiers. One spreads labels over the graph of nearest neighbours (Zhou et
    al., 2003, "Learning with local and global consistency"). The other is linear discriminant
    analysis, whose means are fitted to the unlabelled rows too by expectation maximization, from
    the predictions of logistic regression on.

    Parameters
    ----------
    vectors : ndarray of float of shape (n_labelled + n_unlabelled, n_features)
    labelled : LabelledRows
        The first rows. Unlabelled ones have the weight 1.
    keep_balance : bool
        Whether to keep the shares of the classes.
    n_neighbors : int
    """

    def __init__(
        self, vectors: np.ndarray, labelled: LabelledRows, keep_balance: bool, n_neighbors: int
    ) -> None:
        self.vectors = np.asarray(vectors, dtype=np.float32)
        self.labelled = labelled
        self.keep_balance = keep_balance
        self.graph = neighbor_graph(self.vectors, n_neighbors)

    def probabilities(self, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Return the probabilities of rows, as `Teacher.probabilities` says."""
        taught = self.labelled.take(known)
        weight = np.ones(len(self.vectors), dtype=np.float32)
        weight[: len(self.labelled.weight)] = self.labelled.weight
        given = np.zeros((len(self.vectors), len(taught.classes)), dtype=np.float32)
        given[known, taught.codes] = 1
        counts = taught.class_counts() if self.keep_balance else None
        spread = _balanced(spread_labels(self.graph, given * weight[:, None]), counts)
        first = LogisticRegression(C=_C, max_iter=1000)
        first.fit(self.vectors[known], taught.codes, sample_weight=taught.weight)
        start = first.predict_proba(self.vectors)
        analysed = _balanced(fit_mixture(self.vectors, start, given, weight), counts)
        return ((spread + analysed) / 2)[asked]


def _balanced(y_proba: np.ndarray, counts: np.ndarray | None) -> np.ndarray:
    """Return balanced probabilities, or unchanged ones without counts."""
    return y_proba if counts is None else balanced(y_proba, counts)


def embed_rows(embedder: Any, rows: TrainingRows, unlabelled: Any) -> np.ndarray:
    """Return the vectors of labelled rows and, after them, of unlabelled ones.

    Parameters
    ----------
    embedder : transformer
        Fitted on all these rows.
    rows : TrainingRows of n_labelled rows
    unlabelled : container of n_unlabelled rows

    Returns
    -------
    ndarray of float32 of shape (n_labelled + n_unlabelled, n_features)

    Raises
    ------
    TypeError
        If it returns anything but a dense matrix.
    """
    X = append_rows(rows.X, unlabelled, name="X_unlabelled")
    vectors = embedder.fit(X).transform(X)  # `fit_transform` would drop rows that samplers drop
    is_dense = not sp.issparse(vectors) and len(np.shape(vectors)) == 2
    if not is_dense:
        raise TypeError(
            f"embedder must return a dense matrix, got {type(vectors).__name__} of "
            f"{type(embedder).__name__}; use SentenceEmbedder, or add TruncatedSVD."
        )
    return np.asarray(vectors, dtype=np.float32)


def neighbor_graph(vectors: np.ndarray, n_neighbors: int) -> sp.csr_array:
    """Return the similarities of rows to their nearest neighbours, scaled to be spread.

    All pairs are compared, a block of rows at a time: for 50,000 rows of 384 features that takes
    about a minute on one core.

    Parameters
    ----------
    vectors : ndarray of float32 of shape (n_rows, n_features)
    n_neighbors : int
        At most the number of other rows.

    Returns
    -------
    CSR array of float32 of shape (n_rows, n_rows)
        Symmetric, divided by the roots of the sums of both rows; an isolated row is 0.
    """
    n = len(vectors)
    n_neighbors = min(n_neighbors, n - 1)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / norms.clip(min=np.finfo(np.float32).tiny)
    columns = np.empty((n, n_neighbors), dtype=np.int32)
    values = np.empty((n, n_neighbors), dtype=np.float32)
    step = max(1, _BLOCK_BYTES // (4 * n))
    for start in range(0, n, step):
        similarity = unit[start : start + step] @ unit.T  # (n_block, n_rows)
        in_block = np.arange(len(similarity))
        similarity[in_block, start + in_block] = -np.inf  # no row is its own neighbour
        nearest = np.argpartition(similarity, n - n_neighbors, axis=1)[:, n - n_neighbors :]
        columns[start : start + step] = nearest
        values[start : start + step] = np.take_along_axis(similarity, nearest, axis=1)
    rows = np.repeat(np.arange(n), n_neighbors)
    weights = values.clip(min=0).ravel() ** _POWER
    graph = sp.csr_array((weights, (rows, columns.ravel())), shape=(n, n))
    graph = graph.maximum(graph.T)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = np.divide(1, np.sqrt(degree), out=np.zeros(n, np.float32), where=degree > 0)
    return sp.csr_array(sp.diags_array(scale) @ graph @ sp.diags_array(scale))


def spread_labels(graph: sp.csr_array, given: np.ndarray) -> np.ndarray:
    """Return the share of each class in what reaches a row from labelled rows.

    Parameters
    ----------
    graph : CSR array of float32 of shape (n_rows, n_rows)
        As `neighbor_graph` returns it.
    given : ndarray of float32 of shape (n_rows, n_classes)
        The weight of a labelled row at its class.

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
        Rows add up to 1; equal shares where nothing arrives.
    """
    sent = given.sum(axis=0)
    source = given / np.where(sent > 0, sent, 1)  # each class sends as much
    reached = source
    for _ in range(_STEPS):
        reached = _SPREAD * (graph @ reached) + (1 - _SPREAD) * source
    total = reached.sum(axis=1, keepdims=True, dtype=np.float64)
    equal = np.full(given.shape, 1 / given.shape[1])
    return np.divide(reached, total, out=equal, where=total > 0)


def fit_mixture(
    vectors: np.ndarray, start: np.ndarray, given: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the class probabilities of a Gaussian mixture with one covariance for all classes.

    Parameters
    ----------
    vectors : ndarray of float32 of shape (n_rows, n_features)
    start : ndarray of float of shape (n_rows, n_classes)
        Probabilities to begin with.
    given : ndarray of float32 of shape (n_rows, n_classes)
        1 at the class of a labelled row, which keeps it.
    weight : ndarray of float32 of shape (n_rows,)

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
        Rows add up to 1.
    """
    is_given = np.asarray(given.any(axis=1))
    center = vectors.mean(axis=0, dtype=np.float64)
    centered = vectors - center.astype(np.float32)
    share = weight[:, None] / weight.sum(dtype=np.float64).astype(np.float32)
    total = (centered.T @ (centered * share)).astype(np.float64)  # (n_features, n_features)
    y_proba = start
    for _ in range(_EM_STEPS):
        y_proba = np.where(is_given[:, None], given, y_proba)
        weighed = y_proba * weight[:, None]
        size = weighed.sum(axis=0).clip(min=1e-9)
        shares = size / size.sum()
        means = (weighed.T.astype(np.float32) @ centered).astype(np.float64) / size[:, None]
        within = total - (means.T * shares) @ means
        variance = max(float(np.trace(within)) / len(within), 1e-12)
        within = (1 - _SHRINKAGE) * within + _SHRINKAGE * variance * np.eye(len(within))
        weights = np.linalg.solve(within, means.T)  # (n_features, n_classes)
        constants = np.log(shares) - (means * weights.T).sum(axis=1) / 2
        y_proba = softmax(centered @ weights.astype(np.float32) + constants, axis=1)
    return y_proba
