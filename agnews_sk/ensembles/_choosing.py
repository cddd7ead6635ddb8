"""Choose which classifier of a cascade answers which rows, on held-out rows."""

from typing import NamedTuple

import numpy as np

from agnews_sk.classifiers import calibrate, threshold_for_coverage
from agnews_sk.ensembles._loss import loss_interval, threshold_for_loss

# The least probability. Classifiers that say 0 and 1 get a temperature with which they are as sure
# as they are right; with the logarithm of the smallest float it would have to be too high.
_LEAST = 1e-15


class Promise(NamedTuple):
    """What a cascade is to keep.

    Attributes
    ----------
    max_loss : float
        Most accuracy to lose against the last classifier.
    max_passed : float or None
        Largest share of the rows that reaches the last classifier, instead of `max_loss`.
    confidence_level : float
    """

    max_loss: float
    max_passed: float | None
    confidence_level: float


class Chosen(NamedTuple):
    """The attributes of a fitted cascade that held-out rows decide.

    Attributes
    ----------
    thresholds : ndarray of float of shape (n_classifiers - 1,)
    temperatures : ndarray of float of shape (n_classifiers,)
    passed : ndarray of float of shape (n_classifiers,)
    loss : float
    loss_interval : tuple of two floats
    """

    thresholds: np.ndarray
    temperatures: np.ndarray
    passed: np.ndarray
    loss: float
    loss_interval: tuple[float, float]


def choose(
    found: list[np.ndarray],
    codes: np.ndarray,
    weight: np.ndarray,
    origins: np.ndarray,
    promise: Promise,
) -> Chosen:
    """Choose the thresholds and temperatures of a cascade.

    Parameters
    ----------
    found : list of ndarray of float of shape (n_held_out, n_classes)
        Probabilities of each classifier.
    codes : ndarray of int of shape (n_held_out,)
        Of the labels; -1 for a label that is no class.
    weight : ndarray of float of shape (n_held_out,)
    origins : ndarray of int of shape (n_held_out,)
        Rows of one origin, such as copies, tell as much as one.
    promise : Promise

    Returns
    -------
    Chosen
    """
    right = np.array([y_proba.argmax(axis=1) == codes for y_proba in found])
    lost = right[-1].astype(int) - right  # (n_classifiers, n_held_out)
    last = len(found) - 1
    answering = np.full(len(codes), last)  # position of the classifier that answers
    thresholds = np.empty(last)
    for stage, y_proba in enumerate(found[:-1]):
        confidence = np.where(answering == last, y_proba.max(axis=1), -np.inf)
        thresholds[stage] = _threshold(confidence, lost[stage], weight, origins, promise, last)
        answering[confidence >= thresholds[stage]] = stage
    reached = [np.average(answering >= stage, weights=weight) for stage in range(len(found))]
    lost_by_answer = lost[answering, np.arange(len(codes))]
    return Chosen(
        thresholds,
        np.array(
            [
                _temperature(y_proba, codes, weight * (answering == stage))
                for stage, y_proba in enumerate(found)
            ]
        ),
        np.array(reached),
        float(np.average(lost_by_answer, weights=weight)),
        loss_interval(lost_by_answer, promise.confidence_level, weight, origins),
    )


def logarithms(y_proba: np.ndarray) -> np.ndarray:
    """Return the logarithms of probabilities; that of zero is about -35."""
    return np.log(np.maximum(y_proba, _LEAST))


def _threshold(
    confidence: np.ndarray,
    lost: np.ndarray,
    weight: np.ndarray,
    origins: np.ndarray,
    promise: Promise,
    n_stages: int,
) -> float:
    """Return the threshold of a classifier; rows that another answers have no confidence."""
    waiting = confidence > -np.inf
    if not weight[waiting].any():
        return np.inf
    if promise.max_passed == 0:
        return 0.0  # the lowest confidence held out is not the lowest of all rows
    if promise.max_passed is not None:
        # Each passes on the same share of what it gets, so that together it is `max_passed`.
        share = 1 - promise.max_passed ** (1 / n_stages)
        return threshold_for_coverage(confidence[waiting], share, weight[waiting])
    level = 1 - (1 - promise.confidence_level) / n_stages
    max_loss = promise.max_loss / n_stages
    threshold = threshold_for_loss(confidence, lost, max_loss, level, weight, origins)
    return max(threshold, float(confidence[waiting].min()))


def _temperature(y_proba: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> float:
    """Return the temperature of a classifier by the rows that it answers, which have a weight."""
    own = np.flatnonzero((weight > 0) & (codes >= 0))
    if not len(own):
        return 1.0
    return calibrate(logarithms(y_proba[own]), codes[own], weight[own], shifts=False)[0]
