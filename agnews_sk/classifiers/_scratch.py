"""A Transformer encoder trained from scratch."""

from typing import Any

import polars as pl
from torch import nn

from agnews_sk._core.columnar import flat_values
from agnews_sk._core.validation import StrOptions
from agnews_sk.classifiers._base import TextNetClassifier
from agnews_sk.classifiers._parameters import POSITIVE_INT, SHARE
from agnews_sk.nn import TextTransformer


class TransformerClassifier(TextNetClassifier):
    """Train a small Transformer encoder from scratch on token ids.

    Parameters
    ----------
    vocab_size : int or None, default=None
        Number of ids; None is the largest of the training ids and one more.
    d_model : int, default=128
        Width of a token's vector, a multiple of `n_heads`.
    n_heads : int, default=4
    n_layers : int, default=2
    d_hidden : int or None, default=None
        Width inside the feed-forward parts; None is 4 x `d_model`.
    positions : {"sinusoidal", "learned"}, default="sinusoidal"
    activation : {"gelu", "relu"}, default="gelu"
    norm_first : bool, default=True
        Whether layers normalise before their parts or, as in the paper of 2017, after.
    max_epochs : int, default=3
        Passes over the training texts.
    batch_size : int, default=64
        Texts a step. Batches hold texts of like length, padded to their own longest one.
    learning_rate : float, default=2e-3
        Highest rate of the schedule.
    dropout : float, default=0.2
        Share of activations that training sets to zero, everywhere in the model.
    token_dropout : float, default=0.3
        Share of the tokens whose embedding training leaves out, other ones each time.
    pooling : {"mean", "max", "first", "attention"}, default="mean"
        How one vector a token becomes one a text.
    {shared}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    net_ : skorch.NeuralNet
        The trained net; `net_.module_` is a `agnews_sk.nn.TextTransformer`.
    history_ : pandas.DataFrame
        One row an epoch: training loss, steps so far, seconds (`dur`), and validation loss and
        accuracy if there are rows to validate on; whether a loss is the lowest so far (`*_best`),
        and what callbacks record.
    vocab_size_ : int
    max_length_ : int

    See Also
    --------
    agnews_sk.tokenization.Vocabulary, agnews_sk.tokenization.SubwordTokenizer : Make the ids.

    Notes
    -----
    The model is `agnews_sk.nn.TextTransformer`. A text without ids is one padding token, the id
    0. Words that the vocabulary lacks have the id that it gives them; an id outside the
    vocabulary is an error.

    Memory in training is about 16 bytes a weight and the activations of one batch; texts take 8
    bytes a token.

    Examples
    --------
    >>> from agnews_sk.classifiers import TransformerClassifier
    >>> from agnews_sk.tokenization import Vocabulary, WordTokenizer
    >>> texts = ["oil prices rise", "oil stocks fall", "cup final", "the coach wins the cup"]
    >>> ids = Vocabulary().fit_transform(WordTokenizer().transform(texts))
    >>> classifier = TransformerClassifier(d_model=16, max_epochs=20, random_state=0)
    >>> classifier.fit(ids, ["Business", "Business", "Sports", "Sports"]).predict(ids).tolist()
    ['Business', 'Business', 'Sports', 'Sports']
    """

    _parameter_constraints = {
        "vocab_size": [POSITIVE_INT, None],
        "d_model": [POSITIVE_INT],
        "n_heads": [POSITIVE_INT],
        "n_layers": [POSITIVE_INT],
        "d_hidden": [POSITIVE_INT, None],
        "positions": [StrOptions({"sinusoidal", "learned"})],
        "activation": [StrOptions({"gelu", "relu"})],
        "norm_first": ["boolean"],
        "dropout": [SHARE],
        "token_dropout": [SHARE],
        "pooling": [StrOptions({"mean", "max", "first", "attention"})],
    }

    def __init__(
        self,
        *,
        vocab_size=None,
        d_model=128,
        n_heads=4,
        n_layers=2,
        d_hidden=None,
        positions="sinusoidal",
        activation="gelu",
        norm_first=True,
        max_epochs=3,
        batch_size=64,
        learning_rate=2e-3,
        dropout=0.2,
        token_dropout=0.3,
        pooling="mean",
        **shared,
    ):
        super().__init__(
            max_epochs=max_epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            dropout=dropout,
            pooling=pooling,
            **shared,
        )
        self.vocab_size = vocab_size
        self.d_model = d_model
        self.n_heads = n_heads
        self.n_layers = n_layers
        self.d_hidden = d_hidden
        self.positions = positions
        self.activation = activation
        self.norm_first = norm_first
        self.token_dropout = token_dropout

    def _checked_texts(self, X: Any) -> pl.Series:
        raise TypeError(
            "TransformerClassifier takes token ids, a Polars list column of int, got "
            f"{type(X).__name__}; put a WordTokenizer and a Vocabulary, or a SubwordTokenizer, "
            "before it."
        )

    def _make_module(self, ids: pl.Series) -> nn.Module:
        return TextTransformer(
            self.vocab_size or int(flat_values(ids).max() or 0) + 1,  # type: ignore[arg-type]
            len(self.classes_),
            d_model=self.d_model,
            n_heads=self.n_heads,
            n_layers=self.n_layers,
            d_hidden=self.d_hidden,
            max_length=self.max_length,
            positions=self.positions,
            activation=self.activation,
            norm_first=self.norm_first,
            pooling=self.pooling,
            dropout=self.dropout,
            token_dropout=self.token_dropout,
        )

    def _module_config(self, module: Any) -> dict[str, Any]:
        return module.settings

    def _module_from_config(self, config: dict[str, Any], n_tensors: int) -> nn.Module:
        if not 1 <= config["n_layers"] <= n_tensors:
            raise ValueError(f"n_layers={config['n_layers']} is more than the {n_tensors} weights.")
        return TextTransformer(**config)

    def _pad_id(self, module: Any) -> int:
        return 0

    def _vocab_size(self, module: Any) -> int:
        return module.embedding.token.num_embeddings

    def _longest_input(self, module: Any) -> int:
        return len(module.embedding.position)
