"""Words of scripts that put no spaces between them: Chinese, Japanese, Thai, Lao, Khmer, Burmese.

They are found by dictionaries: Chinese by those of jieba, which is several times faster than ICU
(International Components for Unicode), the others by those of ICU. Without the two libraries, a run
of characters becomes its bigrams: pairs of neighbouring characters.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from joblib import effective_n_jobs

from agnews_sk._core.columnar import flat_values, interleave, to_ragged
from agnews_sk._core.optional import import_optional, pip_line
from agnews_sk._core.user_warnings import warn_user

# Characters that Unicode assigns to one of the scripts, and those of Japanese that it shares: the
# signs of a long vowel and of a voiced consonant. In the syntax of Rust.
_EAST = r"\p{Han}\p{Hiragana}\p{Katakana}\x{3099}\x{309A}\x{30FC}\x{FF70}\x{FF9E}\x{FF9F}"
_SOUTH_EAST = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
SPACELESS = rf"[[{_EAST}{_SOUTH_EAST}]&&\w]"  # letters, marks and digits, no punctuation
_PIECES = rf"[[{_EAST}]&&\w]+|[[{_SOUTH_EAST}]&&\w]+|[^[{_EAST}{_SOUTH_EAST}]&&\w]+"
_NOT_CHINESE = r"[^\p{Han}]"
# With the marks on it, which are vowels and tones in Thai and its neighbours.
_CHARACTER = r"(?s).\p{M}*"

BIGRAMS = "bigrams"
DICTIONARY = "dictionary"
SEGMENTERS = frozenset({"auto", DICTIONARY, BIGRAMS})
_CHARACTERS = "characters"  # for showing words where there are no dictionaries
# A pattern that matches these is one of words in general, not of Latin letters or digits alone.
_LETTERS = "日本"
Span = tuple[int, int]  # start and end in characters
RECORDED_NAME = re.compile(r"icu \d{1,4}, jieba \d{1,4}\.\d{1,4}|bigrams")
_EXTRA = "languages"
_BLOCK_CHARACTERS = 25_000  # per call of a library: more would leave the cache of the processor


class Segmenter:
    """Split runs of characters without spaces into words.

    Parameters
    ----------
    name : str
        "bigrams", or the libraries with the versions in which their dictionaries change.

    Attributes
    ----------
    n_words : int
        Number of words that it has found so far.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.tokenization._segmentation import Segmenter
    >>> Segmenter("bigrams")(pl.Series(["石油价格", "油"])).to_list()
    [['石油', '油价', '价格'], ['油']]
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._found: list[int] = []  # appended to by several threads

    def __call__(self, runs: pl.Series) -> pl.Series:
        """Return the words of each run.

        Parameters
        ----------
        runs : polars.Series of str of shape (n_runs,)
            Of `SPACELESS` characters, at least one each.

        Returns
        -------
        polars.Series of list of str of shape (n_runs,)
        """
        words = _SPLIT.get(self.name, _dictionary_words)(runs)
        self._found.append(int(words.list.len().sum()))
        return words

    def spans(self, run: str) -> list[Span]:
        """Return where the words of one run are in it.

        Parameters
        ----------
        run : str

        Returns
        -------
        list of (int, int)
            Those of bigrams overlap.
        """
        words = self(pl.Series([run]))[0].to_list()
        if self.name != BIGRAMS:
            ends = np.cumsum([len(word) for word in words]).tolist()
            return list(zip([0, *ends], ends))
        starts = np.cumsum([0, *map(len, _characters(pl.Series([run]))[0])]).tolist()
        return [(start, start + len(word)) for start, word in zip(starts, words)]

    @property
    def n_words(self) -> int:
        """The number of words that it has found so far."""
        return sum(self._found)

    @property
    def record(self) -> str | None:
        """What a fitted estimator keeps: the name, or None if no run was split."""
        return self.name if self._found else None


def segmenter_to_fit(choice: str | None) -> Segmenter | None:
    """Return the segmenter of a `fit`.

    Parameters
    ----------
    choice : {"auto", "dictionary", "bigrams"} or None
        "auto" is dictionaries if their libraries are installed, and bigrams otherwise. None leaves
        runs as they are.

    Returns
    -------
    Segmenter or None

    Raises
    ------
    ImportError
        If the choice is "dictionary" and a library is not installed.
    """
    if choice is None:
        return None
    installed = _installed()
    if choice == DICTIONARY and installed is None:
        _import_libraries("segmenter='dictionary'")
    return Segmenter(BIGRAMS if choice == BIGRAMS or installed is None else installed)


def segmenter_to_transform(record: str | None) -> Segmenter | None:
    """Return the segmenter that an estimator was fitted with.

    Parameters
    ----------
    record : str or None
        As `Segmenter.record` of the fit.

    Returns
    -------
    Segmenter or None

    Raises
    ------
    ImportError
        If it is dictionaries, and a library is not installed.

    Warns
    -----
    UserWarning
        If another version of a library is installed.
    """
    if record is None:
        return None
    if record == BIGRAMS:
        return Segmenter(BIGRAMS)
    installed = _installed()
    if installed is None:
        _import_libraries(f"a model fitted with {record}")
    if installed != record:
        warn_user(
            f"fitted on words that {record} found, but {installed} is installed, which may split "
            "some texts otherwise; fit again, or install these versions.",
        )
    return Segmenter(record)


def warn_of_bigrams(choice: str | None, record: str | None) -> None:
    """Warn if a `fit` has split runs into bigrams, as there are no dictionaries.

    Parameters
    ----------
    choice : {"auto", "dictionary", "bigrams"} or None
        As for `segmenter_to_fit`.
    record : str or None
        `record` of the segmenter, after the texts were split.

    Warns
    -----
    UserWarning
    """
    if choice == "auto" and record == BIGRAMS:
        warn_user(
            "the texts have a script without spaces between words (Chinese, Japanese, Thai, Lao, "
            "Khmer or Burmese), and are split into pairs of characters, as dictionaries are not "
            f"installed; install agnews_sk[{_EXTRA}] with `{pip_line(_EXTRA)}`, or choose "
            "segmenter='bigrams'.",
        )


def split_pieces(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Divide texts into runs of scripts without spaces and what is between them.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)

    Returns
    -------
    pieces : polars.Series of list of str of shape (n_samples,)
        Joined, the pieces of a text are the text.
    is_run : polars.Series of bool of shape (n_pieces,)
        Of all pieces, text after text.
    """
    pieces = texts.str.extract_all(_PIECES)
    return pieces, flat_values(pieces).str.contains(rf"^{SPACELESS}")


def word_spans(
    text: str, pattern: re.Pattern[str], segmenter: Segmenter | None
) -> list[tuple[str, Span]]:
    """Return the words of one text with their places, as `find_words` finds them.

    Parameters
    ----------
    text : str
    pattern : re.Pattern
        Of one token, with at most one group.
    segmenter : Segmenter or None

    Returns
    -------
    list of (str, (int, int))
    """
    if segmenter is None or text.isascii() or not splits_runs(pattern):
        return [(m.group(pattern.groups), m.span(pattern.groups)) for m in pattern.finditer(text)]
    pieces, is_run = split_pieces(pl.Series([text], dtype=pl.String))
    found, start = [], 0
    for piece, run in zip(pieces[0], is_run):
        if run:
            words = [(piece[i:j], (i, j)) for i, j in segmenter.spans(piece)]
        else:
            words = word_spans(piece, pattern, None)
        found += [(word, (start + i, start + j)) for word, (i, j) in words]
        start += len(piece)
    return found


def splits_runs(pattern: re.Pattern[str]) -> bool:
    """Return whether a pattern is one of words in general, so that runs are to be split."""
    return pattern.search(_LETTERS) is not None


def segmenter_to_show() -> Segmenter:
    """Return a segmenter whose words do not overlap: dictionaries, or else single characters."""
    return Segmenter(_installed() or _CHARACTERS)


def _characters(runs: pl.Series) -> pl.Series:
    """Return the characters of each run, each with its marks."""
    return runs.str.extract_all(_CHARACTER)


def _bigrams(runs: pl.Series) -> pl.Series:
    """Return the pairs of neighbouring characters of each run, or its only character."""
    split = _characters(runs)
    lengths = split.list.len().cast(pl.Int64).to_numpy()
    characters = flat_values(split)
    is_last = np.zeros(len(characters), dtype=bool)
    is_last[np.cumsum(lengths) - 1] = True
    # The pair of a last character would cross into the next run; alone, it is a word itself.
    is_kept = ~is_last | np.repeat(lengths == 1, lengths)
    pairs = characters + characters.shift(-1, fill_value="")
    words = pairs.zip_with(pl.Series(~is_last), characters).filter(pl.Series(is_kept))
    return to_ragged(words, np.concatenate([[0], np.cumsum(np.maximum(lengths - 1, 1))]))


def _dictionary_words(runs: pl.Series) -> pl.Series:
    """Return the words of each run by jieba if it is Chinese, and else by ICU."""
    is_other = runs.str.contains(_NOT_CHINESE)
    others = is_other.arg_true().to_numpy()
    if len(others) == 0:
        return _cut_runs(runs, _cut_by_jieba)
    if len(others) == len(runs):
        return _cut_runs(runs, _cut_by_icu)
    chinese = (~is_other).arg_true().to_numpy()
    return interleave(
        _cut_runs(runs.gather(chinese), _cut_by_jieba),
        chinese,
        _cut_runs(runs.gather(others), _cut_by_icu),
        others,
    )


def _cut_runs(runs: pl.Series, cut: Callable[[str], Iterable[str]]) -> pl.Series:
    """Return the words of each run, cut many at once.

    Runs are joined by line breaks, at which both libraries always divide.

    Parameters
    ----------
    runs : polars.Series of str of shape (n_runs,)
    cut : callable
        Divides a text.

    Returns
    -------
    polars.Series of list of str of shape (n_runs,)
    """

    def words(block: pl.Series) -> pl.Series:
        """Return the words of the runs of a block, a line break after each run."""
        return pl.Series([*cut(block.str.join("\n").item()), "\n"], dtype=pl.String)

    # A column per block, so that Python's strings are freed while they are in the cache.
    blocks = list(_blocks(runs))
    if len(blocks) == 1:
        found = words(blocks[0])
    else:
        with ThreadPoolExecutor(effective_n_jobs(-1)) as pool:
            found = pl.concat(list(pool.map(words, blocks)), rechunk=True)
    is_end = found == "\n"
    ends = is_end.arg_true().to_numpy()  # (n_runs,)
    offsets = np.concatenate([[0], ends - np.arange(len(ends))])
    return to_ragged(found.filter(~is_end), offsets)


def _cut_by_jieba(text: str) -> list[str]:
    """Return the parts of a text; other threads run meanwhile."""
    return _jieba().cut(text)


@cache
def _jieba() -> Any:
    """Return a segmenter of our own: words that a user adds to the default one do not count."""
    import rjieba

    return rjieba.Jieba()


def _cut_by_icu(text: str) -> Iterable[str]:
    """Return the parts of a text, by the dictionary of each script."""
    from icu4py.breakers import WordBreaker

    return WordBreaker(text, "und")


_SPLIT = {BIGRAMS: _bigrams, _CHARACTERS: _characters}


def _blocks(runs: pl.Series) -> Iterator[pl.Series]:
    """Yield the runs in blocks of a limited number of characters, a longer run on its own."""
    before = runs.str.len_chars().cast(pl.Int64).cum_sum().to_numpy() // _BLOCK_CHARACTERS
    bounds = [0, *(np.flatnonzero(np.diff(before)) + 1).tolist(), len(runs)]
    for start, end in pairwise(bounds):
        yield runs.slice(start, end - start)


def _installed() -> str | None:
    """Return the libraries with the versions in which their dictionaries change, or None."""
    # rjieba reads its dictionary when imported: not before there is a run to split.
    if find_spec("rjieba") is None:
        return None
    try:
        import icu4py
    except ImportError:
        return None
    return f"icu {icu4py.icu_version_info[0]}, jieba {_version_of_jieba()}"


@cache
def _version_of_jieba() -> str:
    """Return the major and minor version of rjieba, which brings its dictionary."""
    return ".".join(version("rjieba").split(".")[:2])


def _import_libraries(needed_by: str) -> None:
    """Raise the error that says how to install what is missing."""
    for module in ("icu4py", "rjieba"):
        import_optional(module, extra=_EXTRA, needed_by=needed_by)
