"""Checks of single rows: class sizes, lengths, missing texts, HTML, sources."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.label_sets import LabelSets
from agnews_sk.auditing._report import Finding
from agnews_sk.auditing._rows import Rows
from agnews_sk.cleaning import TextCleaner, has_broken_entities, source_of

# A class with fewer rows than this share of the mean class is rare.
_RARE = 0.5
# A source leaks the label if its most frequent class is this many times as frequent as the
# largest class of all rows.
_LIFT = 1.5
# With fewer rows, one class may dominate by chance.
_MIN_SOURCE_ROWS = 20
_NO_CLEANING = dict.fromkeys(TextCleaner().get_params(), False) | {
    "normalize": None,
    "strip_stop_words": None,
}


def check_class_balance(rows: Rows) -> Finding:
    """Return the finding of rows of rare classes or labels, with the size of each."""
    if rows.sets is not None:
        return _check_label_balance(rows, rows.sets)
    counts = pd.Series(rows.labels).value_counts()
    rare = counts.index[counts < _RARE * counts.mean()]
    table = pd.DataFrame({"class": counts.index, "rows": counts, "share": counts / len(rows)})
    summary = (
        f"{len(counts)} classes, from {counts.min():,} to {counts.max():,} rows; "
        f"{len(rare)} have less than half of the mean class size."
    )
    found = np.isin(rows.labels, rare.to_numpy()) if len(rare) else np.zeros(len(rows), dtype=bool)
    return rows.table("class_imbalance", summary, found, table.reset_index(drop=True))


def _check_label_balance(rows: Rows, sets: LabelSets) -> Finding:
    """Return the finding of rows with a rare label, with the number of rows of each label.

    Parameters
    ----------
    rows : Rows
    sets : LabelSets

    Returns
    -------
    Finding
    """
    counts = pd.Series(sets.indicator.sum(axis=0), index=sets.classes)
    rare = (counts < _RARE * counts.mean()).to_numpy()
    table = pd.DataFrame({"label": counts.index, "rows": counts, "share": counts / len(rows)})
    table = table.sort_values("rows", ascending=False, kind="stable")
    n_without = int((~sets.indicator.any(axis=1)).sum())
    summary = (
        f"{len(counts)} labels, from {counts.min():,} to {counts.max():,} rows, "
        f"{sets.indicator.sum() / len(rows):.1f} per row; {rare.sum()} have less than half of the "
        f"mean number of rows; {n_without:,} rows have no label."
    )
    found = sets.indicator[:, rare].any(axis=1)
    return rows.table("class_imbalance", summary, found, table.reset_index(drop=True))


def check_missing(rows: Rows) -> Finding:
    """Return the finding of rows without any text, only whitespace included."""
    blank = (rows.texts.str.strip_chars() == "").to_numpy()
    return rows.finding(
        "missing_texts", "Rows without any text; MissingTextFilter drops them in fit.", blank
    )


def check_lengths(rows: Rows, max_length: int, tokenizer: Any) -> list[Finding]:
    """Return the findings of texts of fewer than three words, and of too many tokens.

    Parameters
    ----------
    rows : Rows
    max_length : int
        Maximum input length of a model, in tokens.
    tokenizer : fitted tokenizer or None
        Without one, tokens are not counted, and there is no second finding.

    Returns
    -------
    list of Finding
        The longest texts first.
    """
    words = rows.texts.str.count_matches(r"\S+").to_numpy()
    low, middle, high = np.percentile(words, [5, 50, 95]).astype(int)
    summary = (
        f"Texts of fewer than 3 words; the median is {middle}, the 5th percentile {low}, the 95th "
        f"{high}."
    )
    few = np.flatnonzero((words > 0) & (words < 3))
    short = rows.finding("short_texts", summary, few, words=words[few])
    if tokenizer is None:
        return [short]
    tokens = tokenizer.transform(rows.texts).list.len().to_numpy()
    middle, high = np.percentile(tokens, [50, 95]).astype(int)
    long = np.flatnonzero(tokens > max_length)
    long = long[np.argsort(-tokens[long].astype(np.int64), kind="stable")]
    summary = (
        f"Texts of more than max_length={max_length} tokens, which are truncated without "
        f"truncation='chunk'; the median is {middle}, the 95th percentile {high}, the maximum "
        f"{tokens.max()}."
    )
    return [short, rows.finding("truncated_texts", summary, long, tokens=tokens[long])]


def check_damage(rows: Rows) -> list[Finding]:
    """Return the findings of HTML tags and entities and of backslashes.

    A tag may be written with entities, which are therefore unescaped before tags are searched.
    """
    repaired = _cleaned(rows.texts, repair_agnews=True, unescape_html=True)
    entities = has_broken_entities(rows.texts) | (
        rows.texts != _cleaned(rows.texts, unescape_html=True)
    )
    return [
        rows.finding(
            "html_tags",
            "Texts with HTML tags, including escaped ones; TextCleaner(strip_tags) removes them.",
            (repaired != _cleaned(repaired, strip_tags=True)).to_numpy(),
        ),
        rows.finding(
            "html_entities",
            "Texts with HTML entities, intact or broken; TextCleaner repairs them.",
            entities.to_numpy(),
        ),
        rows.finding(
            "backslashes",
            "Texts with backslashes in place of line breaks; TextCleaner removes them.",
            rows.texts.str.contains("\\", literal=True).to_numpy(),
        ),
    ]


def check_sources(rows: Rows) -> Finding:
    """Return the finding of texts whose news agency reveals a label, with such agencies."""
    sources = source_of(rows.texts).rename("source")
    labels, row_of, one = np.asarray(rows.labels), np.arange(len(rows)), "class"
    if rows.sets is not None:
        row_of, columns = np.nonzero(rows.sets.indicator)
        labels, one = rows.sets.classes[columns], "label"
    codes, distinct = pd.factorize(labels)
    # What all rows have is revealed by nothing.
    varies = np.bincount(codes)[codes] < len(rows)
    row_of, codes = row_of[varies], codes[varies]
    largest = np.bincount(codes).max(initial=0) / len(rows)
    counted = (
        pl.DataFrame({"source": sources.gather(row_of), "label": codes})
        .drop_nulls("source")
        .group_by("source", "label")
        .len()
        .sort("len", "source", descending=[True, False])
        .group_by("source", maintain_order=True)
        .agg(pl.first("label"), pl.first("len"))
        .join(sources.drop_nulls().value_counts(name="rows"), on="source")
        .select("source", "label", "rows", share=pl.col("len") / pl.col("rows"))
        .filter(pl.col("rows") >= _MIN_SOURCE_ROWS, pl.col("share") >= min(_LIFT * largest, 1.0))
        .sort("rows", "source", descending=[True, False])
    )
    leaking = sources.is_in(counted["source"].to_list()).fill_null(False).to_numpy()
    table = counted.with_columns(
        label=pl.Series(np.asarray(distinct)[counted["label"].to_numpy()].astype(str))
    )
    summary = (
        f"Texts that name one of {len(counted)} sources whose most frequent {one} is at least "
        f"{_LIFT} times as frequent as the largest {one} of all rows; "
        "TextCleaner(strip_sources=True) removes their names."
    )
    return rows.table(
        "source_leakage", summary, leaking, pd.DataFrame(table.to_dict(as_series=False))
    )


def _cleaned(texts: pl.Series, **steps: bool) -> pl.Series:
    """Return the texts after some steps of `TextCleaner` alone."""
    cleaned = TextCleaner(**{**_NO_CLEANING, **steps}).transform(texts)
    return pl.Series(values=cleaned, dtype=pl.String)
