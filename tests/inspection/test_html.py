from dataclasses import replace

import numpy as np

from agnews_sk.inspection import Explanation
from agnews_sk.inspection._html import _mark
from agnews_sk.inspection._words import Attribution, Outside, Words


def explanation(text, values, outside=(), classes=("Oil", "Cup")):
    values = np.array(values, dtype=float).reshape(-1, len(classes))
    baseline = np.zeros(len(classes))
    found = Attribution(Words(text), values, list(outside), baseline, values.sum(axis=0))
    return Explanation.from_attributions(
        np.array([text], dtype=object), np.array(classes, dtype=object), [found], "linear"
    )


def test_the_class_of_the_highest_score_comes_first_and_others_are_folded():
    html = explanation("oil", [[-1.0, 2.0]])._repr_html_()
    first, folded = html.split("<details>")
    assert '<b class="label">Cup</b><small>+2.000</small>' in first
    assert '<b class="label">Oil</b><small>-1.000</small>' in folded


def test_words_are_coloured_by_their_share_of_the_strongest():
    assert _mark("oil", 2.0, 2.0) == (
        '<span class="for" style="--a:0.55" title="+2.0000">oil</span>'
    )
    assert 'class="against" style="--a:0.28"' in _mark("oil", -1.0, 2.0)
    assert _mark("<oil>", 0.01, 2.0) == "&lt;oil&gt;"
    assert _mark("oil", 0.0, 0.0) == "oil"


def test_text_between_words_and_markup_in_it_stay():
    html = explanation("<b>  oil", [[0, 0], [0, 0], [0, 0], [1.0, -1.0]])._repr_html_()
    assert "&lt;b&gt;  <span" in html
    assert "<b>  " not in html


def test_features_that_are_not_in_the_text_are_listed_after_it():
    beside = [Outside("length", np.array([3.0, -3.0]))]
    assert "not in the text: <span" in explanation("oil", [[1, -1]], beside)._repr_html_()


def test_a_text_without_words_is_labelled_as_such():
    assert "<small>no words</small>" in explanation("", [])._repr_html_()


def of_sets(predicted):
    found = explanation("oil", [[-1.0, 2.0, 3.0]], classes=("Oil", "Cup", "War"))
    return replace(found, predicted=np.array([predicted]))._repr_html_()


def test_the_predicted_labels_of_several_come_first_and_others_are_folded():
    first, folded = of_sets([True, False, True]).split("<details>")
    assert first.index('<b class="label">War</b>') < first.index('<b class="label">Oil</b>')
    assert "Cup" not in first
    assert "<small>other labels</small>" in folded
    assert '<b class="label">Cup</b>' in folded
    assert "<details>" not in of_sets([True, True, True])


def test_a_text_without_predicted_labels_is_labelled_as_such():
    first, folded = of_sets([False, False, False]).split("<details>")
    assert "oil <small>no label is predicted</small>" in first
    assert folded.count('<b class="label">') == 3
