"""Occlusion: the contribution of a word is the decrease of the score without it."""

import numpy as np

from agnews_sk.inspection._steps import TextModel
from agnews_sk.inspection._words import Attribution, Words


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
    empty = model.scores(np.array([""], dtype=object))[0]
    return [_attribute(model, text, empty) for text in model.texts]


def _attribute(model: TextModel, text: str, empty: np.ndarray) -> Attribution:
    """Return the contributions in one text, given the scores of the empty text, (n_classes,)."""
    words = Words(text)
    without = [text[:start] + text[end:] for start, end in zip(words.starts, words.ends)]
    scores = model.scores(np.array([text, *without], dtype=object))  # (1 + n_words, n_classes)
    return Attribution(words, scores[0] - scores[1:], [], empty, scores[0])
