"""Where the workers of one call run, and where they meet."""

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
class Crew:
    """The workers of one call.

    Parameters
    ----------
    n_workers : int
    in_process : bool
        Whether they are threads of this process.
    """

    n_workers: int
    in_process: bool

    @classmethod
    def of(cls, n_jobs: int | None) -> "Crew":
        """Take what joblib makes of a number of jobs."""
        backend, n_default = get_active_backend(prefer="threads")
        n_workers = backend.effective_n_jobs(n_jobs or n_default or 1)
        return cls(n_workers, n_workers == 1 or getattr(backend, "supports_sharedmem", False))

    @contextmanager
    def meeting_place(
        self, storage: str | BaseStorage | None, study_name: str | None
    ) -> Iterator[str | BaseStorage | None]:
        """Give the workers a storage that all of them reach: a file, where they share no memory."""
        if self.in_process or storage is not None or study_name is not None:
            if not self.in_process and isinstance(storage, InMemoryStorage):
                raise ValueError(
                    "storage must be one that the workers of n_jobs reach, got this process's "
                    "memory; give a URL such as journal:PATH."
                )
            yield storage
            return
        with tempfile.TemporaryDirectory() as folder:
            yield f"journal:{Path(folder) / 'study.journal'}"

    def run(self, job: Job) -> Exception | None:
        """Work until the study ends, and return the first error of a trial.

        When it is interrupted, or a worker raises, all workers end: those in threads after the
        fold or epoch that they are at. What was running is queued again.
        """
        try:
            if self.n_workers == 1:
                return job.work()
            # scikit-learn's own, which takes its configuration along.
            parallel = Parallel(n_jobs=self.n_workers, prefer="threads")
            errors = parallel(delayed(_work)(job, i) for i in range(self.n_workers))
        except BaseException:
            job.interruption.set()
            is_shared = not isinstance(job.storage, InMemoryStorage)
            requeue_interrupted_trials(job.join(), is_shared=is_shared)
            raise
        return next((error for error in errors if error is not None), None)


def _work(job: Job, index: int) -> Exception | None:
    try:
        return job.work(index)
    except KeyboardInterrupt:
        if threading.current_thread() is threading.main_thread() or not job.interruption.is_set:
            raise
        return None  # nobody waits for this thread any more


def copy_into_memory(study: Study) -> Study:
    """Keep a study whose file goes."""
    copy = InMemoryStorage()
    optuna.copy_study(
        from_study_name=study.study_name,
        from_storage=study._storage,
        to_storage=copy,
    )
    return optuna.load_study(study_name=study.study_name, storage=copy)
