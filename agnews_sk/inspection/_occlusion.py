"""Any classifier: a word contributes what the score loses when the word is left out."""

import numpy as np

from agnews_sk.inspection._steps import TextModel
from agnews_sk.inspection._words import Attribution, Words


def attribute_by_occlusion(model: TextModel) -> list[Attribution]:
    """Return what each score loses without each word.

    Parameters
    ----------
    model : TextModel

    Returns
    -------
    list of Attribution
        Its baseline is the score of the empty text.
    """
    empty = model.scores(np.array([""], dtype=object))[0]
    return [_attribute(model, text, empty) for text in model.texts]


def _attribute(model: TextModel, text: str, empty: np.ndarray) -> Attribution:
    words = Words(text)
    without = [text[:start] + text[end:] for start, end in zip(words.starts, words.ends)]
    scores = model.scores(np.array([text, *without], dtype=object))
    return Attribution(words, scores[0] - scores[1:], [], empty, scores[0])
