"""Token ids as the classifiers take them: read, checked, truncated."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged


def holds_ids(X: Any) -> bool:
    """Tell token ids, ragged or as a 2-D integer array, from texts."""
    if isinstance(X, pl.Series):
        return isinstance(X.dtype, (pl.List, pl.Array))
    return isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "iu"


def as_ragged_ids(X: pl.Series | np.ndarray, *, name: str = "X") -> pl.Series:
    """Return token ids as one ragged column.

    Parameters
    ----------
    X : polars.Series of list of int, or ndarray of int of shape (n_samples, length)
        Every row of an array is a text of the same length. A null row has no ids.
    name : str, default="X"
        How messages call it.

    Returns
    -------
    polars.Series of list of int of shape (n_samples,)

    Raises
    ------
    TypeError
        If X holds tokens that are not numbers.
    ValueError
        If X has no rows, or a row has a null among its ids.
    """
    if len(X) == 0:
        raise ValueError(f"{name} is empty: at least one text is needed, got 0.")
    if isinstance(X, np.ndarray):
        n_samples, length = X.shape
        return to_ragged(np.ascontiguousarray(X).ravel(), np.arange(n_samples + 1) * length)
    ids = X.cast(pl.List(X.dtype.inner)) if isinstance(X.dtype, pl.Array) else X
    values = flat_values(ids)
    if not (values.dtype.is_integer() or values.dtype == pl.Null):
        raise TypeError(
            f"{name} must hold token ids, got lists of {values.dtype}; put a Vocabulary before the "
            "classifier, which gives tokens their ids."
        )
    if values.null_count() > 0:
        raise ValueError(f"{name} must hold token ids, got a null among the ids of a text.")
    return ids


def check_ids(ids: pl.Series, vocab_size: int, *, name: str = "X") -> None:
    """Refuse ids that a model with this vocabulary has no vector for.

    Parameters
    ----------
    ids : polars.Series of list of int of shape (n_samples,)
    vocab_size : int
    name : str, default="X"
        How messages call them.

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
        if not 0 <= outside < vocab_size:
            raise ValueError(
                f"{name} has the id {outside}, which is outside the vocabulary of {vocab_size} "
                "ids; use the tokenizer and the vocabulary that the model was made for, or raise "
                "vocab_size."
            )


class CommonEnds(NamedTuple):
    """How many tokens begin and end every text alike: the special ones.

    Attributes
    ----------
    first, last : int
        0 or 1.
    """

    first: int
    last: int


def find_common_ends(ids: pl.Series) -> CommonEnds:
    """Find whether all texts begin, and end, with the same token.

    Parameters
    ----------
    ids : polars.Series of list of int of shape (n_samples,)

    Returns
    -------
    CommonEnds
    """
    first, last = ids.list.first().n_unique(), ids.list.last().n_unique()
    several = len(ids) > 1
    return CommonEnds(int(several and first == 1), int(several and last == 1))


def truncate_ids(ids: pl.Series, max_length: int, part: str, ends: CommonEnds) -> pl.Series:
    """Cut texts that are too long, keeping their special tokens.

    Parameters
    ----------
    ids : polars.Series of list of int of shape (n_samples,)
    max_length : int
    part : {"head", "tail", "head+tail"}
        What is kept. "head+tail" keeps a quarter of the tokens from the beginning and the rest
        from the end (Sun et al. 2019, "How to fine-tune BERT for text classification",
        section 5.3.1, keep 128 and 382 of 510).
    ends : CommonEnds

    Returns
    -------
    polars.Series of list of int of shape (n_samples,)
    """
    offsets = row_offsets(ids)
    lengths = np.diff(offsets)
    if lengths.max() <= max_length:
        return ids
    room = max(max_length - ends.first - ends.last, 0)
    from_head = {"head": room, "tail": 0, "head+tail": room // 4}[part]
    n_head = ends.first + from_head
    n_tail = min(max_length - n_head, room - from_head + ends.last)
    row = np.repeat(np.arange(len(lengths)), lengths)
    position = np.arange(offsets[-1]) - offsets[row]
    too_long = (lengths > max_length)[row]
    dropped = too_long & (position >= n_head) & (position < lengths[row] - n_tail)
    kept_offsets = np.concatenate([[0], np.minimum(lengths, max_length).cumsum()])
    return to_ragged(flat_values(ids).to_numpy()[~dropped], kept_offsets)
