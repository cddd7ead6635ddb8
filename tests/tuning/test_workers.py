"""The workers of one call, and the storage that they share."""

import joblib
import optuna
import pytest
from optuna.storages import InMemoryStorage

from agnews_sk.tuning import open_storage
from agnews_sk.tuning._workers import WorkerPool, copy_into_memory


@pytest.mark.parametrize(("n_jobs", "n_workers"), [(None, 1), (1, 1), (3, 3)])
def test_workers_are_threads_by_default(n_jobs, n_workers):
    assert WorkerPool.of(n_jobs) == WorkerPool(n_workers, in_process=True)


def test_workers_are_those_of_the_configured_backend():
    with joblib.parallel_config("loky", n_jobs=2):
        assert WorkerPool.of(None) == WorkerPool(2, in_process=False)
        assert WorkerPool.of(1) == WorkerPool(1, in_process=True)


def test_threads_share_the_memory_of_the_process():
    with WorkerPool(2, in_process=True).shared_storage(None, None) as storage:
        assert storage is None


def test_processes_share_a_temporary_file():
    with WorkerPool(2, in_process=False).shared_storage(None, None) as storage:
        optuna.create_study(study_name="shared", storage=open_storage(storage))
        assert optuna.get_all_study_names(open_storage(storage)) == ["shared"]
    path = storage.removeprefix("journal:")
    assert optuna.get_all_study_names(open_storage(f"journal:{path}")) == []


@pytest.mark.parametrize(
    ("storage", "name"), [("journal:a", None), (None, "a"), ("journal:a", "a")], ids=str
)
def test_a_storage_of_the_user_is_used(storage, name):
    with WorkerPool(2, in_process=False).shared_storage(storage, name) as shared:
        assert shared == storage


def test_memory_is_rejected_for_processes():
    pool = WorkerPool(2, in_process=False)
    with (
        pytest.raises(ValueError, match="storage must be one that the workers of n_jobs can reach"),
        pool.shared_storage(InMemoryStorage(), None),
    ):
        pass


def test_a_study_is_copied_with_its_trials(tmp_path):
    path = tmp_path / "study.journal"
    study = optuna.create_study(study_name="a", storage=open_storage(f"journal:{path}"))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    expected = [(trial.params, trial.value) for trial in study.trials]
    copy = copy_into_memory(study)
    path.unlink()
    assert [(trial.params, trial.value) for trial in copy.trials] == expected
