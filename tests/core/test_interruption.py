"""Ctrl-C that an estimator catches still interrupts the code that fits it."""

import os
import signal
from contextlib import suppress

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback

from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk.classifiers import AbstainingClassifier
from agnews_sk.evaluation import compare_classifiers, evaluate_classifier, learning_curves

X = np.arange(40, dtype=np.float32)[:, None]
Y = np.array([0, 1] * 20)


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def swallowed_ctrl_c():
    with suppress(KeyboardInterrupt):
        ctrl_c()


class SwallowsInFit(DummyClassifier):
    def fit(self, X, y, sample_weight=None):
        swallowed_ctrl_c()
        return super().fit(X, y, sample_weight)


class SwallowsInPredict(DummyClassifier):
    def predict(self, X):
        swallowed_ctrl_c()
        return super().predict(X)


class Press(Callback):
    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            ctrl_c()


class TwoLogits(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(1, 2)

    def forward(self, x):
        return torch.softmax(self.linear(x), dim=1)


def skorch_net():
    return NeuralNetClassifier(
        TwoLogits, max_epochs=5, train_split=None, verbose=0, callbacks=[Press()]
    )


SWALLOWING = {"skorch": skorch_net, "fit": SwallowsInFit, "predict": SwallowsInPredict}
FITTING = {
    "evaluate_classifier": lambda estimator: evaluate_classifier("a", estimator, X, Y, X, Y),
    "compare_classifiers": lambda estimator: compare_classifiers(
        {"a": estimator, "b": DummyClassifier()}, X, Y, X, Y
    ),
    "cross-validation": lambda estimator: compare_classifiers(
        {"a": estimator, "b": DummyClassifier()}, X, Y, cv=2
    ),
    "learning_curves": lambda estimator: learning_curves({"a": estimator}, X, Y, [8, 16]),
}


@pytest.mark.parametrize("run", FITTING.values(), ids=FITTING)
@pytest.mark.parametrize("make", SWALLOWING.values(), ids=SWALLOWING)
def test_a_swallowed_interrupt_ends_an_evaluation(make, run):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(make())
    assert signal.getsignal(signal.SIGINT) is before


def test_learning_curves_keep_no_run_that_was_cut_short(tmp_path):
    path = tmp_path / "runs.jsonl"
    with pytest.raises(KeyboardInterrupt):
        learning_curves({"a": SwallowsInFit()}, X, Y, [8], path=path)
    assert not path.exists() or path.read_text() == ""


@pytest.mark.parametrize("make", [skorch_net, SwallowsInFit])
def test_a_swallowed_interrupt_leaves_an_abstaining_classifier_unfitted(make):
    classifier = AbstainingClassifier(make(), coverage=0.8)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, Y)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(X)


def test_nested_blocks_are_all_notified_of_an_interrupt():
    ended = []

    def swallow_twice():
        with suppress(KeyboardInterrupt), unswallowed_interrupts():
            swallowed_ctrl_c()
            ended.append("inner")
        ended.append("outer")

    with pytest.raises(KeyboardInterrupt), unswallowed_interrupts():
        swallow_twice()
    assert ended == ["inner", "outer"]


def test_a_handler_that_is_set_within_a_block_is_left_in_place():
    def own(number, frame):
        """Do nothing."""

    before = signal.getsignal(signal.SIGINT)
    try:
        with unswallowed_interrupts():
            signal.signal(signal.SIGINT, own)
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_sigterm_that_raises_keyboardinterrupt_is_noticed_as_ctrl_c_is():
    def end(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        with (
            pytest.raises(KeyboardInterrupt),
            unswallowed_interrupts(),
            suppress(KeyboardInterrupt),
        ):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is end
    finally:
        signal.signal(signal.SIGTERM, before)
