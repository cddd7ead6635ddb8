"""Open studies, and share the trials of a study among workers.

The only module that uses private functions of Optuna.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from agnews_sk.tuning._descriptions import differences

# More time than a worker needs to create the waiting trials of a study.
_LOCK_SECONDS = 60.0
# User attributes of a trial whose worker died, and of the trial that repeats it.
LOST = "lost"
RETRY = "retry"
# User attribute of a study: the settings that determine the scores of its trials.
_SETTINGS = "settings"


def open_study(
    storage: BaseStorage,
    study_name: str | None,
    directions: Sequence[StudyDirection],
    settings: dict[str, str],
    n_trials: int | None,
) -> Study:
    """Create a study or join it, and add a waiting trial for each one that it lacks.

    Parameters
    ----------
    storage : optuna.storages.BaseStorage
    study_name : str or None
    directions : sequence of StudyDirection
    settings : dict of str to str
        Descriptions of the settings that all workers of a study must share.
    n_trials : int or None
        Total number of trials in the study; None adds none.

    Returns
    -------
    optuna.study.Study

    Raises
    ------
    ValueError
        If the study was created with other settings.
    """
    study = optuna.create_study(
        storage=storage, study_name=study_name, directions=directions, load_if_exists=True
    )
    if study.user_attrs.get(_SETTINGS):
        _check_settings(study, settings)
    if not study.user_attrs.get(_SETTINGS) or _n_missing(study, n_trials) > 0:
        with _only_worker(storage, f"{study.study_name} (being set up)"):
            _check_settings(study, settings)
            for _ in range(_n_missing(study, n_trials)):
                study.add_trial(create_trial(state=TrialState.WAITING))
    return study


def _check_settings(study: Study, settings: dict[str, str]) -> None:
    """Write the settings to a new study, or compare them with those of an existing one."""
    created_with = study.user_attrs.get(_SETTINGS, {})
    if not created_with and not finished_trials(study):
        study.set_user_attr(_SETTINGS, settings)
        return
    if created_with.keys().isdisjoint(settings) and settings:
        raise ValueError(
            f"study {study.study_name!r} has trials, but no record of how they were scored; use "
            "another study_name."
        )
    found = differences(created_with, settings)
    if found:
        raise ValueError(
            f"study {study.study_name!r} was created with other settings: {found}. Its trials "
            "cannot be compared with new ones; use the same settings, or another study_name."
        )


def _n_missing(study: Study, n_trials: int | None) -> int:
    """Return how many waiting trials a study lacks for this number in all."""
    if n_trials is None:
        return 0
    return n_trials - sum(not is_lost(trial) for trial in study.get_trials(deepcopy=False))


def finished_trials(study: Study) -> list[FrozenTrial]:
    """Return the trials that completed, were pruned or failed.

    Trials whose worker died are left out: others were queued for them.

    Parameters
    ----------
    study : optuna.study.Study

    Returns
    -------
    list of optuna.trial.FrozenTrial

    Examples
    --------
    >>> import optuna
    >>> from agnews_sk.tuning import finished_trials
    >>> study = optuna.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    >>> [trial.number for trial in finished_trials(study)]
    [0, 1]
    """
    trials = study.get_trials(deepcopy=False)
    return [trial for trial in trials if trial.state.is_finished() and not is_lost(trial)]


def is_lost(trial: FrozenTrial) -> bool:
    """Return whether a trial's worker died, and another trial was queued for it."""
    return trial.state == TrialState.FAIL and LOST in trial.user_attrs


@contextmanager
def _only_worker(storage: BaseStorage, name: str) -> Iterator[None]:
    """Hold a lock of this name, which is a study: no storage creates two of one name."""
    give_up = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            with quiet_optuna(False):
                study_id = storage.create_new_study([StudyDirection.MINIMIZE], name)
            break
        except DuplicatedStudyError:
            if time.monotonic() > give_up:  # the process that held it was killed
                with suppress(KeyError):  # another worker was first
                    storage.delete_study(storage.get_study_id_from_name(name))
            time.sleep(0.1)
    try:
        yield
    finally:
        with suppress(KeyError):  # another worker gave up waiting
            storage.delete_study(study_id)


def begin_trial(
    study: Study, sampler_for: Callable[[int], BaseSampler], n_trials: int | None
) -> Trial | None:
    """Start a waiting trial, or return None if there is none.

    `Study.ask` would create a new one instead, and together workers would run too many.

    Parameters
    ----------
    study : optuna.study.Study
    sampler_for : callable
        From the number of the trial to its sampler.
    n_trials : int or None
        Only this many of the study's trials are started, even if an earlier call queued more.
        With None, a new trial is created if none is waiting.

    Returns
    -------
    optuna.trial.Trial or None
    """
    study._thread_local.cached_all_trials = None
    trials = [trial for trial in study.get_trials(deepcopy=False) if not is_lost(trial)]
    waiting = [t for t in trials[:n_trials] if t.state == TrialState.WAITING]
    trial_id = next((t._trial_id for t in waiting if _is_taken(study, t)), None)
    if trial_id is None and n_trials is not None:
        return None
    if trial_id is None:
        trial_id = study._storage.create_new_trial(study._study_id)
    study.sampler = sampler_for(study._storage.get_trial(trial_id).number)
    return Trial(study, trial_id)


def _is_taken(study: Study, trial: FrozenTrial) -> bool:
    """Set a waiting trial to running, and return whether no other worker was first."""
    try:
        return study._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
    except optuna.exceptions.UpdateFinishedTrialError:
        return False


def requeue(study: Study, trial: FrozenTrial, max_retries: int) -> bool:
    """Fail a trial whose worker died, and queue its parameters again.

    Parameters
    ----------
    study : optuna.study.Study
    trial : optuna.trial.FrozenTrial
    max_retries : int
        After more lost workers than this, the trial counts as failed.

    Returns
    -------
    bool
        Whether this call did so, rather than another worker.
    """
    retry = trial.user_attrs.get(RETRY, 0) + 1
    storage = study._storage
    try:
        if retry <= max_retries:
            storage.set_trial_user_attr(trial._trial_id, LOST, True)
        else:
            message = f"its worker died, {retry} times in all"
            storage.set_trial_user_attr(trial._trial_id, "error", message)
        if not storage.set_trial_state_values(trial._trial_id, TrialState.FAIL):
            return False
    except (optuna.exceptions.UpdateFinishedTrialError, KeyError):
        return False  # it ended, or another worker was first
    if retry <= max_retries:
        params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        again = create_trial(
            state=TrialState.WAITING,
            user_attrs={RETRY: retry},
            system_attrs={"fixed_params": params},
        )
        study.add_trial(again)
    return True


@contextmanager
def stoppable(study: Study) -> Iterator[None]:
    """Allow samplers and callbacks to call `study.stop()`, as within `Study.optimize`."""
    study._stop_flag = False
    study._thread_local.in_optimize_loop = True
    try:
        yield
    finally:
        study._thread_local.in_optimize_loop = False
        study._storage.remove_session()


def is_stopped(study: Study) -> bool:
    """Return whether a sampler or a callback has called `study.stop()`."""
    return study._stop_flag


@contextmanager
def quiet_optuna(verbose: bool) -> Iterator[None]:
    """Suppress Optuna's log messages of this thread, unless verbose.

    Warnings, a level set by the user, and handlers of the user's are not affected.
    """
    handler = optuna.logging._default_handler
    if verbose or handler is None or optuna.logging.get_verbosity() != logging.INFO:
        yield
        return
    thread = threading.get_ident()

    def is_printed(record: logging.LogRecord) -> bool:
        """Filter out the messages of this thread below warnings."""
        return record.thread != thread or record.levelno >= logging.WARNING

    handler.addFilter(is_printed)
    try:
        yield
    finally:
        handler.removeFilter(is_printed)


def log_finished_trial(study: Study, trial: FrozenTrial) -> None:
    """Log a trial as `Study.optimize` does."""
    if trial.state == TrialState.COMPLETE:
        study._log_completed_trial(trial.values, trial.number, trial.params)
    else:
        logger = optuna.logging.get_logger("optuna.study")
        logger.info(f"Trial {trial.number} {trial.state.name.lower()}.")
