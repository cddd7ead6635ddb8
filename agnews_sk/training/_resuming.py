"""Save a training run to its checkpoint, and resume it from there after a kill."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from agnews_sk._core.user_warnings import warn_user
from agnews_sk.training._averaging import AveragedWeights
from agnews_sk.training._callback_state import restore_state, state_of
from agnews_sk.training._checkpoint import Checkpoint
from agnews_sk.training._early_stopping import BestWeights
from agnews_sk.training._hardware import random_state_of
from agnews_sk.training._loop_state import LoopState

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet


class SavedTraining:
    """What a checkpoint keeps of one training run.

    Parameters
    ----------
    net : TextNet
        Initialized. Its weights, optimizer and history are saved and restored.
    loop : LoopState
    best : BestWeights
    average : AveragedWeights
    callbacks : list of (str, skorch callback)
        The user's own, whose state is saved too.
    checkpoint : Checkpoint or None
        None saves nothing.

    Attributes
    ----------
    saves_midway : bool
        Whether the state is saved before the end of training: there is a checkpoint, and a file
        can hold the state of the callbacks.
    """

    def __init__(
        self,
        net: "TextNet",
        loop: LoopState,
        best: BestWeights,
        average: AveragedWeights,
        callbacks: list[tuple[str, Any]],
        checkpoint: Checkpoint | None,
    ) -> None:
        self._net = net
        self._loop = loop
        self._best = best
        self._average = average
        self._callbacks = callbacks
        self._checkpoint = checkpoint
        self._tensors = net.module_.state_dict()
        self._n_epochs_before = len(net.history)
        self.saves_midway = checkpoint is not None and self._can_save_callbacks()

    @property
    def is_due(self) -> bool:
        """Whether to save within an epoch: callbacks cannot be resumed there, and it takes time.

        Training that a loss ended is saved once it has kept the weights, and can predict.
        """
        if self._checkpoint is None or not self.saves_midway or self._callbacks:
            return False
        if self._loop.is_over:
            return False
        return self._checkpoint.is_due

    def save(self) -> None:
        """Write the state of the training to the checkpoint, if there is one."""
        if self._checkpoint is None:
            return
        net, loop = self._net, self._loop
        rows = [_plain(row) for row in net.history.to_list()]
        n_whole = self._n_epochs_before + loop.epoch
        state: dict[str, Any] = {
            "epoch": loop.epoch,
            "steps_before": loop.steps_before,
            "losses": torch.stack(loop.losses) if loop.losses else torch.empty(0),
            "is_over": loop.is_over,
            "seed": net.settings.seed,
            "module": self._tensors,
            "history": rows[:n_whole],
            "begun": rows[n_whole] if len(rows) > n_whole else {},
        }
        if not loop.is_over:
            state["optimizer"] = net.optimizer_.state_dict()
            state["best"] = self._best.state_dict()
            state["average"] = self._average.state_dict()
            state["random"] = random_state_of(net.device)
            state["callbacks"] = {name: state_of(callback) for name, callback in self._callbacks}
        self._checkpoint.save(state)

    def restore(self) -> dict[str, Any] | None:
        """Restore the training from the checkpoint.

        Returns
        -------
        dict of str to Any, or None
            What was saved, for the rest: "random", the state of the generators, which comes last,
            and "begun", the history of the epoch that was begun. None if nothing was saved.

        Raises
        ------
        ValueError
            If the file is damaged or of another training run.
        """
        net, loop, checkpoint = self._net, self._loop, self._checkpoint
        state = None if checkpoint is None else checkpoint.load(net.device)
        if checkpoint is None or state is None:
            return None
        with checkpoint.rejecting_damage():
            self.load_weights(state)
            loop.epoch, loop.steps_before = state["epoch"], state["steps_before"]
            loop.losses, loop.is_over = list(state["losses"]), state["is_over"]
            net.history.extend(state["history"])
            if not loop.is_over:
                net.optimizer_.load_state_dict(state["optimizer"])
                self._best.load_state_dict(state["best"])
                self._average.load_state_dict(state["average"])
                for name, callback in self._callbacks:
                    restore_state(callback, state["callbacks"][name])
        return state

    def load_weights(self, state: dict[str, Any]) -> None:
        """Copy the weights of a saved state into the net's module."""
        with torch.no_grad():
            for name, tensor in self._tensors.items():
                tensor.copy_(state["module"][name])

    def _can_save_callbacks(self) -> bool:
        """Return whether a file can hold the state of the callbacks; warn if it cannot."""
        try:
            for _, callback in self._callbacks:
                state_of(callback)
        except TypeError as error:
            warn_user(
                f"{error}: this training run cannot be resumed midway, since checkpoint_dir cannot "
                "store that.",
                UserWarning,
            )
            return False
        return True


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a row of the history that a file of plain values can hold."""
    values = {k: v.item() if isinstance(v, (np.generic, Tensor)) else v for k, v in row.items()}
    kept: dict[str, Any] = {
        k: v for k, v in values.items() if isinstance(v, (bool, int, float, str))
    }
    if "batches" in row:
        kept["batches"] = [_plain(batch) for batch in row["batches"]]
    return kept
