"""A pretrained transformer with a new output layer, fine-tuned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from torch import nn

from agnews_sk._core.pretrained import (
    longest_input,
    model_digest,
    model_from_config,
    naming_packages,
    plain_config,
    pretrained_pooling,
    quiet_transformers,
    resolve_pretrained,
)
from agnews_sk._core.text_pairs import check_text_pairs
from agnews_sk.classifiers._base import TextNetClassifier
from agnews_sk.classifiers._parameters import POSITIVE_INT
from agnews_sk.nn import PooledClassifier
from agnews_sk.tokenization import CHUNKS_OF_PAIRS, WHOLE_TEXT, PretrainedTokenizer
from agnews_sk.training import with_fewer_layers


@dataclass(kw_only=True, eq=False, repr=False)
class FineTunedTransformerClassifier(TextNetClassifier):
    """Fine-tune a pretrained transformer as a text classifier.

    The output layer is replaced by a new one with one output per class. Before the first step it is
    set to a logistic regression on what the pretrained layers below it give, so that training
    begins where frozen embeddings end.

    Parameters
    ----------
    model : str, path or None, default=None
        Folder or Hub name of any model that `AutoModelForSequenceClassification` loads: BERT,
        RoBERTa, DistilBERT, DeBERTa, ELECTRA, ModernBERT, GPT-2 and others. None is
        all-MiniLM-L6-v2, from the `offline` extra if installed, else from the Hub;
        "all-mpnet-base-v2" comes from `offline-large` likewise.
    n_layers : int or None, default=None
        Number of the pretrained model's layers to keep, for a faster model: evenly spaced ones,
        from the first to the last (Sanh et al. 2019, arXiv 1910.01108), such as the layers 0, 2
        and 5 of 6. None keeps all.
    text_pair : bool, default=False
        Take a frame of two text columns, such as title and description, and read each row as a
        pair of segments, in the form that the model was pretrained on: `[CLS] title [SEP]
        description [SEP]` with the token types 0 and 1 for BERT and MiniLM, `<s> title </s></s>
        description </s>` for RoBERTa and MPNet. Longer pairs are cut where the longer text is.
        Single texts, and rows with an empty cell, are read as without it.
    max_epochs : int or None, default=None
        Passes over the training texts. None is 2, or with few texts as many as 50 optimizer steps
        take, 30 with `loss="contrastive"`; with validation rows, `patience` is then a quarter of
        them by default.
    max_steps : int or None, default=None
        Train for this number of optimizer steps, regardless of `max_epochs`.
    batch_size : int, default=32
        Texts per batch. Batches hold texts of similar length and are padded to the longest of them.
    tokens_per_batch : int or None, default=None
        Instead of `batch_size`: as many texts per batch as fit into this number of tokens, padding
        included.
    accumulate : int, default=1
        Batches whose gradients are accumulated before each optimizer step; the memory needed is
        that of one batch.
    learning_rate : float, default=1e-4
        Highest learning rate of the schedule.
    optimizer : {"adamw", "adam", "sgd", "adafactor"}, default="adamw"
        "sgd" has a momentum of 0.9.
    weight_decay : float, default=0.01
        Decay of the matrices; biases and the gains of normalization layers are not decayed.
    l1 : float, default=0.0
        Weight of the sum of the matrices' absolute values, added to the loss.
    layer_decay : float, default=1.0
        Factor of the learning rate from each layer to the one below, in (0, 1].
    warmup : float or int, default=0.1
        Steps over which the learning rate rises: a float is a share of all steps, an int their
        number.
    schedule : {"linear", "cosine", "constant"}, default="linear"
        How the learning rate falls after the warm-up, down to zero after the last step.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient of one step; None does not clip.
    ema_decay : float or None, default=None
        Validate and predict with an exponential moving average of the weights over the steps, with
        this decay in (0, 1): the last 1 / (1 - ema_decay) steps have most of the weight, so that
        0.97 suits a hundred steps, and 0.999 thousands. None takes the weights of the last step.
    dropout : float or None, default=None
        Share of activations that training sets to zero, in all parts of the model. None keeps the
        shares of the pretrained model.
    loss : {"cross_entropy", "focal", "contrastive"}, default="cross_entropy"
        "focal" gives less weight to texts that are classified well already, see
        `agnews_sk.nn.FocalLoss`. "contrastive" trains the layers below the output layer to give
        texts of one class similar vectors and those of different classes orthogonal ones, by all
        pairs of a batch, and fits the output layer on these vectors afterwards (Tunstall et al.
        2022, arXiv 2209.11055; Reimers and Gurevych 2019, arXiv 1908.10084). Its batches have about
        as many texts of each class, four or more in all, and an epoch draws as many texts as there
        are. Needs a model whose output layer reads one vector per text; validation loss,
        `label_smoothing` and `class_weight` are those of the output layer.
    focal_gamma : float, default=2.0
        Exponent of the focal loss; 0 is cross-entropy.
    label_smoothing : float, default=0.0
        Share of each target that is spread evenly over all classes, in [0, 1). With several labels
        per row, over the presence and the absence of each label.
    class_weight : "balanced", dict of label to float, or None, default=None
        Weight of each class in the loss, in training and in validation; "balanced" is inverse to
        its number of texts. With several labels per row, weight of the texts that have the label;
        "balanced" gives these and the others the same total weight.
    threshold : "f1" or float, default="f1"
        With several labels per row: "f1" chooses the threshold of each label that gives the
        highest F1 on the validation rows or, without any, on a tenth of the rows, which is not
        trained on; a number between 0 and 1 is the threshold of all labels.
    freeze : None, "embeddings", int or "encoder", default=None
        What is not trained: nothing; the embeddings; these and the lowest k layers; all but the
        output layer. Frozen layers run once per text, and their outputs are then read from a cache.
    gradual_unfreezing : bool, default=False
        Train the output layer alone in the first epoch, and one layer more in each epoch after it,
        from the top down to what `freeze` leaves.
    max_cache_bytes : int, default=4294967296
        Largest cache of frozen layers' outputs, 4 GiB by default. They need texts x tokens x width
        x 2 bytes in "bf16", x 4 in "fp32". If that is more, nothing is cached, and frozen layers
        run in each epoch.
    lora : int, dict or None, default=None
        Train low-rank additions to the layers' matrices instead of the matrices: their rank, or
        parameters of `peft.LoraConfig`. They are merged after training. Needs the extra `peft`.
    pooling : {"mean", "max", "first", "attention"} or None, default=None
        How the vectors of a text's tokens become one vector. None is the way in which a sentence
        encoder was pretrained, "mean" for all-MiniLM-L6-v2, and the head of any other model.
    max_length : int, default=128
        Longest text in tokens, special tokens included; the model's own limit if that is smaller.
    truncation : {"head", "tail", "head+tail", "chunk"}, default="head"
        Which part of a longer text is read, always with the special tokens: its start, its end, a
        quarter from the start and the rest from the end, or all of it: "chunk" divides it into
        overlapping chunks, which the model reads one by one. `batch_size` then counts chunks.
    chunk_pooling : {"mean", "max", "attention"}, default="mean"
        How the logits of a text's chunks become those of the text: their mean, the largest of each
        class, or a mean with learned weights.
    chunk_overlap : float or int, default=0.125
        Tokens that neighbouring chunks share at least: a float is a share of a chunk, an int their
        number; at most half of a chunk.
    max_chunks : int, default=32
        Most chunks of a text; what is behind the last is not read. The chunks of a text are in one
        batch, so that this bounds the memory.
    validation_fraction : float or None, default=None
        Share of the rows to validate on instead of training on them, stratified by class or by sets
        of labels. Rows of equal ids, or of one of the `groups` of `fit`, stay together; a class
        with too few rows is trained on only, with a warning.
    patience : int or None, default=None
        Stop after this number of epochs without a lower validation loss, and keep the weights of
        the best epoch. Needs `validation_fraction`, or `X_val` and `y_val` in `fit`. The loss is
        the mean over the rows, weighted by `class_weight` and the rows' `sample_weight`.
    checkpoint_dir : str, path or None, default=None
        Folder to save the state of training to, after each epoch and, without `callbacks`, every
        five minutes. The same `fit` on the same data, with the same callbacks, resumes from there,
        with the same result as an uninterrupted one. Each run has its own file, so that a
        search may share the folder.
    precision : {"auto", "bf16", "fp32"}, default="auto"
        Precision of matrix products in training; "auto" is bfloat16 on hardware that supports it.
        Weights and their updates are float32, and so are predictions.
    compile : bool, default=False
        Compile the model with `torch.compile`. Frozen layers then run in each epoch.
    device : str, default="auto"
        A torch device; "auto" is an accelerator if torch finds one, else the CPU.
    devices : int, default=1
        Number of devices to train on: the first GPUs of "cuda", each in a process of its own, with
        its share of every batch; the sums of the gradients are those of one device, see the guide
        on scaling. With "cpu" processes share the cores, which is of use for tests.
    warm_start : bool, default=False
        Start from the weights of the last `fit`, which must have had the same classes. Of the same
        rows, the same ones are held out again.
    callbacks : list of skorch callbacks or None, default=None
        Called in addition to the package's own; they see labels as positions in `classes_`.
        Callbacks that conflict with other parameters are rejected, see the guide on transformers.
        Pass callbacks of scikit-learn to `set_callbacks`.
    verbose : int, default=0
        1 shows a progress bar.
    random_state : int, RandomState or None, default=None
        Random seed of new weights, dropout and the order of the batches.
    net_params : dict or None, default=None
        Parameters of `skorch.NeuralNet`: `batch_size`, `callbacks`, `criterion`, `criterion__*`,
        `device`, `lr`, `max_epochs`, `optimizer`, `optimizer__*`, `torch_load_kwargs`,
        `use_caching` and `verbose`. They replace the corresponding parameters of the classifier,
        within the same ranges; setting both raises an error. A criterion takes logits. It returns
        one loss per row, or has a `reduction`; if it does neither, weighted rows raise an error.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels: sorted, or in the order of the columns of an indicator.
    thresholds_ : ndarray of float of shape (n_classes,) or None
        Lowest probability of each label that is predicted; None for one label per row.
    label_format_ : str or None
        Format of the sets of labels that `fit` got and `predict` returns; None for one label.
    net_ : skorch.NeuralNet
        The trained net; `net_.module_` is the model of transformers.
    history_ : pandas.DataFrame
        One row per epoch: training loss, steps so far, seconds (`dur`), and validation loss and
        accuracy (of several labels, of whole sets at thresholds of 0.5) if there are rows to
        validate on; whether a loss is the lowest so far (`*_best`),
        and what callbacks record. `agnews_sk.reporting.HistoryDisplay` plots it.
    tokenizer_ : PretrainedTokenizer or None
        The model's tokenizer if fitted on texts; None if fitted on token ids.
    max_length_ : int
        Longest text in tokens: `max_length`, or the model's limit if that is smaller.
    vocab_size_ : int
        Number of token ids in the vocabulary of the model.
    model_input_ : ModelInput
        What the model takes: `vocab_size_`, `max_length_`, the id of the padding, how longer texts
        are cut, and the special tokens that are kept.

    Notes
    -----
    A missing text is the empty text, for which the model sees its special tokens only. Words
    that the model's vocabulary lacks are split into pieces that it has.

    Training takes about 16 bytes of memory per weight (with AdamW; 4 for frozen ones) and the
    activations of one batch; texts take 8 bytes per token.

    Examples
    --------
    >>> from agnews_sk import FineTunedTransformerClassifier
    >>> classifier = FineTunedTransformerClassifier(max_epochs=1, random_state=0)
    >>> texts = ["Oil prices rise", "Stocks fall", "Cup final tonight", "Coach resigns"]
    >>> classifier.fit(texts, ["Business", "Business", "Sports", "Sports"])  # doctest: +SKIP
    FineTunedTransformerClassifier(max_epochs=1, random_state=0)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **TextNetClassifier._parameter_constraints,
        "model": [str, Path, None],
        "n_layers": [POSITIVE_INT, None],
        "text_pair": ["boolean"],
    }

    model: str | Path | None = None
    n_layers: int | None = None
    text_pair: bool = False

    def _check_combinations(self, X_val: Any, y_val: Any) -> None:
        super()._check_combinations(X_val, y_val)
        if self.max_length < 2:
            raise ValueError(
                f"max_length must be at least 2 to hold [CLS] and one token, got {self.max_length}."
            )
        if self.text_pair and self.truncation == "chunk":
            raise ValueError(CHUNKS_OF_PAIRS)

    def _checked_texts(self, X: Any, *, name: str = "X") -> pl.Series:
        if self.text_pair:
            return check_text_pairs(X, name=name)
        return super()._checked_texts(X, name=name)

    def _make_tokenizer(self) -> PretrainedTokenizer:
        # Truncated later, since the part that is kept need not be the head.
        return PretrainedTokenizer(
            model=self.model, max_length=WHOLE_TEXT, text_pair=self.text_pair
        )

    def _separator(self) -> tuple[int, ...]:
        if not self.text_pair:
            return ()
        tokenizer = self.tokenizer_  # None if fitted on ids, which have separators already
        return (tokenizer or self._make_tokenizer().fit()).separator_ids_

    def _pad_id(self, module: nn.Module) -> int:
        return module.config.pad_token_id  # type: ignore[union-attr, return-value]

    def _vocab_size(self, module: nn.Module) -> int:
        return module.config.vocab_size  # type: ignore[union-attr, return-value]

    def _longest_input(self, module: nn.Module) -> int:
        return longest_input(module) or WHOLE_TEXT

    def _fits_head(self) -> bool:
        return not self._is_warm_start

    def _origin(self) -> str:
        source = resolve_pretrained(self.model)
        return f"{model_digest(source)} {pretrained_pooling(source)}"

    def _make_module(self, ids: pl.Series) -> nn.Module:
        source = resolve_pretrained(self.model)
        pooling = self.pooling or pretrained_pooling(source)
        return load_classification_model(
            source, self.classes_, self.dropout, pooling, self.n_layers
        )

    def _module_config(self, module: Any) -> dict[str, Any]:
        pooled = isinstance(module, PooledClassifier)
        return {"model": plain_config(module), **(module.settings if pooled else {})}

    def _module_from_config(self, config: dict[str, Any], n_tensors: int) -> nn.Module:
        pooled = config.keys() != {"model"}
        settings = {name: value for name, value in config.items() if name != "model"}
        model = model_from_config(config["model"], classifier=not pooled, n_tensors=n_tensors)
        return PooledClassifier(model, **settings) if pooled else model


def load_classification_model(
    source: str,
    classes: np.ndarray,
    dropout: float | None = None,
    pooling: str | None = None,
    n_layers: int | None = None,
) -> nn.Module:
    """Load a pretrained model with a new output layer for these classes.

    Parameters
    ----------
    source : str
        Folder or Hub name.
    classes : ndarray of shape (n_classes,)
        Labels; the model's configuration takes them as `id2label`.
    dropout : float, optional
        Of all parts of the model.
    pooling : {"mean", "max", "first", "attention"}, optional
        Instead of the model's own head.
    n_layers : int, optional
        Of the layers of the model, how many to keep.

    Returns
    -------
    torch.nn.Module
        Of transformers, in float32. Weights come from safetensors files only: loading them runs
        no code of theirs.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

    labels = [str(label) for label in classes]
    with naming_packages(source):
        config = AutoConfig.from_pretrained(
            source,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
        )
    if config.pad_token_id is None:  # GPT-2 has no padding token
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
    if n_layers is not None:
        model = with_fewer_layers(model, n_layers)
    if pooling is None:
        return model
    return PooledClassifier(model, pooling, len(labels), 0.1 if dropout is None else dropout)


def _first(token_id: int | list[int] | None) -> int | None:
    return token_id[0] if isinstance(token_id, list) else token_id


def _set_dropout(config: Any, dropout: float) -> None:
    """Set every share of dropout, under the name of each family (`attn_pdrop`, `dropout`, ...)."""
    for name, value in config.to_dict().items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_share = is_number or (value is None and name == "classifier_dropout")
        if "drop" in name and "layer" not in name and is_share:
            setattr(config, name, dropout)
