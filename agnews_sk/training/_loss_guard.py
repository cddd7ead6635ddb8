"""Keep the weights finite when a loss is not."""

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from agnews_sk._core.user_warnings import warn_user
from agnews_sk.training._loop_state import LoopState
from agnews_sk.training._rows import TextRows

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet

# Waiting for the device once per this many steps takes no measurable time.
STEPS_BETWEEN_CHECKS = 50


class LossGuard:
    """Steps the optimizer as long as every loss is finite.

    A fused optimizer on an accelerator skips the step by itself, as it does for a gradient
    scaler (`found_inf`), and the loss is read later, every `STEPS_BETWEEN_CHECKS` steps and at the
    end of the epoch. On a CPU reading it takes no time; other optimizers cannot skip a step.

    Parameters
    ----------
    net : TextNet
        Initialized.
    loop : LoopState
        Each step adds its loss; a loss that is not finite ends the training.
    """

    def __init__(self, net: "TextNet", loop: LoopState) -> None:
        self._net = net
        self._loop = loop
        self._any_bad: Tensor | bool = False

    def step(self, loss: Tensor) -> None:
        """Step, unless this loss or one before it is not finite.

        Parameters
        ----------
        loss : Tensor of shape ()
            Of the step, without gradient.
        """
        optimizer, loop = self._net.optimizer_, self._loop
        loop.losses.append(loss)
        if optimizer.defaults.get("fused") and self._net.device != "cpu":
            self._any_bad = ~loss.isfinite() | self._any_bad  # (), on the device
            optimizer.found_inf = self._any_bad.float()
            optimizer.step()
            if loop.step % STEPS_BETWEEN_CHECKS == 0:
                self.check()
        elif math.isfinite(loss.item()):
            optimizer.step()
        else:
            self.check()

    def check(self) -> None:
        """End training if a loss of the current epoch is not finite.

        Raises
        ------
        FloatingPointError
            If it is the loss of the first step, so that nothing has been learned.
        """
        loop = self._loop
        if not loop.losses:
            return
        finite = torch.stack(loop.losses).isfinite().tolist()
        if all(finite):
            return
        n_good = finite.index(False)
        loss = loop.losses[n_good].item()
        if loop.steps_before + n_good == 0:
            raise FloatingPointError(f"the loss is {loss} at the first step; {self._advice}.")
        loop.bad_loss = loss
        loop.losses = loop.losses[:n_good]
        loop.is_over = True

    def report(self, train: TextRows) -> None:
        """Warn if a loss that was not finite ended training.

        Parameters
        ----------
        train : TextRows
            Some of them are predicted, to see whether the weights are of any use.

        Raises
        ------
        FloatingPointError
            If the weights give no finite logits.
        """
        if self._loop.bad_loss is None:
            return
        what = f"the loss is {self._loop.bad_loss} at step {self._loop.step + 1}"
        some = train.take(np.arange(min(len(train), 8)))
        if not np.isfinite(self._net.logits(some)).all():
            raise FloatingPointError(
                f"{what}, and the logits are no longer finite; {self._advice}."
            )
        kept = "step before" if self._net.settings.patience is None else "best epoch"
        warn_user(
            f"{what}, where training stopped; the weights are those of the {kept}. To train "
            f"longer, {self._advice}.",
            ConvergenceWarning,
        )

    @property
    def _advice(self) -> str:
        """What may keep the loss finite, apart from what is set already."""
        settings, ways = self._net.settings, ["lower learning_rate"]
        if settings.gradient_clip is None:
            ways.append("set gradient_clip=1.0")
        if settings.bfloat16:
            ways.append("set precision='fp32'")
        return " or ".join(ways)
