"""The training loop: steps that never wait for the device, epochs, and resuming after a kill."""

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import ParamMapper
from torch import Tensor

from agnews_sk._core.interruption import Interruption
from agnews_sk.nn import RaggedLoader
from agnews_sk.training._callback_state import restore_state, state_of
from agnews_sk.training._callbacks import hear_batches, is_the_user_s
from agnews_sk.training._early_stopping import BestWeights
from agnews_sk.training._hardware import random_state_of, set_random_state
from agnews_sk.training._layer_cache import LayerCache
from agnews_sk.training._rows import TextRows, in_order
from agnews_sk.training._settings import Progress

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet

# A wait for the device every so many steps costs nothing that shows.
STEPS_BETWEEN_CHECKS = 50
_ADVICE = "lower learning_rate, or set gradient_clip or precision='fp32'"


class Training:
    """One training of a net, from its beginning or a checkpoint to its end.

    Parameters
    ----------
    net : TextNet
        Initialised, its callbacks told of the beginning.
    train : TextRows
    valid : TextRows or None
        Rows to validate on after each epoch.
    interruption : Interruption
        Tells Ctrl-C from the KeyboardInterrupt of a callback.

    Notes
    -----
    Of skorch's loop this keeps the callbacks and the history, and replaces the rest: losses are
    read from the device every 50 steps only, unless a callback listens to batches, gradients are
    added up over batches, frozen layers are read from a cache, and the learning rate is set
    without a scheduler object.

    A callback ends training after the epoch by setting `net.stop_training`, or by raising
    KeyboardInterrupt in `on_epoch_end`, as skorch's `EarlyStopping` does; raised in an epoch,
    KeyboardInterrupt ends the epoch after the step. A training that was ended so is none that a
    checkpoint calls finished: the state on disk stays that of the epoch before, and the next one
    asks the callbacks again.
    """

    def __init__(
        self, net: "TextNet", train: TextRows, valid: TextRows | None, interruption: Interruption
    ) -> None:
        self.net = net
        self.train = train
        self.valid = valid
        self.progress = Progress()
        self.best = BestWeights(net.settings.patience)
        self._interruption = interruption
        self._datasets = {"dataset_train": train, "dataset_valid": valid}
        self._tensors = net.module_.state_dict()
        self._cache = self._make_cache()
        self._bad_loss: Tensor | bool = False
        self._callbacks = [(n, c) for n, c in net.callbacks_ if is_the_user_s(n, c, net)]
        self._reads_at_once = net.device == "cpu" or hear_batches(self._callbacks)
        self._saves_midway = net.checkpoint is not None and self._can_save_callbacks()
        self._may_save_in_epoch = self._saves_midway and not self._callbacks
        self._n_known = len(net.history)
        self._rates = self._learning_rates()
        self._finished: dict[str, Any] | None = None
        self._is_cut_short = False
        net.stop_training = False

    def run(self) -> None:
        """Train until the end, or until a callback ends it."""
        begun = self._resume()
        while not (self._is_at_its_end or self.net.stop_training):
            self._run_epoch(begun)
            begun = {}
        self.best.restore(self.net.module_)
        if self._bad_loss:
            self._report_bad_loss()

    def finish(self) -> None:
        """Save the weights as callbacks left them, or load those of a finished training."""
        if self._finished is not None:
            self._load_weights(self._finished)
        elif self._is_at_its_end and not self._is_cut_short:
            self.progress.is_over = True
            self._save()

    @property
    def _is_at_its_end(self) -> bool:
        progress = self.progress
        over = progress.is_over or self.best.is_over or progress.epoch >= self.net.max_epochs
        return over or self._has_all_steps()

    def _has_all_steps(self) -> bool:
        max_steps = self.net.settings.max_steps
        return max_steps is not None and self.progress.step >= max_steps

    def _make_cache(self) -> LayerCache:
        net, settings = self.net, self.net.settings
        # What maps parameters may change frozen ones, in any epoch.
        lasts = not any(isinstance(callback, ParamMapper) for _, callback in net.callbacks_)
        return LayerCache(
            net.module_,
            net.freezing_.n_frozen_layers,
            self.train,
            torch.bfloat16 if settings.bfloat16 else torch.float32,
            settings.cache_gib if lasts and not settings.compile else 0,
        )

    # Epochs

    def _run_epoch(self, begun: dict[str, Any]) -> None:
        net, progress = self.net, self.progress
        net.freezing_.begin_epoch(progress.epoch)
        self._tell("on_epoch_begin", **self._datasets)
        if self._is_cut_short and not begun:
            self._leave_out_epoch()
            return
        net.history[-1].update(begun)
        self._check_trainable()
        net.set_training()
        loader = net.get_iterator(self.train, training=True, epoch=progress.epoch)
        size = net.settings.accumulate
        groups = [loader.batches[i : i + size] for i in range(0, len(loader.batches), size)]
        for group in groups[len(progress.losses) :]:
            self._interruption.check()
            if self._has_all_steps() or progress.is_over or self._is_cut_short:
                break
            self._train_step(loader, group)
            if self._may_save_in_epoch and net.checkpoint is not None and net.checkpoint.is_due:
                self._save()
        self._check_losses()
        self._record_training()
        if self.valid is not None:
            self._validate(self.valid)
        progress.end_epoch()
        self._end_epoch()

    def _end_epoch(self) -> None:
        self._tell("on_epoch_end", **self._datasets)
        self._interruption.check()
        if self._saves_midway and not (self._is_at_its_end or self.net.stop_training):
            self._save()

    def _tell(self, hook: str, **what: Any) -> None:
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
                self._is_cut_short |= hook != "on_epoch_end"

    def _leave_out_epoch(self) -> None:
        if self.progress.step == 0:
            raise ValueError(
                "a callback raised KeyboardInterrupt before the first step, and so ended training "
                "with nothing learned; raise it in on_epoch_end."
            )
        self.net.history.pop()

    def _check_trainable(self) -> None:
        """Refuse what callbacks froze or thawed without an effect."""
        trained = {id(p) for g in self.net.optimizer_.param_groups for p in g["params"]}
        learning = [(n, p) for n, p in self.net.get_all_learnable_params() if p.requires_grad]
        if not learning:
            names = [type(callback).__name__ for _, callback in self._callbacks]
            raise ValueError(
                f"the callbacks {', '.join(names)} froze every parameter: nothing is left to train."
            )
        outside = [name for name, parameter in learning if id(parameter) not in trained]
        if outside:
            raise ValueError(
                f"a callback thawed {outside[0]!r}, which freeze={self.net.settings.freeze!r} or "
                "lora keeps from the optimizer; freeze with a callback instead."
            )

    def _record_training(self) -> None:
        history, losses = self.net.history, self.progress.losses
        batches = history[-1]["batches"]
        late = [row for row in batches if isinstance(row.get("train_loss"), Tensor)]
        if late:
            values = torch.stack([row["train_loss"] for row in late]).tolist()
            for row, value in zip(late, values, strict=True):
                row["train_loss"] = value
        self._record_loss("train_loss", torch.stack(losses).mean().item() if losses else math.nan)
        history.record("train_batch_count", len(batches))
        history.record("steps", self.progress.step)

    def _validate(self, valid: TextRows) -> None:
        net = self.net
        loader = net.get_iterator(valid)
        outputs = []
        for rows in loader.batches:
            inputs, labels = loader.batch(rows)
            batch = inputs, labels["target"]
            self._tell("on_batch_begin", batch=batch, training=False)
            with net.evaluating():
                outputs.append(net.infer(inputs))
                loss = net.get_loss(outputs[-1], labels, X=inputs).item()
            # A copy: callbacks may do with it what cannot be done with a tensor of inference.
            self._end_batch(batch, loss, outputs[-1].clone(), training=False)
        with net.evaluating():
            logits = in_order(loader, outputs)
            labels = {k: torch.from_numpy(v) for k, v in valid.labels.items()}
            loss = net.get_loss(logits.to(net.device), labels).item()
        accuracy = (logits.argmax(dim=1) == labels["target"]).double().mean().item()
        self._record_loss("valid_loss", loss)
        net.history.record("valid_batch_count", len(outputs))
        net.history.record("valid_accuracy", accuracy)
        self.best.update(loss, net.module_)

    def _record_loss(self, name: str, loss: float) -> None:
        """Record a loss of the epoch, and whether it is the lowest so far."""
        history = self.net.history
        before = [row[name] for row in history[:-1] if math.isfinite(row.get(name, math.nan))]
        history.record(name, loss)
        history.record(f"{name}_best", loss < min(before, default=math.inf))

    # Steps

    def _train_step(self, loader: RaggedLoader, group: list[np.ndarray]) -> None:
        """Take one optimiser step over a group of batches."""
        net = self.net
        n_rows = sum(map(len, group))
        net.optimizer_.zero_grad(set_to_none=True)
        parts = []
        for i, rows in enumerate(group, start=1):
            inputs, labels = loader.batch(rows)
            batch = inputs, labels["target"]
            self._tell("on_batch_begin", batch=batch, training=True)
            with self._cache.shortcut(rows):
                logits = net.infer(inputs)
            loss = net.get_loss(logits, labels, X=inputs, training=True)
            part = loss * (len(rows) / n_rows)
            part.backward()
            parts.append(part.detach())
            if i < len(group):
                self._end_batch(batch, loss.detach(), logits, training=True)
        self._set_learning_rate()
        self._change_gradients()
        self._tell(
            "on_grad_computed",
            named_parameters=list(net.get_all_learnable_params()),
            batch=batch,
            training=True,
        )
        self._guarded_step(torch.stack(parts).sum())
        self._rates = self._learning_rates()
        self._end_batch(batch, loss.detach(), logits, training=True)

    def _end_batch(
        self, batch: tuple[Any, Tensor], loss: Tensor | float, logits: Tensor, *, training: bool
    ) -> None:
        kind = "train" if training else "valid"
        if isinstance(loss, Tensor) and self._reads_at_once:
            loss = loss.item()
        history = self.net.history
        history.record_batch(f"{kind}_loss", loss)
        history.record_batch(f"{kind}_batch_size", len(batch[1]))
        self._tell("on_batch_end", batch=batch, training=training, loss=loss, y_pred=logits)

    def _learning_rates(self) -> list[Any]:
        return [group["lr"] for group in self.net.optimizer_.param_groups]

    def _set_learning_rate(self) -> None:
        schedule = self.net.settings.schedule
        if schedule is None:
            return
        if self._learning_rates() != self._rates:
            raise ValueError(
                "a callback set the learning rate, which schedule and warmup set too; leave it to "
                "the callback with schedule='constant' and warmup=0."
            )
        factor = schedule(self.progress.step)
        for group in self.net.optimizer_.param_groups:
            group["lr"] = group["initial_lr"] * factor

    def _change_gradients(self) -> None:
        settings = self.net.settings
        parameters = [p for g in self.net.optimizer_.param_groups for p in g["params"]]
        trained = [p for p in parameters if p.grad is not None]
        if settings.l1:
            for parameter in trained:
                if parameter.ndim > 1:
                    parameter.grad.add_(parameter.detach().sign(), alpha=settings.l1)
        if settings.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(trained, settings.gradient_clip)

    def _guarded_step(self, loss: Tensor) -> None:
        """Step, unless this loss or one before it is not finite.

        A fused optimiser on an accelerator skips the step by itself, as it does for a gradient
        scaler, and the loss is read later. Elsewhere reading it is no wait, or has to be.
        """
        optimizer, progress = self.net.optimizer_, self.progress
        progress.losses.append(loss)
        if optimizer.defaults.get("fused") and self.net.device != "cpu":
            self._bad_loss = ~loss.isfinite() | self._bad_loss
            optimizer.found_inf = self._bad_loss.float()
            optimizer.step()
            if progress.step % STEPS_BETWEEN_CHECKS == 0:
                self._check_losses()
        elif math.isfinite(loss.item()):
            optimizer.step()
        else:
            self._check_losses()

    def _check_losses(self) -> None:
        """End training if a loss of the epoch begun is not finite."""
        progress = self.progress
        if not progress.losses:
            return
        finite = torch.stack(progress.losses).isfinite().tolist()
        if all(finite):
            return
        n_good = finite.index(False)
        self._bad_loss = progress.losses[n_good]
        if progress.steps_before + n_good == 0:
            loss = self._bad_loss.item()
            raise FloatingPointError(f"the loss is {loss} at step 1, the first; {_ADVICE}.")
        progress.losses = progress.losses[:n_good]
        progress.is_over = True

    def _report_bad_loss(self) -> None:
        """Warn of a loss that ended training; if the weights that are left are no good, raise."""
        what = f"the loss is {float(self._bad_loss)} at step {self.progress.step + 1}"
        some = self.train.take(np.arange(min(len(self.train), 8)))
        if not np.isfinite(self.net.logits(some)).all():
            raise FloatingPointError(
                f"{what}, and the weights give no finite logits any more; {_ADVICE}."
            )
        warnings.warn(
            f"{what}, where training stopped; the weights are those of the step before, or of the "
            f"best epoch if patience is set. To go on, {_ADVICE}.",
            ConvergenceWarning,
            stacklevel=2,
        )

    # Resuming after a kill

    def _can_save_callbacks(self) -> bool:
        try:
            for _, callback in self._callbacks:
                state_of(callback)
        except TypeError as error:
            warnings.warn(
                f"{error}: this training is not resumed midway, since checkpoint_dir cannot keep "
                "that.",
                UserWarning,
                stacklevel=2,
            )
            return False
        return True

    def _save(self) -> None:
        net, progress = self.net, self.progress
        if net.checkpoint is None:
            return
        rows = [_plain(row) for row in net.history.to_list()]
        n_whole = self._n_known + progress.epoch
        state: dict[str, Any] = {
            "epoch": progress.epoch,
            "steps_before": progress.steps_before,
            "losses": torch.stack(progress.losses) if progress.losses else torch.empty(0),
            "is_over": progress.is_over,
            "seed": net.settings.seed,
            "module": self._tensors,
            "history": rows[:n_whole],
            "begun": rows[n_whole] if len(rows) > n_whole else {},
        }
        if not progress.is_over:
            state["optimizer"] = net.optimizer_.state_dict()
            state["best"] = self.best.state_dict()
            state["random"] = random_state_of(net.device)
            state["callbacks"] = {name: state_of(callback) for name, callback in self._callbacks}
        net.checkpoint.save(state)

    def _resume(self) -> dict[str, Any]:
        """Take up a state from disk, and return what it has of an epoch that was begun."""
        net = self.net
        if net.checkpoint is None:
            return {}
        state = net.checkpoint.load(net.device)
        if state is None:
            return {}
        with net.checkpoint.refusing_damage():
            self._load_weights(state)
            self.progress = Progress(
                state["epoch"], state["steps_before"], list(state["losses"]), state["is_over"]
            )
            net.history.extend(state["history"])
            if state["is_over"]:
                self._finished = state
                return {}
            net.optimizer_.load_state_dict(state["optimizer"])
            self._rates = self._learning_rates()
            self.best.load_state_dict(state["best"])
            for name, callback in self._callbacks:
                restore_state(callback, state["callbacks"][name])
        self._refill()
        set_random_state(net.device, state["random"])
        return state["begun"]

    def _load_weights(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, tensor in self._tensors.items():
                tensor.copy_(state["module"][name])

    def _refill(self) -> None:
        """Fill the cache from the same batches as before, so that it holds the same numbers."""
        net = self.net
        net.set_training()
        loader = net.get_iterator(self.train, training=True)
        begun = len(self.progress.losses) * net.settings.accumulate
        with torch.no_grad():
            for rows in loader.batches if self.progress.epoch else loader.batches[:begun]:
                if not self._cache.is_on:
                    return
                inputs, _ = loader.batch(rows)
                with self._cache.shortcut(rows):
                    net.infer(inputs)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return what was recorded as far as a file of plain values can hold it."""
    values = {k: v.item() if isinstance(v, (np.generic, Tensor)) else v for k, v in row.items()}
    kept: dict[str, Any] = {
        k: v for k, v in values.items() if isinstance(v, (bool, int, float, str))
    }
    if "batches" in row:
        kept["batches"] = [_plain(batch) for batch in row["batches"]]
    return kept
