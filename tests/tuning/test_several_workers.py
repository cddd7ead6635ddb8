"""Several processes work on one study: no trial is lost or repeated, and all stop together."""

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from sklearn import config_context, get_config
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_validate

from agnews_sk.tuning import PipelineSearchCV, finished_trials, open_storage
from agnews_sk.tuning._study import RETRY, is_lost, open_study, requeue
from tests.tuning.worker import run

ROOT = Path(__file__).parents[2]
OBJECTIVE = [optuna.study.StudyDirection.MAXIMIZE]


def start_worker(storage, n_trials, seconds):
    code = f"from tests.tuning.worker import run; run({storage!r}, {n_trials}, {seconds})"
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)


def load(storage):
    return optuna.load_study(study_name="shared", storage=open_storage(storage))


def wait_for(storage, condition):
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            study = load(storage)
        except KeyError:  # not there yet
            study = None
        if study is not None and condition(study):
            return study
        time.sleep(0.05)
    raise AssertionError("waited for too long")


@pytest.mark.slow
def test_two_processes_share_the_trials_and_stop_together(storage):
    workers = [start_worker(storage, 12, 0.1) for _ in range(2)]
    assert [worker.wait(timeout=100) for worker in workers] == [0, 0]
    trials = load(storage).trials
    assert [trial.number for trial in trials] == list(range(12))
    assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert len({tuple(trial.user_attrs["worker"]) for trial in trials}) == 2


@pytest.mark.slow
def test_only_the_running_trial_of_a_killed_worker_is_lost_and_it_is_requeued(storage):
    worker = start_worker(storage, 8, 0.3)
    study = wait_for(
        storage,
        lambda s: (
            len(finished_trials(s)) >= 2 and any(t.state == TrialState.RUNNING for t in s.trials)
        ),
    )
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    study = load(storage)
    ended = {t.number: t.values for t in finished_trials(study)}
    search = run(storage, 8, 0.3)
    trials = search.study_.trials
    assert len(finished_trials(search.study_)) == len(search.cv_results_["number"]) == 8
    assert ended.items() <= {t.number: t.values for t in trials}.items()
    lost = [t for t in trials if is_lost(t)]
    again = [t for t in trials if RETRY in t.user_attrs]
    assert len(lost) == len(again) == len(trials) - 8 <= 1
    assert all(t.params.items() <= a.params.items() for t, a in zip(lost, again))


def test_a_worker_that_went_silent_is_replaced(tmp_path):
    storage = open_storage(f"journal:{tmp_path / 'study.journal'}")
    study = open_study(storage, "shared", OBJECTIVE, {}, 3)
    study.ask()  # and sends no further heartbeat
    assert len(run(storage, 3, heartbeat_seconds=0.1).cv_results_["number"]) == 3
    assert [is_lost(trial) for trial in study.trials] == [True, False, False, False]


def test_a_worker_that_was_considered_dead_abandons_its_trial(tmp_path):
    storage = open_storage(f"journal:{tmp_path / 'study.journal'}")

    def steal(trial):
        if not stolen:
            stolen.append(requeue(trial.study, trial.study.trials[trial.number], 2))
        return {"constant": trial.suggest_categorical("constant", ["a", "b"])}

    stolen: list[bool] = []
    search = PipelineSearchCV(
        DummyClassifier(strategy="constant"), steal, n_trials=3, cv=2, storage=storage,
        study_name="shared", refit=False,
    ).fit([[0.0]] * 8, ["a", "b"] * 4)  # fmt: skip
    assert stolen == [True]
    assert len(search.cv_results_["number"]) == 3
    assert set(search.cv_results_["state"]) <= {"complete", "pruned"}


def test_a_trial_that_kills_its_workers_fails_in_the_end():
    study = open_study(open_storage(None), None, OBJECTIVE, {}, 1)
    for retry in range(3):
        study.ask()
        assert requeue(study, study.trials[-1], max_retries=2)
        assert len(study.trials) == min(retry + 2, 3)
    assert [is_lost(trial) for trial in study.trials] == [True, True, False]
    assert "its worker died, 3 times" in finished_trials(study)[0].user_attrs["error"]


def test_only_one_worker_requeues_a_lost_trial():
    study = open_study(open_storage(None), None, OBJECTIVE, {}, 1)
    study.ask()
    lost = study.trials[0]
    assert [requeue(study, lost, 2), requeue(study, lost, 2)] == [True, False]
    assert Counter(trial.state for trial in study.trials)[TrialState.WAITING] == 1


def test_a_study_grows_to_the_requested_number_and_resumes(tmp_path):
    storage = f"journal:{tmp_path / 'study.journal'}"
    first = run(storage, 3).cv_results_["params"]
    resumed = run(storage, 6).cv_results_["params"]
    assert resumed[:3] == first
    assert resumed == run(f"journal:{tmp_path / 'other.journal'}", 6).cv_results_["params"]
    assert len(run(storage, 4).cv_results_["params"]) == 6


def test_a_study_of_other_rows_is_rejected(tmp_path):
    storage = f"journal:{tmp_path / 'study.journal'}"
    run(storage, 2)
    search = PipelineSearchCV(
        DummyClassifier(), {}, n_trials=3, cv=2, storage=storage, study_name="shared"
    )
    with pytest.raises(
        ValueError, match=r"'shared' was created with other settings: X was 8 rows, is 6"
    ):
        search.fit([[0.0]] * 6, ["a", "b"] * 3)


def test_a_named_study_is_stored_in_a_journal_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path))
    run(None, 2)
    assert (tmp_path / "studies" / "shared.journal").is_file()


def test_a_lock_of_a_killed_process_is_acquired(tmp_path, monkeypatch):
    monkeypatch.setattr("agnews_sk.tuning._study._LOCK_SECONDS", 0.0)
    storage = open_storage(f"sqlite:///{tmp_path / 'study.sqlite'}")
    storage.create_new_study(OBJECTIVE, "shared (being set up)")
    assert len(open_study(storage, "shared", OBJECTIVE, {}, 4).trials) == 4


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_run_concurrently_with_the_configuration_of_the_caller(
    backend, news, pipeline, capfd
):
    X, y = news
    with (
        joblib.parallel_config(backend),
        config_context(enable_metadata_routing=True, assume_finite=True),
    ):
        pipeline["classify"].set_fit_request(sample_weight=True).set_score_request(
            sample_weight=False
        )
        search = PipelineSearchCV(
            pipeline, {"classify__C": [0.1, 1.0, 10.0]}, n_trials=4, cv=2, n_jobs=2, random_state=0,
            scoring=score_of_the_configuration, error_score="raise",
        ).fit(X, y, sample_weight=np.ones(len(y)))  # fmt: skip
    assert len(search.study_.trials) == 4
    assert search.best_score_ == 1
    assert "study created" not in capfd.readouterr().err


def score_of_the_configuration(estimator, X, y):
    return float(get_config()["enable_metadata_routing"] and get_config()["assume_finite"])


def test_processes_cannot_share_in_memory_storage(news, pipeline):
    storage = optuna.storages.InMemoryStorage()
    search = PipelineSearchCV(pipeline, {"classify__C": [1.0]}, storage=storage, n_jobs=2)
    with (
        joblib.parallel_config("loky"),
        pytest.raises(ValueError, match="pass a URL such as journal:PATH"),
    ):
        search.fit(*news)


@pytest.mark.slow
def test_searches_run_on_a_dask_cluster(news, pipeline):
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    grid = {"classify__C": [0.1, 1.0]}
    here = cross_validate(pipeline, *news, cv=2)["test_score"]
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        there = cross_validate(pipeline, *news, cv=2)["test_score"]
        by_grid = GridSearchCV(pipeline, grid, cv=2).fit(*news)
        ours = PipelineSearchCV(pipeline, grid, n_trials=4, cv=2, random_state=0).fit(*news)
    np.testing.assert_array_equal(there, here)
    assert by_grid.best_params_.keys() == ours.best_params_.keys() == grid.keys()
    workers = {trial.user_attrs["worker"][2] for trial in ours.study_.trials}
    assert len(ours.study_.trials) == 4
    assert len(workers) == 2
