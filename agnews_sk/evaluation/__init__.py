"""Compare classifiers on the same rows: scores with intervals, paired tests and costs."""

from agnews_sk.evaluation._comparison import compare_classifiers
from agnews_sk.evaluation._displays import ConfusionMatrix, plot_confusion_matrices
from agnews_sk.evaluation._errors import disagreements, slices, top_losses
from agnews_sk.evaluation._evaluation import Evaluation, evaluate_classifier
from agnews_sk.evaluation._history import HistoryDisplay
from agnews_sk.evaluation._learning_curves import (
    LearningCurves,
    LearningCurvesDisplay,
    learning_curves,
)
from agnews_sk.evaluation._reliability import ReliabilityDisplay
from agnews_sk.evaluation._report import write_report
from agnews_sk.evaluation._result import ComparisonResult
from agnews_sk.evaluation._result_displays import CostQualityDisplay, ScoresDisplay
from agnews_sk.evaluation._table import comparison_table
from agnews_sk.evaluation.auditing import AuditReport, Finding, audit
from agnews_sk.evaluation.explanation import Explanation, explain, top_features

__all__ = [
    "AuditReport",
    "ComparisonResult",
    "ConfusionMatrix",
    "CostQualityDisplay",
    "Evaluation",
    "Explanation",
    "Finding",
    "HistoryDisplay",
    "LearningCurves",
    "LearningCurvesDisplay",
    "ReliabilityDisplay",
    "ScoresDisplay",
    "audit",
    "compare_classifiers",
    "comparison_table",
    "disagreements",
    "evaluate_classifier",
    "explain",
    "learning_curves",
    "plot_confusion_matrices",
    "slices",
    "top_features",
    "top_losses",
    "write_report",
]
