"""Displays, tables and HTML pages of results."""

from agnews_sk._core.public import publish
from agnews_sk.reporting._confusion import plot_confusion_matrices
from agnews_sk.reporting._figures import COLOURS, logarithmic, new_figure, soften
from agnews_sk.reporting._fonts import save_picture
from agnews_sk.reporting._history import HistoryDisplay
from agnews_sk.reporting._learning_curves import LearningCurvesDisplay
from agnews_sk.reporting._reliability import ReliabilityDisplay
from agnews_sk.reporting._report import write_report
from agnews_sk.reporting._result_displays import CostQualityDisplay, ScoresDisplay
from agnews_sk.reporting._table import comparison_table

__all__ = [
    "CostQualityDisplay",
    "HistoryDisplay",
    "LearningCurvesDisplay",
    "ReliabilityDisplay",
    "ScoresDisplay",
    "comparison_table",
    "plot_confusion_matrices",
    "write_report",
]

publish(__name__)
