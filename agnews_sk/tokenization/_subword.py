"""Tokenizers that split texts into subwords and return their ids."""

from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import HasParts, StateParts, TextInputMixin
from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.pretrained import resolve_pretrained
from agnews_sk._core.text_pairs import check_text_pairs
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import Interval, StrOptions, check_texts
from agnews_sk.caching import TextCache
from agnews_sk.tokenization._backend import (
    SPECIAL_TOKENS,
    decode_ids,
    encode_texts,
    load_pretrained,
    load_tokenizer,
    separator_ids,
    train_tokenizer,
    truncating,
    unknown_share,
)

_MOSTLY = 0.5  # share of characters from which on a warning is given


class _BackendTokenizer(  # type: ignore[call-arg]
    TextInputMixin, TransformerMixin, HasParts, BaseEstimator, auto_wrap_output_keys=None
):
    """Base of tokenizers that hold a backend tokenizer as JSON, `tokenizer_json_`.

    Subclasses have the parameters `max_length` and `cache`, and call `_keep` in `fit`.
    """

    text_pair = False

    def transform(self, X: Any) -> pl.Series:
        """Return the ids of each text, special tokens included.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
            Missing texts are treated as empty. With `text_pair=True` also a frame of two text
            columns.

        Returns
        -------
        polars.Series of list of int64 of shape (n_samples,)
            Truncated to `max_length`, not padded.
        """
        check_is_fitted(self)
        texts = self._checked_texts(X).fill_null("")
        if self.cache is None:
            return encode_texts(self.tokenizer_json_, texts, text_pair=self.text_pair)
        namespace = self.tokenizer_json_ + (" of text pairs" if self.text_pair else "")
        rows = self.cache.rows(namespace, texts.to_list(), self._encode_rows)
        lengths = [len(row) for row in rows]
        return to_ragged(np.concatenate(rows), np.concatenate([[0], lengths]).cumsum())

    def _encode_rows(self, texts: list[str]) -> list[np.ndarray]:
        """Return one array of ids per text, views into one flat array."""
        column = pl.Series(values=texts, dtype=pl.String)
        ids = encode_texts(self.tokenizer_json_, column, text_pair=self.text_pair)
        return np.split(flat_values(ids).to_numpy(), row_offsets(ids)[1:-1])

    def _checked_texts(self, X: Any) -> pl.Series:
        """Return texts as one column, with the segments of a pair as one text."""
        return check_text_pairs(X) if self.text_pair else check_texts(X)

    def inverse_transform(self, X: pl.Series) -> np.ndarray:
        """Return the texts of ids, without the special tokens.

        Parameters
        ----------
        X : polars.Series of list of int of shape (n_samples,)

        Returns
        -------
        ndarray of object of shape (n_samples,)
            The texts as the tokenizer normalized them; truncated parts are missing.
        """
        check_is_fitted(self)
        return decode_ids(self.tokenizer_json_, X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the subwords in the order of their ids.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (vocab_size,)
        """
        ids = self.vocabulary_
        return np.array(sorted(ids, key=ids.__getitem__), dtype=object)

    @property
    def vocabulary_(self) -> dict[str, int]:
        """Id of each subword, a dictionary of str to int."""
        check_is_fitted(self)
        return load_tokenizer(self.tokenizer_json_).get_vocab()

    def _keep(self, tokenizer_json: str, special_ids: dict[str, int | None]) -> None:
        """Set all fitted attributes.

        Parameters
        ----------
        tokenizer_json : str
        special_ids : dict of str to int or None
            With the keys pad, unk, cls, sep and mask.
        """
        self.tokenizer_json_ = truncating(tokenizer_json, self.max_length, text_pair=self.text_pair)
        self.vocab_size_ = load_tokenizer(self.tokenizer_json_).get_vocab_size()
        self.pad_token_id_ = special_ids["pad"]
        self.unk_token_id_ = special_ids["unk"]
        self.cls_token_id_ = special_ids["cls"]
        self.sep_token_id_ = special_ids["sep"]
        self.mask_token_id_ = special_ids["mask"]

    def get_parts(self) -> StateParts:
        """Return the state with the tokenizer as its own document, which others can read."""
        state = dict(vars(self))
        tokenizer_json = state.pop("tokenizer_json_", None)
        documents = {} if tokenizer_json is None else {"tokenizer.json": tokenizer_json}
        return StateParts(state, documents=documents)

    def set_parts(self, parts: StateParts) -> None:
        """Take the tokenizer's document; reject ids that would be out of a model's bounds."""
        self.tokenizer_json_ = parts.documents["tokenizer.json"]
        tokenizer = load_tokenizer(self.tokenizer_json_)
        if tokenizer.padding is not None:
            raise ValueError("the tokenizer's padding must be null: ids are padded per batch.")
        ids = tokenizer.get_vocab().values()
        outside = [id_ for id_ in ids if not 0 <= id_ < self.vocab_size_]
        if outside:
            raise ValueError(
                f"the id {outside[0]} is outside the vocabulary of {self.vocab_size_} ids."
            )


class SubwordTokenizer(_BackendTokenizer, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Learn subwords from a corpus, and split texts into their ids.

    Parameters
    ----------
    model : {"wordpiece", "bpe", "unigram"}, default="wordpiece"
        BERT's WordPiece, byte-level BPE, or a unigram language model.
    vocab_size : int, default=8000
        Largest number of subwords, the five special tokens included.
    max_length : int or None, default=None
        Largest number of ids per text, special tokens included; None does not truncate.
    lowercase : bool, default=True
        Convert texts to lower case first.
    cache : TextCache, optional
        Cache of the ids, so that each distinct text is tokenized once over all folds and trials.

    Attributes
    ----------
    tokenizer_json_ : str
        The tokenizer in the format of `tokenizers.Tokenizer.from_str`: its whole state.
    vocabulary_ : dict of str to int
        Id of each subword.
    vocab_size_ : int
    pad_token_id_, unk_token_id_, cls_token_id_, sep_token_id_, mask_token_id_ : int

    See Also
    --------
    PretrainedTokenizer : Uses the tokenizer of a pretrained model.

    Notes
    -----
    Each row is `[CLS] subwords [SEP]`, truncated but never padded; a missing or empty text gives
    `[CLS] [SEP]`. Unseen characters become `[UNK]`, except with "bpe", which has all bytes. The
    result does not depend on the number of threads.

    Examples
    --------
    >>> from agnews_sk.tokenization import SubwordTokenizer
    >>> texts = ["oil prices rise", "oil price rises", None]
    >>> tokenizer = SubwordTokenizer(vocab_size=60).fit(texts)
    >>> ids = tokenizer.transform(texts)
    >>> ids[2].to_list() == [tokenizer.cls_token_id_, tokenizer.sep_token_id_]
    True
    >>> tokenizer.inverse_transform(ids).tolist()
    ['oil prices rise', 'oil price rises', '']
    """

    _parameter_constraints: dict[str, Any] = {
        "model": [StrOptions({"wordpiece", "bpe", "unigram"})],
        "vocab_size": [Interval(Integral, len(SPECIAL_TOKENS) + 1, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "lowercase": ["boolean"],
        "cache": [TextCache, None],
    }

    def __init__(
        self,
        *,
        model="wordpiece",
        vocab_size=8000,
        max_length=None,
        lowercase=True,
        cache=None,
    ):
        self.model = model
        self.vocab_size = vocab_size
        self.max_length = max_length
        self.lowercase = lowercase
        self.cache = cache

    def fit(self, X: Any, y: Any = None) -> "SubwordTokenizer":
        """Learn the subwords.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
            Missing texts are ignored.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self._validate_params()
        texts = check_texts(X).drop_nulls()
        tokenizer = train_tokenizer(
            texts, self.model, vocab_size=self.vocab_size, lowercase=self.lowercase
        )
        names = {name.strip("[]").lower(): name for name in SPECIAL_TOKENS}
        special_ids = {key: tokenizer.token_to_id(name) for key, name in names.items()}
        self._keep(tokenizer.to_str(), special_ids)
        return self


class PretrainedTokenizer(  # type: ignore[call-arg]
    TakesEarlierStates, _BackendTokenizer, auto_wrap_output_keys=None
):
    """Split texts into the ids that a pretrained model expects.

    Parameters
    ----------
    model : str, path or None, default=None
        Folder, or name on the Hugging Face Hub; None is all-MiniLM-L6-v2, from the `offline` extra
        if that is installed, otherwise from the Hub.
    max_length : int or None, default=None
        Largest number of ids per text, special tokens included; None is the model's own limit.
    text_pair : bool, default=False
        Take a frame of two text columns, and give the ids of both texts of a row with the special
        tokens of the model between them. Where they are too long, the longer one is truncated
        first. Single texts, and rows with one empty cell, have the ids of single texts.
    cache : TextCache, optional
        Cache of the ids, so that each distinct text is tokenized once over all folds and trials.

    Attributes
    ----------
    tokenizer_json_ : str
        The tokenizer in the format of `tokenizers.Tokenizer.from_str`: its whole state.
    vocabulary_ : dict of str to int
        Id of each subword.
    vocab_size_ : int
    pad_token_id_, unk_token_id_, cls_token_id_, sep_token_id_, mask_token_id_ : int or None
        None where the model has no such token.
    separator_ids_ : tuple of int
        Ids between the two texts of a pair; empty where the model has none.

    See Also
    --------
    SubwordTokenizer : Learns its subwords from the corpus.

    Notes
    -----
    Only `fit` loads the model's tokenizer, once per process; pickles, copies and `transform` need
    neither the folder nor the Hub. Rows have the model's special tokens, are truncated and never
    padded. Missing texts are treated as empty. The result does not depend on the number of
    threads.

    Examples
    --------
    >>> from agnews_sk.tokenization import PretrainedTokenizer
    >>> tokenizer = PretrainedTokenizer(max_length=6).fit()  # doctest: +SKIP
    >>> tokenizer.transform(["Oil prices rise", None]).to_list()  # doctest: +SKIP
    [[101, 3514, 7597, 4125, 102], [101, 102]]
    """

    _parameter_constraints: dict[str, Any] = {
        "model": [str, Path, None],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "text_pair": ["boolean"],
        "cache": [TextCache, None],
    }

    def __init__(self, *, model=None, max_length=None, text_pair=False, cache=None):
        self.model = model
        self.max_length = max_length
        self.text_pair = text_pair
        self.cache = cache

    def fit(self, X: Any = None, y: Any = None) -> "PretrainedTokenizer":
        """Load the model's tokenizer.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), optional
            The first texts are checked for unknown tokens, otherwise ignored. With
            `text_pair=True` also a frame of two text columns.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        OSError
            If the model cannot be found.
        ValueError
            If the model has no fast tokenizer, `max_length` leaves no room for a token, or the
            tokenizer puts nothing between the texts of a pair.

        Warns
        -----
        UserWarning
            If most of the texts become unknown tokens: the model does not know their language.
        """
        self._validate_params()
        texts = None if X is None else self._checked_texts(X).drop_nulls()
        self._keep(*load_pretrained(resolve_pretrained(self.model)))
        if self.text_pair and not self.separator_ids_:
            raise ValueError(
                f"text_pair=True needs a model that marks where the second text begins, and "
                f"model={self.model!r} puts no special token there; set text_pair=False to read "
                "both as one text, or choose a model such as BERT or MPNet."
            )
        if texts is not None:
            self._warn_of_unknown(texts)
        return self

    @property
    def separator_ids_(self) -> tuple[int, ...]:
        """Ids between the two texts of a pair, a tuple of int."""
        check_is_fitted(self)
        return separator_ids(self.tokenizer_json_)

    def _warn_of_unknown(self, texts: pl.Series) -> None:
        """Warn if most of the texts become unknown tokens."""
        unknown = self.unk_token_id_
        share = 0 if unknown is None else unknown_share(self.tokenizer_json_, texts, unknown)
        if share > _MOSTLY:
            warn_user(
                f"{share:.0%} of the characters of the texts are unknown to the tokenizer of "
                f"model={self.model!r}, which was not pretrained on their language; choose a model "
                "of this language, or a multilingual one.",
            )
