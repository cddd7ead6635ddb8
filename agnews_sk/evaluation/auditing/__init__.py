"""What is wrong with the data, before any training."""

from agnews_sk.evaluation.auditing._audit import audit
from agnews_sk.evaluation.auditing._report import AuditReport, Finding

__all__ = ["AuditReport", "Finding", "audit"]
