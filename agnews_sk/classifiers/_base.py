"""What our torch classifiers share: labels, ids, the net, probabilities."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import torch
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback, GradientNormClipping, LRScheduler, ProgressBar
from torch.optim.lr_scheduler import LambdaLR

from agnews_sk._base import TextInputMixin
from agnews_sk._columnar import flat_values, row_offsets
from agnews_sk._validation import check_sample_weight, check_texts, n_rows
from agnews_sk.classifiers._net import TextNet
from agnews_sk.nn import LinearSchedule, RaggedDataset, RaggedLoader

MAX_SEED = np.iinfo(np.int32).max


class TextNetClassifier(TextInputMixin, ClassifierMixin, BaseEstimator):
    """Base of the classifiers that hold a skorch net over token ids.

    A subclass has the hyperparameters as attributes, and implements `_fit_tokenizer(texts)`,
    `_make_module()` and `_pad_id(module)`.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "TextNetClassifier":
        """Train on texts, or on the token ids that a tokenizer made of them.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)
            A missing text is the empty text.
        y : array-like of shape (n_samples,)
            Labels of any kind that sorts.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the loss.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X and y differ in length, y has a single class, or a parameter is out of range.
        """
        self._validate_params()
        if not _holds_ids(X):
            X = check_texts(X)
        target = self._encode_labels(X, y)
        weight = None if sample_weight is None else _mean_one(check_sample_weight(sample_weight, X))
        self.tokenizer_ = None if _holds_ids(X) else self._fit_tokenizer(X)
        dataset = self._dataset(X, target, weight)
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        # The caller's random state of torch is left as it was.
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            net = self._make_net(dataset, seed).fit(dataset)
        self.history_ = pd.DataFrame(net.history.to_list()).drop(columns="batches")
        net.trim_for_prediction()
        self.net_ = net
        return self

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
        return softmax(self.decision_function(X).astype(np.float64), axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logit of each class.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.net_.logits(self._dataset(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each text.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self.decision_function(X).argmax(axis=1)
        return self.classes_[best]

    def _encode_labels(self, X: Any, y: Any) -> np.ndarray:
        if y is None:
            raise ValueError("y must hold one label a text, got None; a classifier needs labels.")
        if n_rows(X) != n_rows(y):
            raise ValueError(f"y must have one label a text of X, {n_rows(X)}, got {n_rows(y)}.")
        check_classification_targets(y)
        encoder = LabelEncoder().fit(y)
        if len(encoder.classes_) < 2:
            raise ValueError(
                f"y must have at least 2 classes, got 1: {encoder.classes_.tolist()[0]!r}; "
                "a classifier has nothing to learn from it."
            )
        self.classes_ = encoder.classes_
        return encoder.transform(y).astype(np.int64)

    def _dataset(
        self, X: Any, target: np.ndarray | None = None, weight: np.ndarray | None = None
    ) -> RaggedDataset:
        ids = self._ids(X)
        values = flat_values(ids).to_numpy()
        return RaggedDataset(values, row_offsets(ids), target, weight)

    def _ids(self, X: Any) -> pl.Series:
        if self.tokenizer_ is not None:
            return self.tokenizer_.transform(X)
        if not _holds_ids(X):
            raise TypeError(
                f"{type(self).__name__} was fitted on token ids, got {type(X).__name__}; "
                "put the same tokenizer before it."
            )
        return X

    def _make_net(self, dataset: RaggedDataset, seed: int) -> TextNet:
        module = self._make_module()
        device = _device(self.device)
        settings = {
            "pad_id": self._pad_id(module),
            "weight_decay": self.weight_decay,
            "seed": seed,
            "bfloat16": _use_bfloat16(self.precision, device),
            "criterion": torch.nn.CrossEntropyLoss,
            "criterion__reduction": "none",
            "optimizer": torch.optim.AdamW,
            "optimizer__fused": True,
            "lr": self.learning_rate,
            "max_epochs": self.max_epochs,
            "batch_size": self.batch_size,
            "train_split": None,
            "device": device,
            "callbacks": self._callbacks(dataset),
            "verbose": 0,
        }
        return TextNet(module, **{**settings, **(self.net_params or {})})

    def _callbacks(self, dataset: RaggedDataset) -> list[Callback]:
        n_steps = self.max_epochs * len(RaggedLoader(dataset, self.batch_size))
        schedule = LinearSchedule(n_steps, warmup=self.warmup)
        callbacks = [LRScheduler(LambdaLR, lr_lambda=schedule, step_every="batch", event_name=None)]
        if self.gradient_clip is not None:
            callbacks.append(GradientNormClipping(self.gradient_clip))
        if self.verbose:
            callbacks.append(ProgressBar())
        return callbacks + list(self.callbacks or [])


def _mean_one(weight: np.ndarray) -> np.ndarray:
    if not weight.any():
        raise ValueError("sample_weight must have a weight above 0, got zeros only.")
    return weight / weight.mean()


def _holds_ids(X: Any) -> bool:
    return isinstance(X, pl.Series) and X.dtype == pl.List


def _device(device: str) -> str:
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _use_bfloat16(precision: str, device: str) -> bool:
    if precision != "auto":
        return precision == "bf16"
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
