import numpy as np
import pytest

from agnews_sk.inspection import Explanation
from agnews_sk.inspection._words import Attribution, Outside, Words

CLASSES = np.array(["Oil", "Cup"], dtype=object)


def attribution(text, values, outside=()):
    values = np.array(values, dtype=float).reshape(-1, 2)
    total = values.sum(axis=0) + sum((o.values for o in outside), start=np.zeros(2))
    return Attribution(Words(text), values, list(outside), np.zeros(2), total)


@pytest.fixture
def explanation():
    beside = [Outside("length", np.array([0.5, -0.5]))]
    found = [attribution("oil up", [[1, -1], [0.25, 0]]), attribution("", [], beside)]
    texts = np.array(["oil up", ""], dtype=object)
    return Explanation.from_attributions(texts, CLASSES, found, "linear")


def test_the_frame_has_a_row_per_text_class_and_word(explanation):
    found = explanation.frame[["text", "class", "word", "contribution"]].values.tolist()
    assert found == [
        [0, "Oil", "oil", 1.0], [0, "Oil", "up", 0.25], [0, "Cup", "oil", -1.0],
        [0, "Cup", "up", 0.0], [1, "Oil", "length", 0.5], [1, "Cup", "length", -0.5],
    ]  # fmt: skip


def test_a_feature_that_is_not_in_the_text_has_no_place(explanation):
    assert explanation.of(1, "Oil")[["start", "end"]].values.tolist() == [[-1, -1]]


def test_scores_and_baseline_are_by_class(explanation):
    assert explanation.scores["Oil"].tolist() == [1.25, 0.5]
    assert explanation.baseline.to_numpy().tolist() == [[0, 0], [0, 0]]
    assert explanation.error.tolist() == [0, 0]


@pytest.mark.parametrize(("text", "label"), [(2, "Oil"), (-1, "Oil"), (0, "Rain")])
def test_a_text_or_class_that_is_not_there_is_rejected(explanation, text, label):
    with pytest.raises(KeyError, match="there are 2 texts and the classes"):
        explanation.of(text, label)


def test_a_page_is_written_that_loads_nothing(explanation, tmp_path):
    explanation.to_html(tmp_path / "why.html")
    page = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert explanation._repr_html_() in page
