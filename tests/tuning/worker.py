"""A search with slow trials, for workers in separate processes."""

import time

from sklearn.dummy import DummyClassifier

from agnews_sk.tuning import PipelineSearchCV


class SlowClassifier(DummyClassifier):
    """A classifier that fits slowly."""

    def __init__(self, seconds=0.0, constant=None):
        super().__init__(strategy="constant", constant=constant)
        self.seconds = seconds

    def fit(self, X, y, sample_weight=None):
        time.sleep(self.seconds)
        return super().fit(X, y, sample_weight)


def make_search(storage, n_trials, seconds, heartbeat_seconds):
    return PipelineSearchCV(
        SlowClassifier(seconds),
        {"constant": ["a", "b"]},
        n_trials=n_trials,
        cv=2,
        storage=storage,
        study_name="shared",
        heartbeat_seconds=heartbeat_seconds,
        random_state=0,
    )


def run(storage, n_trials, seconds=0.0, heartbeat_seconds=5.0):
    texts, labels = [[0.0]] * 8, ["a", "a", "a", "b"] * 2
    return make_search(storage, n_trials, seconds, heartbeat_seconds).fit(texts, labels)
