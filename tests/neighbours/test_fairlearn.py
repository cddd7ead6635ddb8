"""fairlearn's metrics by group, and its thresholds, of predictions of pipelines."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

metrics = pytest.importorskip("fairlearn.metrics", reason="fairlearn is not installed")


def groups_of(X):
    """Return a group per row that the labels do not depend on."""
    return pd.Series(np.where(X["title"].str.len() % 2 == 0, "even", "odd"), name="length")


def macro_f1(y_true, y_pred):
    return f1_score(y_true, y_pred, average="macro")


def test_a_metric_frame_has_the_scores_of_each_group(news, fitted_words):
    groups = groups_of(news.X_test)
    predicted = fitted_words.predict(news.X_test)
    frame = metrics.MetricFrame(
        metrics={"accuracy": accuracy_score, "f1": macro_f1, "rows": metrics.count},
        y_true=news.y_test,
        y_pred=predicted,
        sensitive_features=groups,
    )
    for group in ("even", "odd"):
        rows = np.flatnonzero(groups == group)
        expected = fitted_words.score(news.X_test.iloc[rows], news.y_test[rows])
        assert frame.by_group.loc[group, "accuracy"] == pytest.approx(expected)
        assert frame.by_group.loc[group, "rows"] == len(rows)
    assert frame.overall["accuracy"] == fitted_words.score(news.X_test, news.y_test)
    assert 0 < frame.difference()["accuracy"] < 0.2


def test_thresholds_by_group_are_fitted_over_a_pipeline(news, words):
    from fairlearn.postprocessing import ThresholdOptimizer

    # The groups differ in how often the label is given, and the title tells which group it is.
    rng = np.random.default_rng(0)
    y, y_test = (labels == "Sports" for labels in (news.y, news.y_test))
    likely = {True: 0.8, False: 0.3}
    group, group_test = (
        np.where(rng.random(len(of)) < np.vectorize(likely.get)(of), "a", "b") for of in (y, y_test)
    )
    optimizer = ThresholdOptimizer(
        estimator=words(), constraints="demographic_parity", predict_method="predict_proba"
    ).fit(news.X, y.astype(int), sensitive_features=group)
    fair = optimizer.predict(news.X_test, sensitive_features=group_test, random_state=0)
    plain = words().fit(news.X, y.astype(int)).predict(news.X_test)
    gap = [
        metrics.demographic_parity_difference(
            y_test.astype(int), predicted, sensitive_features=group_test
        )
        for predicted in (plain, fair)
    ]
    assert gap[1] < gap[0] / 2
