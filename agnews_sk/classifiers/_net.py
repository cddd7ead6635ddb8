"""The skorch net inside our classifiers: ragged batches, and a training loop that never waits."""

import math
import warnings
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.callbacks import EpochTimer
from torch import Tensor

from agnews_sk.classifiers._checkpoint import Checkpoint
from agnews_sk.classifiers._dropout import FastDropout
from agnews_sk.classifiers._early_stopping import BestWeights
from agnews_sk.classifiers._freezing import Freezing
from agnews_sk.classifiers._hardware import fast_inference
from agnews_sk.classifiers._layer_cache import LayerCache
from agnews_sk.classifiers._settings import Progress, TrainingSettings
from agnews_sk.nn import RaggedDataset, RaggedLoader, parameter_depths, parameter_groups

# A wait for the device every so many steps costs nothing that shows.
STEPS_BETWEEN_CHECKS = 50
_ADVICE = "lower learning_rate, or set gradient_clip or precision='fp32'"


class TextNet(NeuralNet):
    """A skorch net over `RaggedDataset`s whose module returns logits.

    Parameters
    ----------
    module : torch.nn.Module
        Takes `input_ids` and `attention_mask`, returns logits or an object with `.logits`.
    settings : TrainingSettings
    pad_id : int, default=0
        Fills the shorter rows of a batch.
    checkpoint : Checkpoint, optional
        Where the state of the training is kept.
    **kwargs
        As `skorch.NeuralNet` takes them.

    Notes
    -----
    Of skorch's loop this keeps the callbacks and the history, and replaces the rest: losses are
    read from the device every 50 steps only, gradients are added up over batches, frozen layers are
    read from a cache, and the learning rate is set without a scheduler object. Setting
    `stop_training` from a callback ends training after the epoch.
    """

    def __init__(
        self,
        module,
        *,
        settings: TrainingSettings,
        pad_id: int = 0,
        checkpoint: Checkpoint | None = None,
        **kwargs,
    ):
        super().__init__(module, **kwargs)
        self.settings = settings
        self.pad_id = pad_id
        self.checkpoint = checkpoint

    @property
    def _default_callbacks(self):
        return [("epoch_timer", EpochTimer())]

    # What the module computes

    def infer(self, x: dict[str, Tensor], **fit_params) -> Tensor:
        """Return the logits of a batch, of shape (batch, n_classes)."""
        training = self.module_.training
        bfloat16 = self.settings.bfloat16 and training
        device = torch.device(self.device).type
        faster = FastDropout() if training and not self.settings.compile else nullcontext()
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16), faster:
            output = self.module_(**self._to_device(x), **fit_params)
        return getattr(output, "logits", output).float()

    def get_loss(self, y_pred: Tensor, y_true: dict[str, Tensor], X=None, training=False) -> Tensor:
        """Return the mean of the rows' losses, each times the row's weight if it has one."""
        labels = self._to_device(y_true)
        losses = self.criterion_(y_pred, labels["target"])  # (batch,)
        if "weight" in labels:
            losses = losses * labels["weight"].to(losses.dtype)
        return losses.mean()

    def logits(self, dataset: RaggedDataset) -> np.ndarray:
        """Return the logits of every row, in the rows' order.

        Parameters
        ----------
        dataset : RaggedDataset of n_samples rows

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_classes)
        """
        loader = self.get_iterator(dataset)
        self._set_training(False)
        with fast_inference(self.device, compiled=self.settings.compile):
            in_order = torch.cat([self.infer(inputs) for inputs, _ in loader]).cpu()
            logits = torch.empty_like(in_order)
            logits[torch.from_numpy(np.concatenate(loader.batches))] = in_order
        return logits.numpy()

    def get_iterator(self, dataset: RaggedDataset, training: bool = False) -> RaggedLoader:
        """Return padded batches, longest first; those of an epoch are shuffled, by its number."""
        return self._loader(dataset, self._progress.epoch if training else None)

    def _loader(self, dataset: RaggedDataset, epoch: int | None) -> RaggedLoader:
        rng = None if epoch is None else epoch_rng(self.settings.seed, epoch)
        return RaggedLoader(
            dataset,
            self.batch_size,
            pad_id=self.pad_id,
            rng=rng,
            tokens_per_batch=self.settings.tokens_per_batch,
        )

    def _to_device(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        if torch.device(self.device).type == "cpu":
            return batch
        return {
            name: (value.pin_memory() if value.device.type == "cpu" else value).to(
                self.device, non_blocking=True
            )
            for name, value in batch.items()
        }

    # What is trained

    def initialize_module(self, *args, **kwargs):
        """Initialise the module and freeze what is never trained."""
        super().initialize_module(*args, **kwargs)
        settings = self.settings
        self._freezing = Freezing(self.module_, settings.freeze, settings.gradual_unfreezing)
        if settings.compile:
            self.module_.compile(dynamic=True)
        return self

    def get_params_for_optimizer(self, prefix: str, named_parameters) -> tuple[tuple, dict]:
        """Return the parameter groups and the keywords of the optimiser."""
        groups = parameter_groups(
            named_parameters,
            weight_decay=self.settings.weight_decay,
            learning_rate=self.lr,
            layer_decay=self.settings.layer_decay,
            depths=parameter_depths(self.module_),
        )
        for group in groups:
            group["initial_lr"] = group["lr"]
        return (groups,), {**self.get_params_for(prefix), "lr": self.lr}

    def trim_for_prediction(self):
        """Leave behind what only training needs; a pickle then holds the module once."""
        super().trim_for_prediction()
        self.module = type(self.module_)
        self.checkpoint = None
        del self._freezing

    # The loop

    def fit(self, X: RaggedDataset, y: RaggedDataset | None = None, **fit_params) -> "TextNet":
        """Train on labelled rows.

        Parameters
        ----------
        X : RaggedDataset
        y : RaggedDataset, optional
            Rows to validate on after each epoch.

        Returns
        -------
        self
        """
        return super().fit(X, y, **fit_params)

    def fit_loop(self, X, y=None, epochs=None, **fit_params):
        """Train for as many epochs or steps as are left."""
        self.stop_training = False
        self._progress = Progress()
        self._bad_loss: Tensor | bool = False
        self._best = BestWeights(self.settings.patience)
        self._tensors = self.module_.state_dict()
        cache = LayerCache(
            self.module_,
            self._freezing.n_frozen_layers,
            X,
            torch.bfloat16 if self.settings.bfloat16 else torch.float32,
            0 if self.settings.compile else self.settings.cache_gib,
        )
        self._resume(X, cache)
        with suppress(KeyboardInterrupt):  # how skorch's callbacks end a training
            while not self._is_over():
                self._run_epoch(X, y, cache)
            self._progress.is_over = True
        self._best.restore(self.module_)
        if self._bad_loss:
            self._report_bad_loss(X)
        if self._progress.is_over:  # a step that Ctrl-C cut short could not be repeated
            self._save_checkpoint()
        del self._tensors, self._best, self._progress, self._bad_loss
        return self

    def _is_over(self) -> bool:
        progress = self._progress
        return (
            progress.is_over
            or self.stop_training
            or self._best.is_over
            or progress.epoch >= self.max_epochs
            or self._has_all_steps()
        )

    def _has_all_steps(self) -> bool:
        max_steps = self.settings.max_steps
        return max_steps is not None and self._progress.step >= max_steps

    def _run_epoch(
        self, train: RaggedDataset, valid: RaggedDataset | None, cache: LayerCache
    ) -> None:
        progress = self._progress
        datasets = {"dataset_train": train, "dataset_valid": valid}
        self.notify("on_epoch_begin", **datasets)
        self._freezing.begin_epoch(progress.epoch)
        self._set_training(True)
        self._freezing.quieten()
        loader = self.get_iterator(train, training=True)
        groups = _in_groups(loader.batches, self.settings.accumulate)
        for group in groups[len(progress.losses) :]:
            if self._has_all_steps() or progress.is_over:
                break
            self._train_step(loader, group, cache)
            if self.checkpoint is not None and self.checkpoint.is_due:
                self._save_checkpoint()
        self._check_losses()
        self._record_epoch(valid)
        progress.end_epoch()
        self.notify("on_epoch_end", **datasets)
        if not progress.is_over:
            self._save_checkpoint()

    def _train_step(self, loader: RaggedLoader, group: list[np.ndarray], cache: LayerCache) -> None:
        """Take one optimiser step over a group of batches."""
        n_rows = sum(map(len, group))
        self.optimizer_.zero_grad(set_to_none=True)
        parts = []
        for rows in group:
            batch = loader.batch(rows)
            self.notify("on_batch_begin", batch=batch, training=True)
            inputs, labels = batch
            with cache.shortcut(rows):
                logits = self.infer(inputs)
            loss = self.get_loss(logits, labels, X=inputs, training=True) * (len(rows) / n_rows)
            loss.backward()
            parts.append(loss.detach())
            self.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=logits)
        self._set_learning_rate()
        self._change_gradients()
        self.notify(
            "on_grad_computed",
            named_parameters=list(self.get_all_learnable_params()),
            batch=batch,
            training=True,
        )
        self._guarded_step(torch.stack(parts).sum())

    def _set_learning_rate(self) -> None:
        factor = self.settings.schedule(self._progress.step)
        for group in self.optimizer_.param_groups:
            group["lr"] = group["initial_lr"] * factor

    def _change_gradients(self) -> None:
        parameters = [p for g in self.optimizer_.param_groups for p in g["params"]]
        trained = [p for p in parameters if p.grad is not None]
        if self.settings.l1:
            for parameter in trained:
                if parameter.ndim > 1:
                    parameter.grad.add_(parameter.detach().sign(), alpha=self.settings.l1)
        if self.settings.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(trained, self.settings.gradient_clip)

    def _guarded_step(self, loss: Tensor) -> None:
        """Step, unless this loss or one before it is not finite.

        A fused optimiser on an accelerator skips the step by itself, as it does for a gradient
        scaler, and the loss is read later. Elsewhere reading it is no wait, or has to be.
        """
        self._progress.losses.append(loss)
        if self.optimizer_.defaults.get("fused") and self.device != "cpu":
            self._bad_loss = ~loss.isfinite() | self._bad_loss
            self.optimizer_.found_inf = self._bad_loss.float()
            self.optimizer_.step()
            if self._progress.step % STEPS_BETWEEN_CHECKS == 0:
                self._check_losses()
        elif math.isfinite(loss.item()):
            self.optimizer_.step()
        else:
            self._check_losses()

    def _check_losses(self) -> None:
        """End training if a loss of the epoch begun is not finite."""
        progress = self._progress
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

    def _report_bad_loss(self, train: RaggedDataset) -> None:
        """Warn of a loss that ended training; if the weights that are left are no good, raise."""
        what = f"the loss is {float(self._bad_loss)} at step {self._progress.step + 1}"
        if not np.isfinite(self.logits(train.take(np.arange(min(len(train), 8))))).all():
            raise FloatingPointError(
                f"{what}, and the weights give no finite logits any more; {_ADVICE}."
            )
        warnings.warn(
            f"{what}, where training stopped; the weights are those of the step before, or of the "
            f"best epoch if patience is set. To go on, {_ADVICE}.",
            ConvergenceWarning,
            stacklevel=2,
        )

    def _record_epoch(self, valid: RaggedDataset | None) -> None:
        losses = self._progress.losses
        self.history.record("train_loss", torch.stack(losses).mean().item() if losses else math.nan)
        self.history.record("steps", self._progress.step)
        if valid is None:
            return
        logits = torch.from_numpy(self.logits(valid))
        labels = {k: torch.from_numpy(v) for k, v in valid.labels.items()}
        loss = self.get_loss(logits.to(self.device), labels).item()
        accuracy = (logits.argmax(dim=1) == labels["target"]).double().mean().item()
        self.history.record("valid_loss", loss)
        self.history.record("valid_accuracy", accuracy)
        self._best.update(loss, self.module_)

    # Going on after a kill

    def _save_checkpoint(self) -> None:
        if self.checkpoint is None:
            return
        progress = self._progress
        state: dict[str, Any] = {
            "epoch": progress.epoch,
            "steps_before": progress.steps_before,
            "losses": torch.stack(progress.losses) if progress.losses else torch.empty(0),
            "is_over": progress.is_over,
            "seed": self.settings.seed,
            "module": self._tensors,
            "history": [_plain(row) for row in self.history.to_list()[: progress.epoch]],
        }
        if not progress.is_over:
            state["optimizer"] = self.optimizer_.state_dict()
            state["best"] = self._best.state_dict()
            state["random"] = _random_state(self.device)
        self.checkpoint.save(state)

    def _resume(self, train: RaggedDataset, cache: LayerCache) -> None:
        state = None if self.checkpoint is None else self.checkpoint.load(self.device)
        if state is None:
            return
        with torch.no_grad():
            for name, tensor in self._tensors.items():
                tensor.copy_(state["module"][name])
        self._progress = Progress(
            state["epoch"], state["steps_before"], list(state["losses"]), state["is_over"]
        )
        self.history.extend(state["history"])
        if not state["is_over"]:
            self.optimizer_.load_state_dict(state["optimizer"])
            self._best.load_state_dict(state["best"])
            self._refill(cache, train)
            _set_random_state(self.device, state["random"])

    def _refill(self, cache: LayerCache, train: RaggedDataset) -> None:
        """Fill the cache from the same batches as before, so that it holds the same numbers."""
        self._set_training(True)
        self._freezing.quieten()
        loader = self._loader(train, 0)
        begun = len(self._progress.losses) * self.settings.accumulate
        with torch.no_grad():
            for rows in loader.batches if self._progress.epoch else loader.batches[:begun]:
                if not cache.is_on:
                    return
                inputs, _ = loader.batch(rows)
                with cache.shortcut(rows):
                    self.infer(inputs)


def epoch_rng(seed: int, epoch: int) -> np.random.Generator:
    """Return what draws the batches of an epoch, counted from 0."""
    return np.random.default_rng([seed, epoch])


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a callback recorded as far as a file of plain values can hold it."""
    values = {k: v.item() if isinstance(v, np.generic) else v for k, v in row.items()}
    kept = {k: v for k, v in values.items() if isinstance(v, (bool, int, float, str))}
    return {**kept, "batches": []}


def _in_groups(batches: list[np.ndarray], size: int) -> list[list[np.ndarray]]:
    return [batches[start : start + size] for start in range(0, len(batches), size)]


def _random_state(device: str) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.device(device).type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _set_random_state(device: str, state: dict[str, Tensor]) -> None:
    torch.set_rng_state(state["cpu"].cpu())
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
