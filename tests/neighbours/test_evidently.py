"""Evidently's drift report of the confidences that a pipeline has, beside our own test."""

import numpy as np
import pandas as pd
import pytest

from agnews_sk.auditing import TextReference, audit_against
from agnews_sk.datasets import make_news

# It imports a private function that pandas 3.1 no longer has; pandas 3.0 was evidently#1807.
evidently = pytest.importorskip(
    "evidently",
    reason="evidently is not installed, or not for this pandas: 0.7.23 needs pandas < 3.1",
    exc_type=ImportError,
)


def statistics(pipeline, X):
    """Return the length, the confidence and the predicted label of each row."""
    probabilities = pipeline.predict_proba(X)
    return pd.DataFrame(
        {
            "length": X["title"].fillna("").str.len() + X["description"].fillna("").str.len(),
            "confidence": probabilities.max(axis=1),
            "label": pipeline.classes_[probabilities.argmax(axis=1)].astype(str),
        }
    )


def n_drifted(reference, current):
    from evidently.presets import DataDriftPreset

    report = evidently.Report([DataDriftPreset()]).run(
        reference_data=reference, current_data=current
    )
    return int(report.dict()["metrics"][0]["value"]["count"])


@pytest.mark.filterwarnings("ignore")
def test_both_reports_find_the_drift_and_none_where_there_is_none(news, fitted_words):
    known, _ = make_news(600, random_state=5, return_X_y=True)
    same, _ = make_news(500, random_state=7, return_X_y=True)
    short = same["description"].str.slice(0, 20).str.upper()
    odd = same.assign(title=same["title"].str.replace("e", "3"), description="lol " + short)
    reference = TextReference.of(fitted_words, known, news.X)
    tables = [statistics(fitted_words, X) for X in (known, same, odd)]
    found = [n_drifted(tables[0], table) for table in tables[1:]]
    ours = [audit_against(fitted_words, X, reference).drifted for X in (same, odd)]
    assert ours == [False, True]
    assert found == [0, 3]
    assert np.isfinite(tables[1]["confidence"]).all()
