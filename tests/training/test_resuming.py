"""Checkpoints: resuming after a kill, and unfinished runs that do not count as finished."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    Initializer,
    LRScheduler,
    PrintLog,
)
from torch.nn.init import zeros_

from agnews_sk.training import _checkpoint
from tests.training.nets import (
    CONSTANT,
    IDS,
    LABELS,
    Killed,
    logits,
    optimizer_steps,
    small,
)

VALIDATION = {"X_val": IDS, "y_val": LABELS[::-1]}  # so that the best epoch is not the last


def assert_same_training(one, other):
    np.testing.assert_array_equal(logits(one), logits(other))
    columns = one.history_.columns.drop("dur")
    pd.testing.assert_frame_equal(one.history_[columns], other.history_[columns])


@pytest.mark.parametrize("step", [6, 9], ids=["second epoch", "third epoch"])
@pytest.mark.parametrize("seconds", [300.0, 0.0], ids=["each epoch", "each step"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"freeze": 1},
        {"freeze": 1, "precision": "bf16", "d_model": 32},
        {"gradual_unfreezing": True},
        {"lora": 2},
        {"ema_decay": 0.8},
    ],
    ids=["plain", "frozen", "frozen in bfloat16", "gradual", "lora", "averaged"],
)
def test_a_killed_training_resumes_to_the_same_result(tmp_path, monkeypatch, step, seconds, params):
    monkeypatch.setattr(_checkpoint, "SECONDS_BETWEEN", seconds)
    settings = {"dropout": 0.3, "max_epochs": 3, "validation_fraction": 0.25, "patience": 3}
    settings |= {"batch_size": 6} | params
    with optimizer_steps() as steps:
        whole = small(**settings).fit(IDS, LABELS)
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=step):
        small(**settings, checkpoint_dir=tmp_path).fit(IDS, LABELS)
    with optimizer_steps() as left:
        resumed = small(**settings, checkpoint_dir=tmp_path).fit(IDS, LABELS)
    assert_same_training(resumed, whole)
    assert len(left) < len(steps)


@pytest.mark.parametrize("ema_decay", [None, 0.8])
def test_a_finished_training_is_loaded(tmp_path, ema_decay):
    first = small(checkpoint_dir=tmp_path, ema_decay=ema_decay).fit(IDS, LABELS)
    with optimizer_steps() as steps:
        again = small(checkpoint_dir=tmp_path, ema_decay=ema_decay).fit(IDS, LABELS)
    assert steps == []
    assert_same_training(again, first)


def test_without_a_random_state_a_training_is_found_again(tmp_path):
    settings = {"random_state": None, "validation_fraction": 0.25, "checkpoint_dir": tmp_path}
    first = small(**settings).fit(IDS, LABELS)
    with optimizer_steps() as steps:
        again = small(**settings).fit(IDS, LABELS)
    assert steps == []
    assert_same_training(again, first)


def test_values_recorded_by_callbacks_do_not_prevent_resuming(tmp_path):
    class Note(Callback):
        def on_epoch_end(self, net, **kwargs):
            net.history.record("mean", np.float64(0.5))
            net.history.record("itself", self)

    for _ in range(2):
        read_back = small(checkpoint_dir=tmp_path, callbacks=[Note()]).fit(IDS, LABELS)
    assert read_back.history_["mean"].tolist() == [0.5, 0.5]


class StopAfter(Callback):
    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_epoch_end(self, net, **kwargs):
        net.stop_training |= len(net.history) >= self.n_epochs


def doubled_learning_rate(factor):
    class Faster(Callback):
        def on_train_begin(self, net, **kwargs):
            for group in net.optimizer_.param_groups:
                group["lr"] *= factor

    return Faster()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"learning_rate": 0.02}),
        ({}, {"class_weight": "balanced"}),
        ({}, {"callbacks": [StopAfter(1)]}),
        ({"callbacks": [StopAfter(9)]}, {"callbacks": [StopAfter(8)]}),
        ({"callbacks": [StopAfter(9)]}, {"net_params": {"callbacks": [StopAfter(8)]}}),
        ({"callbacks": [Freezer("layers*")]}, {"callbacks": [Freezer("classifier*")]}),
        (
            {"callbacks": [Initializer("classifier*", fn=lambda p: zeros_(p))]},
            {"callbacks": [Initializer("classifier*", fn=lambda p: torch.nn.init.ones_(p))]},
        ),
        (
            {"callbacks": [doubled_learning_rate(2)], **CONSTANT},
            {"callbacks": [doubled_learning_rate(3)], **CONSTANT},
        ),
        ({}, {"net_params": {"criterion": torch.nn.MultiMarginLoss}}),
        (
            {"net_params": {"criterion": torch.nn.CrossEntropyLoss(torch.tensor([1.0, 2.0]))}},
            {"net_params": {"criterion": torch.nn.CrossEntropyLoss(torch.tensor([2.0, 1.0]))}},
        ),
    ],
    ids=[
        "rate", "class weight", "a callback", "its parameter", "in net_params", "pattern",
        "function", "closure", "criterion", "its weights",
    ],
)  # fmt: skip
def test_different_training_runs_do_not_share_a_checkpoint(tmp_path, one, other):
    without = small(**other).fit(IDS, LABELS)
    small(**one, checkpoint_dir=tmp_path).fit(IDS, LABELS)
    np.testing.assert_array_equal(
        logits(small(**other, checkpoint_dir=tmp_path).fit(IDS, LABELS)), logits(without)
    )


FACTOR = 2.0


class ScaledLoss(torch.nn.CrossEntropyLoss):
    def forward(self, logits, target):
        return FACTOR * super().forward(logits, target)


def test_a_global_of_a_criterion_distinguishes_training_runs(tmp_path, monkeypatch):
    settings = {"net_params": {"criterion": ScaledLoss}, "checkpoint_dir": tmp_path}
    small(**settings).fit(IDS, LABELS)
    small(**settings).fit(IDS, LABELS)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", 3.0)
    small(**settings).fit(IDS, LABELS)
    assert len(list(tmp_path.iterdir())) == 2


def test_other_data_and_other_groups_have_other_checkpoints(tmp_path):
    settings = {"validation_fraction": 0.5, "checkpoint_dir": tmp_path}
    small(**settings).fit(IDS, LABELS)
    small(**settings).fit(IDS[:20], LABELS[:20])
    small(**settings).fit(IDS, LABELS, groups=np.arange(24) // 4)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("watcher", [PrintLog(sink=lambda line: None)], ids=["PrintLog"])
def test_callbacks_that_only_display_do_not_distinguish_training_runs(tmp_path, watcher):
    small(checkpoint_dir=tmp_path).fit(IDS, LABELS)
    with optimizer_steps() as steps:
        small(checkpoint_dir=tmp_path, callbacks=[watcher]).fit(IDS, LABELS)
    assert steps == []


# Trainings that were ended


LIMIT = {"n_epochs": 9}


class StopAtLimit(Callback):
    """Decides by something that is not a parameter of it."""

    def on_epoch_end(self, net, **kwargs):
        net.stop_training |= len(net.history) >= LIMIT["n_epochs"]


def stop_at_limit_of_scikit_learn():
    class Stop:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name != "epoch" or fitted_estimator is None:
                return False
            return len(fitted_estimator.net_.history) >= LIMIT["n_epochs"]

    return Stop()


@pytest.mark.parametrize("n_epochs", [1, 2, 3])
@pytest.mark.parametrize("kind", ["skorch", "scikit-learn"])
def test_a_training_that_a_callback_ended_is_not_loaded_as_finished(
    tmp_path, monkeypatch, kind, n_epochs
):
    def fit(**params):
        classifier = small(max_epochs=4, dropout=0.3, **params)
        if kind == "skorch":
            return classifier.set_params(callbacks=[StopAtLimit()]).fit(IDS, LABELS)
        return classifier.set_callbacks(stop_at_limit_of_scikit_learn()).fit(IDS, LABELS)

    whole = fit()
    monkeypatch.setitem(LIMIT, "n_epochs", n_epochs)
    assert len(fit(checkpoint_dir=tmp_path).history_) == n_epochs
    monkeypatch.setitem(LIMIT, "n_epochs", 9)
    assert_same_training(fit(checkpoint_dir=tmp_path), whole)


def test_a_training_that_ended_at_its_last_epoch_is_finished(tmp_path):
    small(checkpoint_dir=tmp_path, callbacks=[StopAfter(2)]).fit(IDS, LABELS)
    with optimizer_steps() as steps:
        small(checkpoint_dir=tmp_path, callbacks=[StopAfter(2)]).fit(IDS, LABELS)
    assert steps == []


def callbacks_with_a_state(folder):
    return [
        EpochScoring("accuracy", lower_is_better=False, on_train=True),
        LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=0, factor=0.1),
        Checkpoint(dirname=str(folder)),
        EarlyStopping(patience=3, load_best=True, sink=lambda line: None),
    ]


@pytest.mark.parametrize("step", [8, 14])
def test_callbacks_resume_with_their_state(tmp_path, step):
    settings = {"max_epochs": 9, **CONSTANT}

    def fit(name, **params):
        callbacks = callbacks_with_a_state(tmp_path / name)
        return small(**settings, **params, callbacks=callbacks).fit(IDS, LABELS, **VALIDATION)

    # The folder is the callback's parameter: it has to be the same.
    whole = fit("saved")
    assert len(whole.history_) < 9
    assert whole.history_["event_lr"].nunique() > 1
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=step):
        fit("saved", checkpoint_dir=tmp_path / "state")
    with optimizer_steps() as steps:
        resumed = fit("saved", checkpoint_dir=tmp_path / "state")
    assert 0 < len(steps) < whole.history_["steps"].iloc[-1]
    assert_same_training(resumed, whole)


class KeepsAnObject(Callback):
    def on_train_begin(self, net, **kwargs):
        self.seen = iter(range(9))

    def on_epoch_end(self, net, **kwargs):
        net.stop_training |= next(self.seen) == 2


def test_a_training_with_a_callback_whose_state_cannot_be_stored_starts_again(tmp_path):
    settings = {"max_epochs": 5, "checkpoint_dir": tmp_path}
    warned = pytest.warns(UserWarning, match="KeepsAnObject keeps a range_iterator.*midway")
    with warned, pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=8):
        small(**settings, callbacks=[KeepsAnObject()]).fit(IDS, LABELS)
    assert list(tmp_path.iterdir()) == []


class SaysWhatToKeep(KeepsAnObject):
    n_seen = 0

    def on_epoch_end(self, net, **kwargs):
        self.n_seen = next(self.seen)
        net.history.record("seen", self.n_seen)

    def state_dict(self):
        return {"n_seen": self.n_seen}

    def load_state_dict(self, state):
        self.seen = iter(range(state["n_seen"] + 1, 9))


def test_a_callback_may_define_what_is_stored(tmp_path):
    settings = {"max_epochs": 4, "checkpoint_dir": tmp_path}
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=8):
        small(**settings, callbacks=[SaysWhatToKeep()]).fit(IDS, LABELS)
    with optimizer_steps() as steps:
        resumed = small(**settings, callbacks=[SaysWhatToKeep()]).fit(IDS, LABELS)
    assert len(steps) == 6
    assert resumed.history_["seen"].tolist() == [0, 1, 2, 3]


def test_an_interrupted_training_resumes(tmp_path):
    settings = {"max_epochs": 4, "dropout": 0.3, "patience": 4, "learning_rate": 0.02}
    whole = small(**settings).fit(IDS, LABELS, **VALIDATION)
    settings["checkpoint_dir"] = tmp_path
    with pytest.raises(KeyboardInterrupt), optimizer_steps(fail_at=9, signal=KeyboardInterrupt):
        small(**settings).fit(IDS, LABELS, **VALIDATION)
    with optimizer_steps() as steps:
        resumed = small(**settings).fit(IDS, LABELS, **VALIDATION)
    assert len(steps) == 6
    assert_same_training(resumed, whole)


def test_weights_that_a_callback_chose_at_the_end_are_loaded(tmp_path):
    best = Checkpoint(dirname=str(tmp_path / "best"), load_best=True)
    settings = {"max_epochs": 4, "checkpoint_dir": tmp_path / "state", "callbacks": [best]}
    first = small(**settings).fit(IDS, LABELS, **VALIDATION)
    last = small(max_epochs=4).fit(IDS, LABELS, **VALIDATION)
    assert not np.array_equal(logits(first), logits(last))
    with optimizer_steps() as steps:
        again = small(**settings).fit(IDS, LABELS, **VALIDATION)
    assert steps == []
    np.testing.assert_array_equal(logits(again), logits(first))


# Files that are not checkpoints


def overwrite_with(content):
    return lambda path: path.write_bytes(content)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def another_model(path):
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)


def other_weights(path):
    state = torch.load(path, weights_only=True)
    state["module"] = {"weight": torch.zeros(2)}
    torch.save(state, path)


def code(path):
    torch.save({"epoch": print}, path)


@pytest.mark.parametrize(
    "damage",
    [
        overwrite_with(b""), overwrite_with(b"no checkpoint"), overwrite_with(b"PK\x03\x04"),
        cut_short, another_model, other_weights, code,
    ],
    ids=["empty", "text", "zip", "cut short", "another model", "other weights", "code"],
)  # fmt: skip
def test_a_damaged_or_foreign_file_is_rejected_by_name(tmp_path, damage):
    small(checkpoint_dir=tmp_path).fit(IDS, LABELS)
    (path,) = tmp_path.iterdir()
    damage(path)
    message = rf"{path.name} is damaged, or not a checkpoint.*Delete it"
    with pytest.raises(ValueError, match=message):
        small(checkpoint_dir=tmp_path).fit(IDS, LABELS)


def test_a_folder_that_cannot_be_created_is_an_error_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        optimizer_steps() as steps,
        pytest.raises(NotADirectoryError, match="checkpoint_dir must be a folder"),
    ):
        small(checkpoint_dir=tmp_path / "file").fit(IDS, LABELS)
    assert steps == []
