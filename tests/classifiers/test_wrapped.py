import numpy as np
import pytest
from sklearn import config_context
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler

from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.classifiers._wrapped import first_step, label_of_no_class, params_of_fit

X, WEIGHT = np.ones((2, 1)), [1.0, 2.0]


def pipeline_to(classifier):
    return Pipeline(
        [("none", None), ("pass", "passthrough"), ("scale", MaxAbsScaler()), ("last", classifier)]
    )


def test_the_first_step_is_the_first_that_is_not_passthrough():
    assert isinstance(first_step(pipeline_to(LogisticRegression())), MaxAbsScaler)
    classifier = LogisticRegression()
    assert first_step(classifier) is classifier


def test_weights_are_passed_under_the_name_that_the_estimator_uses():
    assert params_of_fit(LogisticRegression(), X, {}, WEIGHT, None) == {"sample_weight": WEIGHT}
    through = params_of_fit(pipeline_to(LogisticRegression()), X, {}, WEIGHT, None)
    assert through == {"last__sample_weight": WEIGHT}


def test_groups_are_passed_only_to_estimators_that_take_them():
    groups = ["a", "b"]
    taken = params_of_fit(pipeline_to(CalibratedLinearSVC()), X, {}, None, groups)
    assert taken == {"last__groups": groups}
    assert params_of_fit(LogisticRegression(), X, {}, None, groups) == {}


def test_with_metadata_routing_a_pipeline_takes_the_plain_name():
    with config_context(enable_metadata_routing=True):
        last = LogisticRegression().set_fit_request(sample_weight=True)
        assert params_of_fit(pipeline_to(last), X, {}, WEIGHT, None) == {"sample_weight": WEIGHT}


def test_unused_weights_are_rejected_unless_the_estimator_is_frozen():
    with pytest.raises(TypeError, match="fit of KNeighborsClassifier takes none"):
        params_of_fit(KNeighborsClassifier(), X, {}, WEIGHT, None)
    frozen = FrozenEstimator(KNeighborsClassifier().fit(X, ["a", "b"]))
    assert params_of_fit(frozen, X, {}, WEIGHT, None) == {}


def test_weights_given_twice_or_of_another_length_are_rejected():
    given = {"last__sample_weight": WEIGHT}
    with pytest.raises(
        ValueError, match="sample_weight and last__sample_weight set the same weights"
    ):
        params_of_fit(pipeline_to(LogisticRegression()), X, given, WEIGHT, None)
    with pytest.raises(ValueError, match="must have one weight per row of X, 2, got 3"):
        params_of_fit(LogisticRegression(), X, {"last__sample_weight": [1, 2, 3]}, None, None)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (["Sports"], "abstained"),
        (["abstained", "abstained_"], "abstained__"),
        ([False, True], -1),
        ([0, 1], -1),
        ([-5, 3], -6),
        ([0.5, 1.5], -1.0),
    ],
    ids=str,
)
def test_a_label_of_no_class_is_of_their_kind(classes, expected):
    label = label_of_no_class(np.array(classes))
    assert label == expected
    assert type(label) is type(expected)
    assert label not in classes


def test_a_label_of_no_class_fits_their_integers():
    lowest = np.iinfo(np.int64).min
    assert label_of_no_class(np.array([lowest, 0])) == 1
    assert label_of_no_class(np.array([0, 1], dtype=np.uint64)) == 2
