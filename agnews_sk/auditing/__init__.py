"""Find problems in labelled rows before training."""

from agnews_sk._core.public import publish
from agnews_sk.auditing._audit import audit
from agnews_sk.auditing._remedies import worst_first
from agnews_sk.auditing._report import AuditReport, Finding

__all__ = ["AuditReport", "Finding", "audit"]

publish(__name__)
