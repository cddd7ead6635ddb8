"""Occlusion: the contribution of a word is the decrease of the score without it."""

from dataclasses import replace

import numpy as np
import polars as pl

from agnews_sk.inspection._steps import TextModel, cells_of
from agnews_sk.inspection._words import Attribution, Outside, Words


def attribute_by_occlusion(model: TextModel) -> list[Attribution]:
    """Return by how much each score decreases when each word is removed.

    Parameters
    ----------
    model : TextModel

    Returns
    -------
    list of Attribution
        Baselines are the scores of the empty text.
    """
    absent = model
    if model.columns is not None:
        absent = replace(model, columns=model.columns.clear(1))  # all cells are missing
    empty = absent.scores(np.array([""], dtype=object))[0]
    return [_attribute(model, row, empty) for row in range(len(model.texts))]


def _attribute(model: TextModel, row: int, empty: np.ndarray) -> Attribution:
    """Return the contributions in one row, given the scores of the empty text, (n_classes,)."""
    text = model.texts[row]
    words = Words(text)
    without = [text[:start] + text[end:] for start, end in zip(words.starts, words.ends)]
    texts = [text, *without]
    names = [] if model.columns is None else model.columns.columns
    if model.columns is not None:
        model = replace(model, columns=_without_each(model.columns[[row]], len(texts)))
    scores = model.scores(np.array([*texts, *[text] * len(names)], dtype=object))
    drops = scores[0] - scores[1:]  # (n_words + n_columns, n_classes)
    outside = []
    if model.columns is not None:
        cells = cells_of(model.columns, 0)
        labels = [f"{name} = {cells[name]}" for name in names]
        outside = list(map(Outside, labels, drops[len(without) :]))
    return Attribution(words, drops[: len(without)], outside, empty, scores[0])


def _without_each(columns: pl.DataFrame, n_repeats: int) -> pl.DataFrame:
    """Return a row repeated, and then once more for each column, without its cell."""
    changed = [columns.with_columns(columns[name].clear(1)) for name in columns.columns]
    return pl.concat([*[columns] * n_repeats, *changed])
