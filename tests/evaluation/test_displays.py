import numpy as np
import pytest

from agnews_sk.evaluation import (
    ComparisonResult,
    ConfusionMatrix,
    Evaluation,
    plot_confusion_matrices,
)

pytest.importorskip("matplotlib")


def cell_texts(ax):
    return [text.get_text() for text in ax.texts]


def result_with(n_classifiers):
    y_true = np.array(["World", "Sports", "Business", "Sci/Tech"], dtype=object)
    y_pred = np.array(["World", "Sports", "Sports", "Sci/Tech"], dtype=object)
    return ComparisonResult.from_evaluations(
        [
            Evaluation(
                name=f"c{i}",
                estimator=None,
                y_true=y_true,
                y_pred=y_pred,
                n_train_rows=4,
                fit_seconds=1.0,
                predict_seconds=1.0,
                size_bytes=1,
            )
            for i in range(n_classifiers)
        ],
        n_resamples=10,
    )


def test_cells_show_counts_and_the_share_of_their_true_class():
    display = ConfusionMatrix.from_predictions(
        ["Sports", "World", "World", "World"], ["Sports", "World", "Sports", "World"], name="tfidf"
    )
    assert cell_texts(display.ax_) == ["1\n100.0%", "0\n0.0%", "1\n33.3%", "2\n66.7%"]
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["Sports", "World"]
    assert display.ax_.get_title() == "tfidf"


def test_a_class_without_true_rows_shows_no_share():
    display = ConfusionMatrix.from_predictions(["World"], ["Sports"])
    assert cell_texts(display.ax_) == ["0\n0.0%", "0\n0.0%", "1\n100.0%", "0\n0.0%"]


def test_a_display_draws_on_the_given_axes():
    labels = ["World", "Sports"]
    ax = ConfusionMatrix.from_predictions(labels, labels).figure_.add_subplot()
    display = ConfusionMatrix.from_predictions(labels, labels, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


@pytest.mark.parametrize("n_classifiers", [1, 3, 4])
def test_the_figure_has_a_panel_for_each_classifier(n_classifiers):
    figure = plot_confusion_matrices(result_with(n_classifiers))
    assert [ax.get_title() for ax in figure.axes] == [f"c{i}" for i in range(n_classifiers)]


def test_the_figure_is_written_with_every_title_within_it(tmp_path):
    figure = plot_confusion_matrices(result_with(3))
    figure.savefig(tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")
    assert figure.axes[0].get_tightbbox().y1 <= figure.bbox.y1
