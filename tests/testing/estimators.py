"""Three correct estimators of texts, small enough to be read at a glance."""

import re
from collections import Counter
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import StatelessMixin, TextInputMixin
from agnews_sk._core.validation import Interval, check_labels, check_sample_weight, check_texts
from agnews_sk.sampling import LengthFilter

MAX_SEED = np.iinfo(np.int32).max


class WordCounter(TextInputMixin, TransformerMixin, BaseEstimator):
    """Count the words seen in fit: a sparse matrix."""

    _parameter_constraints = {
        "lowercase": ["boolean"],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "stop_words": [list, None],
    }

    def __init__(self, *, lowercase=True, min_count=1, stop_words=None):
        self.lowercase = lowercase
        self.min_count = min_count
        self.stop_words = stop_words

    def fit(self, X, y=None):
        self._validate_params()
        counts = Counter(word for text in self._read(X) for word in self._split(text))
        kept = [w for w, n in counts.items() if n >= self.min_count]
        self.vocabulary_ = {word: i for i, word in enumerate(sorted(kept))}
        return self

    def transform(self, X):
        check_is_fitted(self)
        rows = [self._codes(text) for text in self._read(X)]
        indptr = np.cumsum([0, *map(len, rows)])
        indices = np.concatenate([np.array(row, dtype=int) for row in rows])
        shape = (len(rows), len(self.vocabulary_))
        matrix = sp.csr_matrix((np.ones(len(indices)), indices, indptr), shape=shape)
        matrix.sum_duplicates()
        return matrix

    def get_feature_names_out(self, input_features=None):
        check_is_fitted(self)
        return np.array(list(self.vocabulary_), dtype=object)

    def _read(self, X):
        return check_texts(X).fill_null("").to_list()

    def _split(self, text):
        words = re.findall(r"\w+", text.lower() if self.lowercase else text)
        return [word for word in words if word not in (self.stop_words or [])]

    def _codes(self, text):
        known = self.vocabulary_
        return [known[word] for word in self._split(text) if word in known]


class TextSize(StatelessMixin, TextInputMixin, TransformerMixin, BaseEstimator):
    """Measure texts: a dense matrix of two columns; nothing is learned."""

    _parameter_constraints = {"logarithm": ["boolean"]}

    def __init__(self, *, logarithm=False):
        self.logarithm = logarithm

    def fit(self, X, y=None):
        self._validate_params()
        check_texts(X)
        return self

    def transform(self, X):
        texts = check_texts(X).fill_null("").to_list()
        sizes = np.array([[len(text), len(text.split())] for text in texts], dtype=float)
        return np.log1p(sizes) if self.logarithm else sizes

    def get_feature_names_out(self, input_features=None):
        return np.array(["letters", "words"], dtype=object)


class WordBayes(TextInputMixin, ClassifierMixin, BaseEstimator):
    """Naive Bayes on words, with a little seeded noise so that there is something to draw."""

    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "lowercase": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(self, *, alpha=1.0, noise=0.01, lowercase=True, random_state=None):
        self.alpha = alpha
        self.noise = noise
        self.lowercase = lowercase
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        self._validate_params()
        self._check_labels(X, y)
        weight = check_sample_weight(sample_weight, X)
        self.counter_ = WordCounter(lowercase=self.lowercase).fit(X)
        self.classes_, codes = self._encode(y)
        self._count(X, codes, weight)
        return self

    def decision_function(self, X):
        scores = self._log_joint(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_log_proba(self, X):
        return log_softmax(self._log_joint(X), axis=1)

    def predict_proba(self, X):
        return np.exp(self.predict_log_proba(X))

    def predict(self, X):
        best = self._log_joint(X).argmax(axis=1)
        return self.classes_[best]

    def _check_labels(self, X, y):
        if y is None:
            raise ValueError("y must hold labels, got None.")
        if len(set(check_labels(y, check_texts(X)))) < 2:
            raise ValueError("y must have two classes, got one class.")

    def _encode(self, y):
        return np.unique(check_labels(y), return_inverse=True)

    def _count(self, X, codes, weight):
        of_class = np.eye(len(self.classes_))[codes] * weight[:, None]
        counts = of_class.T @ self.counter_.transform(X) + self.alpha
        drawn = self._generator().normal(size=counts.shape)
        self.word_log_ = np.log(counts / counts.sum(axis=1, keepdims=True)) + self.noise * drawn
        self.class_log_ = np.log(of_class.sum(axis=0) / weight.sum())

    def _generator(self):
        return np.random.default_rng(check_random_state(self.random_state).randint(MAX_SEED))

    def _log_joint(self, X):
        check_is_fitted(self)
        return self.counter_.transform(X) @ self.word_log_.T + self.class_log_


CORRECT = [WordCounter(), TextSize(), WordBayes(), LengthFilter(min_words=2)]
