"""Metrics of a service for Prometheus, summed over all its processes."""

import os
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Metrics of a service.

    If the environment variable PROMETHEUS_MULTIPROC_DIR names a folder, the metrics of all
    processes that share it are summed.

    Attributes
    ----------
    requests : Counter
        Responses by path and status.
    seconds : Histogram
        Time of requests to `/predict`.
    batch_texts : Histogram
        Texts per batch.
    waiting_texts : Gauge
        Texts that wait for a model.
    drift_evidence, drift_alarm : Gauge
        By model, of those that have a reference: see `agnews_sk.auditing.DriftMonitor`.
    text_statistics : Summary
        By model and statistic: share of unknown words, confidence, information of trigrams.
    reference_statistics : Gauge
        Means of the same statistics in the reference.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        known: dict[str, Any] = {"namespace": "agnews_sk", "registry": self._registry}
        self.requests = Counter("requests", "Responses.", ["path", "status"], **known)
        self.seconds = Histogram(
            "request_seconds", "Duration of requests to /predict.", buckets=_SECONDS, **known
        )
        self.batch_texts = Histogram("batch_texts", "Texts per batch.", buckets=_TEXTS, **known)
        self.waiting_texts = Gauge(
            "waiting_texts", "Texts waiting for a model.", multiprocess_mode="livesum", **known
        )
        self.drift_evidence = Gauge(
            "drift_evidence",
            "Evidence that texts differ from the reference of the model; without a change it ever "
            "reaches E with a probability of at most 1 / E.",
            ["model"],
            multiprocess_mode="livemax",
            **known,
        )
        self.drift_alarm = Gauge(
            "drift_alarm",
            "1 once the evidence has reached 20.",
            ["model"],
            multiprocess_mode="livemax",
            **known,
        )
        self.text_statistics = Summary(
            "text_statistics", "Statistics of texts.", ["model", "statistic"], **known
        )
        self.reference_statistics = Gauge(
            "reference_statistics",
            "Means of the same statistics in the reference of the model.",
            ["model", "statistic"],
            multiprocess_mode="livemax",
            **known,
        )

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        registry = self._registry
        if os.environ.get(FOLDER_VARIABLE):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return prometheus_client.generate_latest(registry)
