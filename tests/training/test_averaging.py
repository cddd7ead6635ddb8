"""An exponential moving average of the weights: validated, predicted with, and never trained on."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from skorch.callbacks import Callback, LoadInitState, TrainEndCheckpoint
from torch import nn

from agnews_sk.training._averaging import AveragedWeights
from tests.training.nets import IDS, LABELS, TRAINED, VALID, fit_with, small, weights

DECAY = 0.8


class Watch(Callback):
    """Keeps the weights after each step, and at the beginning and the end of each epoch."""

    def on_train_begin(self, net, **kwargs):
        self.steps_, self.begins_, self.ends_ = [], [], []

    def _weights(self, net):
        return {name: p.detach().clone() for name, p in net.module_.named_parameters()}

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.steps_.append(self._weights(net))

    def on_epoch_begin(self, net, **kwargs):
        self.begins_.append(self._weights(net))

    def on_epoch_end(self, net, **kwargs):
        self.ends_.append(self._weights(net))


def average_of(steps):
    average = steps[0]
    for weights_ in steps[1:]:
        average = {n: DECAY * average[n] + (1 - DECAY) * weights_[n] for n in average}
    return average


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("params", [{}, {"freeze": 1}, {"gradual_unfreezing": True}], ids=str)
def test_the_weights_are_the_average_over_the_steps(params):
    watch = Watch()
    fitted = fit_with(watch, max_epochs=3, ema_decay=DECAY, **params)
    assert_equal(weights(fitted), average_of(watch.steps_))
    assert len(watch.steps_) == 12
    # Callbacks see at the end of an epoch what was validated, and training goes on without it.
    for epoch in range(3):
        assert_equal(watch.ends_[epoch], average_of(watch.steps_[: 4 * epoch + 4]))
    assert_equal(watch.begins_[2], watch.steps_[7])


def test_it_does_not_change_the_training():
    with_average, without = Watch(), Watch()
    fit_with(with_average, ema_decay=DECAY)
    fit_with(without)
    for found, expected in zip(with_average.steps_, without.steps_, strict=True):
        assert_equal(found, expected)
    torch.testing.assert_close(without.ends_[-1], without.steps_[-1])


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"accumulate": 2},
        {"lora": 2},
        {"precision": "bf16"},
        {"loss": "contrastive", "pooling": "mean"},
    ],
    ids=str,
)
def test_the_validation_loss_is_that_of_the_predictions(params):
    if "lora" in params:
        pytest.importorskip("peft")
    fitted = fit_with(max_epochs=3, ema_decay=DECAY, **params)
    found = log_loss(LABELS[VALID], fitted.predict_proba(IDS[VALID]))
    assert found == pytest.approx(fitted.history_["valid_loss"].iloc[-1], abs=1e-5)
    other = fit_with(max_epochs=3, **params).history_["valid_loss"].iloc[-1]
    assert abs(found - other) > 1e-4


def test_the_best_epoch_is_that_of_the_averages():
    rows = {"X_val": IDS[VALID], "y_val": LABELS[VALID]}
    rows["y_val"] = np.where(rows["y_val"] == "a", "b", "a")  # the loss rises
    fitted = small(max_epochs=4, patience=3, ema_decay=DECAY, batch_size=4)
    fitted.fit(IDS[TRAINED], LABELS[TRAINED], **rows)
    losses = fitted.history_["valid_loss"]
    assert losses.idxmin() < len(losses) - 1
    found = log_loss(rows["y_val"], fitted.predict_proba(rows["X_val"]))
    assert found == pytest.approx(losses.min(), abs=1e-5)


class NanLater(nn.CrossEntropyLoss):
    """Gives no number from the sixth training batch on."""

    n_batches = 0

    def forward(self, logits, target):
        loss = super().forward(logits, target)
        self.n_batches += logits.requires_grad
        return loss if self.n_batches < 6 else loss * float("nan")


def test_a_loss_that_is_not_finite_adds_nothing_to_the_average():
    watch = Watch()
    with pytest.warns(ConvergenceWarning, match="the loss is nan at step 6"):
        fitted = fit_with(
            watch, validate=False, ema_decay=DECAY, net_params={"criterion": NanLater}, max_epochs=3
        )
    assert_equal(weights(fitted), average_of(watch.steps_[:5]))


def test_a_warm_start_begins_with_the_averages():
    first, second = Watch(), Watch()
    fitted = fit_with(first, ema_decay=DECAY, warm_start=True)
    average = weights(fitted)
    fitted.set_params(callbacks=[second]).fit(IDS[TRAINED], LABELS[TRAINED])
    assert_equal(second.begins_[0], average)


def test_load_init_state_is_rejected(tmp_path):
    saved = LoadInitState(TrainEndCheckpoint(dirname=str(tmp_path)))
    with pytest.raises(
        ValueError, match=r"LoadInitState would resume from averaged weights, with ema_decay=0\.8"
    ):
        fit_with(saved, ema_decay=DECAY)


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5])
def test_a_decay_out_of_range_is_rejected(decay):
    with pytest.raises(ValueError, match=r"The 'ema_decay' parameter of .* in the range \(0"):
        small(ema_decay=decay).fit(IDS, LABELS)


def test_an_error_within_the_averages_restores_the_weights():
    layer = nn.Linear(1, 1, bias=False)
    average = AveragedWeights([layer.weight], DECAY)
    for value in (1.0, 2.0):
        nn.init.constant_(layer.weight, value)
        average.update()

    def fail():
        with average.applied():
            assert layer.weight.item() == pytest.approx(1.2)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert layer.weight.item() == 2


def test_without_steps_or_decay_there_is_no_average():
    layer = nn.Linear(1, 1, bias=False)
    for average in (AveragedWeights([layer.weight], DECAY), AveragedWeights([layer.weight], None)):
        nn.init.constant_(layer.weight, 3.0)
        average.apply()
        assert layer.weight.item() == 3
    assert average.state_dict() == {}


class Clamp(Callback):
    """Keeps all weights small after each epoch."""

    def on_epoch_end(self, net, **kwargs):
        with torch.no_grad():
            for parameter in net.module_.parameters():
                parameter.clamp_(-0.05, 0.05)


@pytest.mark.parametrize("decay", [None, DECAY])
def test_what_a_callback_does_to_the_weights_stays(decay):
    found = small(ema_decay=decay, callbacks=[Clamp()], max_epochs=1).fit(IDS, LABELS)
    assert max(tensor.abs().max().item() for tensor in weights(found).values()) < 0.0501
