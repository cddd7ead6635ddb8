from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

from agnews_sk.training import TextRows
from agnews_sk.training._loop_state import LoopState
from agnews_sk.training._loss_guard import STEPS_BETWEEN_CHECKS, LossGuard

ROWS = TextRows(np.array([1, 2]), np.array([0, 1, 2]), np.array([0, 1]))


class Optimizer:
    """Counts its steps, and skips those with `found_inf`, as fused optimizers do."""

    def __init__(self, fused):
        self.defaults = {"fused": fused}
        self.found_inf = torch.tensor(0.0)
        self.n_steps = 0

    def step(self):
        self.n_steps += not self.found_inf


def guard_on(device, *, fused=True, logits=0.0, **settings):
    defaults = {"gradient_clip": 1.0, "bfloat16": False, "patience": None}
    net = SimpleNamespace(
        settings=SimpleNamespace(**{**defaults, **settings}),
        optimizer_=Optimizer(fused),
        device=device,
        logits=lambda rows: np.full((len(rows), 2), logits),
    )
    loop = LoopState()
    return LossGuard(net, loop), net.optimizer_, loop


@pytest.mark.parametrize(("device", "fused"), [("cpu", True), ("cpu", False), ("cuda", False)])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_read_at_once_ends_training_before_its_step(device, fused, bad):
    guard, optimizer, loop = guard_on(device, fused=fused)
    for loss in (1.0, 0.5, bad):
        guard.step(torch.tensor(loss))
    assert optimizer.n_steps == 2
    assert loop.is_over
    assert [loss.item() for loss in loop.losses] == [1.0, 0.5]
    assert str(loop.bad_loss) == str(bad)


def test_on_an_accelerator_losses_are_read_later_and_steps_after_a_bad_one_are_skipped():
    guard, optimizer, loop = guard_on("cuda")
    for loss in [1.0] * 3 + [float("nan")] + [1.0] * (STEPS_BETWEEN_CHECKS - 5):
        guard.step(torch.tensor(loss))
    assert not loop.is_over
    guard.step(torch.tensor(1.0))
    assert loop.is_over
    assert optimizer.n_steps == len(loop.losses) == 3


def test_the_end_of_an_epoch_finds_a_bad_loss_too():
    guard, optimizer, loop = guard_on("cuda")
    guard.step(torch.tensor(1.0))
    guard.step(torch.tensor(float("inf")))
    guard.check()
    assert loop.is_over
    assert optimizer.n_steps == 1


def test_a_bad_first_loss_is_an_error():
    guard, _, _ = guard_on("cpu")
    with pytest.raises(FloatingPointError, match="the loss is nan at the first step; lower"):
        guard.step(torch.tensor(float("nan")))


def test_a_bad_loss_at_the_beginning_of_a_later_epoch_is_none():
    guard, _, loop = guard_on("cpu")
    guard.step(torch.tensor(1.0))
    loop.end_epoch()
    guard.step(torch.tensor(float("nan")))
    assert loop.is_over
    assert loop.step == 1


def test_nothing_is_reported_of_finite_losses(recwarn):
    guard, _, _ = guard_on("cpu", logits=np.nan)
    guard.step(torch.tensor(1.0))
    guard.check()
    guard.report(ROWS)
    assert len(recwarn) == 0


def test_weights_that_still_predict_are_kept_with_a_warning():
    guard, _, _ = guard_on("cpu")
    guard.step(torch.tensor(1.0))
    guard.step(torch.tensor(float("nan")))
    with pytest.warns(ConvergenceWarning, match="the loss is nan at step 2, where training"):
        guard.report(ROWS)


def test_weights_that_predict_nothing_are_an_error():
    guard, _, _ = guard_on("cpu", logits=np.inf)
    guard.step(torch.tensor(1.0))
    guard.step(torch.tensor(float("nan")))
    with pytest.raises(FloatingPointError, match="the logits are no longer finite"):
        guard.report(ROWS)


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({}, "lower learning_rate."),
        ({"gradient_clip": None}, "lower learning_rate or set gradient_clip=1.0."),
        ({"bfloat16": True}, "lower learning_rate or set precision='fp32'."),
    ],
    ids=["clipped", "not clipped", "bfloat16"],
)
def test_the_advice_is_what_is_not_set_already(settings, advice):
    guard, _, _ = guard_on("cpu", **settings)
    with pytest.raises(FloatingPointError) as raised:
        guard.step(torch.tensor(float("nan")))
    assert str(raised.value) == f"the loss is nan at the first step; {advice}"


@pytest.mark.parametrize(("patience", "kept"), [(None, "step before"), (2, "best epoch")])
def test_the_warning_says_which_weights_are_kept(patience, kept):
    guard, _, _ = guard_on("cpu", patience=patience)
    for loss in (1.0, float("nan")):
        guard.step(torch.tensor(loss))
    with pytest.warns(ConvergenceWarning, match=rf"the weights are those of the {kept}\. To train"):
        guard.report(ROWS)
