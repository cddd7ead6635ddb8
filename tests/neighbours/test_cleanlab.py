"""cleanlab on our held-out probabilities, beside our own audit."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_predict

from agnews_sk.auditing import audit
from agnews_sk.datasets import make_news

cleanlab_filter = pytest.importorskip("cleanlab.filter", reason="cleanlab is not installed")

N_WRONG = 60


@pytest.fixture(scope="module")
def mislabelled():
    """Rows, labels of which some were changed, and the positions of these."""
    X, y = make_news(1_000, random_state=4, return_X_y=True)
    rng = np.random.default_rng(0)
    y, classes = np.asarray(y, dtype=str), np.unique(y)
    wrong = rng.choice(len(y), N_WRONG, replace=False)
    codes = np.searchsorted(classes, y)
    codes[wrong] = (codes[wrong] + rng.integers(1, len(classes), N_WRONG)) % len(classes)
    return X, classes[codes], wrong


def found_share(rows, wrong):
    return np.isin(wrong, rows).mean()


def test_held_out_probabilities_find_label_errors_as_the_audit_does(words, mislabelled):
    X, y, wrong = mislabelled
    probabilities = cross_val_predict(words(), X, y, cv=5, method="predict_proba")
    codes = np.unique(y, return_inverse=True)[1]
    issues = cleanlab_filter.find_label_issues(
        codes, probabilities, return_indices_ranked_by="self_confidence"
    )
    audited = np.asarray(audit(X, y)["label_errors"].rows)
    chance = len(issues) / len(y)
    assert found_share(issues, wrong) > max(0.75, 4 * chance)
    assert found_share(audited, wrong) > 0.75
    assert np.isin(audited[:N_WRONG], issues).mean() > 0.7


def test_clean_learning_trains_a_pipeline_without_the_label_errors(words, mislabelled, news):
    from cleanlab.classification import CleanLearning

    X, y, wrong = mislabelled
    classes, codes = np.unique(y, return_inverse=True)
    learner = CleanLearning(words(), cv_n_folds=3, seed=0).fit(X, codes)
    issues = np.flatnonzero(learner.get_label_issues()["is_label_issue"])
    assert found_share(issues, wrong) > 0.75
    assert learner.score(news.X_test, np.searchsorted(classes, news.y_test)) > 0.8
