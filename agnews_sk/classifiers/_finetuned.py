"""A pretrained transformer with a new output layer, fine-tuned."""

from contextlib import contextmanager
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from torch import nn

from agnews_sk._pretrained import resolve_pretrained
from agnews_sk._validation import Interval, StrOptions
from agnews_sk.classifiers._base import TextNetClassifier
from agnews_sk.tokenization import PretrainedTokenizer


class FineTunedTransformerClassifier(TextNetClassifier):
    """Fine-tune a pretrained transformer to tell classes of texts apart.

    The output layer is replaced by one with as many outputs as there are classes; all weights are
    trained with AdamW on cross-entropy. Each batch holds texts of like length and is padded to
    its own longest one.

    Parameters
    ----------
    model : str, path or None, default=None
        Folder or hub name of any model that `AutoModelForSequenceClassification` loads. None is
        all-MiniLM-L6-v2, from the `offline` extra if installed, else from the hub.
    max_length : int, default=128
        Longest text in tokens, its special tokens included; the rest is cut off.
    max_epochs : int, default=2
        Passes over the training texts.
    batch_size : int, default=32
        Texts a step.
    learning_rate : float, default=1e-4
        Highest rate of the schedule.
    weight_decay : float, default=0.01
        On matrices only.
    warmup : float, default=0.1
        Share of the steps over which the learning rate rises; then it falls to zero.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient of one step.
    precision : {"auto", "fp32", "bf16"}, default="auto"
        What training multiplies matrices in; "auto" is bfloat16 on hardware that has it.
        Predictions are always made in float32.
    device : str, default="auto"
        A torch device; "auto" is a GPU if there is one.
    callbacks : list of skorch callbacks, optional
        Called besides our own.
    verbose : int, default=0
        1 shows a progress bar an epoch.
    random_state : int, RandomState or None, default=None
        Seeds the new layer, dropout and the order of the batches.
    net_params : dict, optional
        Parameters of `skorch.NeuralNet`, which take precedence over ours.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    net_ : skorch.NeuralNet
        The trained net; `net_.module_` is the model of transformers.
    history_ : pandas.DataFrame
        One row an epoch: training loss, seconds (`dur`), batches.
    tokenizer_ : PretrainedTokenizer or None
        The model's tokenizer if fitted on texts; None if fitted on token ids.

    Notes
    -----
    A missing text is the empty text, for which the model sees its special tokens only. Words
    that the model's vocabulary lacks are split into pieces that it has.

    Examples
    --------
    >>> from agnews_sk import FineTunedTransformerClassifier
    >>> classifier = FineTunedTransformerClassifier(max_epochs=1, random_state=0)
    >>> texts = ["Oil prices rise", "Stocks fall", "Cup final tonight", "Coach resigns"]
    >>> classifier.fit(texts, ["Business", "Business", "Sports", "Sports"])  # doctest: +SKIP
    FineTunedTransformerClassifier(max_epochs=1, random_state=0)
    """

    _parameter_constraints = {
        "model": [str, Path, None],
        "max_length": [Interval(Integral, 2, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "warmup": [Interval(Real, 0, 1, closed="left")],
        "gradient_clip": [Interval(Real, 0, None, closed="neither"), None],
        "precision": [StrOptions({"auto", "fp32", "bf16"})],
        "device": [str],
        "callbacks": [list, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "net_params": [dict, None],
    }

    def __init__(
        self,
        *,
        model=None,
        max_length=128,
        max_epochs=2,
        batch_size=32,
        learning_rate=1e-4,
        weight_decay=0.01,
        warmup=0.1,
        gradient_clip=1.0,
        precision="auto",
        device="auto",
        callbacks=None,
        verbose=0,
        random_state=None,
        net_params=None,
    ):
        self.model = model
        self.max_length = max_length
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.gradient_clip = gradient_clip
        self.precision = precision
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state
        self.net_params = net_params

    def _fit_tokenizer(self, texts: pl.Series) -> PretrainedTokenizer:
        return PretrainedTokenizer(model=self.model, max_length=self.max_length).fit(texts)

    def _pad_id(self, module: Any) -> int:
        return module.config.pad_token_id

    def _make_module(self) -> nn.Module:
        return load_classification_model(resolve_pretrained(self.model), self.classes_)


def load_classification_model(source: str, classes: np.ndarray) -> nn.Module:
    """Load a pretrained model with a new output layer for these classes.

    Parameters
    ----------
    source : str
        Folder or hub name.
    classes : ndarray of shape (n_classes,)
        Labels; the model's configuration takes them as `id2label`.

    Returns
    -------
    torch.nn.Module
        Of transformers, in float32. Weights come from safetensors files only: loading them runs
        no code of theirs.
    """
    from transformers import AutoModelForSequenceClassification

    labels = [str(label) for label in classes]
    with _quiet_transformers():
        model = AutoModelForSequenceClassification.from_pretrained(
            source,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            dtype="float32",
        )
    if model.config.pad_token_id is None:  # GPT-2 has no token to pad with
        model.config.pad_token_id = model.config.eos_token_id
    return model


@contextmanager
def _quiet_transformers():
    """Keep the library from reporting that the output layer is new, which is what we asked for."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
