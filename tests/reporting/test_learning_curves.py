import pandas as pd
import pytest

from agnews_sk.evaluation import LearningCurves
from agnews_sk.reporting import LearningCurvesDisplay

pytest.importorskip("matplotlib")


def curves():
    rows = [
        (name, size, fold, size, 4, 0.5 + 0.1 * fold + size / 100, 0.4 + 0.1 * fold)
        for name in ("tfidf", "finetune")
        for size in (8, 16)
        for fold in (0, 1)
    ]
    columns = ["classifier", "train_size", "fold", "n_train_rows", "n_test_rows"]
    runs = pd.DataFrame(rows, columns=[*columns, "accuracy", "macro_f1"])
    return LearningCurves(runs=runs, confidence_level=0.9)


def test_a_line_has_the_mean_at_each_size_in_the_given_order():
    display = LearningCurvesDisplay.from_curves(curves())
    assert [line.get_label() for line in display.ax_.lines] == ["tfidf", "finetune"]
    assert display.ax_.lines[0].get_xdata().tolist() == [8, 16]
    assert display.ax_.lines[0].get_ydata() == pytest.approx([0.63, 0.71])
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["8", "16"]


def test_another_score_is_named_at_its_axis():
    display = LearningCurvesDisplay.from_curves(curves(), score="macro_f1")
    assert display.ax_.get_ylabel() == "macro f1"
    assert display.ax_.lines[0].get_ydata() == pytest.approx([0.45, 0.45])
