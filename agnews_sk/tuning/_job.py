"""What the workers of a search are given, in this process or another."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import Study

from agnews_sk._core.interruption import Interruption
from agnews_sk.tuning._evaluation import TrialEvaluation
from agnews_sk.tuning._storages import open_storage
from agnews_sk.tuning._study import quiet_optuna
from agnews_sk.tuning._worker import Worker


@dataclass(frozen=True)
class Samplers:
    """The sampler of each trial: the user's, or one seeded by the trial's number.

    Workers with the same seed then do not repeat each other, and a resumed study draws the
    parameters that an uninterrupted one would.

    Parameters
    ----------
    sampler : optuna.samplers.BaseSampler or None
    seed : int
        Random seed of the default samplers.
    """

    sampler: BaseSampler | None
    seed: int

    def __call__(self, number: int) -> BaseSampler:
        if self.sampler is not None:
            return self.sampler
        seed = np.random.SeedSequence((self.seed, number)).generate_state(1)[0]
        return TPESampler(seed=int(seed))

    def of_worker(self, index: int) -> "Samplers":
        """Return samplers for one worker alone; those of the user's are copied and reseeded."""
        sampler = deepcopy(self.sampler)
        if sampler is not None and index > 0:
            sampler.reseed_rng()
        return Samplers(sampler, self.seed)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Everything that a worker needs; it can be pickled unless the storage is in memory.

    Parameters
    ----------
    evaluation : TrialEvaluation
    storage : str, optuna.storages.BaseStorage or None
        As `open_storage` takes it.
    study_name : str
    pruner : optuna.pruners.BasePruner
        Called after each fold.
    samplers : Samplers
    n_trials : int or None
        Total number of trials in the study.
    deadline : float or None
        No trial begins after this `time.time()`.
    heartbeat_seconds : float
    reraise : bool
        Whether to raise the error of a trial instead of recording it.
    callbacks : sequence of callable
        Called with the study and each finished trial.
    interruption : Interruption
    verbose : bool
        Whether to log each finished trial.
    """

    evaluation: TrialEvaluation
    storage: str | BaseStorage | None
    study_name: str
    pruner: BasePruner
    samplers: Samplers
    n_trials: int | None
    deadline: float | None
    heartbeat_seconds: float
    reraise: bool
    callbacks: Sequence[Any]
    interruption: Interruption
    verbose: bool

    def join(self) -> Study:
        """Load the study; each thread needs its own object."""
        storage = open_storage(self.storage, self.study_name)
        return optuna.load_study(study_name=self.study_name, storage=storage, pruner=self.pruner)

    def work(self, index: int = 0) -> Exception | None:
        """Run trials until the study ends, and return the first error of a trial.

        Parameters
        ----------
        index : int, default=0
            Number of this worker among those of the call.
        """
        shared = not isinstance(self.storage, InMemoryStorage)
        with self.interruption.listening(), quiet_optuna(self.verbose):
            worker = Worker(
                study=self.join(),
                evaluate=self.evaluation,
                sampler_for=self.samplers.of_worker(index),
                n_trials=self.n_trials,
                deadline=self.deadline,
                heartbeat_seconds=self.heartbeat_seconds if shared else None,
                reraise=self.reraise,
                callbacks=self.callbacks,
                interruption=self.interruption,
                verbose=self.verbose,
            )
            return worker.run()
