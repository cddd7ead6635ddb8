"""The skorch net in the torch classifiers: ragged batches, and logits in the order of rows."""

import copy
import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.base import ClassifierMixin
from skorch import NeuralNet
from skorch.callbacks import EpochTimer
from torch import Tensor, nn

from agnews_sk._core.interruption import Interruption
from agnews_sk.nn import RaggedDataset, RaggedLoader
from agnews_sk.training._checkpoint import Checkpoint
from agnews_sk.training._depth import parameter_depths
from agnews_sk.training._dropout import FastDropout
from agnews_sk.training._freezing import Freezing, freeze_layers
from agnews_sk.training._hardware import fast_inference, without_waiting
from agnews_sk.training._head import fit_head
from agnews_sk.training._loop import Training
from agnews_sk.training._net_params import check_is_mean_over_rows, check_takes_logits
from agnews_sk.training._pairs import balanced_batches
from agnews_sk.training._parameter_groups import parameter_groups
from agnews_sk.training._rows import TextRows, epoch_rng, in_order
from agnews_sk.training._settings import TrainingSettings

_SOFTMAX = functools.partial(F.softmax, dim=1)


class TextNet(ClassifierMixin, NeuralNet):
    """A skorch net over rows of token ids whose module returns logits.

    Parameters
    ----------
    module : torch.nn.Module
        Takes `input_ids` and `attention_mask` of shape (batch, length), returns logits of shape
        (batch, n_classes) or an object with `.logits`.
    settings : TrainingSettings
    n_classes : int
    pad_id : int, default=0
        Id that fills the shorter rows of a batch.
    several_labels : bool, default=False
        Whether rows have several labels, so that targets are indicators.
    predict_nonlinearity : callable, default=softmax
        From logits to probabilities, for `predict_proba` of the net.
    **kwargs
        As `skorch.NeuralNet` takes them.

    Attributes
    ----------
    classes_ : ndarray of int of shape (n_classes,)
        Codes of the classes: the net and its callbacks use no other labels.
    stop_training : bool
        Set by a callback to end training after the epoch. A training sets it to False when it
        begins. All other state of the loop is in `Training`.
    awaits_output_layer : bool
        Whether the output layer is yet to be fitted to the layers below it, in contrastive
        training until the end of an epoch. Predictions then raise an error.

    Notes
    -----
    Of skorch this keeps the callbacks and the history, and replaces the loop by `Training`.
    """

    stop_training = False
    awaits_output_layer = False

    def __init__(
        self,
        module,
        *,
        settings: TrainingSettings,
        n_classes: int,
        pad_id: int = 0,
        several_labels: bool = False,
        predict_nonlinearity=_SOFTMAX,
        **kwargs,
    ):
        super().__init__(module, predict_nonlinearity=predict_nonlinearity, **kwargs)
        self.settings = settings
        self.n_classes = n_classes
        self.pad_id = pad_id
        self.several_labels = several_labels

    @property
    def classes_(self) -> np.ndarray:
        """Codes of the classes."""
        return np.arange(self.n_classes)

    @property
    def _default_callbacks(self):
        """Only the timer: the loop records losses itself, and the classifier adds a display."""
        return [("epoch_timer", EpochTimer())]

    # What the module computes

    def infer(self, x: Mapping[str, Tensor], **fit_params) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        x : mapping of str to Tensor
            `input_ids` and, where something is padded, `attention_mask`, of shape (n_chunks,
            length); where a text has several chunks, `chunks` of shape (batch, most).
        **fit_params
            Go to the module.

        Returns
        -------
        Tensor of float32 of shape (batch, n_classes)
        """
        training = self.module_.training
        bfloat16 = self.settings.bfloat16 and training
        device = torch.device(self.device).type
        on_cpu = device == "cpu" and not self.settings.compile
        faster = FastDropout() if training and on_cpu else nullcontext()
        inputs = dict(self._to_device(x))
        chunks = inputs.pop("chunks", None)
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16), faster:
            output = self.module_(**inputs, **fit_params)
        logits = getattr(output, "logits", output).float()  # (n_chunks, n_classes)
        return logits if chunks is None else self.module_.chunk_pooling(logits, chunks)

    def get_loss(self, y_pred: Tensor, y_true: dict[str, Tensor], X=None, training=False) -> Tensor:
        """Return the mean of the rows' losses, each times the row's weight if it has one.

        Parameters
        ----------
        y_pred : Tensor of shape (batch, n_classes)
            Logits.
        y_true : dict of str to Tensor of shape (batch,) or (batch, n_classes)
            "target", codes of the classes or an indicator; "soft_labels", which replace it, if rows
            have some; and "weight" if rows have weights, each of them or each label of them.
        X, training : ignored
            In the signature of skorch.

        Returns
        -------
        Tensor of shape ()

        Raises
        ------
        ValueError
            If rows have weights, and the criterion gives no loss per row.
        """
        labels = self._to_device(y_true)
        target = labels.get("soft_labels", labels["target"])
        losses = self.criterion_(y_pred, target)  # (batch,), or (batch, n_classes)
        weight = labels.get("weight")
        if weight is None:
            return losses.mean()
        if self.several_labels and losses.ndim == 2 and weight.ndim == 1:
            losses = losses.mean(dim=1)  # (batch,)
        if losses.shape != weight.shape:
            raise ValueError(
                f"the criterion {type(self.criterion_).__name__} of net_params gives a loss of "
                f"shape {tuple(losses.shape)} for a batch of {len(weight)} rows, which cannot be "
                "weighted; return one loss per row, or leave out class_weight and sample_weight."
            )
        return (losses * weight.to(losses.dtype)).mean()

    def logits(self, dataset: RaggedDataset) -> np.ndarray:
        """Return the logits of every row, in the rows' order.

        Parameters
        ----------
        dataset : RaggedDataset of n_samples rows

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_classes)

        Raises
        ------
        RuntimeError
            If contrastive training has not fitted the output layer yet.
        """
        self._check_output_layer()
        loader = self.get_iterator(dataset)
        with self.evaluating():
            logits = in_order(loader, [self.infer(inputs) for inputs, _ in loader])
        return logits.numpy()

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Compute without dropout and gradients within the block.

        Afterwards each module is in the mode that it was in: a callback may have set it.
        """
        parts = [getattr(self, f"{name}_") for name in self._modules + self._criteria]
        modules = [m for part in parts if isinstance(part, nn.Module) for m in part.modules()]
        modes = [(module, module.training) for module in modules]
        self.set_training(False)
        try:
            with fast_inference(self.device, compiled=self.settings.compile):
                yield
        finally:
            for module, mode in modes:
                module.training = mode

    def forward_iter(self, X, training=False, device="cpu") -> Iterator[Tensor]:
        """Yield the logits of rows in their order, or of the inputs of one batch.

        Scoring callbacks replace this method by the outputs of the batches, in the order of the
        batches, and give labels in the same order.

        Parameters
        ----------
        X : RaggedDataset of n_samples rows, or mapping of str to Tensor of shape (batch, length)
        training : ignored
        device : str, default="cpu"
            Of the logits.

        Yields
        ------
        Tensor of shape (batch, n_classes)
        """
        self._check_output_layer()
        if isinstance(X, Mapping):
            with self.evaluating():
                logits = self.infer(X)
            yield logits.to(device)
        else:
            yield from torch.from_numpy(self.logits(X)).to(device).split(self.batch_size)

    def _check_output_layer(self) -> None:
        """Raise a RuntimeError while the output layer does not fit the layers below it."""
        if self.awaits_output_layer:
            raise RuntimeError(
                "a callback predicts before loss='contrastive' has fitted the output layer, which "
                "it does at the end of each epoch; predict in on_epoch_end instead."
            )

    def predict(self, X) -> np.ndarray:
        """Return the code of the most probable class of each row, or an indicator of its labels.

        Parameters
        ----------
        X : RaggedDataset of n_samples rows

        Returns
        -------
        ndarray of int of shape (n_samples,) or (n_samples, n_classes)
            Of several labels, 1 where the probability is at least 0.5.
        """
        y_proba = self.predict_proba(X)
        return (y_proba >= 0.5).astype(int) if self.several_labels else y_proba.argmax(axis=1)

    def accuracy(self, logits: Tensor, target: Tensor) -> float:
        """Return the share of rows whose label, or whole set of labels, is predicted.

        Parameters
        ----------
        logits : Tensor of shape (n_samples, n_classes)
        target : Tensor of shape (n_samples,) or (n_samples, n_classes)

        Returns
        -------
        float
        """
        if self.several_labels:
            right = ((logits >= 0) == (target > 0)).all(dim=1)
        else:
            right = logits.argmax(dim=1) == target
        return right.double().mean().item()

    def get_iterator(self, dataset, training: bool = False, epoch: int = 0) -> RaggedLoader:
        """Return a loader of padded batches.

        Parameters
        ----------
        dataset : RaggedDataset of n_samples rows
        training : bool, default=False
            Whether to shuffle; otherwise the longest texts come first.
        epoch : int, default=0
            Number of the epoch, which seeds the order together with the seed of the settings.

        Returns
        -------
        RaggedLoader
        """
        rng = epoch_rng(self.settings.seed, epoch) if training else None
        batches = None
        if rng is not None and self.settings.contrastive:
            batches = balanced_batches(dataset, self.batch_size, rng)
        return RaggedLoader(
            dataset,
            self.batch_size,
            pad_id=self.pad_id,
            rng=rng,
            tokens_per_batch=self.settings.tokens_per_batch,
            batches=batches,
        )

    def _to_device(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the tensors of a batch on the net's device."""
        if torch.device(self.device).type == "cpu":
            return batch
        return {name: without_waiting(value, self.device) for name, value in batch.items()}

    # What is trained

    def initialize_module(self, *args, **kwargs):
        """Initialize the module and freeze untrained parameters, before the optimizer exists."""
        super().initialize_module(*args, **kwargs)
        freeze_layers(self.module_, self.settings.freeze)
        if self.settings.compile:
            self.module_.compile(dynamic=True)
        return self

    def initialize_criterion(self):
        """Initialize the criterion; if rows have weights, make it give one loss per row."""
        super().initialize_criterion()
        criterion: Any = getattr(self, "criterion_")  # noqa: B009
        check_takes_logits(criterion)
        if self.settings.weighted and getattr(criterion, "reduction", "none") == "mean":
            criterion = copy.deepcopy(criterion)
            criterion.reduction = "none"
            self.criterion_ = criterion
        if self.settings.devices > 1:
            check_is_mean_over_rows(
                criterion, self.n_classes, several=self.several_labels, device=self.device
            )
        return self

    def get_params_for_optimizer(self, prefix: str, named_parameters) -> tuple[tuple, dict]:
        """Return the parameter groups and the keywords of the optimizer.

        Each group keeps its own highest rate as "initial_lr", which the schedule multiplies.
        """
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

    def set_training(self, training: bool = True) -> None:
        """Put the module and the criterion in training mode, or in evaluation mode."""
        self._set_training(training)

    def fit(
        self, X: TextRows, y: TextRows | None = None, *, checkpoint: Checkpoint | None = None
    ) -> "TextNet":
        """Train on labelled rows.

        Parameters
        ----------
        X : TextRows
        y : TextRows, optional
            Rows to validate on after each epoch.
        checkpoint : Checkpoint, optional
            File to resume the training from, and to save its state to.

        Returns
        -------
        self
        """
        return super().fit(X, y, checkpoint=checkpoint)

    def partial_fit(
        self, X, y=None, classes=None, *, checkpoint: Checkpoint | None = None, **fit_params
    ):
        """Train for as many epochs or steps as are left.

        Ctrl-C raises KeyboardInterrupt, also where a callback catches it; the callbacks are then
        not notified that training ended.

        Parameters
        ----------
        X : TextRows
        y : TextRows, optional
            Rows to validate on after each epoch.
        classes : ignored
            In the signature of skorch.
        checkpoint : Checkpoint, optional
            File to resume the training from, and to save its state to.
        **fit_params : ignored
            What skorch's own `fit` passes on.

        Returns
        -------
        self
        """
        if not self.initialized_:
            self.initialize()
        interruption = Interruption()
        settings = self.settings
        # Before callbacks freeze parameters of their own, which it would unfreeze.
        freezing = Freezing(self.module_, settings.freeze, settings.gradual_unfreezing)
        self.awaits_output_layer = settings.contrastive
        with interruption.listening():
            if settings.fits_head and not settings.contrastive:
                # Before callbacks load or set weights.
                fit_head(self, X)
            self.notify("on_train_begin", X=X, y=X.y)
            training = Training(self, X, y, freezing, checkpoint, interruption)
            training.run()
            self.notify("on_train_end", X=X, y=X.y)
            interruption.check()
            training.finish()
        return self

    def history_frame(self) -> pd.DataFrame:
        """Return the history, one row per epoch, without the batches."""
        rows = [
            {k: v for k, v in row.items() if k != "batches" and not k.endswith("_batch_count")}
            for row in self.history.to_list()
        ]
        return pd.DataFrame(rows)

    def trim_for_prediction(self):
        """Drop the attributes that only training needs.

        `module` becomes the class of `module_`, so that a pickle holds the weights once.
        """
        super().trim_for_prediction()
        self.module = type(self.module_)
