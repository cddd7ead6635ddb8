"""Compare classifiers on the same rows: scores with intervals, paired tests and costs."""

from agnews_sk._core.public import publish
from agnews_sk.evaluation._comparison import compare_classifiers
from agnews_sk.evaluation._evaluation import Evaluation, evaluate_classifier
from agnews_sk.evaluation._exact import share_interval
from agnews_sk.evaluation._fitted import evaluate_fitted
from agnews_sk.evaluation._learning_curves import LearningCurves, learning_curves
from agnews_sk.evaluation._predictions import read_predictions
from agnews_sk.evaluation._quality import N_BINS, confidence_bins
from agnews_sk.evaluation._result import ComparisonResult
from agnews_sk.evaluation._scoring import interval_columns
from agnews_sk.evaluation._statistics import holm
from agnews_sk.evaluation._wording import (
    abstention_note,
    confidence_percent,
    cost_note,
    interval_with_method,
    main_score,
    verdict,
)

__all__ = [
    "ComparisonResult",
    "Evaluation",
    "LearningCurves",
    "compare_classifiers",
    "evaluate_classifier",
    "evaluate_fitted",
    "learning_curves",
]

publish(__name__)
