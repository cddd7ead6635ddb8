"""A pretrained transformer with a new output layer, fine-tuned."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from torch import nn

from agnews_sk._core.model_input import WHOLE_TEXT
from agnews_sk._core.pretrained import (
    fingerprint,
    longest_input,
    model_from_config,
    plain_config,
    quiet_transformers,
    resolve_pretrained,
)
from agnews_sk.classifiers._base import TextNetClassifier
from agnews_sk.nn import PooledClassifier
from agnews_sk.tokenization import PretrainedTokenizer


class FineTunedTransformerClassifier(TextNetClassifier):
    """Fine-tune a pretrained transformer to tell classes of texts apart.

    The output layer is replaced by one with as many outputs as there are classes. Each batch
    holds texts of like length and is padded to its own longest one.

    Parameters
    ----------
    model : str, path or None, default=None
        Folder or hub name of any model that `AutoModelForSequenceClassification` loads: BERT,
        RoBERTa, DistilBERT, DeBERTa, ELECTRA, ModernBERT, GPT-2 and others. None is
        all-MiniLM-L6-v2, from the `offline` extra if installed, else from the hub.
    {shared}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    net_ : skorch.NeuralNet
        The trained net; `net_.module_` is the model of transformers.
    history_ : pandas.DataFrame
        One row an epoch: training loss, steps so far, seconds (`dur`), and validation loss and
        accuracy if there are rows to validate on; whether a loss is the lowest so far (`*_best`),
        and what callbacks record.
    tokenizer_ : PretrainedTokenizer or None
        The model's tokenizer if fitted on texts; None if fitted on token ids.
    max_length_ : int
        Longest text in tokens: `max_length`, or the model's limit if that is smaller.
    vocab_size_ : int

    Notes
    -----
    A missing text is the empty text, for which the model sees its special tokens only. Words
    that the model's vocabulary lacks are split into pieces that it has.

    Memory in training is about 16 bytes a weight (with AdamW; 4 for frozen ones) and the
    activations of one batch; texts take 8 bytes a token.

    Examples
    --------
    >>> from agnews_sk import FineTunedTransformerClassifier
    >>> classifier = FineTunedTransformerClassifier(max_epochs=1, random_state=0)
    >>> texts = ["Oil prices rise", "Stocks fall", "Cup final tonight", "Coach resigns"]
    >>> classifier.fit(texts, ["Business", "Business", "Sports", "Sports"])  # doctest: +SKIP
    FineTunedTransformerClassifier(max_epochs=1, random_state=0)
    """

    _parameter_constraints = {"model": [str, Path, None]}

    def __init__(self, *, model=None, **shared):
        super().__init__(**shared)
        self.model = model

    def _check_combinations(self, X_val: Any, y_val: Any) -> None:
        super()._check_combinations(X_val, y_val)
        if self.max_length < 2:
            raise ValueError(
                f"max_length must be at least 2 to hold [CLS] and one token, got {self.max_length}."
            )

    def _fit_tokenizer(self, texts: pl.Series) -> PretrainedTokenizer:
        # Truncated later, since what is kept need not be the head.
        return PretrainedTokenizer(model=self.model, max_length=WHOLE_TEXT).fit(texts)

    def _pad_id(self, module: nn.Module) -> int:
        return module.config.pad_token_id  # type: ignore[union-attr, return-value]

    def _vocab_size(self, module: nn.Module) -> int:
        return module.config.vocab_size  # type: ignore[union-attr, return-value]

    def _longest_input(self, module: nn.Module) -> int:
        return longest_input(module) or WHOLE_TEXT

    def _origin(self) -> str:
        return fingerprint(resolve_pretrained(self.model))

    def _make_module(self, ids: pl.Series) -> nn.Module:
        source = resolve_pretrained(self.model)
        return load_classification_model(source, self.classes_, self.dropout, self.pooling)

    def _module_config(self, module: Any) -> dict[str, Any]:
        pooled = isinstance(module, PooledClassifier)
        return {"model": plain_config(module), **(module.settings if pooled else {})}

    def _module_from_config(self, config: dict[str, Any], n_tensors: int) -> nn.Module:
        pooled = config.keys() != {"model"}
        settings = {name: value for name, value in config.items() if name != "model"}
        model = model_from_config(config["model"], classifier=not pooled, n_tensors=n_tensors)
        return PooledClassifier(model, **settings) if pooled else model


def load_classification_model(
    source: str, classes: np.ndarray, dropout: float | None = None, pooling: str | None = None
) -> nn.Module:
    """Load a pretrained model with a new output layer for these classes.

    Parameters
    ----------
    source : str
        Folder or hub name.
    classes : ndarray of shape (n_classes,)
        Labels; the model's configuration takes them as `id2label`.
    dropout : float, optional
        Of all parts of the model.
    pooling : {"mean", "max", "first", "attention"}, optional
        Instead of the model's own head.

    Returns
    -------
    torch.nn.Module
        Of transformers, in float32. Weights come from safetensors files only: loading them runs
        no code of theirs.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

    labels = [str(label) for label in classes]
    config = AutoConfig.from_pretrained(
        source,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    if config.pad_token_id is None:  # GPT-2 has no token to pad with
        config.pad_token_id = _first(config.eos_token_id) or 0
    config.use_cache = False
    if dropout is not None:
        _set_dropout(config, dropout)
    auto = AutoModelForSequenceClassification if pooling is None else AutoModel
    with quiet_transformers():
        model = auto.from_pretrained(
            source,
            config=config,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            dtype="float32",
        )
    if pooling is None:
        return model
    return PooledClassifier(model, pooling, len(labels), 0.1 if dropout is None else dropout)


def _first(token_id: int | list[int] | None) -> int | None:
    return token_id[0] if isinstance(token_id, list) else token_id


def _set_dropout(config: Any, dropout: float) -> None:
    """Set every share of dropout, whatever a family calls it (`attn_pdrop`, `dropout`, ...)."""
    for name, value in config.to_dict().items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_share = is_number or (value is None and name == "classifier_dropout")
        if "drop" in name and "layer" not in name and is_share:
            setattr(config, name, dropout)
