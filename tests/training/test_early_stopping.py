import pytest
import torch
from torch import nn

from agnews_sk.training._early_stopping import BestWeights


def epochs(best, losses, module=None):
    module = module or nn.Linear(1, 1, bias=False)
    for i, loss in enumerate(losses):
        with torch.no_grad():
            module.weight.fill_(i)
        best.update(loss, module)
    return module


@pytest.mark.parametrize(
    ("losses", "is_over"),
    [([1.0], False), ([1.0, 1.0], False), ([1.0, 2.0, 1.0], True), ([1.0, 2.0, 0.5, 0.6], False)],
    ids=str,
)
def test_it_is_over_after_patience_epochs_without_a_lower_loss(losses, is_over):
    best = BestWeights(patience=2)
    epochs(best, losses)
    assert best.is_over is is_over


def test_the_weights_of_the_best_epoch_are_restored():
    best = BestWeights(patience=3)
    module = epochs(best, [1.0, 0.5, 0.7, float("nan")])
    best.restore(module)
    assert module.weight.item() == 1
    assert best.epochs_since == 2


def test_buffers_are_restored_too():
    module, best = nn.BatchNorm1d(1), BestWeights(patience=1)
    best.update(1.0, module)
    module.running_mean.fill_(5)
    best.restore(module)
    assert module.running_mean.item() == 0


def test_without_patience_nothing_is_kept():
    best = BestWeights(patience=None)
    module = epochs(best, [1.0, 2.0, 3.0])
    best.restore(module)
    assert not best.is_over
    assert best.weights == {}
    assert module.weight.item() == 2


def test_a_saved_state_continues():
    best, again = BestWeights(patience=2), BestWeights(patience=2)
    epochs(best, [1.0, 2.0])
    again.load_state_dict(best.state_dict())
    epochs(again, [1.5])
    assert again.is_over
    module = nn.Linear(1, 1, bias=False)
    again.restore(module)
    assert module.weight.item() == 0
