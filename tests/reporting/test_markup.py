import numpy as np
import pytest

from agnews_sk.reporting import ScoresDisplay
from agnews_sk.reporting._markup import data_value, svg_figure, table


def test_an_unknown_number_is_text_without_a_value():
    assert data_value(np.nan, "<none>", ["scores"]) == "&lt;none&gt;"


def test_a_number_names_its_place_with_names_escaped():
    shown = data_value(1, "1", ["scores", 'a"b', "accuracy"])
    assert shown == '<data value="1.0" data-path="scores|a&quot;b|accuracy">1</data>'


def test_cells_of_a_table_are_labelled_by_their_column():
    html = table(["name", "F1 <x>"], [["tfidf", "<data>1</data>"]], kind="words")
    assert '<table class="stacked words">' in html
    assert '<th scope="row">tfidf</th>' in html
    assert '<td data-label="F1 &lt;x&gt;"><span class="figure"><data>1</data></span></td>' in html


def test_a_plot_is_a_labelled_svg_that_takes_size_and_colour_from_the_page():
    pytest.importorskip("matplotlib")
    labels = ["a", "b"]
    html = svg_figure(
        ScoresDisplay.from_predictions, labels, {"c": labels}, random_state=0, caption="Scores & co"
    )
    opening = html[: html.index(">", html.index("<svg"))]
    assert html.startswith('<figure><svg role="img" aria-label="Scores &amp; co"')
    assert " width=" not in opening
    assert " height=" not in opening
    assert "viewBox" in opening
    assert "currentColor" in html
    assert "#010203" not in html
    assert "<metadata>" not in html
    assert html.endswith("<figcaption>Scores &amp; co</figcaption></figure>")
