"""Labels that are likely wrong: cleanlab on out-of-fold probabilities of a linear baseline."""

import numpy as np
import polars as pl

from agnews_sk._core.optional import import_optional
from agnews_sk._core.same_text import same_text_groups
from agnews_sk._core.splitting import fold_rows
from agnews_sk.auditing._report import Finding
from agnews_sk.auditing._rows import Rows
from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.vectorization import NgramVectorizer

_N_FOLDS = 5
# Case, punctuation and what cleaning would remove stay: who wrote a text explains some labels.
_TOKEN = r"\w+|[^\w\s]"
_MIN_DF = 3e-5


def check_label_errors(rows: Rows, seed: int) -> Finding:
    """Find rows whose label the baseline, trained on other rows, finds unlikely.

    Parameters
    ----------
    rows : Rows
        At least two rows a class.
    seed : int

    Returns
    -------
    Finding
        The rows that confident learning flags (Northcutt et al. 2021, arXiv 1911.00068).

    Notes
    -----
    First come the rows whose label has the lowest logit, less what is usual for the two classes:
    where a class is often taken for another, one more such row says less.
    """
    filters = import_optional("cleanlab.filter", extra="audit", needed_by="audit of labels")
    counts = import_optional("cleanlab.count", extra="audit", needed_by="audit of labels")
    classes, codes = np.unique(rows.labels, return_inverse=True)
    probabilities = _out_of_fold(rows.texts, codes, seed)
    flagged = filters.find_label_issues(codes, probabilities, n_jobs=1)
    joint = counts.compute_confident_joint(codes, probabilities, calibrate=False)
    scores = _label_scores(codes, probabilities, joint)
    found = np.flatnonzero(flagged)
    found = found[np.argsort(scores[found], kind="stable")]
    best = probabilities.argmax(axis=1)
    return rows.finding(
        "label_errors",
        "Rows whose label a baseline that was trained on the others finds unlikely, the least "
        "likely first; read them before you drop or change them.",
        found,
        suggested=classes[best[found]],
        p_label=probabilities[found, codes[found]],
    )


def _out_of_fold(texts: pl.Series, codes: np.ndarray, seed: int) -> np.ndarray:
    """Return probabilities of shape (n_rows, n_classes), of models that did not see the text.

    A class of a single text, which no model knows without it, keeps its label.
    """
    features = NgramVectorizer(
        ngram_range=(1, 2),
        lowercase=False,
        token_pattern=_TOKEN,
        sublinear_tf=True,
        min_df=_MIN_DF,
    ).fit_transform(texts)
    folds = fold_rows(codes, same_text_groups(texts), _N_FOLDS, seed)
    probabilities = np.eye(int(codes.max()) + 1)[codes]
    for fold in np.unique(folds[folds >= 0]):
        tested = folds == fold
        classifier = CalibratedLinearSVC(random_state=seed).fit(features[~tested], codes[~tested])
        probabilities[tested] = classifier.predict_proba(features[tested])
    return probabilities


def _label_scores(codes: np.ndarray, probabilities: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Return a score a row that is low where the label is likely wrong."""
    logits = np.log(np.maximum(probabilities, np.finfo(float).tiny))
    logits -= logits.mean(axis=1, keepdims=True)
    # Share of the rows that look like one class (down) which are labelled another (across).
    usual = (joint.T + 1) / (joint.T + 1).sum(axis=1, keepdims=True)
    every = np.arange(len(codes))
    return logits[every, codes] + np.log(usual[probabilities.argmax(axis=1), codes])
