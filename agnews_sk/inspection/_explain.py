"""Explain the predictions of a fitted text classifier of any family."""

from typing import Any

import numpy as np

from agnews_sk._core.delegation import predicting_estimator
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import as_frame, take_rows
from agnews_sk.classifiers import AbstainingClassifier
from agnews_sk.ensembles import CascadeClassifier
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
    classifier: Any, X: Any, *, method: str = "auto", max_error: float = 0.05
) -> Explanation:
    """Attribute the score of each class to the words of each text.

    Parameters
    ----------
    classifier : fitted classifier or pipeline that takes texts
        Of this package or any other; of a search, its best estimator is explained. Of a
        `CascadeClassifier`, each text is explained for the classifier that answers it, and of an
        `AbstainingClassifier` the classifier within, which has the same scores.
    X : DataFrame or array-like of str of shape (n_texts,)
        What the classifier takes. A missing text is explained as an empty one, without words.
    method : {"auto", "linear", "gradients", "occlusion"}, default="auto"
        "linear" is coefficient times value, which is exact, for linear classifiers of n-grams, of a
        `StaticEmbedder`, and of both in a `FeatureUnion`, where other vectors are one contribution.
        "gradients" is integrated gradients, for the nets of this package and for a
        `SentenceEmbedder` before a linear classifier; it needs captum. "occlusion" removes one word
        at a time, for any classifier. "auto" uses the first of these that applies.
    max_error : float, default=0.05
        Target of the completeness error of "gradients": steps are doubled up to 512 to reach it.

    Returns
    -------
    Explanation
        Of the same form for every method.

    Raises
    ------
    ValueError
        If the method does not apply to the classifier, or does not exist.
    TypeError
        If a pipeline does not end in a classifier, or does not take texts.
    ImportError
        If a net is to be explained and captum is not installed.

    Warns
    -----
    UserWarning
        If the completeness error of a text remains above `max_error`.

    Notes
    -----
    Words are runs of letters and digits, or of punctuation, in the text as the pipeline prepared it
    (joined and cleaned). Contributions of shorter or longer units are distributed: that of an
    n-gram in equal shares to its tokens, and that of each token in equal shares to the words that
    it overlaps; those of parts of a word are added. Sums are preserved.

    Integrated gradients (Sundararajan et al., 2017, arXiv 1703.01365) integrate from a text in
    which every token is the mask token, or padding if there is none, to the text itself; special
    tokens are kept. The integral is a Gauss-Legendre sum of 16 steps, doubled until the
    contributions add up to the change of the score. Occlusion does not guarantee this: its error is
    large if several words have the same meaning.

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
    classifier = predicting_estimator(classifier)
    if isinstance(classifier, AbstainingClassifier) and hasattr(classifier, "estimator_"):
        return explain(classifier.estimator_, X, method=method, max_error=max_error)
    if isinstance(classifier, CascadeClassifier):
        return _explain_answers(classifier, as_frame(X), method, max_error)
    model = text_model(classifier, X)
    tried = METHODS[1:] if method == "auto" else (method,)
    for name in tried:
        found = _attribute(model, name, max_error)
        if found is not None:
            return Explanation.from_attributions(
                model.texts, model.classes, found, name, predicted=model.predicted_labels()
            )
    raise ValueError(
        f"method={method!r} does not apply to {type(model.classifier).__name__} after "
        f"{[type(reader).__name__ for reader in model.readers]}; use 'auto' or 'occlusion'."
    )


def _explain_answers(
    cascade: CascadeClassifier, X: Any, method: str, max_error: float
) -> Explanation:
    """Explain each text for the classifier of a cascade that answers it."""
    answered_by = cascade.answered_by(X)
    parts = []
    for name, estimator in zip(cascade.names_, cascade.estimators_):
        positions = np.flatnonzero(answered_by == name)
        if len(positions):
            rows = take_rows(X, positions)
            parts.append((positions, explain(estimator, rows, method=method, max_error=max_error)))
    return Explanation.merged(parts, answered_by)


def _attribute(model: TextModel, method: str, max_error: float) -> list[Attribution] | None:
    """Return the contributions in each text, or None if the method does not apply."""
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
    """Warn if the completeness error of any text is too large."""
    worst = max(one.error for one in found)
    if worst >= max_error:
        warn_user(
            f"the largest completeness error of a text is {worst:.1%} after {MAX_STEPS} steps; "
            "Explanation.error holds that of each text.",
            UserWarning,
        )
