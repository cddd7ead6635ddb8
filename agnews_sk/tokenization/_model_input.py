"""How token ids become the input of a model: checked, truncated, and padded with one id."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged

# Longer than any text, and a length that the `tokenizers` library accepts (32 bits, signed).
WHOLE_TEXT = 2**31 - 1
TRUNCATIONS = ("head", "tail", "head+tail")


class SpecialTokens(NamedTuple):
    """How many tokens at the start and at the end are the same in every text.

    Truncation keeps them: a tokenizer adds them to every text, such as [CLS] and [SEP].

    Attributes
    ----------
    first, last : int
        0 or 1.
    """

    first: int
    last: int


NO_SPECIAL_TOKENS = SpecialTokens(0, 0)


def find_special_tokens(ids: pl.Series) -> SpecialTokens:
    """Find out whether all texts start, and end, with the same token.

    Parameters
    ----------
    ids : polars.Series of list of int of shape (n_samples,)
        Before truncation. A single text does not show them, and no token counts as special.

    Returns
    -------
    SpecialTokens
    """
    first, last = ids.list.first().n_unique(), ids.list.last().n_unique()
    several = len(ids) > 1
    return SpecialTokens(int(several and first == 1), int(several and last == 1))


@dataclass(frozen=True)
class ModelInput:
    """What a model over token ids takes; classifiers, explanations and ONNX graphs share it.

    Parameters
    ----------
    vocab_size : int
        Number of ids that the model has a vector for; ids are below it.
    pad_id : int, default=0
        Id that fills the shorter rows of a batch.
    max_length : int, default=2**31 - 1
        Longest text in tokens, special tokens included. By default nothing is truncated.
    truncation : {"head", "tail", "head+tail"}, default="head"
        Which part of a longer text is kept. "head+tail" keeps a quarter of the tokens from the
        start and the rest from the end (Sun et al. 2019, "How to fine-tune BERT for text
        classification", section 5.3.1, keep 128 and 382 of 510).
    special_tokens : SpecialTokens, default=SpecialTokens(0, 0)
        Tokens that every text keeps.

    Raises
    ------
    ValueError
        If a value is out of its range.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.tokenization import ModelInput, SpecialTokens
    >>> model_input = ModelInput(
    ...     vocab_size=10, max_length=3, truncation="tail", special_tokens=SpecialTokens(1, 1)
    ... )
    >>> model_input.prepare(pl.Series([[1, 5, 6, 7, 2], [1, 8, 2]])).to_list()
    [[1, 7, 2], [1, 8, 2]]
    """

    vocab_size: int
    pad_id: int = 0
    max_length: int = WHOLE_TEXT
    truncation: str = "head"
    special_tokens: SpecialTokens = NO_SPECIAL_TOKENS

    def __post_init__(self) -> None:
        if not 0 <= self.pad_id < self.vocab_size:
            raise ValueError(
                f"pad_id, the id of the padding, must be in [0, {self.vocab_size}), the "
                f"vocabulary, got {self.pad_id}."
            )
        if self.max_length < 1:
            raise ValueError(f"max_length must be at least 1, got {self.max_length}.")
        if self.truncation not in TRUNCATIONS:
            raise ValueError(
                f"truncation must be one of {list(TRUNCATIONS)}, got {self.truncation!r}."
            )

    def prepare(self, ids: pl.Series, *, name: str = "X") -> pl.Series:
        """Check and truncate the ids of texts.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)
        name : str, default="X"
            Name of the ids in messages.

        Returns
        -------
        polars.Series of list of int of shape (n_samples,)

        Raises
        ------
        ValueError
            If an id is negative or not below `vocab_size`.
        """
        self.check(ids, name=name)
        return self.truncate(ids)

    def check(self, ids: pl.Series, *, name: str = "X") -> None:
        """Reject ids that the model has no vector for.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)
        name : str, default="X"
            Name of the ids in messages.

        Raises
        ------
        ValueError
            If an id is negative or not below `vocab_size`.
        """
        values = flat_values(ids)
        if len(values) == 0:
            return
        extremes: tuple[Any, Any] = values.min(), values.max()
        for outside in extremes:
            if not 0 <= outside < self.vocab_size:
                raise ValueError(
                    f"{name} has the id {outside}, which is outside the vocabulary of "
                    f"{self.vocab_size} ids; use the tokenizer and the vocabulary that the model "
                    "was trained with, or raise vocab_size."
                )

    def check_tokenizer(self, tokenizer: Any) -> None:
        """Reject a tokenizer with ids that the model has no vector for.

        Parameters
        ----------
        tokenizer : PretrainedTokenizer or SubwordTokenizer
            Fitted.

        Raises
        ------
        ValueError
            If it has more ids than the model.
        """
        if tokenizer.vocab_size_ > self.vocab_size:
            raise ValueError(
                f"the tokenizer has {tokenizer.vocab_size_} ids, the model {self.vocab_size}."
            )

    def truncate(self, ids: pl.Series) -> pl.Series:
        """Truncate texts longer than `max_length`, keeping their special tokens.

        Parameters
        ----------
        ids : polars.Series of list of shape (n_samples,)
            Ids, or another value per token, such as its position.

        Returns
        -------
        polars.Series of list of shape (n_samples,)
        """
        offsets = row_offsets(ids)
        lengths = np.diff(offsets)
        if lengths.max(initial=0) <= self.max_length:
            return ids
        n_head, n_tail = self._n_kept()
        # One flat mask over all tokens instead of a slice per text: (n_tokens,)
        row = np.repeat(np.arange(len(lengths)), lengths)
        position = np.arange(offsets[-1]) - offsets[row]
        too_long = (lengths > self.max_length)[row]
        dropped = too_long & (position >= n_head) & (position < lengths[row] - n_tail)
        kept_offsets = np.concatenate([[0], np.minimum(lengths, self.max_length).cumsum()])
        return to_ragged(flat_values(ids).to_numpy()[~dropped], kept_offsets)

    def _n_kept(self) -> tuple[int, int]:
        """Return how many tokens of a truncated text are kept at its start and at its end.

        They add up to `max_length`. Where it has no room for both special tokens, the first one
        comes before the last one.
        """
        first, last = self.special_tokens
        room = max(self.max_length - first - last, 0)
        from_head = {"head": room, "tail": 0, "head+tail": room // 4}[self.truncation]
        n_head = first + from_head
        return n_head, min(self.max_length - n_head, room - from_head + last)
