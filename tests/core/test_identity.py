"""What determines an estimator's results, besides its fitted state."""

import shutil

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from agnews_sk._core.identity import (
    RUNTIME_ONLY,
    besides_parameters,
    of_parameter,
    survives_clone,
)
from tests.conftest import scale_weights


class OwnCallback:
    """A callback that the user has written."""


class Custom(LogisticRegression):
    def __sklearn_clone__(self):
        return self


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (LogisticRegression(), False),
        (FrozenEstimator(LogisticRegression()), True),
        (Custom(), True),
        (object(), False),
    ],
    ids=["plain", "frozen", "own method", "no estimator"],
)
def test_the_fitted_state_survives_clones_of_frozen_estimators(estimator, expected):
    assert survives_clone(estimator) is expected


def test_class_and_metadata_requests_count_besides_parameters():
    plain = besides_parameters(LogisticRegression(C=2))
    assert plain == besides_parameters(LogisticRegression(C=3))
    assert plain["class"] is LogisticRegression
    assert plain != besides_parameters(Custom())
    from sklearn import config_context

    with config_context(enable_metadata_routing=True):
        asks = LogisticRegression().set_fit_request(sample_weight=True)
    assert besides_parameters(asks)["requests"] != plain["requests"]


def test_only_callbacks_of_the_user_count():
    estimator = TfidfVectorizer()
    own = OwnCallback()
    estimator._skl_callbacks = [own, LogisticRegression()]
    assert besides_parameters(estimator)["callbacks"] == [own]


def test_a_folder_is_identified_by_its_files(tiny_model, tmp_path):
    one, copy = (shutil.copytree(tiny_model, tmp_path / name) for name in ("one", "copy"))
    assert of_parameter(str(one)) == of_parameter(copy) != str(one)
    before = of_parameter(one)
    scale_weights(one / "model.safetensors", 2.0)
    assert of_parameter(one) != before


@pytest.mark.parametrize("value", ["hub/name", "", None, 3, ["a"]], ids=repr)
def test_other_parameters_are_returned_unchanged(value):
    assert of_parameter(value) is value


def test_no_parameter_that_changes_predictions_is_runtime_only():
    changing = {"random_state", "max_length", "batch_size", "precision", "n_copies", "model"}
    assert RUNTIME_ONLY.isdisjoint(changing)
