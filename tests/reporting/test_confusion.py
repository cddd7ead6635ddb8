import numpy as np
import pytest
from sklearn.metrics import ConfusionMatrixDisplay

from agnews_sk.evaluation import ComparisonResult
from agnews_sk.reporting import plot_confusion_matrices
from agnews_sk.reporting._confusion import confusion_display

pytest.importorskip("matplotlib")

CLASSES = ["World", "Sports", "Business", "Sci/Tech"]


def result_of(y_true, **predictions):
    return ComparisonResult.from_predictions(y_true, predictions, random_state=0)


def panels(n_classifiers):
    predicted = ["World", "Sports", "Sports", "Sci/Tech"]
    return result_of(CLASSES, **{f"c{i}": predicted for i in range(n_classifiers)})


def cell_texts(ax):
    return [text.get_text() for text in ax.texts]


def test_cells_show_counts_and_the_share_of_their_true_class():
    result = result_of(
        ["Sports", "World", "World", "World"], tfidf=["Sports", "World", "Sports", "World"]
    )
    display = confusion_display(result, "tfidf")
    assert isinstance(display, ConfusionMatrixDisplay)
    assert cell_texts(display.ax_) == ["1\n100.0%", "0\n0.0%", "1\n33.3%", "2\n66.7%"]
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["Sports", "World"]
    np.testing.assert_allclose(display.im_.get_array(), [[1, 0], [1 / 3, 2 / 3]])


def test_text_is_readable_on_the_colour_of_its_cell():
    display = confusion_display(result_of(["a", "b", "b"], c=["a", "a", "b"]), "c")
    assert [text.get_color() for text in display.text_.ravel()] == [
        "white", "black", "black", "black"
    ]  # fmt: skip
    assert display.im_.get_clim() == (0, 1)


def test_a_class_without_true_rows_shows_no_share():
    display = confusion_display(result_of(["World"], tfidf=["Sports"]), "tfidf")
    assert cell_texts(display.ax_) == ["0\n0.0%", "0\n0.0%", "1\n100.0%", "0\n0.0%"]


def test_a_matrix_is_drawn_on_the_given_axes():
    result = panels(1)
    ax = plot_confusion_matrices(result).add_subplot()
    display = confusion_display(result, "c0", ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


@pytest.mark.parametrize("n_classifiers", [1, 3, 4])
def test_the_figure_has_a_panel_for_each_classifier(n_classifiers):
    figure = plot_confusion_matrices(panels(n_classifiers))
    assert [ax.get_title() for ax in figure.axes] == [f"c{i}" for i in range(n_classifiers)]


def test_the_figure_is_written_with_every_title_within_it(tmp_path):
    figure = plot_confusion_matrices(panels(3))
    figure.savefig(tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")
    assert figure.axes[0].get_tightbbox().y1 <= figure.bbox.y1
