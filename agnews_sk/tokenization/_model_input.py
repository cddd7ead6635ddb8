"""How token ids become the input of a model: checked, cut to its length, and padded with one id."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged
from agnews_sk._core.mapped import take_runs
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.tokenization._chunks import Chunks, divide_texts
from agnews_sk.tokenization._segments import cut_of_pairs, find_separators

# Longer than any text, and a length that the `tokenizers` library accepts (32 bits, signed).
WHOLE_TEXT = 2**31 - 1
TRUNCATIONS = ("head", "tail", "head+tail", "chunk")
CHUNK_OVERLAP = 0.125
MAX_CHUNKS = 32  # by default
MOST_CHUNKS = 1_024  # a text of them fills the memory of most machines
# Of what is kept of a longer text, the share that comes from its start.
_HEAD_SHARES = {"head": 1.0, "tail": 0.0, "head+tail": 0.25}
CHUNKS_OF_PAIRS = (
    "truncation='chunk' divides single texts, and text_pair=True reads two; set another "
    "truncation, which cuts the longer text first, or text_pair=False."
)
_MOST_SEPARATORS = 4  # tokens between two texts; models have one or two
# A warning where more texts than this share lose tokens.
_MANY_CUT = 0.1


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
        Longest input in tokens, special tokens included. By default nothing is cut.
    truncation : {"head", "tail", "head+tail", "chunk"}, default="head"
        Which part of a longer text is kept. "head+tail" keeps a quarter of the tokens from the
        start and the rest from the end (Sun et al. 2019, "How to fine-tune BERT for text
        classification", section 5.3.1, keep 128 and 382 of 510). "chunk" divides the text into
        overlapping chunks, each with the special tokens.
    special_tokens : SpecialTokens, default=SpecialTokens(0, 0)
        Tokens that every text keeps.
    chunk_overlap : float or int, default=0.125
        Tokens that neighbouring chunks share at least: a float is a share of the tokens of a
        chunk, an int their number; at most half of a chunk.
    max_chunks : int, default=32
        Most chunks of a text, up to 1,024; what is behind the last is dropped.
    separator : tuple of int, default=()
        Ids between the two texts of a pair. Of a longer pair the longer text is cut first, and
        both keep at least one token. Empty where rows are single texts.

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
    >>> model_input.prepare(pl.Series([[1, 5, 6, 7, 2], [1, 8, 2]])).ids.to_list()
    [[1, 7, 2], [1, 8, 2]]
    """

    vocab_size: int
    pad_id: int = 0
    max_length: int = WHOLE_TEXT
    truncation: str = "head"
    special_tokens: SpecialTokens = NO_SPECIAL_TOKENS
    chunk_overlap: float | int = CHUNK_OVERLAP
    max_chunks: int = MAX_CHUNKS
    separator: tuple[int, ...] = ()

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
        if self.separator:
            self._check_pairs()
        if self.truncation == "chunk":
            self._check_chunks()

    def _check_pairs(self) -> None:
        """Reject separators that are none, pairs without room for both texts, and their chunks."""
        if len(self.separator) > _MOST_SEPARATORS or not all(
            0 <= id_ < self.vocab_size for id_ in self.separator
        ):
            raise ValueError(
                f"separator must be at most {_MOST_SEPARATORS} ids in [0, {self.vocab_size}), got "
                f"{self.separator!r:.60}."
            )
        least = sum(self.special_tokens) + len(self.separator) + 2
        if self.max_length < least:
            raise ValueError(
                f"max_length must be at least {least} with text_pair=True, to hold the special "
                f"tokens and one of each text, got {self.max_length}."
            )
        if self.truncation == "chunk":
            raise ValueError(CHUNKS_OF_PAIRS)

    def _check_chunks(self) -> None:
        """Reject chunks without room for tokens, or with overlaps that multiply the tokens."""
        if self._room < 1:
            raise ValueError(
                f"max_length must be at least {sum(self.special_tokens) + 1} with "
                f"truncation='chunk', to hold the special tokens and one more, got "
                f"{self.max_length}."
            )
        most = self._room // 2 if isinstance(self.chunk_overlap, Integral) else 0.5
        if not 0 <= self.chunk_overlap <= most:
            raise ValueError(
                "chunk_overlap must be at most half of a chunk, 0.5 or "
                f"{self._room // 2} tokens with max_length={self.max_length}, got "
                f"{self.chunk_overlap}."
            )
        if not 1 <= self.max_chunks <= MOST_CHUNKS:
            raise ValueError(f"max_chunks must be from 1 to {MOST_CHUNKS}, got {self.max_chunks}.")

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any], *, vocab_size: int) -> "ModelInput":
        """Return the model input that `as_dict` described.

        Parameters
        ----------
        entries : mapping of str to Any
            Of this version or an earlier one, or forged.
        vocab_size : int

        Returns
        -------
        ModelInput

        Raises
        ------
        ValueError
            If a value is out of its range.
        """
        first, last = entries["ends"]
        return cls(
            vocab_size=vocab_size,
            pad_id=entries["pad_id"],
            max_length=int(entries["max_length"]),
            truncation=entries["truncation"],
            special_tokens=SpecialTokens(int(bool(first)), int(bool(last))),
            chunk_overlap=_plain(entries.get("chunk_overlap", CHUNK_OVERLAP)),
            max_chunks=int(entries.get("max_chunks", MAX_CHUNKS)),
            separator=tuple(map(int, entries.get("separator", ()))),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all but the size of the vocabulary as a dict that JSON can hold."""
        return {
            "pad_id": int(self.pad_id),
            "max_length": int(self.max_length),
            "truncation": self.truncation,
            "ends": list(self.special_tokens),
            "chunk_overlap": _plain(self.chunk_overlap),
            "max_chunks": int(self.max_chunks),
            "separator": list(self.separator),
        }

    def prepare(self, ids: pl.Series, *, name: str = "X") -> Chunks:
        """Check the ids of texts, and cut them to the length of the model.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)
        name : str, default="X"
            Name of the ids in messages.

        Returns
        -------
        Chunks

        Raises
        ------
        ValueError
            If an id is negative or not below `vocab_size`.
        """
        self.check(ids, name=name)
        return self.cut(ids)

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

    def has_pairs(self, ids: pl.Series) -> bool:
        """Return whether any row has two texts.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)

        Returns
        -------
        bool
        """
        return bool((self._separators(ids) >= 0).any())

    def cut(self, ids: pl.Series, *, values: pl.Series | None = None) -> Chunks:
        """Truncate texts longer than `max_length`, or divide them into chunks.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)
        values : polars.Series of list of shape (n_samples,), optional
            Another value per token, such as its position, to cut in place of the ids.

        Returns
        -------
        Chunks
            Special tokens are kept, in each chunk.
        """
        offsets = row_offsets(ids)
        values = ids if values is None else values
        if np.diff(offsets).max(initial=0) <= self.max_length:
            return Chunks(values, None)
        if self.truncation != "chunk":
            return Chunks(self._truncate(values, offsets, self._separators(ids)), None)
        found = divide_texts(
            offsets,
            room=self._room,
            overlap=self._overlap,
            max_chunks=self.max_chunks,
            special_tokens=self.special_tokens,
        )
        chunks = take_runs(flat_values(values).to_numpy(), found.starts, found.lengths)
        return Chunks(to_ragged(chunks, found.offsets), found.chunk_offsets)

    def warn_of_cut(self, ids: pl.Series, *, of: str = "texts") -> None:
        """Warn if more than a tenth of the texts are longer than what is read of them.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)
            Not cut yet.
        of : str, default="texts"
            What they are, in the message.

        Warns
        -----
        UserWarning
        """
        if self.truncation == "chunk":
            step = self._room - self._overlap
            longest = self.max_length + (self.max_chunks - 1) * step
            what = f"the {self.max_chunks} chunks of max_length={self.max_length} tokens"
            way_out = "raise max_chunks or max_length to read them whole"
        else:
            longest, what = self.max_length, f"max_length={self.max_length} tokens"
            way_out = "truncation='chunk' reads them whole, and a larger max_length more of them"
            if self.separator:
                way_out = "a larger max_length reads more of them"
        n_cut = int((ids.list.len() > longest).sum())
        if n_cut > _MANY_CUT * len(ids):
            warn_user(
                f"{n_cut:,} of {len(ids):,} {of} ({n_cut / len(ids):.0%}) are longer than {what} "
                f"and are truncated; {way_out}.",
                UserWarning,
            )

    @property
    def _room(self) -> int:
        """Most tokens of a chunk, special tokens not counted."""
        return self.max_length - sum(self.special_tokens)

    @property
    def _overlap(self) -> int:
        """Tokens that neighbouring chunks share at least."""
        if isinstance(self.chunk_overlap, Integral):
            return int(self.chunk_overlap)
        return int(self.chunk_overlap * self._room)

    def _separators(self, ids: pl.Series) -> np.ndarray:
        """Return the position of the separator of each row, -1 of single texts, (n_samples,)."""
        if not self.separator:
            return np.full(len(ids), -1)
        return find_separators(flat_values(ids).to_numpy(), row_offsets(ids), self.separator)

    def _truncate(
        self, values: pl.Series, offsets: np.ndarray, separators: np.ndarray
    ) -> pl.Series:
        """Return texts with at most `max_length` tokens each.

        Parameters
        ----------
        values : polars.Series of list of shape (n_samples,)
        offsets : ndarray of int of shape (n_samples + 1,)
        separators : ndarray of int of shape (n_samples,)

        Returns
        -------
        polars.Series of list of shape (n_samples,)
        """
        starts, ends = offsets[:-1], offsets[1:]
        n_head, n_tail = self._n_kept()
        too_long = (np.diff(offsets) > self.max_length) & (separators < 0)
        # Two spans that each row drops, (start, end, start, end); empty ones lie at its end.
        dropped = np.repeat(ends[:, None], 4, axis=1)
        dropped[too_long, 0] = starts[too_long] + n_head
        dropped[too_long, 1] = ends[too_long] - n_tail
        if self.separator:
            pairs, spans = cut_of_pairs(
                offsets,
                separators,
                n_separator=len(self.separator),
                max_length=self.max_length,
                special_tokens=self.special_tokens,
                head_share=_HEAD_SHARES[self.truncation],
            )
            dropped[pairs] = spans
        run_starts = np.column_stack([starts, dropped[:, 1], dropped[:, 3]])  # (n_samples, 3)
        lengths = np.column_stack([dropped[:, 0], dropped[:, 2], ends]) - run_starts
        kept = take_runs(flat_values(values).to_numpy(), run_starts.ravel(), lengths.ravel())
        return to_ragged(kept, np.concatenate([[0], lengths.sum(axis=1).cumsum()]))

    def _n_kept(self) -> tuple[int, int]:
        """Return how many tokens of a truncated text are kept at its start and at its end.

        They add up to `max_length`. Where it has no room for both special tokens, the first one
        comes before the last one.
        """
        first, last = self.special_tokens
        room = max(self.max_length - first - last, 0)
        from_head = int(room * _HEAD_SHARES[self.truncation])
        n_head = first + from_head
        return n_head, min(self.max_length - n_head, room - from_head + last)


def _plain(number: Any) -> float | int:
    """Return an integer or another number as an int or a float."""
    return int(number) if isinstance(number, Integral) else float(number)
