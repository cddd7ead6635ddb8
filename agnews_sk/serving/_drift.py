"""Watch whether the texts of a service still look like the reference of each model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agnews_sk.auditing import (
    STATISTICS,
    DriftMonitor,
    TextReference,
    confidences_of,
    values_of,
)
from agnews_sk.persistence import saved_reference
from agnews_sk.serving._batcher import Predict
from agnews_sk.serving._metrics import Metrics
from agnews_sk.serving._models import WARM_UP, ServedModel


def make_watches(
    models: Mapping[str, Any], served: Sequence[ServedModel], metrics: Metrics
) -> dict[str, "DriftWatch"]:
    """Return a watch for each saved model that has a reference.

    Parameters
    ----------
    models : mapping of str to path or estimator
        By name; an estimator has no reference.
    served : sequence of ServedModel
        The same models, loaded.
    metrics : Metrics

    Returns
    -------
    dict of str to DriftWatch

    Raises
    ------
    ValueError
        If a reference is broken.
    """
    watches = {}
    for model in served:
        path = models[model.name]
        saved = saved_reference(Path(path)) if isinstance(path, (str, Path)) else None
        if saved is not None:
            try:
                reference = TextReference.from_dict(saved)
            except ValueError as error:
                raise ValueError(f"models[{model.name!r}]: {error}") from error
            watches[model.name] = DriftWatch(model, reference, metrics)
    return watches


def watched(predict: Predict, watch: "DriftWatch | None") -> Predict:
    """Return a function that predicts, and measures the texts if there is a watch.

    Parameters
    ----------
    predict : callable
        From a list of texts to probabilities.
    watch : DriftWatch or None

    Returns
    -------
    callable
    """
    if watch is None:
        return predict

    def predict_and_measure(texts: list[str]) -> np.ndarray:
        probabilities = predict(texts)
        if texts != [WARM_UP]:
            watch.update(texts, probabilities)
        return probabilities

    return predict_and_measure


class DriftWatch:
    """Measure the texts of one model, for its metrics.

    Parameters
    ----------
    model : ServedModel
    reference : TextReference
    metrics : Metrics
    """

    def __init__(self, model: ServedModel, reference: TextReference, metrics: Metrics) -> None:
        name, thresholds = model.name, model.thresholds
        self._known = reference.known
        self._monitor = DriftMonitor(reference)
        self._thresholds = None if thresholds is None else np.array(list(thresholds.values()))
        self._evidence = metrics.drift_evidence.labels(name)
        self._alarm = metrics.drift_alarm.labels(name)
        self._alarm.set(0)
        self._sums = [metrics.text_statistics.labels(name, one) for one in STATISTICS]
        for one, mean in reference.means.items():
            metrics.reference_statistics.labels(name, one).set(mean)

    def update(self, texts: Sequence[str], probabilities: np.ndarray) -> None:
        """Add the texts of a batch and their predictions; those that are not finite are left out.

        Parameters
        ----------
        texts : sequence of str of shape (n_texts,)
        probabilities : ndarray of shape (n_texts, n_classes)
        """
        finite = np.isfinite(probabilities).all(axis=1)
        texts = [text for text, kept in zip(texts, finite) if kept]
        probabilities = probabilities[finite]
        confidences = confidences_of(self, probabilities, self._thresholds)
        bins = self._known.bins(texts, confidences)
        alarm = self._monitor.update_bins(bins)
        self._evidence.set(self._monitor.evidence)
        self._alarm.set(alarm)
        for one, values in zip(self._sums, values_of(bins).T):
            for value in values.tolist():
                one.observe(value)
