import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from agnews_sk.reporting import HistoryDisplay

pytest.importorskip("matplotlib")


class Search(BaseEstimator):
    """A fitted search, with the attributes that displays read."""

    def __init__(self, best):
        self.best_estimator_ = best

    def fit(self, X, y):
        return self


def test_the_history_of_the_last_step_of_a_pipeline_is_drawn():
    history = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.9, 0.5], "valid_loss": [1, 0.8]})
    classifier = DummyClassifier().fit([[0]], ["a"])
    classifier.history_ = history
    display = HistoryDisplay.from_estimator(Pipeline([("classify", classifier)]))
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["training rows", "validation rows"]
    assert display.ax_.lines[1].get_ydata().tolist() == [1, 0.8]


def test_an_estimator_without_history_is_rejected():
    with pytest.raises(TypeError, match=r"must have a history_ of its epochs.*got DummyClassifier"):
        HistoryDisplay.from_estimator(DummyClassifier().fit([[0]], ["a"]))


def test_the_history_within_a_search_over_pipelines_is_drawn():
    classifier = DummyClassifier().fit([[0]], ["a"])
    classifier.history_ = pd.DataFrame({"epoch": [1], "train_loss": [0.9]})
    display = HistoryDisplay.from_estimator(Search(Pipeline([("classify", classifier)])))
    assert display.ax_.get_title() == "DummyClassifier"


def test_a_history_without_epochs_is_counted_from_one():
    rows = [{"train_loss": 0.9, "batches": []}, {"train_loss": 0.5, "batches": []}]
    line = HistoryDisplay.from_history(rows, name="skorch").ax_.lines[0]
    assert line.get_xdata().tolist() == [1, 2]
    assert line.get_ydata().tolist() == [0.9, 0.5]


def test_a_history_without_losses_is_rejected():
    with pytest.raises(ValueError, match=r"must have a column train_loss, got the columns \['x'\]"):
        HistoryDisplay.from_history({"x": [1]})


def test_the_given_history_stays_as_it_is():
    rows = pd.DataFrame({"train_loss": [0.9]})
    HistoryDisplay.from_history(rows)
    assert list(rows.columns) == ["train_loss"]
