"""Storages, and the trials of a study that workers share."""

import logging
import threading

import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from agnews_sk.tuning import finished_trials, open_storage
from agnews_sk.tuning._study import (
    LOST,
    RETRY,
    begin_trial,
    is_lost,
    is_stopped,
    open_study,
    quiet_optuna,
    requeue,
    stoppable,
)

MAXIMIZE = [StudyDirection.MAXIMIZE]


@pytest.fixture
def storage():
    return InMemoryStorage()


def sampler_for(number):
    return RandomSampler(seed=number)


def waiting(study):
    return len(study.get_trials(states=(TrialState.WAITING,)))


def test_a_study_has_a_waiting_trial_for_each_requested_one(storage):
    assert waiting(open_study(storage, "a", MAXIMIZE, {}, 3)) == 3
    assert waiting(open_study(storage, "a", MAXIMIZE, {}, 2)) == 3
    assert waiting(open_study(storage, "a", MAXIMIZE, {}, 5)) == 5
    assert waiting(open_study(storage, "b", MAXIMIZE, {}, None)) == 0


def test_other_settings_are_rejected_and_named(storage):
    open_study(storage, "a", MAXIMIZE, {"C": "1", "y": "#5ae0"}, 1)
    open_study(storage, "a", MAXIMIZE, {"C": "1", "y": "#5ae0"}, 2)
    with pytest.raises(ValueError, match="'a' was created with other settings: C was 1, is 2; y d"):
        open_study(storage, "a", MAXIMIZE, {"C": "2", "y": "#ff21"}, 2)


def test_the_lock_of_a_study_is_released(storage):
    study = open_study(storage, "a", MAXIMIZE, {}, 1)
    assert [s.study_name for s in storage.get_all_studies()] == [study.study_name]


def test_waiting_trials_are_started_in_order_and_no_more_than_requested(storage):
    study = open_study(storage, "a", MAXIMIZE, {}, 4)
    started = [begin_trial(study, sampler_for, 3) for _ in range(4)]
    assert [trial and trial.number for trial in started] == [0, 1, 2, None]


def test_without_a_number_a_trial_is_created(storage):
    study = open_study(storage, "a", MAXIMIZE, {}, None)
    assert [begin_trial(study, sampler_for, None).number for _ in range(3)] == [0, 1, 2]


def test_a_trial_draws_by_the_sampler_of_its_number(storage):
    study = open_study(storage, "a", MAXIMIZE, {}, 2)
    drawn = [begin_trial(study, sampler_for, 2).suggest_float("x", 0, 1) for _ in range(2)]
    alone = optuna.create_study(sampler=RandomSampler(seed=1))
    assert drawn[1] == alone.ask().suggest_float("x", 0, 1) != drawn[0]


def test_a_lost_trial_is_queued_with_its_parameters_until_it_has_failed_too_often(storage):
    study = open_study(storage, "a", MAXIMIZE, {}, 1)
    drawn = begin_trial(study, sampler_for, 1).suggest_float("x", 0, 1)
    assert requeue(study, study.trials[0], 1)
    assert not requeue(study, study.trials[0], 1)  # another worker was first
    assert is_lost(study.trials[0])
    assert finished_trials(study) == []
    again = begin_trial(study, sampler_for, 1)
    assert again.suggest_float("x", 0, 1) == drawn
    assert again.user_attrs == {RETRY: 1}
    assert requeue(study, study.trials[1], 1)
    (failed,) = finished_trials(study)
    assert failed.user_attrs["error"] == "its worker died, 2 times in all"
    assert LOST not in failed.user_attrs
    assert waiting(study) == 0


def test_a_callback_may_stop_a_study_within_the_context_only(storage):
    study = open_study(storage, "a", MAXIMIZE, {}, 1)
    with stoppable(study):
        assert not is_stopped(study)
        study.stop()
        assert is_stopped(study)
    with pytest.raises(RuntimeError, match="stop"):
        study.stop()


@pytest.mark.parametrize("verbose", [True, False])
def test_messages_of_this_thread_below_warnings_are_suppressed_unless_verbose(verbose, monkeypatch):
    handler = logging.StreamHandler()
    seen = []
    handler.emit = lambda record: seen.append(record.getMessage())
    monkeypatch.setattr(optuna.logging, "_default_handler", handler)
    monkeypatch.setattr(logging.getLogger("optuna"), "level", logging.INFO)
    logger = logging.Logger("optuna.test")
    logger.addHandler(handler)
    with quiet_optuna(verbose):
        logger.info("told")
        logger.warning("warned")
        other = threading.Thread(target=logger.info, args=("of another thread",))
        other.start()
        other.join()
    logger.info("later")
    expected = ["told"] * verbose + ["warned", "of another thread", "later"]
    assert seen == expected


def test_a_storage_is_opened_by_its_scheme(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path))
    assert isinstance(open_storage(None), InMemoryStorage)
    memory = InMemoryStorage()
    assert open_storage(memory) is memory
    optuna.create_study(study_name="mine", storage=open_storage(None, "mine"))
    path = tmp_path / "studies" / "mine.journal"
    assert optuna.get_all_study_names(open_storage(f"journal://{path}")) == ["mine"]
    optuna.create_study(study_name="b", storage=open_storage(f"sqlite:///{tmp_path / 'b.sqlite'}"))
    assert (tmp_path / "b.sqlite").is_file()


@pytest.mark.parametrize("url", ["nowhere", "mysql", "journal:"])
def test_a_storage_of_no_known_form_is_rejected(url):
    with pytest.raises(ValueError, match=r"^storage must be journal:PATH"):
        open_storage(url)


def test_a_database_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(OSError, match=r"nowhere.* cannot be opened"):
        open_storage(f"sqlite:///{tmp_path / 'nowhere' / 'b.sqlite'}")
