"""The workers of one call: where they run, and the storage that they share."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna
from joblib.parallel import get_active_backend
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import Study
from sklearn.utils.parallel import Parallel, delayed

from agnews_sk.tuning._job import Job
from agnews_sk.tuning._worker import requeue_interrupted_trials


@dataclass(frozen=True)
class WorkerPool:
    """The workers of one call, as threads or processes.

    Parameters
    ----------
    n_workers : int
    in_process : bool
        Whether they are threads of this process.
    """

    n_workers: int
    in_process: bool

    @classmethod
    def of(cls, n_jobs: int | None) -> "WorkerPool":
        """Return the workers that joblib's active backend gives for `n_jobs`."""
        backend, n_default = get_active_backend(prefer="threads")
        n_workers = backend.effective_n_jobs(n_jobs or n_default or 1)
        return cls(n_workers, n_workers == 1 or getattr(backend, "supports_sharedmem", False))

    @contextmanager
    def shared_storage(
        self, storage: str | BaseStorage | None, study_name: str | None
    ) -> Iterator[str | BaseStorage | None]:
        """Yield a storage that all workers reach: a temporary file if they share no memory.

        Raises
        ------
        ValueError
            If the user's storage is in memory, and the workers are processes.
        """
        if self.in_process or storage is not None or study_name is not None:
            if not self.in_process and isinstance(storage, InMemoryStorage):
                raise ValueError(
                    "storage must be one that the workers of n_jobs can reach, got in-memory "
                    "storage; pass a URL such as journal:PATH."
                )
            yield storage
            return
        with tempfile.TemporaryDirectory() as folder:
            yield f"journal:{Path(folder) / 'study.journal'}"

    def run(self, job: Job) -> Exception | None:
        """Run the workers until the study ends, and return the first error of a trial.

        When the search is interrupted, or a worker raises, all workers stop: those in threads after
        their current fold or epoch. Running trials are queued again.
        """
        try:
            if self.n_workers == 1:
                return job.work()
            # scikit-learn's class, which passes its configuration on to the workers.
            parallel = Parallel(n_jobs=self.n_workers, prefer="threads")
            errors = parallel(delayed(_work)(job, i) for i in range(self.n_workers))
        except BaseException:
            job.interruption.set()
            is_shared = not isinstance(job.storage, InMemoryStorage)
            requeue_interrupted_trials(job.join(), is_shared=is_shared)
            raise
        return next((error for error in errors if error is not None), None)


def _work(job: Job, index: int) -> Exception | None:
    """Run one worker, and return the first error of a trial.

    A thread of an interrupted search ends without an error; the main thread raises it.
    """
    try:
        return job.work(index)
    except KeyboardInterrupt:
        if threading.current_thread() is threading.main_thread() or not job.interruption.is_set:
            raise
        return None  # no caller waits for this thread any longer


def copy_into_memory(study: Study) -> Study:
    """Return a copy of a study whose file will be deleted."""
    copy = InMemoryStorage()
    optuna.copy_study(
        from_study_name=study.study_name,
        from_storage=study._storage,
        to_storage=copy,
    )
    return optuna.load_study(study_name=study.study_name, storage=copy)
