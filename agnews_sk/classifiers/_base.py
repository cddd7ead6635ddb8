"""Base of the torch classifiers: labels, ids, the net, probabilities."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import nn

from agnews_sk._core.base import (
    HasParts,
    ProbabilisticClassifierMixin,
    StateParts,
    TextInputMixin,
)
from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk._core.ids import as_ragged_ids, holds_ids
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.validation import (
    check_groups,
    check_labels,
    check_texts,
    class_weights,
    encode_labels,
)
from agnews_sk.classifiers._checkpointing import open_checkpoint
from agnews_sk.classifiers._makes_module import MakesModule
from agnews_sk.classifiers._parameters import NetParameters
from agnews_sk.nn import module_with_weights, seeded_torch, weights_of
from agnews_sk.tokenization import find_special_tokens
from agnews_sk.training import (
    Checkpoint,
    ScikitLearnCallbacks,
    TextNet,
    TextRows,
    add_lora,
    check_callbacks,
    check_net_params,
    explain_out_of_memory,
    hold_out,
    make_net,
    weigh_rows,
    with_mean_weight_one,
)

MAX_SEED = np.iinfo(np.int32).max
_MEMORY_ADVICE = (
    "lower batch_size or tokens_per_batch (accumulate makes up for it), max_length, max_chunks, or "
    "max_cache_bytes if layers are frozen"
)


class TextNetClassifier(
    CallbackSupportMixin,
    TextInputMixin,
    ProbabilisticClassifierMixin,
    HasParts,
    MakesModule,
    NetParameters,
    BaseEstimator,
):
    """Base of the classifiers that hold a skorch net over token ids.

    A subclass is a dataclass whose fields are its own parameters (see `NetParameters`). It
    implements the abstract methods of `MakesModule`.
    """

    net_: TextNet

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        groups: Any = None,
    ) -> "TextNetClassifier":
        """Train on texts, or on the token ids that a tokenizer made of them.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)
            A missing text is the empty text. Ids may be an int array of shape
            (n_samples, length) too.
        y : array-like of shape (n_samples,)
            Labels in any container: strings, integers or booleans.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the loss.
        X_val, y_val : like X and y, optional
            Rows to validate on after each epoch.
        groups : array-like of shape (n_samples,), optional
            Origin of each row. `validation_fraction` keeps rows of one origin together, as it
            does rows of equal ids.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If y holds no labels, or `callbacks` something that is not a callback.
        ValueError
            If X and y differ in length, y has a single class, a parameter is out of range or
            conflicts with another or with a callback, an id is outside the vocabulary, or a file in
            `checkpoint_dir` is damaged.
        KeyboardInterrupt
            If Ctrl-C is pressed: the classifier is not fitted, or, with `warm_start`, as it was
            before. With `checkpoint_dir` the same `fit` resumes the training.
        FloatingPointError
            If the loss is not finite at the first step, or the weights of the step before give
            no finite logits either. Otherwise training stops with a warning and keeps these.
        MemoryError
            If the device has too little memory.

        Warns
        -----
        UserWarning
            If `validation_fraction` holds out no row of a class with too few rows.
            If more than a tenth of the texts are longer than what is read of them.
        """
        self._validate_params()
        self._check_combinations(X_val, y_val)
        X = as_ragged_ids(X) if holds_ids(X) else self._checked_texts(X)
        target = self._encode_labels(X, y)
        of_class = None
        if self.class_weight is not None:
            of_class = class_weights(self.class_weight, self.classes_, target)
        weight = weigh_rows(sample_weight, of_class, target, X)
        groups = None if groups is None else check_groups(groups, X)
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        with (
            self._as_before_if_it_fails(),
            unswallowed_interrupts(),
            seeded_torch(seed),
            explain_out_of_memory(_MEMORY_ADVICE),
        ):
            is_warm = self._is_warm_start
            ids = self._fit_ids(X)
            module = copy.deepcopy(self.net_.module_) if is_warm else self._make_module(ids)
            self.model_input_ = self._make_model_input(module, find_special_tokens(ids))
            self.vocab_size_ = self.model_input_.vocab_size
            self.max_length_ = self.model_input_.max_length
            self._set_chunk_pooling(module, len(self.classes_))
            self.model_input_.warn_of_cut(ids, stacklevel=3)
            train = self._dataset(ids, target, weight)
            valid = None if X_val is None else self._validation_rows(X_val, y_val, of_class)
            checkpoint, seed = open_checkpoint(
                self,
                origin=self._origin(),
                warm_module=module if is_warm else None,
                datasets=[train, valid],
                groups=groups,
                seed=seed,
            )
            if self.validation_fraction is not None:
                fraction = self.validation_fraction
                train, valid = hold_out(train, fraction, groups, self.classes_, seed)
            valid = None if valid is None else with_mean_weight_one(valid)
            self._fit_net(X, target, module, train, valid, checkpoint, seed)
        return self

    def _fit_ids(self, X: pl.Series) -> pl.Series:
        """Return the ids of texts, by a tokenizer fitted on them, or the ids that were given."""
        tokenizer = None if holds_ids(X) else self._make_tokenizer()
        self.tokenizer_ = None if tokenizer is None else tokenizer.fit(X)
        return X if self.tokenizer_ is None else self.tokenizer_.transform(X)

    def _fit_net(
        self,
        X: pl.Series,
        target: np.ndarray,
        module: nn.Module,
        train: TextRows,
        valid: TextRows | None,
        checkpoint: Checkpoint | None,
        seed: int,
    ) -> None:
        """Train the net of a module, and keep the state that predictions need.

        Parameters
        ----------
        X : polars.Series of n_samples texts or lists of ids
            For scikit-learn's callbacks.
        target : ndarray of int of shape (n_samples,)
            Positions of the labels in `classes_`.
        module : torch.nn.Module
        train : TextRows
        valid : TextRows or None
        checkpoint : Checkpoint or None
        seed : int
        """
        tuner = None if self.lora is None else add_lora(module, self.lora)
        net = make_net(self, module, train, valid, seed)
        context = self._init_callback_context(max_subtasks=None)
        context.call_on_fit_task_begin(estimator=self, X=X, y=self.classes_[target])
        net.callbacks.append(ScikitLearnCallbacks(self, context, X, self.classes_[target]))
        try:
            net.fit(train, valid, checkpoint=checkpoint)
        finally:  # a fit that fails leaves a module to warm-start from
            if tuner is not None:
                tuner.merge_and_unload()
            module.requires_grad_(True)
        self.history_ = net.history_frame()
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

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
            Finite even where `predict_proba` rounds to zero.
        """
        return log_softmax(self._logits(X).astype(np.float64), axis=1)

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

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there is a net: a fit that failed leaves none."""
        return hasattr(self, "net_")

    def get_parts(self) -> StateParts:
        """Return the weights as tensors; module settings, model input and history as JSON."""
        state = dict(vars(self))
        if "net_" not in state:
            return StateParts(state)
        module = state.pop("net_").module_
        config = {
            **self._config_of(module, state.pop("model_input_")),
            "history": state.pop("history_").to_dict("list"),
        }
        return StateParts(state, weights_of(module), {"config.json": json.dumps(config)})

    def set_parts(self, parts: StateParts) -> None:
        """Build the net again from its settings and weights, which are checked."""
        config, weights = json.loads(parts.documents["config.json"]), parts.tensors
        module = module_with_weights(
            lambda: self._module_of(config, len(weights), len(self.classes_)), weights
        )
        self.model_input_ = self._saved_model_input(module, config)
        self.vocab_size_ = self.model_input_.vocab_size
        self.max_length_ = self.model_input_.max_length
        if self.tokenizer_ is not None:
            self.model_input_.check_tokenizer(self.tokenizer_)
        self.history_ = pd.DataFrame(config["history"])
        one_row = TextRows(np.zeros(1, dtype=np.int64), np.array([0, 1]))
        net = make_net(self, module, one_row).initialize()
        net.trim_for_prediction()
        net.module_.requires_grad_(True)
        self.net_ = net

    def _logits(self, X: Any) -> np.ndarray:
        """Return the logits of texts or ids, of shape (n_samples, n_classes), in float32."""
        check_is_fitted(self)
        with explain_out_of_memory(_MEMORY_ADVICE):
            return self.net_.logits(self._dataset(self._ids(X)))

    def _checked_texts(self, X: Any) -> pl.Series:
        """Return texts as one column; reject them where the classifier has no tokenizer."""
        if self._make_tokenizer() is None:
            raise TypeError(
                f"{type(self).__name__} takes token ids, a Polars list column of int, got "
                f"{type(X).__name__}; put a WordTokenizer and a Vocabulary, or a "
                "SubwordTokenizer, before it."
            )
        return check_texts(X)

    def _check_combinations(self, X_val: Any, y_val: Any) -> None:
        """Reject parameters that conflict with each other or with validation rows."""
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be given together, got only one of them.")
        if X_val is not None and self.validation_fraction is not None:
            raise ValueError(
                "validation_fraction and X_val cannot be combined; set only one of them."
            )
        if self.patience is not None and X_val is None and self.validation_fraction is None:
            raise ValueError(
                f"patience={self.patience} needs validation rows; set validation_fraction, or "
                "pass X_val and y_val to fit."
            )
        check_net_params(self)
        validates = X_val is not None or self.validation_fraction is not None
        check_callbacks(self, validates=validates)

    def _encode_labels(self, X: Any, y: Any) -> np.ndarray:
        """Set `classes_`, and return the labels' positions in it, of shape (n_samples,)."""
        classes, codes = encode_labels(y, X)
        if self._is_warm_start:
            self._check_same_classes(classes)
        elif hasattr(self, "net_"):
            del self.net_  # if this fit fails, its outputs would have the names of other classes
        self.classes_ = classes
        return codes.astype(np.int64)

    @property
    def _is_warm_start(self) -> bool:
        """Whether the next fit starts from the weights of the last one."""
        return self.warm_start and hasattr(self, "net_")

    @contextmanager
    def _as_before_if_it_fails(self) -> Iterator[None]:
        """Restore a warm start's net, or leave none, if the fit within it fails."""
        before, is_warm = dict(vars(self)), self._is_warm_start
        try:
            yield
        except BaseException:
            if hasattr(self, "net_"):
                del self.net_
            for name, value in before.items() if is_warm else ():
                setattr(self, name, value)
            raise

    def _check_same_classes(self, classes: np.ndarray) -> None:
        """Raise a ValueError if the weights were trained for other classes."""
        if not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start needs the classes of the last fit, {self.classes_.tolist()}, got "
                f"{classes.tolist()}; set warm_start=False."
            )

    def _ids(self, X: Any) -> pl.Series:
        """Return the token ids of texts or ids, of the kind that `fit` saw."""
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
    ) -> TextRows:
        """Return checked ids, cut to the length of the model, as rows of a dataset.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)
        target : ndarray of int of shape (n_samples,), optional
            Positions of the labels in `classes_`.
        weight : ndarray of float of shape (n_samples,), optional
        name : str, default="X"
            Name of the ids in messages.

        Returns
        -------
        TextRows
        """
        ids, chunk_offsets = self.model_input_.prepare(ids, name=name)
        values, offsets = flat_values(ids).to_numpy(), row_offsets(ids)
        return TextRows(values, offsets, target, weight, chunk_offsets)

    def _validation_rows(self, X_val: Any, y_val: Any, of_class: np.ndarray | None) -> TextRows:
        """Return validation rows, each with the weight of its class.

        Parameters
        ----------
        X_val, y_val : as `fit` takes them
        of_class : ndarray of float of shape (n_classes,), or None

        Returns
        -------
        TextRows
        """
        if holds_ids(X_val):
            X_val = as_ragged_ids(X_val, name="X_val")
        else:
            X_val = check_texts(X_val, name="X_val")
        y_val = check_labels(y_val, X_val, name="y_val")
        known = set(self.classes_.tolist())
        unknown = [label for label in pd.unique(y_val).tolist() if label not in known]
        if unknown:
            raise ValueError(f"y_val has labels that y lacks: {unknown}.")
        target = np.searchsorted(self.classes_, y_val).astype(np.int64)
        weight = None if of_class is None else of_class[target]
        return self._dataset(self._ids(X_val), target, weight, name="X_val")
