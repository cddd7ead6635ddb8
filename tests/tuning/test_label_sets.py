"""Searches over classifiers of rows with several labels."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from agnews_sk import PipelineSearchCV, make_tfidf_pipeline
from agnews_sk.tuning._rows import make_splitter

TEXTS = ["oil prices rise", "army attacks", "oil war", "cup final", "oil falls", "army war"] * 6
SETS = [["oil"], ["war"], ["oil", "war"], [], ["oil"], ["war"]] * 6
INDICATOR = np.array([["oil" in labels, "war" in labels] for labels in SETS], dtype=int)


@pytest.mark.parametrize("y", [SETS, INDICATOR], ids=["lists", "indicator"])
def test_a_search_is_scored_by_the_scorers_of_scikit_learn(y):
    search = PipelineSearchCV(
        make_tfidf_pipeline(classify__threshold=0.5),
        {"classify__C": [0.001, 10.0]},
        n_trials=2,
        scoring=["f1_macro", "f1_samples", "roc_auc", "accuracy"],
        refit="f1_macro",
        cv=3,
        random_state=0,
    ).fit(TEXTS, y)
    predicted = search.predict(TEXTS)
    if isinstance(y, list):
        predicted = np.array([["oil" in labels, "war" in labels] for labels in predicted])
    assert search.score(TEXTS, y) == f1_score(INDICATOR, predicted, average="macro")
    assert 0.5 < search.best_score_ <= 1
    assert search.cv_results_["mean_test_roc_auc"].max() > 0.9


def test_the_numbers_0_and_1_mean_in_score_what_they_meant_in_fit():
    y = [[int(label == "war") for label in labels] for labels in SETS]
    search = PipelineSearchCV(
        make_tfidf_pipeline(classify__threshold=0.5),
        {"classify__C": [10.0]},
        n_trials=1,
        scoring="accuracy",
        cv=3,
        random_state=0,
    ).fit(TEXTS, y)
    right = [predicted == labels for predicted, labels in zip(search.predict(TEXTS), y)]
    scores = [search.score([text], [labels]) for text, labels in zip(TEXTS, y)]
    assert scores == [float(one) for one in right]


def test_folds_are_stratified_by_label():
    y = np.empty(len(SETS), dtype=object)
    y[:] = SETS
    splits = list(make_splitter(3, y, classifier=True).split(TEXTS, y))
    for _, test in splits:
        assert INDICATOR[test].sum(axis=0).tolist() == [6, 6]
