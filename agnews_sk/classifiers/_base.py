"""Base of the torch classifiers: labels, ids, the net, probabilities."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
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
from agnews_sk._core.content import content_digest
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.ids import as_ragged_ids, holds_ids
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import check_groups, check_sample_weight, check_texts
from agnews_sk.classifiers._checkpointing import open_checkpoint
from agnews_sk.classifiers._makes_module import MakesModule
from agnews_sk.classifiers._net_predictions import NetPredictions
from agnews_sk.classifiers._net_thresholds import Parts, divide_rows, thresholds_of_net
from agnews_sk.classifiers._parameters import NetParameters
from agnews_sk.classifiers._targets import (
    Target,
    encode_target,
    encode_validation,
    factors_of_classes,
)
from agnews_sk.nn import module_with_weights, seeded_torch, set_token_types, weights_of
from agnews_sk.training import (
    Checkpoint,
    ScikitLearnCallbacks,
    TextNet,
    TextRows,
    add_lora,
    check_callbacks,
    check_devices,
    check_net_params,
    check_pairs,
    explain_out_of_memory,
    factors_of_rows,
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
    TakesEarlierStates,
    CallbackSupportMixin,
    TextInputMixin,
    NetPredictions,
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
        soft_labels: Any = None,
    ) -> "TextNetClassifier":
        """Train on texts, or on the token ids that a tokenizer made of them.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)
            A missing text is the empty text. Ids may be an int array of shape
            (n_samples, length) too. With `text_pair=True` a frame of two text columns too.
        y : array-like of shape (n_samples,), or sets of labels, or an indicator
            Labels in any container: strings, integers or booleans. Or several per row: lists,
            tuples or sets of labels, or a matrix or frame of 0 and 1 with a column per label.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the loss; rows of weight 0 are left out.
        X_val, y_val : like X and y, optional
            Rows to validate on after each epoch.
        groups : array-like of shape (n_samples,), optional
            Origin of each row. Rows of one origin are held out together, as are rows of equal ids.
        soft_labels : array-like of shape (n_samples, n_classes), optional
            Probabilities of the sorted classes, trained to in place of y; y validates.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If y holds no labels, only one of y and y_val has several per row, or `callbacks` holds
            something that is not a callback.
        ValueError
            If X and y differ in length, y has a single class, a parameter is out of range or
            conflicts with another or with a callback, an id is outside the vocabulary, a file in
            `checkpoint_dir` is damaged, or `soft_labels` are not one distribution per row.
        KeyboardInterrupt
            If Ctrl-C is pressed: the classifier is not fitted, or, with `warm_start`, as it was
            before. With `checkpoint_dir` the same `fit` resumes the training.
        FloatingPointError
            If the loss is not finite at the first step, or the weights of the step before give
            no finite logits either. Otherwise training stops with a warning and keeps these. If
            contrastive training ends without a finite fit of the output layer.
        MemoryError
            If the device has too little memory.

        Warns
        -----
        UserWarning
            If `validation_fraction` holds out no row of a class with too few rows.
            If more than a tenth of the texts are longer than what is read of them.
            If a warm start holds out rows that an earlier fit may have trained on.
        """
        self._validate_params()
        self._check_combinations(X_val, y_val)
        X = as_ragged_ids(X) if holds_ids(X) else self._checked_texts(X)
        target = self._encode_labels(X, y, soft_labels)
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, X)
        of_class = factors_of_classes(self.class_weight, target, sample_weight)
        weight = weigh_rows(sample_weight, of_class, target.codes, X)
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
            self.model_input_ = self._make_model_input(module, ids)
            self.vocab_size_ = self.model_input_.vocab_size
            self.max_length_ = self.model_input_.max_length
            self._complete(module, self.model_input_, len(self.classes_))
            self.model_input_.warn_of_cut(ids)
            rows, valid = self._dataset(ids, target.codes, weight), None
            rows.soft_labels = target.soft_labels
            if X_val is not None:
                valid = self._validation_rows(X_val, y_val, target, of_class)
            checkpoint, seed = open_checkpoint(
                self,
                origin=self._origin(),
                warm_module=module if is_warm else None,
                datasets=[rows, valid],
                groups=groups,
                seed=seed,
            )
            self._split_seed = getattr(self, "_split_seed", seed) if is_warm else seed
            parts = divide_rows(
                rows,
                valid,
                fraction=self.validation_fraction,
                chooses=self._several_labels and self.threshold == "f1",
                groups=groups,
                sample_weight=sample_weight,
                classes=self.classes_,
                seed=self._split_seed,
            )
            self._keep_division(rows, parts, is_warm=is_warm)
            self._fit_net(X, target, module, parts, checkpoint, seed)
        return self

    def _keep_division(self, rows: TextRows, parts: Parts, *, is_warm: bool) -> None:
        """Keep which rows are held out, and warn if earlier fits may have trained on them.

        Parameters
        ----------
        rows : TextRows
            All rows of the fit.
        parts : Parts
        is_warm : bool
            Whether it is a warm start.
        """
        division = ""
        if len(parts.held_out):
            division = content_digest([rows.hashes(), parts.held_out])
        if is_warm and division and division != getattr(self, "_division", None):
            warn_user(
                "warm_start holds out rows that an earlier fit may have trained on, as its rows or "
                "parameters differ: thresholds and validation loss may be too good. Pass X_val and "
                "y_val.",
            )
        self._division = division

    def _fit_ids(self, X: pl.Series) -> pl.Series:
        """Return the ids of texts, by a tokenizer fitted on them, or the ids that were given."""
        tokenizer = None if holds_ids(X) else self._make_tokenizer()
        self.tokenizer_ = None if tokenizer is None else tokenizer.fit(X)
        return X if self.tokenizer_ is None else self.tokenizer_.transform(X)

    def _fit_net(
        self,
        X: pl.Series,
        target: Target,
        module: nn.Module,
        parts: Parts,
        checkpoint: Checkpoint | None,
        seed: int,
    ) -> None:
        """Train the net of a module, choose thresholds, and keep what predictions need.

        Parameters
        ----------
        X : polars.Series of n_samples texts or lists of ids
            For scikit-learn's callbacks.
        target : Target
        module : torch.nn.Module
        parts : Parts
        checkpoint : Checkpoint or None
        seed : int
        """
        tuner = None if self.lora is None else add_lora(module, self.lora)
        train, y = with_mean_weight_one(parts.train), target.labels()
        valid = None if parts.valid is None else with_mean_weight_one(parts.valid)
        net = make_net(self, module, train, valid, seed, fits_head=self._fits_head())
        context = self._init_callback_context(max_subtasks=None)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)

        def attributes() -> dict[str, Any]:
            """Return what predictions need, with thresholds that suit the weights of now."""
            if target.label_format is None:
                return {"net_": net}
            chosen = thresholds_of_net(self.threshold, net, parts, target.codes > 0)
            return {"net_": net, "thresholds_": chosen}

        net.callbacks.append(ScikitLearnCallbacks(self, context, X, y, attributes))
        try:
            net.fit(train, valid, checkpoint=checkpoint)
        finally:  # a fit that fails leaves a module to warm-start from
            if tuner is not None:
                tuner.merge_and_unload()
            module.requires_grad_(True)
        self.history_ = net.history_frame()
        net.trim_for_prediction()
        for name, value in attributes().items():
            setattr(self, name, value)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)

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
        set_token_types(module, self.model_input_.separator)
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

    def _checked_texts(self, X: Any, *, name: str = "X") -> pl.Series:
        """Return texts as one column; reject them where the classifier has no tokenizer."""
        if self._make_tokenizer() is None:
            raise TypeError(
                f"{type(self).__name__} takes token ids, a Polars list column of int, got "
                f"{type(X).__name__}; put a WordTokenizer and a Vocabulary, or a "
                "SubwordTokenizer, before it."
            )
        return check_texts(X, name=name)

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
        for check in (check_net_params, check_pairs, check_devices):
            check(self)
        validates = X_val is not None or self.validation_fraction is not None
        check_callbacks(self, validates=validates)

    def _encode_labels(self, X: Any, y: Any, soft_labels: Any) -> Target:
        """Set `classes_` and `label_format_`, and return the labels as the net takes them."""
        target = encode_target(y, X, soft_labels, self.loss)
        if self._is_warm_start:
            self._check_same_classes(target)
        elif hasattr(self, "net_"):
            del self.net_  # if this fit fails, its outputs would have the names of other classes
        self.classes_, self.label_format_ = target.classes, target.label_format
        self.thresholds_ = None
        return target

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

    def _check_same_classes(self, target: Target) -> None:
        """Raise a ValueError if the weights were trained for other classes."""
        if not np.array_equal(target.classes, self.classes_):
            raise ValueError(
                f"warm_start needs the classes of the last fit, {self.classes_.tolist()}, got "
                f"{target.classes.tolist()}; set warm_start=False."
            )
        if (target.label_format is not None) != self._several_labels:
            raise ValueError(
                "warm_start needs rows with one label, or with several, as in the last fit; set "
                "warm_start=False."
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
        target : ndarray of shape (n_samples,) or (n_samples, n_classes), optional
            Codes of the labels, see `Target`.
        weight : ndarray of float of shape (n_samples,) or (n_samples, n_classes), optional
        name : str, default="X"
            Name of the ids in messages.

        Returns
        -------
        TextRows
        """
        ids, chunk_offsets = self.model_input_.prepare(ids, name=name)
        values, offsets = flat_values(ids).to_numpy(), row_offsets(ids)
        return TextRows(values, offsets, target, weight, chunk_offsets)

    def _validation_rows(
        self, X_val: Any, y_val: Any, target: Target, of_class: np.ndarray | None
    ) -> TextRows:
        """Return validation rows, each with the weight of its class.

        Parameters
        ----------
        X_val, y_val : as `fit` takes them
        target : Target
            Labels of the training rows.
        of_class : ndarray of float of shape (n_classes,) or (2, n_classes), or None

        Returns
        -------
        TextRows
        """
        if holds_ids(X_val):
            X_val = as_ragged_ids(X_val, name="X_val")
        else:
            X_val = self._checked_texts(X_val, name="X_val")
        codes = encode_validation(y_val, X_val, target)
        weight = None if of_class is None else factors_of_rows(of_class, codes)
        return self._dataset(self._ids(X_val), codes, weight, name="X_val")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
