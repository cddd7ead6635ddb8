"""Explain what a fitted text classifier said, whatever its family."""

import warnings
from typing import Any

from agnews_sk.inspection._explanation import Explanation
from agnews_sk.inspection._gradients import (
    MAX_STEPS,
    attribute_by_gradients,
    token_net,
)
from agnews_sk.inspection._linear import attribute_linear, linear_model
from agnews_sk.inspection._occlusion import attribute_by_occlusion
from agnews_sk.inspection._steps import TextModel, text_model
from agnews_sk.inspection._words import Attribution

METHODS = ("auto", "linear", "gradients", "occlusion")


def explain(
    pipeline: Any, texts: Any, *, method: str = "auto", max_error: float = 0.05
) -> Explanation:
    """Tell what each word contributes to the score of each class.

    Parameters
    ----------
    pipeline : fitted classifier or pipeline that takes texts
        Ours or any other; a search is asked for its best pipeline.
    texts : DataFrame or array-like of str of shape (n_texts,)
        Whatever the pipeline takes. A missing text is the empty one, which has no words.
    method : {"auto", "linear", "gradients", "occlusion"}, default="auto"
        "linear" is coefficient times value, exact, for linear classifiers over n-grams.
        "gradients" is integrated gradients, for our nets and for a `SentenceEmbedder` before a
        linear classifier; it needs captum. "occlusion" leaves out one word at a time, for any
        classifier. "auto" takes the first of these that fits.
    max_error : float, default=0.05
        For "gradients": the completeness error that is aimed at, by more steps up to 512.

    Returns
    -------
    Explanation
        The same shape for every method.

    Raises
    ------
    ValueError
        If the method does not fit the pipeline, or there is no such method.
    TypeError
        If the pipeline does not end in a classifier, or takes no texts.
    ImportError
        If a net is to be explained and captum is not installed.

    Warns
    -----
    UserWarning
        If the error of a text stays above `max_error`.

    Notes
    -----
    Words are letters and digits, or runs of punctuation, of the text as the pipeline prepared it
    (joined and cleaned). What is shorter or longer than a word is handed on: the contribution of
    an n-gram in equal shares to its tokens, and that of each token in equal shares to the words
    it touches; pieces of a word add up. Sums are preserved.

    Integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365) go from a text whose every
    token is the mask token, or padding where there is none, to the text itself; special tokens
    stay. The integral is a Gauss-Legendre sum of 16 steps, doubled until the contributions add up
    to the change of the score. Occlusion comes with no such promise: where words say the same
    thing, its error is large.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.inspection import explain
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> pipeline = make_tfidf_pipeline().fit(frame[:500], y[:500])
    >>> explanation = explain(pipeline, ["Oil prices rise, shares fall"])
    >>> explanation.method, bool(explanation.error.max() < 1e-6)
    ('linear', True)
    >>> explanation.frame["word"].head(5).tolist()
    ['Oil', 'prices', 'rise', ',', 'shares']
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, got {method!r}.")
    model = text_model(pipeline, texts)
    tried = METHODS[1:] if method == "auto" else (method,)
    for name in tried:
        found = _attribute(model, name, max_error)
        if found is not None:
            return Explanation.from_attributions(model.texts, model.classes, found, name)
    raise ValueError(
        f"method={method!r} does not fit {type(model.classifier).__name__} after "
        f"{[type(reader).__name__ for reader in model.readers]}; use 'auto' or 'occlusion'."
    )


def _attribute(model: TextModel, method: str, max_error: float) -> list[Attribution] | None:
    """Return the contributions, or None if the method does not fit the model."""
    if method == "occlusion":
        return attribute_by_occlusion(model)
    if method == "linear":
        linear = linear_model(model.readers, model.classifier)
        return None if linear is None else attribute_linear(model, linear)
    net = token_net(model)
    if net is None:
        return None
    found = attribute_by_gradients(net, model.texts, max_error=max_error)
    _warn_of_error(found, max_error)
    return found


def _warn_of_error(found: list[Attribution], max_error: float) -> None:
    worst = max(one.error for one in found)
    if worst >= max_error:
        warnings.warn(
            f"the completeness error of a text is {worst:.1%} after {MAX_STEPS} steps; "
            "Explanation.error has that of each text.",
            UserWarning,
            stacklevel=4,
        )
