"""A classifier of averaged embeddings, for sparse vectors of texts."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.embedding_net import EmbeddingNet, EmbeddingSteps, train_embeddings
from agnews_sk._core.fitted import check_fitted
from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.repeats import same_rows
from agnews_sk._core.splitting import join_groups
from agnews_sk._core.validation import (
    Interval,
    StrOptions,
    check_groups,
    check_sample_weight,
    class_weights,
    encode_labels,
)
from agnews_sk.classifiers._calibrated import MAX_SEED, Rows, calibrated, with_short_indices
from agnews_sk.classifiers._soft_labels import check_soft_labels

# By default, passes over the rows, and steps if there are few rows.
_FEWEST_EPOCHS, _FEWEST_STEPS = 3, 400
# By default, dimensions of the embeddings, and of those of many classes.
_DIM, _DIM_OF_MANY, _FEW_CLASSES = 32, 64, 100


class EmbeddingBagClassifier(ProbabilisticClassifierMixin, BaseEstimator):
    r"""Averaged embeddings of n-grams and a softmax, with calibrated probabilities.

    Each feature, such as an n-gram, has a vector (embedding). A text is the sum of those of its
    features, weighted by their values, through a rectifier to a linear layer: the classifier of
    fastText on weighted n-grams, with a non-linearity. For hundreds of classes: time and memory
    hardly grow with their number, other than those of the baseline's
    :class:`CalibratedLogisticRegression`, which is faster and as accurate for few classes.

    Parameters
    ----------
    embedding_dim : int or None, default=None
        Length of the vectors. None means 32, and 64 for more than 100 classes.
    learning_rate : float, default=0.03
        Of the first step; it falls to 0 linearly.
    max_epochs : int or None, default=None
        Passes over the rows. None means 3, or as many as 400 steps need.
    batch_size : int, default=256
        Rows per step.
    class_weight : dict or "balanced", default=None
        Weights of the classes; "balanced" is inverse to their frequency.
    calibration_fraction : float or None, default=0.3
        Share of the rows that the temperature is chosen on, as in
        :class:`CalibratedLogisticRegression`; the final embeddings are trained on all rows. None
        leaves the temperature at 1 and takes about half the time.
    random_state : int, RandomState or None, default=None
        Random seed of the embeddings, of the order of the rows, and of those to calibrate on.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    embeddings_ : ndarray of float32 of shape (n_features, embedding_dim)
        Vectors of the features.
    hidden_bias_ : ndarray of float32 of shape (embedding_dim,)
        Added to the sum of the vectors.
    output_weights_ : ndarray of float32 of shape (embedding_dim, n_classes)
        Of the linear layer.
    output_bias_ : ndarray of float32 of shape (n_classes,)
    temperature_ : float
        Divides the margins before the softmax.
    n_epochs_ : int
        Passes over the rows.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    CalibratedLogisticRegression : Linear, for fewer classes or several labels per row.

    Notes
    -----
    With the values :math:`x` of a row, the embeddings :math:`E`, the linear layer :math:`W, b` and
    the temperature :math:`T`,

    .. math:: p = \mathrm{softmax}((\max(0, E^T x + c)^T W + b) / T),

    trained by Adagrad to the lowest cross-entropy (Joulin et al. 2016, arXiv 1607.01759, without
    the rectifier; Iyyer et al. 2015, "Deep unordered composition rivals syntactic methods for text
    classification", with it). The few passes over the rows are its regularization. The temperature,
    and a shift of each class that becomes part of :math:`b`, are chosen on held-out rows.

    Examples
    --------
    >>> from agnews_sk.classifiers import EmbeddingBagClassifier
    >>> from agnews_sk.vectorization import NgramVectorizer
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> labels = ["Business", "Business", "Sports", "Sports"]
    >>> vectorizer = NgramVectorizer()
    >>> classifier = EmbeddingBagClassifier(embedding_dim=8, random_state=0)
    >>> classifier = classifier.fit(vectorizer.fit_transform(texts), labels)
    >>> classifier.predict(vectorizer.transform(["oil", "cup"])).tolist()
    ['Business', 'Sports']
    """

    _parameter_constraints: dict[str, Any] = {
        "embedding_dim": [Interval(Integral, 1, None, closed="left"), None],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "calibration_fraction": [Interval(Real, 0, 0.5, closed="right"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        embedding_dim=None,
        learning_rate=0.03,
        max_epochs=None,
        batch_size=256,
        class_weight=None,
        calibration_fraction=0.3,
        random_state=None,
    ):
        self.embedding_dim = embedding_dim
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        soft_labels: Any = None,
    ) -> "EmbeddingBagClassifier":
        """Train the embeddings, and choose the temperature.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            One label per row.
        sample_weight : array-like of shape (n_samples,), optional
        groups : array-like of shape (n_samples,), optional
            Origin of each row: rows of one group are held out together.
        soft_labels : array-like of shape (n_samples, n_classes), optional
            Probabilities of the classes, sorted, which the embeddings are trained on instead of y,
            such as those of another classifier. Classes and calibration are those of y.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If rows have several labels, y has a single class, a parameter is out of range, the
            margins overflow, or `soft_labels` are not one distribution per row.

        Warns
        -----
        UserWarning
            If no row of a class is held out, because it has few or all are of one group: the
            temperature is chosen without that class.
        """
        self._validate_params()
        X = self._checked(X, reset=True)
        if is_multilabel(y):
            raise ValueError(
                "y must have one label per row, got several; use CalibratedLogisticRegression."
            )
        classes, codes = encode_labels(y, X)
        weight = check_sample_weight(sample_weight, X)
        weight = weight * class_weights(self.class_weight, classes, codes, weight)[codes]
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        target = None if soft_labels is None else check_soft_labels(soft_labels, X, classes)
        # A class without weight needs a row too.
        used = np.flatnonzero((weight > 0) | ~np.isin(codes, codes[weight > 0]))
        rows = Rows(X, codes, weight, len(classes), target=target).take(used)
        origins = [same_rows(rows.X), *([] if groups is None else [check_groups(groups, X)[used]])]
        temperature, shift = self._calibrated(rows, classes, join_groups(*origins), seed)
        net = self._train(rows, seed)
        # All at the end: an interrupted fit leaves the previous state.
        self.classes_, self.temperature_ = classes, temperature
        self.embeddings_, self.hidden_bias_ = net.embeddings, net.hidden_bias
        self.output_weights_ = net.output
        self.output_bias_ = net.bias + np.float32(temperature) * shift.astype(np.float32)
        self.n_epochs_ = self._steps(len(used), len(classes)).n_epochs
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)

        Raises
        ------
        ValueError
            If the margins overflow.
        """
        check_fitted(self)
        return self.classes_[self._margins(X).argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of float of shape (n_samples, n_classes)
            Columns in the order of `classes_`. Rows sum to 1.

        Raises
        ------
        ValueError
            If the margins overflow.
        """
        check_fitted(self)
        return softmax(self._margins(X).astype(np.float64) / self.temperature_, axis=1)

    def _checked(self, X: Any, *, reset: bool) -> sp.csr_matrix:
        """Return X as a CSR matrix of float32."""
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float32, reset=reset)
        return with_short_indices(sp.csr_matrix(X))

    def _margins(self, X: Any) -> np.ndarray:
        """Return the margins, of shape (n_samples, n_classes)."""
        net = EmbeddingNet(
            self.embeddings_, self.hidden_bias_, self.output_weights_, self.output_bias_
        )
        return net.of(self._checked(X, reset=False))

    def _calibrated(
        self, rows: Rows, classes: np.ndarray, groups: np.ndarray, seed: int
    ) -> tuple[float, np.ndarray]:
        """Return the temperature, and the shift of each class, chosen on held-out rows."""

        def fit_part(part: Rows) -> EmbeddingNet:
            return self._train(part, seed)

        fraction = self.calibration_fraction
        return calibrated(fit_part, rows, classes, groups, seed, fraction)[:2]

    def _train(self, rows: Rows, seed: int) -> EmbeddingNet:
        """Train a net on some rows."""
        weight = rows.weight
        # Only if all rows are of classes without weight, their sum is 0.
        weight = weight / weight.mean() if weight.any() else np.ones(len(weight))
        steps = self._steps(len(weight), rows.n_classes)
        return train_embeddings(rows.X, rows.distribution(), weight, steps, seed)

    def _steps(self, n_rows: int, n_classes: int) -> EmbeddingSteps:
        """Return how to train on a number of rows."""
        default = _DIM if n_classes <= _FEW_CLASSES else _DIM_OF_MANY
        per_epoch = -(-n_rows // self.batch_size)
        n_epochs = self.max_epochs or max(_FEWEST_EPOCHS, -(-_FEWEST_STEPS // per_epoch))
        return EmbeddingSteps(
            self.embedding_dim or default, self.learning_rate, n_epochs, self.batch_size
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
