"""Find problems in labelled rows before training, and rows that no longer look like them after."""

from agnews_sk._core.public import publish
from agnews_sk.auditing._against import DriftReport, audit_against
from agnews_sk.auditing._audit import audit
from agnews_sk.auditing._monitor import DriftMonitor
from agnews_sk.auditing._reference import MIN_TEXTS, TextReference
from agnews_sk.auditing._remedies import worst_first
from agnews_sk.auditing._report import AuditReport, Finding
from agnews_sk.auditing._text_statistics import STATISTICS, confidences_of, values_of

__all__ = [
    "AuditReport",
    "DriftMonitor",
    "DriftReport",
    "Finding",
    "TextReference",
    "audit",
    "audit_against",
]

publish(__name__)
