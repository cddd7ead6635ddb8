"""The checks of scikit-learn, which use matrices of numbers."""

import numpy as np
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from agnews_sk.classifiers import TransformerClassifier

N_BINS = 16

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": "repeated rows fall into other batches; "
    "with one batch of all rows they are equivalent, see test_shared_parameters.py",
}


class OnNumbers(TransformerClassifier):
    """Reads each number of a row as a token: the feature, and the bin that the number is in."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = False
        tags.input_tags.string = False
        tags.input_tags.allow_nan = False
        return tags

    def fit(self, X, y, sample_weight=None):
        if y is None:
            return super().fit(np.zeros((2, 1), dtype=int), y)
        X, y = validate_data(self, X, y, multi_output=True)
        self.edges_ = np.quantile(X, np.linspace(0, 1, N_BINS + 1)[1:-1], axis=0)
        return super().fit(self._tokens(X), y, sample_weight)

    def _logits(self, X):
        check_is_fitted(self)
        return super()._logits(self._tokens(validate_data(self, X, reset=False)))

    def _tokens(self, X):
        bins = [np.searchsorted(edges, x) for edges, x in zip(self.edges_.T, X.T)]
        return np.column_stack(bins) + N_BINS * np.arange(X.shape[1])


@parametrize_with_checks(
    [
        OnNumbers(
            vocab_size=100 * N_BINS,
            d_model=16,
            n_heads=2,
            n_layers=1,
            max_epochs=20,
            learning_rate=0.01,
            dropout=0.0,
            token_dropout=0.0,
            precision="fp32",
            random_state=0,
        )
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)
