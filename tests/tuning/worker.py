"""A worker in a process of its own, whose trials take a while: STORAGE N_TRIALS SECONDS."""

import sys
import time

from sklearn.dummy import DummyClassifier

from agnews_sk.tuning import PipelineSearchCV


class SlowClassifier(DummyClassifier):
    """Take a while to fit."""

    def __init__(self, seconds=0.0, constant=None):
        super().__init__(strategy="constant", constant=constant)
        self.seconds = seconds

    def fit(self, X, y, sample_weight=None):
        time.sleep(self.seconds)
        return super().fit(X, y, sample_weight)


def make_search(storage, n_trials, seconds):
    return PipelineSearchCV(
        SlowClassifier(seconds),
        {"constant": ["a", "b"]},
        n_trials=n_trials,
        cv=2,
        storage=storage,
        study_name="shared",
        heartbeat_seconds=0.2,
        random_state=0,
    )


def run(storage, n_trials, seconds=0.0):
    texts, labels = [[0.0]] * 8, ["a", "a", "a", "b"] * 2
    return make_search(storage, n_trials, seconds).fit(texts, labels)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
