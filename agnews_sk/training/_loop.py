"""The training loop: steps that do not wait for the device, epochs, and validation."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from skorch.callbacks import ParamMapper
from torch import Tensor

from agnews_sk._core.interruption import Interruption
from agnews_sk.nn import RaggedLoader
from agnews_sk.training._averaging import AveragedWeights
from agnews_sk.training._callbacks import (
    ScikitLearnCallbacks,
    is_given_by_user,
    listen_to_batches,
)
from agnews_sk.training._checkpoint import Checkpoint
from agnews_sk.training._early_stopping import BestWeights
from agnews_sk.training._freezing import Freezing
from agnews_sk.training._gradients import Gradients
from agnews_sk.training._hardware import set_random_state
from agnews_sk.training._layer_cache import LayerCache
from agnews_sk.training._loop_state import LoopState
from agnews_sk.training._loss_guard import LossGuard
from agnews_sk.training._pair_training import PairTraining
from agnews_sk.training._resuming import SavedTraining
from agnews_sk.training._rows import TextRows, in_order
from agnews_sk.training._shared_gradients import SharedGradients

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet


class Training:
    """One training run of a net, from its beginning or a checkpoint to its end.

    It holds all state of the loop; the net holds what is trained, history and callbacks.

    Parameters
    ----------
    net : TextNet
        Initialized; its callbacks have been notified of the beginning.
    train : TextRows
    valid : TextRows or None
        Rows to validate on after each epoch.
    freezing : Freezing
        Which layers of the net's module are trained, by epoch.
    checkpoint : Checkpoint or None
        File to resume from and to save to.
    interruption : Interruption
        Distinguishes Ctrl-C from the KeyboardInterrupt of a callback.

    Attributes
    ----------
    loop : LoopState
        Its progress.
    best : BestWeights
        Weights of the epoch with the lowest validation loss.
    average : AveragedWeights
        With which each epoch is validated.

    Notes
    -----
    Of skorch's loop this keeps the callbacks and the history, and replaces the rest: losses are
    read from the device every 50 steps only, unless a callback listens to batches, gradients are
    accumulated over batches, frozen layers are read from a cache, and the learning rate is set
    without a scheduler object.

    A callback ends training after the epoch by setting `net.stop_training`, or by raising
    KeyboardInterrupt in `on_epoch_end`, as skorch's `EarlyStopping` does; raised within an epoch,
    KeyboardInterrupt ends the epoch after the step. A checkpoint does not count a training run that
    ended so as finished: the state on disk stays that of the epoch before, and a training run that
    resumes from it calls the callbacks again.
    """

    def __init__(
        self,
        net: "TextNet",
        train: TextRows,
        valid: TextRows | None,
        freezing: Freezing,
        checkpoint: Checkpoint | None,
        interruption: Interruption,
    ) -> None:
        self.net = net
        self.train = train
        self.valid = valid
        self.loop = LoopState()
        self.best = BestWeights(net.settings.patience)
        self.average = AveragedWeights(self._optimized(), net.settings.ema_decay)
        self._freezing = freezing
        self._interruption = interruption
        self._datasets = {"dataset_train": train, "dataset_valid": valid}
        self._cache = self._make_cache()
        self._guard = LossGuard(net, self.loop)
        self._pairs = PairTraining(net, train) if net.settings.contrastive else None
        self._callbacks = [(n, c) for n, c in net.callbacks_ if is_given_by_user(n, c, net)]
        self._reads_at_once = net.device == "cpu" or listen_to_batches(self._callbacks)
        kept = self.loop, self.best, self.average, self._callbacks
        self._saved = SavedTraining(net, *kept, checkpoint)
        self._gradients = self._make_gradients()
        self._rates = self._learning_rates()
        self._finished: dict[str, Any] | None = None
        net.stop_training = False

    def run(self) -> None:
        """Train until the end, or until a callback ends it."""
        begun = self._resume()
        with self._gradients.running():
            while not (self._is_at_its_end or self.net.stop_training):
                self._run_epoch(begun)
                begun = {}
        self.average.apply()
        self.best.restore(self.net.module_)
        if self._pairs is not None and self._finished is None:
            self._pairs.fit_output_layer(is_last=True)
        self._guard.report(self.train)

    def finish(self) -> None:
        """Save the weights as callbacks left them, or load those of a finished training run."""
        if self._finished is not None:
            self._saved.load_weights(self._finished)
        elif self._is_at_its_end and not self.loop.is_cut_short:
            self.loop.is_over = True
            self._saved.save()

    @property
    def _is_at_its_end(self) -> bool:
        """Whether no epoch is left: all are done, or patience or the steps have run out."""
        loop = self.loop
        over = loop.is_over or self.best.is_over or loop.epoch >= self.net.max_epochs
        return over or self._has_all_steps()

    def _has_all_steps(self) -> bool:
        """Return whether `max_steps` optimizer steps are done."""
        max_steps = self.net.settings.max_steps
        return max_steps is not None and self.loop.step >= max_steps

    def _make_cache(self) -> LayerCache:
        """Return a cache of the frozen layers' outputs, disabled if they change between epochs."""
        net, settings = self.net, self.net.settings
        # A callback that maps parameters may change frozen ones, in any epoch.
        lasts = not any(isinstance(callback, ParamMapper) for _, callback in net.callbacks_)
        return LayerCache(
            net.module_,
            self._freezing.n_frozen_layers,
            self.train,
            torch.bfloat16 if settings.bfloat16 else torch.float32,
            settings.max_cache_bytes if lasts and not settings.compile else 0,
        )

    def _make_gradients(self) -> Gradients:
        """Return what computes the gradients: this process alone, or with others."""
        if self.net.settings.devices == 1:
            return Gradients(self.net, self._cache, self._pairs)
        return SharedGradients(self.net, self._cache, self.train, self.loop)

    def _resume(self) -> dict[str, Any]:
        """Restore the state on disk, and return the history of an epoch that it had begun."""
        state = self._saved.restore()
        if state is None:
            return {}
        if self.loop.is_over:
            self._finished = state
            self.net.awaits_output_layer = False
            return {}
        self._rates = self._learning_rates()
        self._refill_cache()
        # Last: filling the cache draws numbers for dropout.
        set_random_state(self.net.device, state["random"])
        return state["begun"]

    def _refill_cache(self) -> None:
        """Fill the cache from the same batches as before, so that it holds the same numbers."""
        net, loop = self.net, self.loop
        self._set_training()
        begun = len(loop.losses) * net.settings.accumulate
        # Batches of an epoch that are balanced over the classes need not have all rows.
        n_epochs = loop.epoch + 1 if net.settings.contrastive else 1
        for epoch in range(n_epochs):
            loader = net.get_iterator(self.train, training=True, epoch=epoch)
            for batch in loader.batches if epoch < loop.epoch else loader.batches[:begun]:
                rows = self._gradients.own_rows(batch)
                if not self._cache.is_on:
                    return
                if not self._cache.holds(rows):
                    inputs, _ = loader.batch(rows)
                    with torch.no_grad(), self._cache.shortcut(rows):
                        net.infer(inputs)

    def _set_training(self) -> None:
        """Switch dropout on, except in layers that are always frozen and on vectors of pairs."""
        self.net.set_training()
        self._freezing.set_frozen_to_eval()
        if self.net.settings.contrastive:
            self._freezing.set_head_to_eval()

    # Epochs

    def _run_epoch(self, begun: dict[str, Any]) -> None:
        """Train and validate for one epoch, or for the rest of an epoch that was interrupted.

        Parameters
        ----------
        begun : dict of str to Any
            History of the epoch so far; empty at its beginning.
        """
        net, loop = self.net, self.loop
        self._begin_epoch()
        if loop.is_cut_short and not begun:
            self._leave_out_epoch()
            return
        net.history[-1].update(begun)
        self._check_trainable()
        self._set_training()
        loader = net.get_iterator(self.train, training=True, epoch=loop.epoch)
        size = net.settings.accumulate
        groups = [loader.batches[i : i + size] for i in range(0, len(loader.batches), size)]
        for group in groups[len(loop.losses) :]:
            self._interruption.check()
            if self._has_all_steps() or loop.is_over or loop.is_cut_short:
                break
            self._train_step(loader, group)
            if self._saved.is_due:
                self._saved.save()
        self._guard.check()
        self._record_training()
        with self.average.applied():
            self._end_epoch()
        self._interruption.check()
        if self._saved.saves_midway and not (self._is_at_its_end or self.net.stop_training):
            self._saved.save()

    def _begin_epoch(self) -> None:
        """Freeze what this epoch does not train, and notify the callbacks."""
        self._freezing.begin_epoch(self.loop.epoch)
        if self._pairs is not None:
            self._pairs.begin_epoch()
        self._notify("on_epoch_begin", **self._datasets)
        self._gradients.begin_epoch()

    @property
    def _is_watched(self) -> bool:
        """Whether something reads predictions before training ends."""
        monitors = [c for _, c in self.net.callbacks_ if isinstance(c, ScikitLearnCallbacks)]
        listened = any(callback.has_listeners for callback in monitors)
        return self.valid is not None or bool(self._callbacks) or listened

    def _end_epoch(self) -> None:
        """Validate, and notify the callbacks."""
        if self._pairs is not None and self._is_watched:
            self._pairs.fit_output_layer(is_last=False)
        if self.valid is not None:
            self._validate(self.valid)
        self.loop.end_epoch()
        self._notify("on_epoch_end", **self._datasets)

    def _notify(self, hook: str, **what: Any) -> None:
        """Call a hook of all callbacks, also of those behind one that ends training."""
        net = self.net
        getattr(net, hook)(net, **what)
        for _, callback in net.callbacks_:
            try:
                getattr(callback, hook)(net, **what)
            except KeyboardInterrupt:
                if self._interruption.is_set:
                    raise
                net.stop_training = True
                self.loop.is_cut_short |= hook != "on_epoch_end"

    def _leave_out_epoch(self) -> None:
        """Drop the epoch from the history: a callback ended training before its first step."""
        if self.loop.step == 0:
            raise ValueError(
                "a callback raised KeyboardInterrupt before the first step, so that nothing was "
                "trained; raise it in on_epoch_end."
            )
        self.net.history.pop()

    def _check_trainable(self) -> None:
        """Reject parameters that callbacks froze or unfroze without an effect."""
        trained = {id(parameter) for parameter in self._optimized()}
        learning = [(n, p) for n, p in self.net.get_all_learnable_params() if p.requires_grad]
        if not learning:
            names = [type(callback).__name__ for _, callback in self._callbacks]
            raise ValueError(
                f"the callbacks {', '.join(names)} froze all parameters: none can be trained."
            )
        outside = [name for name, parameter in learning if id(parameter) not in trained]
        if outside:
            raise ValueError(
                f"a callback unfroze {outside[0]!r}, which freeze={self.net.settings.freeze!r} or "
                "lora keeps from the optimizer; freeze with a callback instead."
            )

    def _record_training(self) -> None:
        """Record the epoch's mean training loss, and read the batches' losses from the device."""
        history, losses = self.net.history, self.loop.losses
        batches = history[-1]["batches"]
        self._read_losses("train_loss")
        self._record_loss("train_loss", torch.stack(losses).mean().item() if losses else math.nan)
        history.record("train_batch_count", len(batches))
        history.record("steps", self.loop.step)

    def _validate(self, valid: TextRows) -> None:
        """Record loss and accuracy on the validation rows, and keep the best weights."""
        net = self.net
        loader = net.get_iterator(valid)
        outputs = []
        for rows in loader.batches:
            inputs, labels = loader.batch(rows)
            batch = inputs, labels["target"]
            self._notify("on_batch_begin", batch=batch, training=False)
            with net.evaluating():
                outputs.append(net.infer(inputs))  # (batch, n_classes)
                of_batch = net.get_loss(outputs[-1], labels, X=inputs)
            # Copies: callbacks may use them in ways that inference tensors do not allow.
            self._end_batch(batch, of_batch.clone(), outputs[-1].clone(), training=False)
        self._read_losses("valid_loss")
        with net.evaluating():
            logits = in_order(loader, outputs)  # (n_samples, n_classes)
            labels = {k: torch.from_numpy(v) for k, v in valid.labels.items()}
            loss = net.get_loss(logits.to(net.device), labels).item()
        self._record_loss("valid_loss", loss)
        net.history.record("valid_batch_count", len(outputs))
        net.history.record("valid_accuracy", net.accuracy(logits, labels["target"]))
        self.best.update(loss, net.module_)

    def _read_losses(self, name: str) -> None:
        """Replace the batches' losses of this name that are still on the device by their values."""
        batches = self.net.history[-1]["batches"]
        late = [row for row in batches if isinstance(row.get(name), Tensor)]
        if late:
            values = torch.stack([row[name] for row in late]).tolist()
            for row, value in zip(late, values, strict=True):
                row[name] = value

    def _record_loss(self, name: str, loss: float) -> None:
        """Record a loss of the epoch, and whether it is the lowest so far."""
        history = self.net.history
        before = [row[name] for row in history[:-1] if math.isfinite(row.get(name, math.nan))]
        history.record(name, loss)
        history.record(f"{name}_best", loss < min(before, default=math.inf))

    # Steps

    def _train_step(self, loader: RaggedLoader, group: list[np.ndarray]) -> None:
        """Take one optimizer step over a group of batches.

        Parameters
        ----------
        loader : RaggedLoader
        group : list of ndarray of int of shape (batch,)
            Rows of each batch whose gradients are accumulated. A batch weighs as much as it has
            rows, so that the step is that of one batch of them all.
        """
        net = self.net
        n_rows = sum(map(len, group))
        net.optimizer_.zero_grad(set_to_none=True)
        parts = []
        for i, rows in enumerate(group, start=1):
            inputs, labels = loader.batch(rows)
            batch = inputs, labels["target"]
            self._notify("on_batch_begin", batch=batch, training=True)
            share = len(rows) / n_rows
            logits, loss = self._gradients.add(rows, inputs, labels, share)
            parts.append(loss * share)
            if i < len(group):
                self._end_batch(batch, loss, logits, training=True)
        self._gradients.end_step()
        self._set_learning_rate()
        self._change_gradients()
        self._notify(
            "on_grad_computed",
            named_parameters=list(net.get_all_learnable_params()),
            batch=batch,
            training=True,
        )
        self._guard.step(torch.stack(parts).sum())
        if not self.loop.is_over:
            self.average.update()
        self._rates = self._learning_rates()
        self._end_batch(batch, loss, logits, training=True)

    def _end_batch(
        self, batch: tuple[Any, Tensor], loss: Tensor, logits: Tensor | None, *, training: bool
    ) -> None:
        """Record the loss of a batch, and notify the callbacks.

        Parameters
        ----------
        batch : (dict of str to Tensor, Tensor of int of shape (batch,))
            Inputs and codes of the labels.
        loss : Tensor of shape ()
        logits : Tensor of shape (batch, n_classes) or None
        training : bool
        """
        self._gradients.check()
        kind = "train" if training else "valid"
        known = loss.item() if self._reads_at_once else loss
        history = self.net.history
        history.record_batch(f"{kind}_loss", known)
        history.record_batch(f"{kind}_batch_size", len(batch[1]))
        self._notify("on_batch_end", batch=batch, training=training, loss=known, y_pred=logits)

    def _optimized(self) -> list[Tensor]:
        """Return the parameters that the optimizer has."""
        return [p for group in self.net.optimizer_.param_groups for p in group["params"]]

    def _learning_rates(self) -> list[Any]:
        """Return the learning rate of each parameter group."""
        return [group["lr"] for group in self.net.optimizer_.param_groups]

    def _set_learning_rate(self) -> None:
        """Set the rates of the schedule for this step; reject those that a callback has set."""
        schedule = self.net.settings.schedule
        if schedule is None:
            return
        if self._learning_rates() != self._rates:
            raise ValueError(
                "a callback set the learning rate, which schedule and warmup set too; leave it to "
                "the callback with schedule='constant' and warmup=0."
            )
        factor = schedule(self.loop.step)
        for group in self.net.optimizer_.param_groups:
            group["lr"] = group["initial_lr"] * factor

    def _change_gradients(self) -> None:
        """Add the gradient of the L1 penalty, the sign of each matrix's entries, and clip."""
        settings = self.net.settings
        trained = [p for p in self._optimized() if p.grad is not None]
        if settings.l1:
            for parameter in trained:
                if parameter.ndim > 1 and parameter.grad is not None:
                    parameter.grad.add_(parameter.detach().sign(), alpha=settings.l1)
        if settings.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(trained, settings.gradient_clip)
