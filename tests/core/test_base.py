import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator

from agnews_sk._core.base import (
    HasParts,
    ProbabilisticClassifierMixin,
    RowSampler,
    StateParts,
    sampled_columns,
)

FRAME = pl.DataFrame({"title": ["a", "b", "c"], "body": ["x", None, "z"]})


class EverySecond(RowSampler):
    def __init__(self, columns=None):
        self.columns = columns

    _parameter_constraints: dict = {}

    def _sample(self, X, y):
        self.seen_ = list(self._text_columns(X, self.columns))
        return np.arange(0, len(X), 2), X[::2]


class Nothing(EverySecond):
    def _sample(self, X, y):
        return np.array([], dtype=int), X[:0]


@pytest.mark.parametrize("base", [RowSampler, HasParts])
def test_a_subclass_without_its_methods_cannot_be_made(base):
    incomplete = type("Incomplete", (base,), {})
    with pytest.raises(TypeError, match="abstract method"):
        incomplete()


def test_labels_and_weights_follow_the_rows_of_a_sampler():
    X, y, weight = EverySecond().fit_resample(FRAME, ["k", "l", "m"], sample_weight=[1, 2, 3])
    assert X["title"].to_list() == ["a", "c"]
    assert list(y) == ["k", "m"]
    assert weight.tolist() == [1, 3]


def test_fit_only_records_the_rows():
    sampler = EverySecond().fit(FRAME)
    assert sampler.sample_indices_.tolist() == [0, 2]


def test_a_sampler_that_drops_all_rows_raises_an_error():
    with pytest.raises(ValueError, match="Nothing dropped all 3 rows; relax its parameters"):
        Nothing().fit_resample(FRAME)


def test_a_sampler_reads_the_columns_that_a_pipeline_joins_unless_it_names_its_own():
    assert EverySecond().fit(FRAME).seen_ == ["title", "body"]
    with sampled_columns(["body"]):
        assert EverySecond().fit(FRAME).seen_ == ["body"]
        assert EverySecond(columns=["title"]).fit(FRAME).seen_ == ["title"]
    assert EverySecond().fit(FRAME).seen_ == ["title", "body"]


def test_columns_that_a_frame_lacks_are_ignored():
    with sampled_columns(["summary"]):
        assert EverySecond().fit(FRAME).seen_ == ["title", "body"]


class Certain(ProbabilisticClassifierMixin, BaseEstimator):
    classes_ = np.array(["a", "b"])

    def predict_proba(self, X):
        return np.tile([1.0, 0.0], (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_the_logarithm_of_nothing_is_minus_infinity_without_a_warning(recwarn):
    assert Certain().predict_log_proba(["x"]).tolist() == [[0, -np.inf]]
    assert len(recwarn) == 0


def test_the_score_is_the_weighted_accuracy_of_labels_in_any_container():
    y = pl.Series(["a", "b"], dtype=pl.Categorical)
    assert Certain().score(["x", "y"], y) == 0.5
    assert Certain().score(["x", "y"], ["a", "b"], sample_weight=[3, 1]) == 0.75


def test_parts_may_have_no_tensors_or_documents():
    assert StateParts({"a": 1}) == ({"a": 1}, {}, {})
