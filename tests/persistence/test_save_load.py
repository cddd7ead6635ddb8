"""A loaded model is tried before it is returned."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from agnews_sk._core.base import TextInputMixin
from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._save_load import check_classes, model_from_files, probe


class Stub(TextInputMixin, ClassifierMixin, BaseEstimator):
    """A text classifier that predicts what it is given."""

    def __init__(self, labels=("a", "b"), probabilities=((0.5, 0.5), (1.0, 0.0))):
        self.labels = labels
        self.probabilities = probabilities
        self.classes_ = np.array(["a", "b"])

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.array(self.labels)

    def predict_proba(self, X):
        return np.array(self.probabilities)


def test_a_model_that_predicts_its_classes_passes():
    probe(Stub())


@pytest.mark.parametrize(
    "labels", [("a",), ("a", "c"), (("a", "b"), ("a", "b"))], ids=["one", "unknown", "2-D"]
)
def test_labels_that_are_not_one_class_per_text_are_rejected(labels):
    with pytest.raises(ArtifactError, match="for 2 texts, expected one of 2 classes each"):
        probe(Stub(labels=labels))


@pytest.mark.parametrize(
    "probabilities",
    [((0.5, 0.5),), ((1.0,), (1.0,)), ((0.5, 0.6), (0.5, 0.5)), ((np.nan, 1.0), (0.5, 0.5))],
    ids=["one row", "one column", "sum", "NaN"],
)
def test_probabilities_that_do_not_sum_to_1_per_text_are_rejected(probabilities):
    with pytest.raises(ArtifactError, match="does not predict probabilities of 2 classes"):
        probe(Stub(probabilities=probabilities))


def test_a_model_that_fails_is_rejected_with_its_error():
    class Failing(Stub):
        def predict(self, X):
            raise IndexError("out of bounds")

    with pytest.raises(ArtifactError, match=r"pipeline\.skops is damaged or forged: out of bounds"):
        probe(Failing())


def test_estimators_without_texts_or_predictions_pass():
    probe(BaseEstimator())


@pytest.mark.parametrize(
    ("listed", "classes"), [(["a", "b"], np.array(["a", "b"])), ([1, 2], [1, 2]), (None, None)]
)
def test_the_classes_of_the_manifest_are_those_of_the_model(listed, classes):
    check_classes({"classes": listed}, classes)
    with pytest.raises(ArtifactError, match=r"manifest\.json names the classes \['other'\], got"):
        check_classes({"classes": ["other"]}, classes)


def test_files_without_a_pipeline_are_rejected():
    with pytest.raises(ArtifactError, match=r"pipeline\.skops is missing"):
        model_from_files({"README.md": b""})
