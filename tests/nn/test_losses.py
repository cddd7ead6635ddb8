import pytest
import torch
from torch import nn

from agnews_sk.nn import FocalLoss, MultiLabelLoss


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_gradient_of_the_focal_loss_is_that_of_its_values(smoothing, gamma):
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 2, 1, 1])
    loss = FocalLoss(gamma, smoothing)
    assert torch.autograd.gradcheck(lambda x: loss(x, target), [logits])


def test_focal_loss_at_gamma_zero_is_cross_entropy_and_stays_finite():
    logits, target = torch.tensor([[200.0, 0.0], [0.3, 0.1]]), torch.tensor([0, 1])
    expected = nn.functional.cross_entropy(logits, target, reduction="none")
    torch.testing.assert_close(FocalLoss(gamma=0.0)(logits, target), expected)
    logits.requires_grad_()
    FocalLoss(gamma=0.5)(logits, target).sum().backward()
    assert logits.grad.isfinite().all()


def test_focal_loss_follows_the_formula_and_gives_one_value_per_text():
    logits, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 2, 0])
    p = logits.softmax(1)[torch.arange(5), target]
    loss = FocalLoss(gamma=2.0)(logits, target)
    torch.testing.assert_close(loss, -((1 - p) ** 2) * p.log())
    assert loss.shape == (5,)


def test_loss_of_several_labels_is_binary_cross_entropy_of_each():
    logits, target = torch.randn(5, 3), torch.randint(0, 2, (5, 3)).float()
    expected = nn.BCEWithLogitsLoss(reduction="none")(logits, target)
    torch.testing.assert_close(MultiLabelLoss()(logits, target), expected)
    smoothed = nn.BCEWithLogitsLoss(reduction="none")(logits, target * 0.8 + 0.1)
    torch.testing.assert_close(MultiLabelLoss(label_smoothing=0.2)(logits, target), smoothed)
    p = torch.where(target > 0, logits.sigmoid(), 1 - logits.sigmoid())
    torch.testing.assert_close(MultiLabelLoss(gamma=2.0)(logits, target), -((1 - p) ** 2) * p.log())


def test_focal_loss_of_several_labels_has_finite_gradients():
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    MultiLabelLoss(gamma=0.5)(logits, torch.tensor([[1.0, 1.0]])).sum().backward()
    assert logits.grad.isfinite().all()
