import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from agnews_sk.pipeline import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.reporting import ReliabilityDisplay

TINY = {"classify__max_epochs": 1, "classify__random_state": 0}
PIPELINES = {
    "tfidf": lambda model: make_tfidf_pipeline(),
    "embedding": lambda model: make_embedding_pipeline(model),
    "finetune": lambda model: make_finetune_pipeline(model, **TINY),
    "transformer": lambda model: make_transformer_pipeline(classify__d_model=16, **TINY),
}


@pytest.mark.parametrize("frozen", [False, True], ids=["fitted by fold", "frozen"])
@pytest.mark.parametrize("family", PIPELINES)
def test_a_temperature_can_be_fitted_on_every_pipeline(family, frozen, headlines, tiny_model):
    texts, labels = headlines
    pipeline = PIPELINES[family](tiny_model)
    if frozen:
        pipeline = FrozenEstimator(pipeline.fit(texts, labels))
    calibrated = CalibratedClassifierCV(pipeline, method="temperature", cv=2).fit(texts, labels)
    y_proba = calibrated.predict_proba(texts)
    np.testing.assert_allclose(y_proba.sum(axis=1), 1, atol=1e-6)
    assert calibrated.classes_.tolist() == ["Business", "Sports"]
    if frozen:
        assert calibrated.predict(texts).tolist() == pipeline.predict(texts).tolist()


def test_a_temperature_corrects_overconfident_probabilities():
    X, y = make_classification(3000, 60, n_informative=8, flip_y=0.2, random_state=0)
    sure = LogisticRegression(C=1e6, max_iter=2000).fit(X[:150], y[:150])
    calibrated = CalibratedClassifierCV(FrozenEstimator(sure), method="temperature")
    calibrated.fit(X[150:1500], y[150:1500])
    rows = X[1500:], y[1500:]
    before, after = (ReliabilityDisplay.from_estimator(e, *rows) for e in (sure, calibrated))
    assert after.calibration_error < before.calibration_error / 2
    assert log_loss(rows[1], calibrated.predict_proba(rows[0])) < log_loss(
        rows[1], sure.predict_proba(rows[0])
    )
