"""Input that a search rejects before its first trial, and its log messages."""

import logging

import numpy as np
import optuna
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier

from agnews_sk.testing._checks import invalid_input
from agnews_sk.tuning import PipelineSearchCV

SPACE = {"classify__C": [1.0]}


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.mark.parametrize(
    ("verbose", "level", "n_lines"),
    [(0, logging.INFO, 0), (1, logging.INFO, 3), (1, logging.WARNING, 0), (0, logging.DEBUG, 2)],
    ids=["by default", "verbose", "verbose, but Optuna is not", "Optuna is"],
)
def test_log_messages_of_optuna_are_shown_if_verbose(verbose, level, n_lines, monkeypatch):
    shown = Lines()
    monkeypatch.setattr(optuna.logging, "_default_handler", shown)
    logger, before = logging.getLogger("optuna"), optuna.logging.get_verbosity()
    logger.addHandler(shown)
    optuna.logging.set_verbosity(level)
    try:
        search = PipelineSearchCV(
            DummyClassifier(), {"strategy": ["prior"]}, n_trials=2, cv=2, verbose=verbose
        )
        search.fit([[0.0]] * 4, ["a", "b"] * 2)
        assert len(shown.lines) == n_lines
        shown.lines.clear()
        optuna.logging.get_logger("optuna.study").warning("still heard")
        assert shown.lines == ["still heard"]
    finally:
        optuna.logging.set_verbosity(before)
        logger.removeHandler(shown)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("Oil rises", r"got a single str; wrap it in a list: \['Oil rises'\]"),
        (b"Oil rises", "got a single bytes"),
        ({"Oil rises": 1}, "got dict"),
        ({"Oil rises"}, "got set"),
        (None, "got None"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_objects_that_are_not_rows_are_rejected_by_name(X, message, pipeline):
    search = PipelineSearchCV(pipeline, SPACE, n_trials=1, cv=2)
    with pytest.raises(TypeError, match=f"^X must .*{message}"):
        search.fit(X, ["a", "b"])


@pytest.mark.parametrize(
    "check",
    [
        invalid_input.check_bare_str,
        invalid_input.check_bare_bytes,
        invalid_input.check_dict,
        invalid_input.check_none,
    ],
    ids=lambda check: check.__name__,
)
def test_a_search_passes_the_checks_of_invalid_input(check, pipeline):
    check("search", PipelineSearchCV(pipeline, SPACE, n_trials=1, cv=2))


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: pd.Series(y, dtype="category"),
        lambda y: pd.Series(y, dtype="string[pyarrow]"),
        lambda y: pl.Series(y),
        lambda y: y.tolist(),
        lambda y: pd.Series(np.unique(y, return_inverse=True)[1], dtype="Int64"),
        lambda y: pd.Series(y == "World", dtype="boolean"),
    ],
    ids=["category", "arrow", "polars", "list", "Int64", "boolean"],
)
def test_labels_in_any_container_give_the_same_search(labels, news, pipeline):
    X, y = news
    kept = labels(y)
    plain = np.asarray(kept).astype(type(kept[0]))
    scores = [
        PipelineSearchCV(
            pipeline, SPACE, n_trials=1, cv=2, refit=False, scoring=["accuracy", "neg_log_loss"]
        ).fit(X, each).cv_results_["mean_test_neg_log_loss"][0]
        for each in (plain, kept)
    ]  # fmt: skip
    assert scores[0] == pytest.approx(scores[1])


def test_a_missing_label_is_rejected_before_any_trial(news, pipeline):
    X, y = news
    y = y.astype(object)
    y[3] = None
    search = PipelineSearchCV(pipeline, SPACE, n_trials=1, cv=2)
    with pytest.raises(ValueError, match="y has 1 missing label, at position 3"):
        search.fit(X, y)
    assert not hasattr(search, "study_")
