"""A worker: its heartbeat, and trials of workers that are lost."""

import os
import subprocess
import sys
import time

import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from agnews_sk._core.interruption import Interruption
from agnews_sk.tuning import finished_trials
from agnews_sk.tuning._evaluation import ERROR
from agnews_sk.tuning._job import Samplers
from agnews_sk.tuning._study import open_study
from agnews_sk.tuning._worker import (
    HEARTBEAT,
    WORKER,
    Worker,
    _describe,
    _Heartbeat,
    _is_gone,
    _this_process,
    _Watch,
)


@pytest.fixture
def study():
    return open_study(InMemoryStorage(), "a", [StudyDirection.MAXIMIZE], {}, 3)


def make_worker(study, evaluate, **options):
    defaults = {
        "n_trials": 3, "deadline": None, "heartbeat_seconds": None, "reraise": False,
        "callbacks": [], "interruption": Interruption(), "verbose": False,
    }  # fmt: skip
    return Worker(
        study=study, evaluate=evaluate, sampler_for=Samplers(None, 0), **{**defaults, **options}
    )


def dead_process():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return [*_this_process()[:2], done.pid]


def test_a_worker_runs_all_trials_and_calls_back_for_each(study):
    seen = []

    def evaluate(trial, check):
        return [trial.suggest_float("x", 0, 1)]

    worker = make_worker(study, evaluate, callbacks=[lambda s, t: seen.append(t.number)])
    assert worker.run() is None
    assert seen == [0, 1, 2]
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 3


def test_errors_are_recorded_with_their_line_and_the_first_is_returned(study):
    def evaluate(trial, check):
        if trial.number == 1:
            raise optuna.TrialPruned
        raise ValueError(f"trial {trial.number}")

    error = make_worker(study, evaluate).run()
    assert str(error) == "trial 0"
    first, pruned, last = finished_trials(study)
    assert (first.state, pruned.state) == (TrialState.FAIL, TrialState.PRUNED)
    assert first.user_attrs[ERROR].startswith("ValueError: trial 0 (")
    assert last.user_attrs[ERROR].startswith("ValueError: trial 2 (")


def test_an_error_is_raised_if_requested(study):
    def evaluate(trial, check):
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        make_worker(study, evaluate, reraise=True).run()
    assert [trial.state for trial in finished_trials(study)] == [TrialState.FAIL]


def test_no_trial_begins_after_the_deadline(study):
    assert make_worker(study, None, deadline=time.time() - 1).run() is None
    assert finished_trials(study) == []


def test_a_stopped_study_begins_no_trial(study):
    worker = make_worker(study, lambda trial, check: [0.0], callbacks=[lambda s, t: s.stop()])
    worker.run()
    assert len(finished_trials(study)) == 1


def test_an_interrupted_trial_is_queued_again(study):
    def evaluate(trial, check):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_worker(study, evaluate).run()
    assert finished_trials(study) == []
    assert len(study.get_trials(states=(TrialState.WAITING,))) == 3


def test_a_heartbeat_names_the_process_and_counts_up(study):
    trial = study.ask()
    with _Heartbeat(trial, 0.001):
        give_up = time.monotonic() + 30
        while trial.user_attrs.get(HEARTBEAT, 0) < 2 and time.monotonic() < give_up:
            time.sleep(0.001)
    assert trial.user_attrs[WORKER] == _this_process()
    assert trial.user_attrs[HEARTBEAT] >= 2


def test_without_an_interval_there_is_no_heartbeat(study):
    trial = study.ask()
    with _Heartbeat(trial, None):
        pass
    assert trial.user_attrs == {}


def test_a_trial_is_lost_when_its_process_has_ended(study):
    trial = study.ask()
    trial.set_user_attr(WORKER, _this_process())
    watch = _Watch(study, patience=60)
    watch.requeue_lost_trials()
    assert study.trials[trial.number].state == TrialState.RUNNING
    trial.set_user_attr(WORKER, dead_process())
    watch.requeue_lost_trials()
    assert study.trials[trial.number].state == TrialState.FAIL


def test_a_trial_is_lost_when_its_heartbeat_stops(study, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    trial = study.ask()
    trial.set_user_attr(WORKER, ["another machine", "", 1])
    watch = _Watch(study, patience=6)
    for second, beat in ((0, 1), (5, 2), (10, 2)):
        now[0] = second
        trial.set_user_attr(HEARTBEAT, beat)
        watch.requeue_lost_trials()
        assert study.trials[trial.number].state == TrialState.RUNNING
    now[0] = 12
    watch.requeue_lost_trials()
    assert study.trials[trial.number].state == TrialState.FAIL


@pytest.mark.parametrize(
    ("worker", "gone"),
    [(None, False), (["another machine", "", 1], False), ("this", False), ("dead", True)],
    ids=["unknown", "another machine", "this", "dead"],
)
def test_only_a_process_of_this_machine_is_known_to_have_ended(worker, gone):
    process = {"this": _this_process(), "dead": dead_process()}.get(str(worker), worker)
    assert _is_gone(process) is gone
    assert _this_process()[2] == os.getpid()


def test_a_description_of_an_error_has_its_type_message_and_line():
    try:
        raise ValueError("x" * 3000)
    except ValueError as error:
        described = _describe(error)
    assert described.startswith("ValueError: xxx")
    assert len(described) == 2000
