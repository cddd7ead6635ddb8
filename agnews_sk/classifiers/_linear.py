"""A linear support vector machine with probabilities."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier

from agnews_sk._core.validation import Interval
from agnews_sk.classifiers._calibrated import CalibratedLinear, LinearMargins, Margins, Rows

# Rows that a binary classifier sees in all passes if there are few, and limits of the passes.
_ROWS_SEEN = 50_000
_FEWEST_PASSES, _MOST_PASSES = 5, 100
_AVERAGED = 0.6  # share of the steps, the last ones, whose weights are averaged
# With fewer rows, starting threads and waiting for them takes longer than the passes.
_FEWEST_ROWS_FOR_THREADS = 10_000
# Times C of the logistic loss, which fits less closely than the hinge loss with the same penalty.
_OF_LOG_LOSS = 2
_MOST_STEPS = 100  # with several labels per row


class CalibratedLinearSVC(CalibratedLinear):
    r"""Linear support vector machine with probabilities, for sparse vectors of texts.

    On TF-IDF of words and word pairs it is fitted many times faster than scikit-learn's multinomial
    logistic regression by `lbfgs`, and is more accurate (see the guide). An alternative to the
    baseline's :class:`CalibratedLogisticRegression`. One-vs-rest classifiers are fitted by averaged
    stochastic gradient descent (:class:`~sklearn.linear_model.SGDClassifier`), each in a thread; a
    temperature and a shift of each class turn the margins into probabilities.

    With several labels per row they are logistic regressions, one per label, and predict the labels
    whose probability reaches their threshold.

    Parameters
    ----------
    C : float, default=1.5
        Inverse strength of the L2 penalty.
    max_iter : int or None, default=None
        Passes over the rows, or steps with several labels per row; None means 5 passes, and up to
        100 if there are fewer than 10,000 rows, or 100 steps.
    class_weight : dict or "balanced", default=None
        Weights of the classes; "balanced" is inverse to their frequency.
    calibration_fraction : float or None, default=0.3
        Share of the rows that these are chosen on, at most 0.5 and rounded to 1/2, 1/3,
        ...: on their margins under classifiers fitted on the other rows, and in turn on several
        such parts where one has fewer than 1,000 rows. None leaves the temperature at 1. The
        final classifiers are fitted on all rows. With several labels per row, thresholds are chosen
        on these rows too, and up to 10,000 of them.
    threshold : "f1" or float, default="f1"
        With several labels per row: "f1" chooses the threshold of each label that gives the
        highest F1 on the rows of `calibration_fraction`; a number between 0 and 1 is the threshold
        of all labels.
    random_state : int, RandomState or None, default=None
        Random seed of the order of the rows, and of those that the temperature is chosen on.
    n_jobs : int or None, default=-1
        Number of threads, for 10,000 rows or more; the result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    coef_ : ndarray of shape (n_classes, n_features) or (1, n_features)
        Weights of the features, one row per classifier.
    intercept_ : ndarray of shape (n_classes,) or (1,)
        Constants of the margins.
    temperature_ : float
        Divides the margins before the softmax; 1 with several labels per row, whose margins are
        logarithms of odds.
    thresholds_ : ndarray of float of shape (n_classes,) or None
        Lowest probability of each label that is predicted; None for one label per row.
    label_format_ : str or None
        Format of the sets of labels that `fit` got and `predict` returns; None for one label.
    n_iter_ : int
        Passes over the rows; steps with several labels per row.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    For each class, with its rows :math:`y_i = 1` and all others :math:`y_i = -1`,

    .. math:: \min_{w, b} \tfrac{1}{2} \|w\|^2 + C \sum_i \max(0, 1 - y_i (w^T x_i + b)).

    The weights are averaged over the last 60 % of the steps (Bottou 2010, "Large-scale machine
    learning with stochastic gradient descent"; Xu 2011, arXiv 1107.2490), so that few passes
    suffice. Rows should have similar norms, as those of TF-IDF have.

    Bias-corrected temperature scaling (Alexandari et al. 2020, arXiv 1901.06852): with margins
    :math:`z`, and the temperature :math:`T` and shifts :math:`b` of the lowest log loss, whose
    targets are smoothed as by Platt (1999) so that probabilities stay below 1 even if few rows are
    all classified correctly,

    .. math:: p = \mathrm{softmax}(z / T + b).

    The shifts become part of the intercepts. They matter with few rows, where the margins of rare
    classes are too small. With two classes the margins are :math:`(-z/2, z/2)`. Rows that are
    equal, or of one group, are held out together. Features that only held-out rows have are removed
    from these, and rows of unit norm are scaled back to it: the vectorizer has learned its
    vocabulary from them too, and their margins would otherwise be smaller than those of new texts,
    and the temperature too low.

    With several labels per row, for each label

    .. math:: \min_{w, b} \tfrac{1}{2} \|w\|^2 + 2 C \sum_i \log(1 + e^{-y_i (w^T x_i + b)}),

    by L-BFGS (Liu and Nocedal 1989) of all labels at once, and the margins are calibrated by one
    slope and a shift of each label. A threshold with the highest F1 on few positive rows is
    overfitted, so rows count as positive partly by their probability, the more the rarer the label.

    Examples
    --------
    >>> from agnews_sk.classifiers import CalibratedLinearSVC
    >>> from agnews_sk.vectorization import NgramVectorizer
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> labels = ["Business", "Business", "Sports", "Sports"]
    >>> vectorizer = NgramVectorizer()
    >>> classifier = CalibratedLinearSVC(random_state=0)
    >>> classifier.fit(vectorizer.fit_transform(texts), labels).classes_.tolist()
    ['Business', 'Sports']
    >>> classifier.predict(vectorizer.transform(["oil", "cup"])).tolist()
    ['Business', 'Sports']
    """

    _parameter_constraints: dict[str, Any] = {
        **CalibratedLinear._parameter_constraints,
        "C": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        C=1.5,
        max_iter=None,
        class_weight=None,
        calibration_fraction=0.3,
        threshold="f1",
        random_state=None,
        n_jobs=-1,
    ):
        self.C = C
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.calibration_fraction = calibration_fraction
        self.threshold = threshold
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit_margins(self, rows: Rows, seed: int, start: LinearMargins | None) -> Margins:
        """Fit the one-vs-rest margins of some rows; of two classes there is one.

        `SGDClassifier` minimizes the mean loss plus alpha/2 times the squared norm, which is the
        objective of the notes divided by C times the number of rows.
        """
        n_rows = len(rows.codes)
        passes = self.max_iter or np.clip(-(-_ROWS_SEEN // n_rows), _FEWEST_PASSES, _MOST_PASSES)
        classifiers = SGDClassifier(
            loss="hinge",
            alpha=1 / (self.C * n_rows),
            max_iter=int(passes),
            tol=None,
            average=max(1, int((1 - _AVERAGED) * passes * n_rows)),
            random_state=seed,
            n_jobs=self.n_jobs if n_rows >= _FEWEST_ROWS_FOR_THREADS else 1,
        )
        classifiers.fit(rows.X, rows.codes, sample_weight=rows.weight)
        return Margins(classifiers.coef_, classifiers.intercept_, classifiers.n_iter_)

    def _of_labels(self, X: Any) -> dict[str, Any]:
        """Return the settings of `fit_margins` for several labels per row."""
        return {"C": _OF_LOG_LOSS * self.C, "max_iter": self.max_iter or _MOST_STEPS}
