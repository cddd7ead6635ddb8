"""Losses that give one value per text."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FocalLoss(nn.Module):
    r"""Cross-entropy that gives less weight to texts that are classified well already.

    Parameters
    ----------
    gamma : float, default=2.0
        Exponent of the weight; 0 is cross-entropy.
    label_smoothing : float, default=0.0
        Share of each target that is spread evenly over all classes.

    Notes
    -----
    .. math:: \ell = (1 - p_t)^\gamma \, \mathrm{CE}

    where :math:`p_t` is the probability of the text's class (Lin et al. 2017, "Focal loss for
    dense object detection", arXiv 1708.02002, equation 4).

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import FocalLoss
    >>> FocalLoss(gamma=2.0)(torch.tensor([[0.0, 0.0]]), torch.tensor([1]))  # 0.25 log 2
    tensor([0.1733])
    """

    def __init__(self, gamma: float = 2.0, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.gamma = gamma
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each text.

        Parameters
        ----------
        logits : Tensor of shape (batch, n_classes)
        target : Tensor of int64 of shape (batch,)

        Returns
        -------
        Tensor of shape (batch,)
        """
        entropy = F.cross_entropy(
            logits, target, reduction="none", label_smoothing=self.label_smoothing
        )  # (batch,)
        probability = logits.softmax(dim=1).gather(1, target[:, None]).squeeze(1)  # (batch,)
        # At probability 1 and a gamma below 1 the power has no gradient.
        return (1 - probability).clamp(min=1e-6) ** self.gamma * entropy


class MultiLabelLoss(nn.Module):
    r"""Binary cross-entropy of each label, for texts with several labels.

    Parameters
    ----------
    gamma : float, default=0.0
        Exponent of the focal loss, which gives less weight to labels that are predicted well
        already; 0 is cross-entropy.
    label_smoothing : float, default=0.0
        Share of each target that is spread evenly over the label's presence and absence: with
        :math:`s`, targets are :math:`s / 2` and :math:`1 - s / 2`.

    Notes
    -----
    .. math:: \ell = (1 - p_t)^\gamma \, \mathrm{BCE}

    where :math:`p_t` is the probability of what is true of the label (Lin et al. 2017, arXiv
    1708.02002).

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import MultiLabelLoss
    >>> MultiLabelLoss()(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))  # log 2
    tensor([[0.6931, 0.6931]])
    """

    def __init__(self, gamma: float = 0.0, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.gamma = gamma
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each label of each text.

        Parameters
        ----------
        logits : Tensor of shape (batch, n_labels)
        target : Tensor of float of shape (batch, n_labels)
            1 at the labels that a text has, else 0.

        Returns
        -------
        Tensor of shape (batch, n_labels)
        """
        smoothed = target * (1 - self.label_smoothing) + self.label_smoothing / 2
        entropy = F.binary_cross_entropy_with_logits(logits, smoothed, reduction="none")
        if not self.gamma:
            return entropy
        wrong = torch.sigmoid(torch.where(target > 0, -logits, logits))  # 1 - p_t
        # At probability 1 and a gamma below 1 the power has no gradient.
        return wrong.clamp(min=1e-6) ** self.gamma * entropy
