"""Checks that look at one row at a time: labels, lengths, gaps, damage, sources."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk.auditing._report import Finding
from agnews_sk.auditing._rows import Rows
from agnews_sk.cleaning import TextCleaner, has_broken_entities, source_of

# A class with less than this share of the mean class is rare.
_RARE = 0.5
# A source gives the label away if it is this much more often right than the largest class.
_LIFT = 1.5
_MIN_SOURCE_ROWS = 20
_NO_CLEANING = dict.fromkeys(TextCleaner().get_params(), False) | {
    "normalize": None,
    "strip_stop_words": None,
}


def check_class_balance(rows: Rows) -> Finding:
    """Find classes with less than half the rows of the mean class."""
    counts = pd.Series(rows.labels).value_counts()
    rare = counts.index[counts < _RARE * counts.mean()]
    table = pd.DataFrame({"class": counts.index, "rows": counts, "share": counts / len(rows)})
    summary = (
        f"{len(counts)} classes, from {counts.min():,} to {counts.max():,} rows; "
        f"{len(rare)} have less than half of the mean."
    )
    found = np.isin(rows.labels, rare.to_numpy()) if len(rare) else np.zeros(len(rows), dtype=bool)
    return rows.table("class_imbalance", summary, found, table.reset_index(drop=True))


def check_missing(rows: Rows) -> Finding:
    """Find rows without any text."""
    blank = (rows.texts.str.strip_chars() == "").to_numpy()
    return rows.finding(
        "missing_texts", "Rows without any text; MissingTextFilter drops them in fit.", blank
    )


def check_lengths(rows: Rows, max_length: int, tokenizer: Any) -> list[Finding]:
    """Find texts of fewer than three words, and of more tokens than a model takes."""
    words = rows.texts.str.count_matches(r"\S+").to_numpy()
    low, middle, high = np.percentile(words, [5, 50, 95]).astype(int)
    summary = f"Median {middle} words, 5 % below {low}, 5 % above {high}; fewer than 3 are listed."
    few = np.flatnonzero((words > 0) & (words < 3))
    short = rows.finding("short_texts", summary, few, words=words[few])
    if tokenizer is None:
        return [short]
    tokens = tokenizer.transform(rows.texts).list.len().to_numpy()
    middle, high = np.percentile(tokens, [50, 95]).astype(int)
    long = np.flatnonzero(tokens > max_length)
    long = long[np.argsort(-tokens[long].astype(np.int64), kind="stable")]
    summary = (
        f"Median {middle} tokens, 5 % above {high}, longest {tokens.max()}; those above "
        f"max_length={max_length} lose their end."
    )
    return [short, rows.finding("truncated_texts", summary, long, tokens=tokens[long])]


def check_damage(rows: Rows) -> list[Finding]:
    """Find tags of HTML, entities and backslashes, which TextCleaner repairs."""
    repaired = _cleaned(rows.texts, repair_agnews=True, unescape_html=True)
    entities = has_broken_entities(rows.texts) | (
        rows.texts != _cleaned(rows.texts, unescape_html=True)
    )
    return [
        rows.finding(
            "html_tags",
            "Texts with tags of HTML, escaped ones included; TextCleaner(strip_tags) removes them.",
            (repaired != _cleaned(repaired, strip_tags=True)).to_numpy(),
        ),
        rows.finding(
            "html_entities",
            "Texts with HTML's entities, whole or broken; TextCleaner repairs them.",
            entities.to_numpy(),
        ),
        rows.finding(
            "backslashes",
            "Texts with backslashes where line breaks were; TextCleaner removes them.",
            rows.texts.str.contains("\\", literal=True).to_numpy(),
        ),
    ]


def check_sources(rows: Rows) -> Finding:
    """Find news agencies' names that tell the label."""
    sources = source_of(rows.texts)
    frame = pl.DataFrame({"source": sources, "label": pd.factorize(rows.labels)[0]})
    base = pd.Series(rows.labels).value_counts(normalize=True).max()
    counted = (
        frame.drop_nulls("source")
        .group_by("source", "label")
        .len()
        .sort("len", "source", descending=[True, False])
        .group_by("source", maintain_order=True)
        .agg(pl.first("label"), rows=pl.sum("len"), share=pl.first("len") / pl.sum("len"))
        .filter(pl.col("rows") >= _MIN_SOURCE_ROWS, pl.col("share") >= min(_LIFT * base, 1.0))
        .sort("rows", "source", descending=[True, False])
    )
    telling = sources.is_in(counted["source"].to_list()).fill_null(False).to_numpy()
    table = counted.with_columns(
        label=pl.Series(pd.unique(rows.labels)[counted["label"].to_numpy()].astype(str))
    )
    summary = (
        f"{len(counted)} sources are of one class at least {_LIFT} times as often as all rows; "
        "TextCleaner(strip_sources=True) removes their names."
    )
    return rows.table(
        "source_leakage", summary, telling, pd.DataFrame(table.to_dict(as_series=False))
    )


def _cleaned(texts: pl.Series, **steps: bool) -> pl.Series:
    made = TextCleaner(**{**_NO_CLEANING, **steps}).transform(texts)
    return pl.Series(values=made, dtype=pl.String)
