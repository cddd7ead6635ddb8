"""What our torch classifiers share: labels, ids, the net, probabilities."""

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import torch
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted, column_or_1d
from torch import nn

from agnews_sk._base import StateParts, TextInputMixin
from agnews_sk._columnar import flat_values, row_offsets
from agnews_sk._optional import import_optional
from agnews_sk._validation import check_labels, check_sample_weight, check_texts, n_rows
from agnews_sk.classifiers._callbacks import ProgressLine, ScikitLearnCallbacks
from agnews_sk.classifiers._checkpoint import Checkpoint, fingerprint
from agnews_sk.classifiers._hardware import (
    choose_device,
    explain_out_of_memory,
    use_bfloat16,
)
from agnews_sk.classifiers._ids import (
    CommonEnds,
    as_ragged_ids,
    check_ids,
    find_common_ends,
    holds_ids,
    truncate_ids,
)
from agnews_sk.classifiers._lora import add_lora
from agnews_sk.classifiers._net import TextNet, epoch_rng
from agnews_sk.classifiers._parameters import SharedParameters
from agnews_sk.classifiers._settings import TrainingSettings
from agnews_sk.nn import (
    FocalLoss,
    RaggedDataset,
    bucket_batches,
    make_schedule,
    module_with_weights,
    weights_of,
)

MAX_SEED = np.iinfo(np.int32).max

OPTIMIZERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "sgd": (torch.optim.SGD, {"fused": True, "momentum": 0.9}),
    "adafactor": (torch.optim.Adafactor, {}),
}
# They say where or whether to go on, not what the result is.
NOT_IN_FINGERPRINT = {"callbacks", "checkpoint_dir", "device", "random_state", "verbose"}


class TextNetClassifier(
    CallbackSupportMixin, TextInputMixin, ClassifierMixin, SharedParameters, BaseEstimator
):
    """Base of the classifiers that hold a skorch net over token ids.

    A subclass adds its own parameters to the shared ones, and implements
    `_fit_tokenizer(texts)`, `_make_module(ids)`, `_pad_id(module)`, `_vocab_size(module)`,
    `_longest_input(module)`, and `_module_config(module)` and `_module_from_config(config,
    n_tensors)`, which take a module's settings as JSON can hold them and build it again.
    """

    net_: TextNet

    @with_callbacks
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> "TextNetClassifier":
        """Train on texts, or on the token ids that a tokenizer made of them.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)
            A missing text is the empty text. Ids may be an int array of shape
            (n_samples, length) too.
        y : array-like of shape (n_samples,)
            Labels of any kind that sorts.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the loss.
        X_val, y_val : like X and y, optional
            Rows to validate on after each epoch.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X and y differ in length, y has a single class, a parameter is out of range, or an
            id is outside the vocabulary.
        FloatingPointError
            If the loss is not finite at the first step, or the weights of the step before give
            no finite logits either. Otherwise training stops with a warning and keeps these.
        MemoryError
            If the device has too little memory.
        """
        self._validate_params()
        self._check_combinations(X_val, y_val)
        X = as_ragged_ids(X) if holds_ids(X) else self._checked_texts(X)
        target = self._encode_labels(X, y)
        weight = self._row_weights(X, y, sample_weight)
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        # The caller's random state of torch is left as it was.
        with torch.random.fork_rng(), explain_out_of_memory(_MEMORY_ADVICE):
            torch.manual_seed(seed)
            self._fit_net(X, target, weight, X_val, y_val, seed)
        return self

    def _fit_net(
        self,
        X: pl.Series,
        target: np.ndarray,
        weight: np.ndarray | None,
        X_val: Any,
        y_val: Any,
        seed: int,
    ) -> None:
        going_on = self._is_going_on
        self.tokenizer_ = None if holds_ids(X) else self._fit_tokenizer(X)
        ids = X if self.tokenizer_ is None else self.tokenizer_.transform(X)
        module = self.net_.module_ if going_on else self._make_module(ids)
        self.vocab_size_ = self._vocab_size(module)
        self.max_length_ = min(self.max_length, self._longest_input(module))
        self._ends = find_common_ends(ids)
        train = self._dataset(ids, target, weight)
        valid = None if X_val is None else self._validation_rows(X_val, y_val)
        # Of the rows before they are split: without a random state, each run splits otherwise.
        checkpoint, seed = self._checkpoint(module, train, valid, seed, going_on)
        if self.validation_fraction is not None:
            train, valid = self._split(train, seed)
        tuner = None if self.lora is None else add_lora(module, self.lora)
        net = self._make_net(module, train, checkpoint, seed)
        context = self._init_callback_context(max_subtasks=None)
        context.call_on_fit_task_begin(estimator=self, X=X, y=self.classes_[target])
        net.callbacks.append(ScikitLearnCallbacks(self, context, X, self.classes_[target]))
        try:
            net.fit(train, valid)
        finally:  # a fit that fails leaves a module to warm-start from
            if tuner is not None:
                tuner.merge_and_unload()
            module.requires_grad_(True)
        history = [
            {k: v for k, v in row.items() if k != "batches"} for row in net.history.to_list()
        ]
        self.history_ = pd.DataFrame(history)
        net.trim_for_prediction()
        self.net_ = net
        context.call_on_fit_task_end(estimator=self, X=X, y=self.classes_[target])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)
            Of the kind seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
            Columns in the order of `classes_`; independent of the order and the grouping of X.
        """
        return softmax(self._logits(X).astype(np.float64), axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logit of each class.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_classes), or (n_samples,) for two classes
            Of two classes, how far the second one's logit is above the first one's.
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each text.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    def plot_history(self, ax: Any = None) -> Any:
        """Draw the losses by epoch.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        check_is_fitted(self)
        pyplot = import_optional("matplotlib.pyplot", extra="plot", needed_by="plot_history")
        if ax is None:
            _, ax = pyplot.subplots()
        for column in self.history_.columns.intersection(["train_loss", "valid_loss"]):
            label = column.removesuffix("_loss")
            ax.plot(self.history_["epoch"], self.history_[column], marker="o", label=label)
        ax.set(xlabel="Epoch", ylabel="Loss")
        ax.legend()
        return ax

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def _get_parts(self) -> StateParts:
        state = dict(vars(self))
        if "net_" not in state:
            return StateParts(state)
        module = state.pop("net_").module_
        config = {
            "module": self._module_config(module),
            "ends": list(state.pop("_ends")),
            "history": state.pop("history_").to_dict("list"),
        }
        return StateParts(state, weights_of(module), {"config.json": json.dumps(config)})

    def _set_parts(self, parts: StateParts) -> None:
        config, weights = json.loads(parts.documents["config.json"]), parts.tensors
        module = module_with_weights(
            lambda: self._module_from_config(config["module"], len(weights)), weights
        )
        self.vocab_size_ = self._vocab_size(module)
        self.max_length_ = min(self.max_length, self._longest_input(module))
        if not 0 <= self._pad_id(module) < self.vocab_size_:
            raise ValueError(f"the padding's id must be below {self.vocab_size_}.")
        if self.tokenizer_ is not None and self.tokenizer_.vocab_size_ > self.vocab_size_:
            raise ValueError(
                f"the tokenizer has {self.tokenizer_.vocab_size_} ids, the model "
                f"{self.vocab_size_}."
            )
        self._ends = CommonEnds(*(int(bool(end)) for end in config["ends"]))
        self.history_ = pd.DataFrame(config["history"])
        one_row = RaggedDataset(np.zeros(1, dtype=np.int64), np.array([0, 1]))
        net = self._make_net(module, one_row, None, 0).initialize()
        net.trim_for_prediction()
        net.module_.requires_grad_(True)
        self.net_ = net

    def _logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        with explain_out_of_memory(_MEMORY_ADVICE):
            return self.net_.logits(self._dataset(self._ids(X)))

    def _checked_texts(self, X: Any) -> pl.Series:
        return check_texts(X)

    def _check_combinations(self, X_val: Any, y_val: Any) -> None:
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val go together, got only one of them.")
        if X_val is not None and self.validation_fraction is not None:
            raise ValueError(
                "validation_fraction and X_val are two ways to say the same; give one of them."
            )
        if self.patience is not None and X_val is None and self.validation_fraction is None:
            raise ValueError(
                f"patience={self.patience} needs rows to validate on; set validation_fraction, or "
                "give fit X_val and y_val."
            )

    def _encode_labels(self, X: Any, y: Any) -> np.ndarray:
        if y is None:
            raise ValueError(
                "requires y to be passed, but the target y is None: a classifier needs one label "
                "a text."
            )
        if n_rows(X) != n_rows(y):
            raise ValueError(f"y must have one label a text of X, {n_rows(X)}, got {n_rows(y)}.")
        check_labels(y)
        y = column_or_1d(np.asarray(y), warn=True)
        encoder = LabelEncoder().fit(y)
        if len(encoder.classes_) < 2:
            raise ValueError(
                f"y must have at least 2 classes, got 1 class: {encoder.classes_.tolist()[0]!r}; "
                "a classifier has nothing to learn from it."
            )
        if self._is_going_on:
            self._check_same_classes(encoder.classes_)
        elif hasattr(self, "net_"):
            del self.net_  # if this fit fails, its outputs would have the names of other classes
        self.classes_ = encoder.classes_
        return encoder.transform(y).astype(np.int64)

    @property
    def _is_going_on(self) -> bool:
        return self.warm_start and hasattr(self, "net_")

    def _check_same_classes(self, classes: np.ndarray) -> None:
        if not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start needs the classes of the last fit, {self.classes_.tolist()}, got "
                f"{classes.tolist()}; set warm_start=False."
            )

    def _row_weights(self, X: Any, y: Any, sample_weight: Any) -> np.ndarray | None:
        if sample_weight is None and self.class_weight is None:
            return None
        weight = check_sample_weight(sample_weight, X)
        weight = weight * compute_sample_weight(self.class_weight, np.asarray(y))
        if not weight.any():
            raise ValueError(
                f"class_weight={self.class_weight} and sample_weight leave every row a weight of 0."
            )
        return weight / weight.mean()

    def _ids(self, X: Any) -> pl.Series:
        if self.tokenizer_ is not None:
            return self.tokenizer_.transform(X)
        if not holds_ids(X):
            raise TypeError(
                f"{type(self).__name__} was fitted on token ids, got {type(X).__name__}; "
                "put the same tokenizer before it."
            )
        return as_ragged_ids(X)

    def _dataset(
        self,
        ids: pl.Series,
        target: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        *,
        name: str = "X",
    ) -> RaggedDataset:
        check_ids(ids, self.vocab_size_, name=name)
        ids = truncate_ids(ids, self.max_length_, self.truncation, self._ends)
        return RaggedDataset(flat_values(ids).to_numpy(), row_offsets(ids), target, weight)

    def _validation_rows(self, X_val: Any, y_val: Any) -> RaggedDataset:
        if holds_ids(X_val):
            X_val = as_ragged_ids(X_val, name="X_val")
        else:
            X_val = check_texts(X_val, name="X_val")
        y_val = column_or_1d(np.asarray(y_val), warn=True)
        if len(X_val) != len(y_val):
            raise ValueError(
                f"y_val must have one label a text of X_val, {len(X_val)}, got {len(y_val)}."
            )
        known = set(self.classes_.tolist())
        unknown = [label for label in pd.unique(y_val.astype(object)) if label not in known]
        if unknown:
            raise ValueError(f"y_val has labels that y lacks: {unknown}.")
        target = np.searchsorted(self.classes_, y_val).astype(np.int64)
        return self._dataset(self._ids(X_val), target, name="X_val")

    def _split(self, dataset: RaggedDataset, seed: int) -> tuple[RaggedDataset, RaggedDataset]:
        try:
            train, valid = train_test_split(
                np.arange(len(dataset)),
                test_size=self.validation_fraction,
                stratify=dataset.target,
                random_state=seed,
            )
        except ValueError as error:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} cannot be drawn class by class; "
                f"change it, or give fit X_val and y_val: {error}"
            ) from error
        return dataset.take(np.sort(train)), dataset.take(np.sort(valid))

    def _make_net(
        self,
        module: nn.Module,
        train: RaggedDataset,
        checkpoint: Checkpoint | None,
        seed: int,
    ) -> TextNet:
        device = choose_device(self.device)
        optimizer, keywords = OPTIMIZERS[self.optimizer]
        if self.optimizer == "sgd" and self.gradual_unfreezing:
            # Fused, it wants a momentum of all parameters or of none.
            keywords = {**keywords, "fused": False}
        criterion, loss_keywords = self._loss()
        params = {
            "settings": self._settings(train, seed, use_bfloat16(self.precision, device)),
            "pad_id": self._pad_id(module),
            "checkpoint": checkpoint,
            "criterion": criterion,
            **{f"criterion__{name}": value for name, value in loss_keywords.items()},
            "optimizer": optimizer,
            **{f"optimizer__{name}": value for name, value in keywords.items()},
            "lr": self.learning_rate,
            # There are at least as many steps as epochs.
            "max_epochs": self.max_steps or self.max_epochs,
            "batch_size": self.batch_size,
            "train_split": None,
            "device": device,
            "callbacks": [*(self.callbacks or []), *([ProgressLine()] if self.verbose else [])],
            "verbose": 0,
        }
        net_params = self.net_params or {}
        # Another optimizer, or criterion, does not take the keywords of ours.
        kept = {k: v for k, v in params.items() if k.split("__")[0] not in net_params}
        merged = {**kept, **net_params}
        # A list of its own: more is added, and all is removed after training.
        merged["callbacks"] = list(merged["callbacks"] or [])
        return TextNet(module, **merged)

    def _loss(self) -> tuple[Any, dict[str, Any]]:
        smoothing = {"label_smoothing": self.label_smoothing}
        if self.loss == "focal":
            return FocalLoss, {"gamma": self.focal_gamma, **smoothing}
        return nn.CrossEntropyLoss, {"reduction": "none", **smoothing}

    def _n_steps(self, train: RaggedDataset, seed: int) -> int:
        """Return how many optimiser steps there will be, if nothing ends training before."""
        if self.max_steps is not None:
            return self.max_steps
        net_params = self.net_params or {}
        max_epochs = net_params.get("max_epochs", self.max_epochs)
        batch_size = net_params.get("batch_size", self.batch_size)
        if self.tokens_per_batch is None:
            return max_epochs * -(-len(train) // (batch_size * self.accumulate))
        # Batches by tokens vary in number from epoch to epoch.
        n_batches = [
            len(
                bucket_batches(
                    train.lengths,
                    batch_size,
                    epoch_rng(seed, epoch),
                    tokens_per_batch=self.tokens_per_batch,
                )
            )
            for epoch in range(max_epochs)
        ]
        return sum(-(-n // self.accumulate) for n in n_batches)

    def _settings(self, train: RaggedDataset, seed: int, bfloat16: bool) -> TrainingSettings:
        n_steps = self._n_steps(train, seed)
        return TrainingSettings(
            schedule=make_schedule(self.schedule, n_steps, self.warmup),
            max_steps=self.max_steps,
            seed=seed,
            tokens_per_batch=self.tokens_per_batch,
            accumulate=self.accumulate,
            weight_decay=self.weight_decay,
            l1=self.l1,
            layer_decay=self.layer_decay,
            gradient_clip=self.gradient_clip,
            bfloat16=bfloat16,
            patience=self.patience,
            freeze=self.freeze,
            gradual_unfreezing=self.gradual_unfreezing,
            cache_gib=self.cache_gib,
            compile=self.compile,
        )

    def _origin(self) -> str:
        """Return what tells apart the weights that training begins with, besides parameters."""
        return ""

    def _checkpoint(
        self,
        module: nn.Module,
        train: RaggedDataset,
        valid: RaggedDataset | None,
        seed: int,
        going_on: bool,
    ) -> tuple[Checkpoint | None, int]:
        """Return where to save, and the seed of the training that was begun there."""
        if self.checkpoint_dir is None:
            return None, seed
        settings = {k: v for k, v in self.get_params().items() if k not in NOT_IN_FINGERPRINT}
        if self.random_state is not None:
            settings["seed"] = seed
        datasets = [train] if valid is None else [train, valid]
        arrays = [a for d in datasets for a in (d.values, d.offsets, d.target, d.weight)]
        if going_on:
            arrays += [p.detach().cpu().numpy() for p in module.parameters()]
        begun_with = type(self).__name__, settings, self.classes_.tolist(), self._origin()
        name = fingerprint(arrays, begun_with)
        checkpoint = Checkpoint(self.checkpoint_dir, name)
        state = checkpoint.load("cpu")
        return checkpoint, seed if state is None else state["seed"]


_MEMORY_ADVICE = (
    "lower batch_size or tokens_per_batch (accumulate makes up for it), or max_length, or "
    "cache_gib if layers are frozen"
)
