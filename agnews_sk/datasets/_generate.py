"""Generate any number of news rows, with the same kinds of damage as AG News."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from sklearn.utils import check_random_state

from agnews_sk.datasets._bunch import TARGET_NAMES, as_returned, check_choice, make_bunch
from agnews_sk.datasets._lexicon import (
    FOLLOW_UPS,
    LEADS,
    SENTENCES,
    TITLES,
    class_phrases,
    shared_phrases,
)
from agnews_sk.datasets._split import train_val_test_split

_CHUNK = 2**16  # rows generated at a time, which bounds the memory for random numbers
_AMBIGUOUS = 0.07  # share of stories about two classes
_STRAY = {"plain": 0.1, "ambiguous": 0.5}  # share of phrases from another class, per kind of story

# Nothing, then real, escaped and mangled tags.
_TAGS = (
    ("", ""),
    ("<b>", "</b>"),
    ("<p>", "</p>"),
    ('<a href="http://news.example.com/story">', "</a>"),
    ("&lt;b&gt;", "&lt;/b&gt;"),
    ('&lt;A HREF="http://news.example.com/quote"&gt;', "&lt;/A&gt;"),
    (" lt;b gt;", "lt;/b gt;"),
    (" lt;em gt;", "lt;/em gt;"),
)
_OPENING, _CLOSING = map(pl.Series, zip(*_TAGS))

_DESCR = """\
Generated news
--------------
{n} stories in four classes, generated from a list of words and sentences. Titles, descriptions,
classes and damage (HTML, entities, missing texts, duplicates, wrong labels) look like AG News;
scores on these rows say nothing about AG News.
"""


class _Phrases(NamedTuple):
    """All phrases with their cumulative weights, so that one binary search draws any of them.

    Each phrase is an interval of the number line as long as its weight. A uniform number within
    the bounds of a kind and class falls into one of that pool's phrases.

    Attributes
    ----------
    texts : polars.Series of str of shape (n_phrases,)
    ends : ndarray of float of shape (n_phrases,)
        Cumulative weights: where the interval of each phrase ends.
    bounds : dict of str to ndarray of float of shape (n_classes, 2)
        Where the intervals of a kind of phrase begin and end for each class.
    """

    texts: pl.Series
    ends: np.ndarray
    bounds: dict[str, np.ndarray]


def make_news(
    n_samples: int,
    *,
    label_noise: float = 0.03,
    missing: float = 0.02,
    duplicates: float = 0.02,
    html: float = 0.1,
    random_state: Any = None,
    return_X_y: bool = False,
) -> Any:
    """Generate news rows in four classes, with the same kinds of damage as AG News.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    label_noise : float, default=0.03
        Share of the rows with a wrong label.
    missing : float, default=0.02
        Share of the rows without a title or without a description, half of them each.
    duplicates : float, default=0.02
        Share of the rows that repeat another row: a third of them exactly, a third in another
        case and with other punctuation, a third with a longer title. One in five has another
        label.
    html : float, default=0.1
        Share of the rows with tags: real, escaped (`&lt;b&gt;`) or mangled (`lt;b gt;`).
    random_state : int, RandomState instance or None, default=None
        Random seed. The same integer gives the same rows on every platform.
    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        data : DataFrame of shape (n_samples, 2)
            Columns `title` and `description`.
        target : ndarray of object of shape (n_samples,)
            Class names.
        target_names : list of str
            The four classes in the order of their numbers.
        DESCR : str
            Description of the rows.

    Raises
    ------
    ValueError
        If `n_samples` is not positive or a share is outside [0, 1].

    Notes
    -----
    Phrases are drawn by Zipf's law, so that the vocabulary grows with the number of rows. One
    phrase in ten, and in 7 % of the stories every second one, comes from another class, so that no
    model can classify all stories. TF-IDF with logistic regression has an accuracy of about 0.9 on
    1,000 rows when trained on 3,000.

    Independent of the parameters, news agencies lead descriptions and end titles, and apostrophes,
    quotes, dollars and line breaks are damaged, all about as often as in AG News.

    Examples
    --------
    >>> from agnews_sk.datasets import make_news
    >>> news = make_news(100, random_state=0)
    >>> news.data.shape, sorted(set(news.target))
    ((100, 2), ['Business', 'Sci/Tech', 'Sports', 'World'])
    """
    _check_shares(n_samples, label_noise, missing, duplicates, html)
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, dtype=np.int64))
    starts = range(0, n_samples, _CHUNK)
    classes = rng.integers(len(TARGET_NAMES), size=n_samples)
    rows = pl.concat([_generate(classes[start : start + _CHUNK], html, rng) for start in starts])
    rows, classes = _repeat_some(rows, classes, duplicates, rng)
    rows = _remove_some_texts(rows, missing, rng)
    classes = _mislabel(classes, _draw_rows(n_samples, label_noise, rng), rng)
    target = np.array(TARGET_NAMES, dtype=object)[classes]
    return as_returned(make_bunch(rows, target, _DESCR.format(n=n_samples)), return_X_y)


def load_news_sample(*, subset: str = "all", return_X_y: bool = False) -> Any:
    """Load the built-in sample: 4,000 rows of `make_news` with a fixed random seed.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        3,000 rows, the other 1,000, or all 4,000. Rows with the same text are in the same
        subset.
    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        As `make_news`.

    Examples
    --------
    >>> from agnews_sk.datasets import load_news_sample
    >>> X, y = load_news_sample(subset="train", return_X_y=True)
    >>> X.shape, len(y)
    ((3000, 2), 3000)
    """
    check_choice(subset, ("train", "test", "all"), name="subset")
    news = make_news(4_000, random_state=2004)
    if subset != "all":
        X_train, _, X_test, y_train, _, y_test = train_val_test_split(
            news.data, news.target, val_size=0, test_size=1_000, random_state=2004
        )
        X, y = (X_train, y_train) if subset == "train" else (X_test, y_test)
        news.update(data=X.reset_index(drop=True), target=y, DESCR=_DESCR.format(n=len(y)))
    return as_returned(news, return_X_y)


def _check_shares(n_samples: int, *shares: float) -> None:
    """Raise a ValueError unless there are rows to generate and all shares are in [0, 1]."""
    if not isinstance(n_samples, (int, np.integer)) or n_samples < 1:
        raise ValueError(f"n_samples must be a positive integer, got {n_samples!r}.")
    for name, share in zip(("label_noise", "missing", "duplicates", "html"), shares):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must be a fraction in [0, 1], got {share!r}.")


@lru_cache(maxsize=1)
def _phrases() -> _Phrases:
    """Return all phrases, arranged once per process."""
    shared = {kind: [pool] for kind, pool in shared_phrases().items()}
    pools = class_phrases() | shared
    texts: list[str] = []
    ends = [np.zeros(1)]
    bounds = {}
    for kind, kind_pools in pools.items():
        intervals = []
        for pool in kind_pools:
            begin = ends[-1][-1]
            texts += pool
            # Weights 1/3, 1/4, ...: Zipf's law without its head, so that no phrase dominates.
            ends.append(begin + np.cumsum(1 / np.arange(3, len(pool) + 3)))
            intervals.append((begin, ends[-1][-1]))
        bounds[kind] = np.broadcast_to(intervals, (len(TARGET_NAMES), 2))
    return _Phrases(pl.Series(texts), np.concatenate(ends[1:]), bounds)


def _generate(classes: np.ndarray, html: float, rng: np.random.Generator) -> pl.DataFrame:
    """Generate one story per class given.

    Parameters
    ----------
    classes : ndarray of int of shape (n_rows,)
    html : float
        Share of the stories with tags.
    rng : numpy.random.Generator

    Returns
    -------
    polars.DataFrame of shape (n_rows, 2)
        Columns `title` and `description`.
    """
    n = len(classes)
    others = _other_classes(classes, rng)
    stray = np.where(rng.random(n) < _AMBIGUOUS, _STRAY["ambiguous"], _STRAY["plain"])
    story = (classes, others, stray)
    tags = np.where(rng.random(n) < html, rng.integers(1, len(_OPENING), size=n), 0)
    return pl.DataFrame(
        {
            "title": _fill(TITLES, story, rng),
            "first": _fill(SENTENCES, story, rng),
            "second": _fill(FOLLOW_UPS, story, rng),
            "source": _fill(("{source}",), story, rng),
            "lead": _fill(LEADS, story, rng),
            "opening": _OPENING[tags],
            "closing": _CLOSING[tags],
            "in_title_case": rng.random(n) < 0.5,
            "with_source": rng.random(n) < 0.1,
            "with_entities": rng.random(n) < 0.6,
            "with_backslashes": rng.random(n) < 0.1,
        }
    ).select(title=_title(), description=_description())


def _fill(
    templates: Sequence[str], story: tuple[np.ndarray, ...], rng: np.random.Generator
) -> pl.Series:
    """Generate one text per row: draw a template, then each of its phrases.

    Parameters
    ----------
    templates : sequence of str
    story : (classes, others, stray), each an ndarray of shape (n_rows,)
        Class of each row, the other class that some of its phrases come from, and their share.
    rng : numpy.random.Generator

    Returns
    -------
    polars.Series of str of shape (n_rows,)
    """
    drawn = rng.integers(len(templates), size=len(story[0]))
    written = [
        _fill_one(template, tuple(values[drawn == i] for values in story), rng)
        for i, template in enumerate(templates)
    ]
    by_template = np.argsort(drawn, kind="stable")  # row of each text in the order of templates
    return pl.concat(written)[np.argsort(by_template)]  # its inverse restores the rows' order


def _fill_one(template: str, story: tuple[np.ndarray, ...], rng: np.random.Generator) -> pl.Series:
    """Fill the same template for every row, with phrases drawn for each.

    Parameters
    ----------
    template : str
        Text with kinds of phrases in braces.
    story : (classes, others, stray), each an ndarray of shape (n_rows,)
        As `_fill` takes them.
    rng : numpy.random.Generator

    Returns
    -------
    polars.Series of str of shape (n_rows,)
    """
    classes, others, stray = story
    phrases = _phrases()
    pieces: list[pl.Series | pl.Expr] = [pl.repeat("", len(classes), eager=True)]
    for literal, kind in re.findall(r"([^{]*)(?:{(\w+)}|$)", template):
        pieces.append(pl.lit(literal))
        if kind:
            about = np.where(rng.random(len(classes)) < stray, others, classes)
            begin, end = phrases.bounds[kind][about].T  # (n_rows,) each
            drawn = begin + rng.random(len(classes)) * (end - begin)
            pieces.append(phrases.texts[np.searchsorted(phrases.ends, drawn, side="right")])
    return pl.select(pl.concat_str(pieces)).to_series()


def _title() -> pl.Expr:
    """Return the title of a story: in title case or not, and with a tag or a source at its end."""
    plain = _capitalized(pl.col("title"))
    in_title_case = plain.str.to_titlecase().str.replace_all("'S", "'s", literal=True)
    title = pl.when("in_title_case").then(in_title_case).otherwise(plain)
    cut_off = (pl.col("opening") != "") & (pl.col("second") == "")
    ending = (
        pl.when(cut_off)
        .then(pl.format(" {}...{}", "opening", "closing"))
        .when("with_source")
        .then(pl.format(" ({})", "source"))
        .otherwise(pl.lit(""))
    )
    return pl.concat_str(_mangled(title), ending)


def _description() -> pl.Expr:
    """Return the description of a story, with backslashes for line breaks in some rows."""
    first = _capitalized(pl.col("first"))
    second = _capitalized(pl.col("second"))
    story = pl.format("{}{}{}{} {}", "lead", "opening", first, "closing", second)
    story = story.str.strip_chars_end()
    broken = story.str.replace_all(", ", ",\\", literal=True).str.replace(". ", ".\\", literal=True)
    return _mangled(pl.when("with_backslashes").then(broken).otherwise(story))


def _capitalized(text: pl.Expr) -> pl.Expr:
    """Return texts with their first character in upper case."""
    return text.str.slice(0, 1).str.to_uppercase() + text.str.slice(1)


def _mangled(text: pl.Expr) -> pl.Expr:
    """Replace characters by entities without their ampersand, in the rows that have entities."""
    mangled = text
    for character, entity in {"'": " #39;", '"': " quot;", "$": " #36;"}.items():
        mangled = mangled.str.replace_all(character, entity, literal=True)
    escaped = text.str.replace_all("$", "\\$", literal=True)
    return pl.when("with_entities").then(mangled).otherwise(escaped)


def _repeat_some(
    rows: pl.DataFrame, classes: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[pl.DataFrame, np.ndarray]:
    """Replace a share of the rows by copies of others.

    A third of the copies are exact, a third in upper case with other punctuation, and a third have
    a longer title; one in five gets another class.

    Parameters
    ----------
    rows : polars.DataFrame of shape (n_rows, 2)
    classes : ndarray of int of shape (n_rows,)
    share : float
        Share of the rows that become copies.
    rng : numpy.random.Generator

    Returns
    -------
    rows : polars.DataFrame of shape (n_rows, 2)
    classes : ndarray of int of shape (n_rows,)
    """
    n = len(rows)
    drawn = rng.permutation(n)
    n_copies = min(round(share * n), n - 1)
    copies, originals = drawn[:n_copies], drawn[n_copies:]
    origins = np.arange(n)
    origins[copies] = originals[rng.integers(len(originals), size=n_copies)]
    alteration = np.zeros(n, dtype=np.int8)
    alteration[copies] = np.arange(n_copies) % 3
    altered = (
        rows[origins]
        .with_columns(alteration=alteration)
        .select(
            title=pl.when(pl.col("alteration") == 1)
            .then(pl.col("title").str.to_uppercase())
            .when(pl.col("alteration") == 2)
            .then("UPDATE: " + pl.col("title"))
            .otherwise("title"),
            description=pl.when(pl.col("alteration") == 1)
            .then(pl.col("description").str.replace(".", " ...", literal=True))
            .otherwise("description"),
        )
    )
    return altered, _mislabel(classes[origins], copies[::5], rng)


def _remove_some_texts(rows: pl.DataFrame, share: float, rng: np.random.Generator) -> pl.DataFrame:
    """Set the title or the description of a share of the rows to null, half of them each.

    The rows are disjoint: no row loses both.
    """
    lost = _draw_rows(len(rows), share, rng)
    half = len(lost) // 2
    return rows.with_columns(
        _without("title", lost[half:], len(rows)), _without("description", lost[:half], len(rows))
    )


def _without(column: str, lost: np.ndarray, n: int) -> pl.Expr:
    """Return a column with null at the positions `lost`."""
    is_kept = np.ones(n, dtype=bool)
    is_kept[lost] = False
    return pl.when(pl.lit(pl.Series(is_kept))).then(pl.col(column)).alias(column)


def _mislabel(classes: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the classes with a random other class at the positions `rows`."""
    mislabelled = classes.copy()
    mislabelled[rows] = _other_classes(classes[rows], rng)
    return mislabelled


def _other_classes(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return for each class a different one, all others being equally likely."""
    n_classes = len(TARGET_NAMES)
    return (classes + rng.integers(1, n_classes, size=len(classes))) % n_classes


def _draw_rows(n: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of a random share of n rows, without repetition."""
    return rng.permutation(n)[: round(share * n)]
