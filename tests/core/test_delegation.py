import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

from agnews_sk import (
    AbstainingClassifier,
    DistilledClassifier,
    SelfTrainedClassifier,
    make_tfidf_pipeline,
)
from agnews_sk._core.delegation import predicting_estimator
from agnews_sk._core.joining import fitted_columns
from agnews_sk._core.label_formats import label_format_of

X, Y = ["oil up", "cup won"] * 4, ["a", "b"] * 4


def test_searches_and_self_training_are_unwrapped_at_any_depth():
    search = GridSearchCV(SelfTrainedClassifier(DummyClassifier()), {}, cv=2).fit(X, Y)
    assert type(predicting_estimator(search)) is DummyClassifier


def test_distillation_predicts_by_its_student():
    texts = [f"{text} {i}" for i, text in enumerate(X)]
    model = DistilledClassifier(DummyClassifier(), DummyClassifier(), n_folds=2).fit(texts, Y)
    assert predicting_estimator(model) is model.estimator_


def test_others_predict_themselves():
    careful = AbstainingClassifier(DummyClassifier(), coverage=0.5).fit(X, Y)
    assert predicting_estimator(careful) is careful
    unfitted = SelfTrainedClassifier(DummyClassifier())
    assert predicting_estimator(unfitted) is unfitted


def test_what_is_read_of_a_pipeline_is_read_through_self_training():
    frame = pd.DataFrame({"title": X, "story": X})
    model = SelfTrainedClassifier(make_tfidf_pipeline()).fit(frame, Y)
    assert fitted_columns(model) == ["title", "story"]
    assert label_format_of(model) is None


@pytest.mark.parametrize(
    "wrap",
    [FrozenEstimator, lambda one: AbstainingClassifier(FrozenEstimator(one), coverage=0.5)],
    ids=["frozen", "abstaining"],
)
def test_columns_are_read_through_what_predicts_by_a_pipeline_within(wrap):
    frame = pd.DataFrame({"title": X, "story": X})
    model = wrap(make_tfidf_pipeline().fit(frame, Y)).fit(frame, Y)
    assert fitted_columns(model) == ["title", "story"]


def test_a_frozen_estimator_predicts_by_the_one_within():
    fitted = DummyClassifier().fit(X, Y)
    assert predicting_estimator(FrozenEstimator(FrozenEstimator(fitted))) is fitted
