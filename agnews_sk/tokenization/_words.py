r"""Split columns of texts into words, with Python's results at the speed of Polars.

Polars (Rust) and Python disagree on the lower case and on the class of some characters: a
combining accent is `\w` in Rust and not in Python. Texts that hold such a character are processed
by Python, all others by Polars, so that the result is Python's for every text.

Patterns of a run of characters are searched for in bytes (`_runs`), faster than by either.
"""

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.columnar import flat_values, interleave, row_offsets, to_ragged
from agnews_sk.tokenization._runs import ascii_runs, find_runs, runs_of
from agnews_sk.tokenization._segmentation import SPACELESS, Segmenter, split_pieces, splits_runs

WORD_PATTERN = r"\b\w\w+\b"

# Patterns that mean the same to both regex engines, except for the class of some characters. They
# match no empty string, which the engines would find at different places.
_ATOM = r"(?:\\[wd]|[A-Za-z0-9_'-]|\[(?:\\[wd]|[A-Za-z0-9_'](?:-[A-Za-z0-9])?)+-?\])\+?"
_SHARED_SYNTAX = re.compile(rf"(?:\(\?u\))?(?:\\b)*{_ATOM}(?:\\b|{_ATOM})*")
_FEW_CHARACTERS = 20_000  # a set of which is made faster than an array of all code points


def lower_case(texts: pl.Series) -> pl.Series:
    """Return each text in lower case, as `str.lower` does.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Without nulls.

    Returns
    -------
    polars.Series of str of shape (n_samples,)
    """
    return _with_python_rows(
        texts, lambda column: column.str.to_lowercase(), str.lower, _lowers_differently
    )


def find_words(
    texts: pl.Series,
    pattern: str = WORD_PATTERN,
    segmenter: Segmenter | None = None,
    *,
    lowercase: bool = False,
) -> pl.Series:
    r"""Return the matches of a pattern in each text, as `re.findall` does.

    A run of characters of one class, such as ``\w+``, is found by NumPy. Other patterns made of
    ``\b``, ``\w``, ``\d``, letters, digits, character classes and ``+`` run in Polars, and all
    others in Python, text by text.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Without nulls.
    pattern : str
        Regular expression of one token, in Python's syntax, with at most one group.
    segmenter : Segmenter, optional
        Splits runs of scripts without spaces, if the pattern matches letters of these; the pattern
        applies to what is between them.
    lowercase : bool, default=False
        Convert texts to lower case first, as `str.lower` does.

    Returns
    -------
    polars.Series of list of str of shape (n_samples,)

    Raises
    ------
    ValueError
        If the pattern is not a regular expression or has more than one capturing group.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.tokenization._words import find_words
    >>> find_words(pl.Series(["Oil tops $50 a barrel", ""])).to_list()
    [['Oil', 'tops', '50', 'barrel'], []]
    """
    compiled = _compile(pattern)
    if segmenter is None or not splits_runs(compiled):
        return _find(texts, compiled, lowercase)
    rows = _rows_without_spaces(texts)
    if len(rows) == 0:
        return _find(texts, compiled, lowercase)
    spaceless = lower_case(texts.gather(rows)) if lowercase else texts.gather(rows)
    segmented = _find_and_segment(spaceless, compiled, segmenter)
    if len(rows) == len(texts):
        return segmented
    others = np.delete(np.arange(len(texts)), rows)
    return interleave(_find(texts.gather(others), compiled, lowercase), others, segmented, rows)


def words_of_few(
    texts: list[str],
    pattern: str = WORD_PATTERN,
    segmenter: Segmenter | None = None,
    *,
    lowercase: bool = False,
) -> list[list[str]]:
    """Return the words of a few texts as `find_words` finds them, one text after the other.

    Parameters
    ----------
    texts : list of str of length n_samples
    pattern, segmenter, lowercase
        As `find_words` takes them.

    Returns
    -------
    list of list of str of length n_samples
    """
    compiled = _compile(pattern)
    runs = runs_of(pattern, lowercase)
    words = []
    for text in texts:
        is_ascii = text.isascii()
        if is_ascii and runs is not None and "\0" not in text:
            words.append(ascii_runs(text, runs))
        elif is_ascii or segmenter is None:
            words.append(compiled.findall(text.lower() if lowercase else text))
        else:
            found = find_words(pl.Series([text]), pattern, segmenter, lowercase=lowercase)
            words.append(found[0].to_list())
    return words


def _compile(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern of words, which may have one group."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"the pattern {pattern!r} is not a regular expression: {error}."
        ) from error
    if compiled.groups > 1:
        raise ValueError(
            "More than 1 capturing group in token pattern. Only a single group should be captured; "
            f"make the others (?:...), got {pattern!r}."
        )
    return compiled


def _find(texts: pl.Series, compiled: re.Pattern[str], lowercase: bool) -> pl.Series:
    """Return the matches of a pattern in each text."""
    runs = runs_of(compiled.pattern, lowercase)
    if runs is not None:
        return find_runs(texts, runs, compiled.findall)
    texts = lower_case(texts) if lowercase else texts
    if not _SHARED_SYNTAX.fullmatch(compiled.pattern):
        return _map_rows(texts, compiled.findall, pl.List(pl.String))
    return _with_python_rows(
        texts,
        lambda column: column.str.extract_all(compiled.pattern),
        compiled.findall,
        lambda chars: _classed_differently(chars, r"\w") | _classed_differently(chars, r"\d"),
    )


def _find_and_segment(
    texts: pl.Series, compiled: re.Pattern[str], segmenter: Segmenter
) -> pl.Series:
    """Return the words of texts that have runs without spaces, in their order."""
    pieces, is_run = split_pieces(texts)
    values = flat_values(pieces)
    runs, others = is_run.arg_true().to_numpy(), (~is_run).arg_true().to_numpy()
    words = interleave(
        _find(values.gather(others), compiled, False), others, segmenter(values.gather(runs)), runs
    )  # a list per piece
    return to_ragged(flat_values(words), row_offsets(words)[row_offsets(pieces)])


def _rows_without_spaces(texts: pl.Series) -> np.ndarray:
    """Return the positions of texts with a script without spaces; those of ASCII are not read."""
    beyond_ascii = (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    if len(beyond_ascii) == 0:
        return beyond_ascii.to_numpy()
    return beyond_ascii.filter(texts.gather(beyond_ascii).str.contains(SPACELESS)).to_numpy()


def split_words(texts: pl.Series, *, lowercase: bool = False) -> pl.Series:
    """Return the parts of each text between whitespace, as `str.split` does.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Without nulls.
    lowercase : bool, default=False
        Convert texts to lower case first, as `str.lower` does.

    Returns
    -------
    polars.Series of list of str of shape (n_samples,)
    """
    return find_words(texts, r"\S+", lowercase=lowercase)


def squeeze_spaces(texts: pl.Series) -> pl.Series:
    r"""Replace each run of two or more whitespace characters by one space.

    As scikit-learn does for n-grams of characters, a single tab or line break is kept.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Without nulls.

    Returns
    -------
    polars.Series of str of shape (n_samples,)
    """
    return _with_python_rows(
        texts,
        lambda column: column.str.replace_all(r"[\s\x1c-\x1f]{2,}", " "),
        lambda text: re.sub(r"\s{2,}", " ", text),
        lambda chars: _classed_differently(chars, r"\s"),
    )


def _with_python_rows(
    texts: pl.Series,
    in_polars: Callable[[pl.Series], pl.Series],
    in_python: Callable[[str], Any],
    differs: Callable[[pl.Series], pl.Series],
) -> pl.Series:
    """Apply a function in Polars, and in Python to the texts where Polars would differ.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    in_polars : callable
        Takes and returns a column.
    in_python : callable
        Does the same for one text.
    differs : callable
        Takes a column of single characters outside of ASCII, returns a boolean column: which of
        them the two treat differently. In ASCII they agree.

    Returns
    -------
    polars.Series of shape (n_samples,)
    """
    done = in_polars(texts)
    odd = _rows_with(texts, differs)
    if len(odd) == 0:
        return done
    redone = _map_rows(texts.gather(odd), in_python, done.dtype)
    source = np.arange(len(texts))  # row of each result in the two columns, one below the other
    source[odd] = len(texts) + np.arange(len(odd))
    return pl.concat([done, redone]).gather(source)


def _rows_with(texts: pl.Series, differs: Callable[[pl.Series], pl.Series]) -> np.ndarray:
    """Return the positions of texts with a character that Polars and Python treat differently.

    Each distinct character is checked once, then the texts are searched for those that differ:
    most corpora have few characters outside of ASCII, and fewer that differ.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    differs : callable
        As in `_with_python_rows`.

    Returns
    -------
    ndarray of uint32 of shape (n_found,)
    """
    beyond_ascii = (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    if len(beyond_ascii) == 0:
        return beyond_ascii.to_numpy()
    suspects = texts.gather(beyond_ascii)
    chars = pl.Series(_beyond_ascii("".join(suspects)), dtype=pl.String)
    odd = chars.filter(differs(chars))
    if len(odd) == 0:
        return odd.cast(pl.UInt32).to_numpy()
    return beyond_ascii.filter(suspects.str.contains(f"[{''.join(odd)}]")).to_numpy()


def _beyond_ascii(text: str) -> list[str]:
    """Return the distinct characters of a text that are not ASCII."""
    if len(text) < _FEW_CHARACTERS:
        return [char for char in set(text) if not char.isascii()]
    is_there = np.zeros(sys.maxunicode + 1, dtype=bool)  # by code point
    is_there[np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)] = True
    is_there[:128] = False
    return [chr(point) for point in np.flatnonzero(is_there)]


def _map_rows(texts: pl.Series, function: Callable[[str], Any], dtype: Any) -> pl.Series:
    """Apply a Python function to each text."""
    return pl.Series([function(text) for text in texts], dtype=dtype)


def _lowers_differently(chars: pl.Series) -> pl.Series:
    """Return which characters may get another lower case from Polars than from Python."""
    # The lower case of the capital sigma depends on its neighbours, by rules that may differ.
    in_python = _map_rows(chars, str.lower, pl.String)
    return (chars.str.to_lowercase() != in_python) | (chars == "Σ")


def _classed_differently(chars: pl.Series, char_class: str) -> pl.Series:
    r"""Return which characters are in a class such as `\w` in one of Polars and Python only."""
    matches = re.compile(char_class).match
    in_python = _map_rows(chars, lambda char: matches(char) is not None, pl.Boolean)
    return chars.str.contains(char_class) != in_python
