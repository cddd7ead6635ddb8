r"""Words of texts: lower case, splitting and integer codes, in columns but as Python does it.

Polars (Rust) and Python disagree on the lower case and on the class of some characters: a
combining accent is `\w` in Rust and not in Python. Texts that hold such a character go through
Python, all others through Polars, so that the result is Python's for every text.
"""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged

WORD_PATTERN = r"\b\w\w+\b"

# What means the same to both regex engines, but for the class of some characters.
_ATOM = r"(?:\\[wd]|[A-Za-z0-9_'-]|\[(?:\\[wd]|[A-Za-z0-9_'](?:-[A-Za-z0-9])?)+-?\])\+?"
_SHARED_SYNTAX = re.compile(rf"(?:\(\?u\))?(?:\\b)*{_ATOM}(?:\\b|{_ATOM})*")
_BLOCK_ROWS = 32_768
_FEW_ROWS = 512  # done before threads would have started


class EncodedTokens(NamedTuple):
    """Tokens of many rows as codes of the distinct ones, numbered as they first come.

    Attributes
    ----------
    codes : ndarray of int32 of shape (n_tokens,)
        Which distinct token; row after row.
    offsets : ndarray of int64 of shape (n_rows + 1,)
        Where each row begins in `codes`, and the end.
    distinct : polars.Series of shape (n_distinct,)
    """

    codes: np.ndarray
    offsets: np.ndarray
    distinct: pl.Series


def lower_case(texts: pl.Series) -> pl.Series:
    """Return each text as `str.lower` gives it.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)

    Returns
    -------
    polars.Series of str of shape (n_samples,)
    """
    return _with_python_rows(
        texts, lambda column: column.str.to_lowercase(), str.lower, _lowers_differently
    )


def find_words(texts: pl.Series, pattern: str = WORD_PATTERN) -> pl.Series:
    r"""Return for each text what `re.findall` finds in it.

    Patterns made of ``\b``, ``\w``, ``\d``, letters, digits, character classes and ``+`` run in
    Polars; any other runs in Python, text by text.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    pattern : str
        Regular expression of one token, in Python's syntax, with at most one group.

    Returns
    -------
    polars.Series of list of str of shape (n_samples,)

    Raises
    ------
    ValueError
        If the pattern is no regular expression or has more than one capturing group.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.words import find_words
    >>> find_words(pl.Series(["Oil tops $50 a barrel", ""])).to_list()
    [['Oil', 'tops', '50', 'barrel'], []]
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression of a token: {error}.") from error
    if compiled.groups > 1:
        raise ValueError(
            "More than 1 capturing group in token pattern. Only a single group should be captured; "
            f"make the others (?:...), got {pattern!r}."
        )
    if not _SHARED_SYNTAX.fullmatch(pattern):
        return _map_rows(texts, compiled.findall, pl.List(pl.String))
    return _with_python_rows(
        texts,
        lambda column: column.str.extract_all(pattern),
        compiled.findall,
        lambda chars: _classed_differently(chars, r"\w") | _classed_differently(chars, r"\d"),
    )


def split_words(texts: pl.Series) -> pl.Series:
    """Return the parts of each text between white space, as `str.split` gives them.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)

    Returns
    -------
    polars.Series of list of str of shape (n_samples,)
    """
    return _with_python_rows(
        texts,
        # White space to Python, not to Rust: the four separators of ASCII.
        lambda column: column.str.extract_all(r"[^\s\x1c-\x1f]+"),
        str.split,
        lambda chars: _classed_differently(chars, r"\s"),
    )


def encode_tokens(
    column: pl.Series, to_tokens: Callable[[pl.Series], pl.Series] | None = None
) -> EncodedTokens:
    """Return tokens as integer codes; texts are split block by block, in threads.

    Parameters
    ----------
    column : polars.Series of shape (n_rows,)
        Lists of tokens (or ids), or what `to_tokens` makes such lists of. A null token is left out,
        a null list is empty.
    to_tokens : callable, optional
        Splits a column of texts into a list column.

    Returns
    -------
    EncodedTokens

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.words import encode_tokens
    >>> encoded = encode_tokens(pl.Series([["oil", "up", "oil"], []]))
    >>> encoded.codes.tolist(), encoded.offsets.tolist(), encoded.distinct.to_list()
    ([0, 1, 0], [0, 3, 3], ['oil', 'up'])
    """

    def encode(start: int, length: int) -> tuple[np.ndarray, np.ndarray, pa.Array]:
        block = column.slice(start, length)
        ragged = block.list.drop_nulls() if to_tokens is None else to_tokens(block)
        values = flat_values(ragged).to_arrow(compat_level=pl.CompatLevel.newest())
        encoded = values.dictionary_encode()
        return np.diff(row_offsets(ragged)), encoded.indices.to_numpy(), encoded.dictionary

    if len(column) <= _FEW_ROWS:
        blocks = [encode(0, len(column))]
    else:
        n_threads = pl.thread_pool_size()
        n_blocks = n_threads * -(-len(column) // (n_threads * _BLOCK_ROWS))
        bounds = np.linspace(0, len(column), n_blocks + 1).astype(int)
        with ThreadPoolExecutor(n_threads) as pool:
            blocks = list(pool.map(encode, bounds[:-1], np.diff(bounds)))
    lengths, codes, dictionaries = zip(*blocks)
    merged = pa.concat_arrays(dictionaries).dictionary_encode()
    ends = np.cumsum([len(dictionary) for dictionary in dictionaries])
    renumbered = np.split(merged.indices.to_numpy(), ends[:-1])
    return EncodedTokens(
        np.concatenate([new[old] for new, old in zip(renumbered, codes)]),
        np.concatenate([[0], *lengths]).cumsum(),
        pl.Series(pl.from_arrow(merged.dictionary)),
    )


def drop_tokens(encoded: EncodedTokens, dropped: np.ndarray) -> EncodedTokens:
    """Return the tokens without some of the distinct ones.

    Parameters
    ----------
    encoded : EncodedTokens
    dropped : ndarray of bool of shape (n_distinct,)

    Returns
    -------
    EncodedTokens
    """
    kept = ~dropped
    stays = kept[encoded.codes]
    return EncodedTokens(
        (np.cumsum(kept, dtype=np.int32) - 1)[encoded.codes[stays]],
        np.concatenate([[0], np.cumsum(stays)])[encoded.offsets],
        encoded.distinct.filter(pl.Series(kept)),
    )


def decode_tokens(encoded: EncodedTokens) -> pl.Series:
    """Return the list column that these codes stand for.

    Parameters
    ----------
    encoded : EncodedTokens

    Returns
    -------
    polars.Series of list of shape (n_rows,)
    """
    return to_ragged(encoded.distinct.gather(encoded.codes), encoded.offsets)


def stop_word_set(stop_words: str | Iterable[str] | None) -> frozenset[str]:
    """Return the words to leave out; "english" is scikit-learn's list.

    Parameters
    ----------
    stop_words : {"english"}, iterable of str or None

    Returns
    -------
    frozenset of str

    Raises
    ------
    TypeError
        If a stop word is not a `str`.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = ENGLISH_STOP_WORDS if stop_words == "english" else frozenset(stop_words or ())
    wrong = [word for word in words if not isinstance(word, str)]
    if wrong:
        raise TypeError(f"stop_words must be texts, got {wrong[0]!r}.")
    return words


def is_ragged(X: Any) -> bool:
    """Tell a Polars list column, of tokens or ids, from texts."""
    return isinstance(X, pl.Series) and X.dtype == pl.List


def _with_python_rows(
    texts: pl.Series,
    in_polars: Callable[[pl.Series], pl.Series],
    in_python: Callable[[str], Any],
    differs: Callable[[pl.Series], pl.Series],
) -> pl.Series:
    done = in_polars(texts)
    odd = _rows_with(texts, differs)
    if len(odd) == 0:
        return done
    redone = _map_rows(texts.gather(odd), in_python, done.dtype)
    source = np.arange(len(texts))
    source[odd] = len(texts) + np.arange(len(odd))
    return pl.concat([done, redone]).gather(source)


def _rows_with(texts: pl.Series, differs: Callable[[pl.Series], pl.Series]) -> np.ndarray:
    """Return the positions of texts with a character that the two languages treat differently."""
    beyond_ascii = (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    if len(beyond_ascii) == 0:
        return beyond_ascii.to_numpy()
    suspects = texts.gather(beyond_ascii)
    chars = pl.Series([c for c in set("".join(suspects)) if not c.isascii()], dtype=pl.String)
    odd = chars.filter(differs(chars))
    if len(odd) == 0:
        return odd.cast(pl.UInt32).to_numpy()
    return beyond_ascii.filter(suspects.str.contains(f"[{''.join(odd)}]")).to_numpy()


def _map_rows(texts: pl.Series, function: Callable[[str], Any], dtype: Any) -> pl.Series:
    return pl.Series([function(text) for text in texts], dtype=dtype)


def _lowers_differently(chars: pl.Series) -> pl.Series:
    # The capital sigma's lower case depends on its neighbours, by rules that may differ.
    in_python = _map_rows(chars, str.lower, pl.String)
    return (chars.str.to_lowercase() != in_python) | (chars == "Σ")


def _classed_differently(chars: pl.Series, char_class: str) -> pl.Series:
    matches = re.compile(char_class).match
    in_python = _map_rows(chars, lambda char: matches(char) is not None, pl.Boolean)
    return chars.str.contains(char_class) != in_python
