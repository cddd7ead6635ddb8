"""A worker of a study: run one trial after the other until all are finished."""

import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from agnews_sk._core.interruption import Interruption
from agnews_sk.tuning._evaluation import ERROR
from agnews_sk.tuning._storages import is_lost_connection
from agnews_sk.tuning._study import (
    begin_trial,
    is_stopped,
    log_finished_trial,
    requeue,
    stoppable,
)

OptunaCallback = Callable[[Study, FrozenTrial], None]

MAX_RETRIES = 2
MAX_MISSED_HEARTBEATS = 6
POLL_SECONDS = 0.2
# User attributes of a trial that is running: its process, and a counter.
WORKER = "worker"
HEARTBEAT = "beat"


@dataclass(kw_only=True)
class Worker:
    """Run trials of a study until it has as many as were requested.

    Parameters
    ----------
    study : optuna.study.Study
        Used by this worker only.
    evaluate : callable
        Takes a trial, and a function that raises KeyboardInterrupt if the search was interrupted;
        returns the trial's values.
    sampler_for : callable
        From the number of a trial to the sampler that draws its parameters.
    n_trials : int or None
        Total number of trials in the study, which are queued; with None the worker creates trials
        until the deadline.
    deadline : float or None
        No trial begins after this `time.time()`.
    heartbeat_seconds : float or None
        Interval between heartbeats of a running trial. A trial that misses six, or whose process
        has ended on this machine, is queued again. None if no other process can see the study.
    reraise : bool
        Raise a trial's error instead of recording it.
    callbacks : sequence of callable
        Called with the study and each trial that this worker finished.
    interruption : Interruption
        Shared by all workers in this process.
    verbose : bool
        Whether to log each finished trial.
    """

    study: Study
    evaluate: Callable[[Trial, Callable[[], None]], list[float]]
    sampler_for: Callable[[int], BaseSampler]
    n_trials: int | None
    deadline: float | None
    heartbeat_seconds: float | None
    reraise: bool
    callbacks: Sequence[OptunaCallback]
    interruption: Interruption
    verbose: bool
    first_error: Exception | None = field(init=False, default=None)

    def run(self) -> Exception | None:
        """Work, and return the first error of a trial."""
        beat = self.heartbeat_seconds
        watch = None if beat is None else _Watch(self.study, MAX_MISSED_HEARTBEATS * beat)
        with stoppable(self.study):
            while not self._is_over():
                self.interruption.check()
                if watch is not None:
                    watch.requeue_lost_trials()
                trial = begin_trial(self.study, self.sampler_for, self.n_trials)
                if trial is not None:
                    self._run_trial(trial)
                elif self._others_run():
                    time.sleep(POLL_SECONDS)  # one of them may be lost and queued again
                else:
                    break
        return self.first_error

    def _is_over(self) -> bool:
        """Return whether the deadline has passed or the study was stopped."""
        late = self.deadline is not None and time.time() >= self.deadline
        return late or is_stopped(self.study)

    def _others_run(self) -> bool:
        """Return whether any worker of the study runs a trial."""
        return bool(self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))

    def _run_trial(self, trial: Trial) -> None:
        """Evaluate a trial and record how it ended."""
        values, state = None, TrialState.FAIL
        try:
            with _Heartbeat(trial, self.heartbeat_seconds):
                values = self.evaluate(trial, self.interruption.check)
                state = TrialState.COMPLETE
        except optuna.TrialPruned:
            state = TrialState.PRUNED
        except optuna.exceptions.UpdateFinishedTrialError:
            return  # this worker was considered dead, and the trial was queued again
        except Exception as error:
            if is_lost_connection(error):
                raise  # not an error of the trial, which is queued again once this worker is gone
            self.first_error = self.first_error or error
            trial.set_user_attr(ERROR, _describe(error))
            if self.reraise:
                self._record(trial, None, TrialState.FAIL)
                raise
        except BaseException:  # interrupted: not an error of the trial
            requeue(self.study, _frozen(self.study, trial), MAX_RETRIES + 1)
            raise
        self._record(trial, values, state)

    def _record(self, trial: Trial, values: list[float] | None, state: TrialState) -> None:
        """Record a trial's values and state, and call the callbacks."""
        try:
            told = self.study.tell(trial, values, state)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            if _frozen(self.study, trial).state.is_finished():
                return  # this worker was considered dead, and the trial was queued again
            raise
        if self.verbose:
            log_finished_trial(self.study, told)
        for callback in self.callbacks:
            callback(self.study, told)


def _frozen(study: Study, trial: Trial) -> FrozenTrial:
    """Return the trial as the storage has it."""
    return study.get_trials(deepcopy=False)[trial.number]


def _describe(error: Exception) -> str:
    """Return the error and the line that raised it, for readers of the storage."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"[:2000]


class _Heartbeat:
    """Increment a counter in a trial's attributes while it runs.

    Parameters
    ----------
    trial : optuna.trial.Trial
    seconds : float or None
        Interval; None does nothing.
    """

    def __init__(self, trial: Trial, seconds: float | None) -> None:
        self._trial = trial
        self._seconds = seconds
        self._ended = threading.Event()

    def __enter__(self) -> None:
        if self._seconds is None:
            return
        self._trial.set_user_attr(WORKER, _this_process())
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def __exit__(self, *error: Any) -> None:
        if self._seconds is None:
            return
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        """Count up until the trial has ended."""
        n_beats = 0
        while not self._ended.wait(self._seconds):
            n_beats += 1
            try:
                self._trial.set_user_attr(HEARTBEAT, n_beats)
            except optuna.exceptions.UpdateFinishedTrialError:
                return  # this worker was considered dead
            except Exception as error:
                if not is_lost_connection(error):
                    raise


def requeue_interrupted_trials(study: Study, *, is_shared: bool) -> None:
    """Queue the running trials of this process again, and of those ended on this machine.

    Parameters
    ----------
    study : optuna.study.Study
    is_shared : bool
        Whether other processes may run trials of the study; if not, all running ones are queued.
    """
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        worker = trial.user_attrs.get(WORKER)
        if not is_shared or worker == _this_process() or _is_gone(worker):
            requeue(study, trial, MAX_RETRIES + 1)


class _Watch:
    """Find running trials whose worker has died.

    Clocks of machines differ, so a trial counts as silent when this worker has seen no new
    heartbeat for so many seconds by its own clock.

    Parameters
    ----------
    study : optuna.study.Study
    patience : float
        Seconds.
    """

    def __init__(self, study: Study, patience: float) -> None:
        self._study = study
        self._patience = patience
        self._last: dict[int, tuple[Any, float]] = {}

    def requeue_lost_trials(self) -> None:
        """Queue the trials of lost workers again."""
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if self._is_lost(trial):
                requeue(self._study, trial, MAX_RETRIES)

    def _is_lost(self, trial: FrozenTrial) -> bool:
        """Return whether the worker of a running trial has died, or is silent for too long."""
        now = time.monotonic()
        beat = trial.user_attrs.get(HEARTBEAT)
        last, since = self._last.get(trial.number, (None, now))
        if trial.number not in self._last or beat != last:
            self._last[trial.number] = (beat, now)
            since = now
        return _is_gone(trial.user_attrs.get(WORKER)) or now - since > self._patience


def _this_process() -> list[Any]:
    """Return what identifies this process: host name, namespace of process ids, and process id."""
    return [socket.gethostname(), _process_namespace(), os.getpid()]


def _process_namespace() -> str:
    """Return an identifier of the container: process ids are unique within one only."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _is_gone(worker: list[Any] | None) -> bool:
    """Return whether a worker's process has ended; False for other machines and containers."""
    if worker is None or os.name != "posix" or worker[:2] != _this_process()[:2]:
        return False
    try:
        os.kill(worker[2], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
