"""Ctrl-C interrupts a fit; a callback that ends training ends it normally."""

import _thread
import contextlib
import os
import signal
import threading

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback, EarlyStopping, PrintLog

from tests.training.nets import (
    CONSTANT,
    IDS,
    LABELS,
    changed,
    logits,
    optimizer_steps,
    small,
    weights,
)

HOOKS = ["on_train_begin", "on_epoch_begin", "on_batch_begin", "on_grad_computed", "on_batch_end",
         "on_epoch_end", "on_train_end"]  # fmt: skip
WRONG = {"X_val": IDS, "y_val": LABELS[::-1]}


class At(Callback):
    """Does something once, at the first call of a hook."""

    def __init__(self, hook, act):
        self.hook, self.act, self.is_done = hook, act, False

    def __getattribute__(self, name):
        get = super().__getattribute__
        if not name.startswith("on_") or name != get("hook") or get("is_done"):
            return get(name)
        return self.act_once

    def act_once(self, *args, **kwargs):
        self.is_done = True
        self.act()


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_in_a_callback_ends_the_fit(hook):
    classifier = small(callbacks=[At(hook, ctrl_c)])
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(IDS, LABELS)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


def swallowed_ctrl_c():
    with contextlib.suppress(KeyboardInterrupt):
        ctrl_c()


@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_that_a_callback_swallows_ends_the_fit_by_the_end_of_the_step_or_epoch(hook):
    classifier = small(max_epochs=9, callbacks=[At(hook, swallowed_ctrl_c)])
    with optimizer_steps() as steps, pytest.raises(KeyboardInterrupt):
        classifier.fit(IDS, LABELS)
    assert len(steps) <= (27 if hook == "on_train_end" else 3)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


class Around:
    """A callback of scikit-learn that presses Ctrl-C as the fit ends, and swallows it or not."""

    def __init__(self, press):
        self.press = press

    def setup(self, *args, **kwargs):
        """Do nothing."""

    teardown = on_fit_task_begin = setup

    def on_fit_task_end(self, estimator, context):
        if context.parent is None:
            self.press()


@pytest.mark.parametrize("press", [ctrl_c, swallowed_ctrl_c])
@pytest.mark.parametrize("warm_start", [False, True])
def test_ctrl_c_after_the_training_leaves_a_first_fit_unfitted(press, warm_start):
    classifier = small(warm_start=warm_start).set_callbacks(Around(press))
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(IDS, LABELS)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


def test_a_training_whose_ctrl_c_was_swallowed_at_its_end_is_not_kept_as_finished(tmp_path):
    stop = At("on_train_end", swallowed_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        small(checkpoint_dir=tmp_path, callbacks=[stop]).fit(IDS, LABELS)
    assert all(not torch.load(path)["is_over"] for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "interrupt",
    [lambda: signal.raise_signal(signal.SIGINT), _thread.interrupt_main],
    ids=["raise_signal", "interrupt_main"],
)
def test_an_interrupt_is_noticed_however_it_is_raised(interrupt):
    with pytest.raises(KeyboardInterrupt):
        small(callbacks=[At("on_epoch_end", interrupt)]).fit(IDS, LABELS)


def test_ctrl_c_outside_of_callbacks_ends_the_fit():
    class Interrupted(Callback):
        def on_train_begin(self, net, **kwargs):
            net.module_.register_forward_pre_hook(lambda module, inputs: ctrl_c())

    with pytest.raises(KeyboardInterrupt):
        small(callbacks=[Interrupted()]).fit(IDS, LABELS)


def test_a_refit_that_ctrl_c_ended_is_not_fitted():
    classifier = small().fit(IDS, LABELS)
    classifier.set_params(callbacks=[At("on_batch_end", ctrl_c)])
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(IDS, LABELS)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


@pytest.mark.parametrize("hook", ["on_batch_end", "on_train_end"])
def test_a_warm_start_that_ctrl_c_ended_is_as_it_was(hook):
    classifier = small(warm_start=True).fit(IDS, LABELS)
    before, history = weights(classifier), classifier.history_
    classifier.set_params(callbacks=[At(hook, ctrl_c)], max_length=3, freeze=1)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(IDS, LABELS)
    assert changed(before, weights(classifier)) == set()
    assert classifier.history_ is history
    assert classifier.max_length_ == 128
    assert all(p.requires_grad for p in classifier.net_.module_.parameters())


def test_the_signal_handler_of_the_program_is_restored():
    before = signal.getsignal(signal.SIGINT)
    small().fit(IDS, LABELS)
    assert signal.getsignal(signal.SIGINT) == before
    with contextlib.suppress(KeyboardInterrupt):
        small(callbacks=[At("on_batch_end", ctrl_c)]).fit(IDS, LABELS)
    assert signal.getsignal(signal.SIGINT) == before


@pytest.fixture
def handler():
    """Install a signal handler until the end of the test."""
    before = signal.getsignal(signal.SIGINT)
    yield lambda function: signal.signal(signal.SIGINT, function)
    signal.signal(signal.SIGINT, before)


def test_a_handler_that_lets_training_continue_is_respected(handler):
    calls = []
    handler(lambda *args: calls.append(args))
    classifier = small(callbacks=[At("on_epoch_end", ctrl_c)]).fit(IDS, LABELS)
    assert len(classifier.history_) == 2
    assert len(calls) == 1


def test_an_interrupt_that_is_ignored_stays_ignored(handler):
    handler(signal.SIG_IGN)
    assert len(small(callbacks=[At("on_batch_end", ctrl_c)]).fit(IDS, LABELS).history_) == 2


# Callbacks that end training


class Raise(Callback):
    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.n_epochs:
            raise KeyboardInterrupt


def in_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


@pytest.mark.parametrize("run", [lambda function: function(), in_a_thread], ids=["main", "thread"])
def test_a_callback_may_end_training_at_the_end_of_an_epoch(run):
    whole = small(max_epochs=2, **CONSTANT).fit(IDS, LABELS)
    classifier = small(max_epochs=9, **CONSTANT, callbacks=[Raise(2)])
    run(lambda: classifier.fit(IDS, LABELS))
    assert len(classifier.history_) == 2
    np.testing.assert_array_equal(logits(classifier), logits(whole))


def test_early_stopping_of_skorch_ends_training_normally():
    lines = []
    stop = EarlyStopping(patience=2, load_best=True, sink=lines.append)
    classifier = small(max_epochs=40, learning_rate=0.02, callbacks=[stop, PrintLog(sink=str)])
    classifier.fit(IDS, LABELS, **WRONG)
    losses = classifier.history_["valid_loss"]
    assert len(losses) == losses.argmin() + 3 < 40
    assert lines[0].startswith("Stopping since valid_loss has not improved in the last 2 epochs")
    of_wrong = classifier.predict_log_proba(IDS)[np.arange(24), (LABELS[::-1] == "b") * 1]
    assert -of_wrong.mean() == pytest.approx(losses.min(), abs=1e-5)


def test_callbacks_after_the_one_that_ends_training_are_notified_of_the_epoch():
    lines = []

    class Note(Callback):
        def on_epoch_end(self, net, **kwargs):
            lines.append(len(net.history))

    small(max_epochs=9, callbacks=[Raise(2), Note()]).fit(IDS, LABELS)
    assert lines == [1, 2]


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize("hook", ["on_batch_begin", "on_grad_computed", "on_batch_end"])
@pytest.mark.parametrize("run", [lambda function: function(), in_a_thread], ids=["main", "thread"])
def test_raised_within_an_epoch_it_ends_training_after_the_step(hook, run):
    one_step = small(max_steps=1, **CONSTANT).fit(IDS, LABELS)
    classifier = small(callbacks=[At(hook, interrupt)], **CONSTANT)
    run(lambda: classifier.fit(IDS, LABELS))
    assert classifier.history_["steps"].tolist() == [1]
    np.testing.assert_array_equal(logits(classifier), logits(one_step))


def test_raised_before_an_epoch_it_leaves_that_epoch_out():
    class Second(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    one_epoch = small(max_epochs=1, **CONSTANT).fit(IDS, LABELS)
    classifier = small(max_epochs=9, callbacks=[Second()], **CONSTANT).fit(IDS, LABELS)
    assert classifier.history_["epoch"].tolist() == [1]
    np.testing.assert_array_equal(logits(classifier), logits(one_epoch))


def test_raised_before_the_first_step_it_is_rejected():
    classifier = small(callbacks=[At("on_epoch_begin", interrupt)])
    with pytest.raises(ValueError, match=r"before the first step.*raise it in on_epoch_end"):
        classifier.fit(IDS, LABELS)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


def test_raised_in_validation_it_ends_training_after_the_epoch():
    class InValidation(Callback):
        def on_batch_end(self, net, training, **kwargs):
            if not training:
                raise KeyboardInterrupt

    classifier = small(callbacks=[InValidation()]).fit(IDS, LABELS, **WRONG)
    assert classifier.history_["steps"].tolist() == [3]
    assert classifier.history_["valid_loss"].notna().all()


def test_a_last_epoch_that_a_callback_cut_short_is_resumed_from_its_beginning(tmp_path):
    class InLast(Callback):
        cuts = True

        def on_batch_end(self, net, **kwargs):
            if self.cuts and len(net.history) == 2:
                raise KeyboardInterrupt

    settings = {"checkpoint_dir": tmp_path, "callbacks": [InLast()]}
    assert small(**settings).fit(IDS, LABELS).history_["steps"].tolist() == [3, 4]
    InLast.cuts = False
    resumed = small(**settings).fit(IDS, LABELS)
    assert resumed.history_["steps"].tolist() == [3, 6]
    np.testing.assert_array_equal(logits(resumed), logits(small().fit(IDS, LABELS)))


def test_stopping_within_an_epoch_ends_training_after_it():
    class Stop(Callback):
        def on_batch_end(self, net, **kwargs):
            net.stop_training = True

    classifier = small(max_epochs=9, callbacks=[Stop()]).fit(IDS, LABELS)
    assert classifier.history_["steps"].tolist() == [3]
    assert np.isfinite(logits(classifier)).all()
