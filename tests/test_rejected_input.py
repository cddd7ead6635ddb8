"""The messages with which every estimator of texts rejects invalid input, in fit and after it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from agnews_sk.testing._outputs import fit_outputs
from tests.estimators import CLASSIFIERS, ENCODERS, ESTIMATORS

TEXTS = [
    "Oil prices rise again",
    "The coach resigns",
    "Stocks fall on profit fears",
    "Cup final tonight",
    "Über-café stays open in Zürich",
    "Team wins the cup final",
]
LABELS = ["Business", "Sports", "Business", "Sports", "Business", "Sports"]
INVALID = {
    "bare str": ("Oil prices rise", TypeError, "single str"),
    "bare bytes": (b"Oil prices rise", TypeError, "single bytes"),
    "numbers": ([1, 2, 3], TypeError, "got int 1 at position 0"),
    "float array": (np.ones(3), TypeError, "float64"),
    "ragged lists": ([["a", "b"], ["c"]], TypeError, "got list .*join its tokens"),
    "bytes inside": (["a", b"b"], TypeError, "decode it first"),
    "empty list": ([], ValueError, "is empty"),
    "empty frame": (pd.DataFrame({"text": []}, dtype=str), ValueError, "is empty|at least one"),
    "two-column array": (np.array([["a", "b"]], dtype=object), ValueError, r"shape \(1, 2\)"),
    "dict": ({"a": "b"}, TypeError, "got dict"),
    "None": (None, TypeError, "got NoneType"),
}
MAKERS = {repr(estimator): estimator for estimator in ESTIMATORS} | ENCODERS | CLASSIFIERS


@pytest.fixture(scope="module", params=MAKERS)
def estimator(request):
    made = MAKERS[request.param]
    return made if hasattr(made, "fit") else made(request.getfixturevalue("tiny_model"))


@pytest.fixture(scope="module")
def fitted(estimator):
    if hasattr(estimator, "fit_resample"):
        pytest.skip("a sampler acts in fit only")
    return clone(estimator).fit(TEXTS, LABELS)


@pytest.mark.parametrize("kind", INVALID)
def test_invalid_input_is_rejected_in_fit(estimator, kind):
    X, error, message = INVALID[kind]
    y = LABELS[: len(X)] if hasattr(X, "__len__") else LABELS
    with pytest.raises(error, match=message):
        fit_outputs(estimator, X, y)


@pytest.mark.parametrize("kind", INVALID)
def test_invalid_input_is_rejected_after_fit(fitted, kind):
    X, error, message = INVALID[kind]
    method = fitted.predict if hasattr(fitted, "predict") else fitted.transform
    with pytest.raises(error, match=message):
        method(X)
