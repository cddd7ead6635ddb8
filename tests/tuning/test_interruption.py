"""Ctrl-C interrupts a search: finished trials are kept, and unfinished ones do not count."""

import logging
import os
import signal
import threading
from collections import Counter

import numpy as np
import pytest
from optuna.pruners import NopPruner
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError

from agnews_sk._core.interruption import Interruption
from agnews_sk.tuning import PipelineSearchCV, finished_trials, open_storage
from agnews_sk.tuning._study import begin_trial, open_study
from agnews_sk.tuning._worker import WORKER, _this_process, requeue_interrupted_trials

MAXIMIZE = [StudyDirection.MAXIMIZE]
X, Y = np.zeros((8, 1)), np.array(["a", "b"] * 4)


# Settings of a study include class attributes, but not those of a logger.
STATE = logging.getLogger(__name__)
STATE.n_fits, STATE.at_fit, STATE.swallows, STATE.ended = 0, None, True, threading.Event()


class Interrupted(DummyClassifier):
    """Raise and catch Ctrl-C in one fit, and return, as skorch does."""

    def fit(self, X, y, sample_weight=None):
        STATE.n_fits += 1
        if STATE.n_fits == STATE.at_fit:
            try:
                os.kill(os.getpid(), signal.SIGINT)  # for the main thread
                STATE.ended.wait(30)
            except KeyboardInterrupt:
                if not STATE.swallows:
                    raise
        return super().fit(X, y, sample_weight)


@pytest.fixture(autouse=True)
def interrupted(monkeypatch):
    def at(fit, swallows=True):
        monkeypatch.setattr(STATE, "n_fits", 0)
        monkeypatch.setattr(STATE, "at_fit", fit)
        monkeypatch.setattr(STATE, "swallows", swallows)
        monkeypatch.setattr(STATE, "ended", threading.Event())

    at(None)
    return at


def make_search(**options):
    options = {"n_trials": 6, "cv": 2, "pruner": NopPruner(), **options}
    return PipelineSearchCV(
        Interrupted(), {"strategy": ["prior", "most_frequent"]}, random_state=0, **options
    )


def states_of(study):
    return Counter(trial.state for trial in study.trials)


@pytest.mark.parametrize("swallows", [True, False], ids=["swallowed", "raised"])
def test_finished_trials_are_kept_and_the_interrupted_one_is_requeued(swallows, interrupted):
    storage = InMemoryStorage()
    search = make_search(storage=storage, study_name="kept")
    interrupted(6, swallows)  # the second fold of the third trial
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert signal.getsignal(signal.SIGINT) is before
    assert search.cv_results_["state"].tolist() == ["complete", "complete"]
    assert search.best_params_ == search.cv_results_["params"][0]
    assert states_of(search.study_)[TrialState.RUNNING] == 0
    with pytest.raises(NotFittedError, match="not fitted yet"):
        search.predict(X)
    interrupted(None)
    resumed = make_search(storage=storage, study_name="kept").fit(X, Y)
    assert len(finished_trials(resumed.study_)) == 6
    assert (resumed.cv_results_["state"] == "complete").all()


def test_without_a_finished_trial_there_is_no_best(interrupted):
    search = make_search()
    interrupted(1)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert not hasattr(search, "best_params_")
    assert finished_trials(search.study_) == []


def test_a_best_pipeline_that_was_interrupted_is_not_kept(interrupted):
    search = make_search(n_trials=2)
    interrupted(5)  # on all rows
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert not hasattr(search, "best_estimator_")
    assert len(search.cv_results_["params"]) == 2


def test_threads_end_with_the_search(interrupted):
    search = make_search(n_jobs=2, n_trials=40)
    interrupted(15)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    STATE.ended.set()
    n_ended = len(search.cv_results_["params"])
    assert 0 < n_ended < 20
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and "worker" in thread.name:
            thread.join(10)
    states = states_of(search.study_)
    assert states[TrialState.RUNNING] == 0
    assert states[TrialState.COMPLETE] <= n_ended + 1
    assert states[TrialState.WAITING] >= 20


def test_an_error_in_a_thread_ends_the_other_one_and_keeps_the_trials(interrupted):
    def fail(study, trial):
        if trial.number == 3:
            raise RuntimeError("a callback of the user's")

    search = make_search(n_jobs=2, n_trials=200, callbacks=[fail])
    with pytest.raises(RuntimeError, match="a callback of the user's"):
        search.fit(X, Y)
    assert len(search.cv_results_["params"]) >= 1
    assert states_of(search.study_)[TrialState.WAITING] > 100


def test_a_refit_that_fails_loses_no_trial():
    class Picky(DummyClassifier):
        def fit(self, X, y, sample_weight=None):
            if len(X) == 8:
                raise MemoryError("too many rows")
            return super().fit(X, y, sample_weight)

    search = PipelineSearchCV(Picky(), {"strategy": ["prior"]}, n_trials=3, cv=2)
    with pytest.raises(MemoryError, match="too many rows"):
        search.fit(X, Y)
    assert search.best_params_ == {"strategy": "prior"}


def test_trials_of_this_process_and_of_dead_ones_are_requeued(tmp_path):
    storage = open_storage(f"journal:{tmp_path / 'study.journal'}")
    study = open_study(storage, "kept", MAXIMIZE, {}, 3)
    here = _this_process()
    workers = [here, [*here[:2], 2**22 + 1], ["elsewhere", "", 1]]
    for worker in workers:
        trial = study.ask()
        trial.set_user_attr(WORKER, worker)
    requeue_interrupted_trials(study, is_shared=True)
    running = [trial for trial in study.trials if trial.state == TrialState.RUNNING]
    assert [trial.user_attrs[WORKER] for trial in running] == [workers[2]]
    assert states_of(study)[TrialState.WAITING] == 2


def test_two_workers_with_fewer_requested_trials_do_not_exceed_them():
    study = open_study(open_storage(None), "kept", MAXIMIZE, {}, 9)
    begun = [begin_trial(study, lambda number: study.sampler, 4) for _ in range(9)]
    assert [trial.number for trial in begun if trial is not None] == [0, 1, 2, 3]


def test_a_signal_handler_that_raises_nothing_does_not_interrupt():
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        interruption = Interruption()
        with interruption.listening():
            signal.raise_signal(signal.SIGINT)
        interruption.check()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]
