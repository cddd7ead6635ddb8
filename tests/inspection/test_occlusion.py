import numpy as np

from agnews_sk.inspection._occlusion import attribute_by_occlusion


class CountsOil:
    """A model whose scores are the number of "oil" in a text, and its negative."""

    columns = None

    def __init__(self, *texts):
        self.texts = np.array(texts, dtype=object)

    def scores(self, texts):
        n = np.array([text.count("oil") for text in texts], dtype=float)
        return np.column_stack([n, -n])


def test_the_contribution_of_a_word_is_the_decrease_of_the_score_without_it():
    (found,) = attribute_by_occlusion(CountsOil("oil and oil!"))
    assert found.words.names == ["oil", "and", "oil", "!"]
    assert found.values.tolist() == [[1, -1], [0, 0], [1, -1], [0, 0]]
    assert found.baseline.tolist() == [0, 0]
    assert found.scores.tolist() == [2, -2]
    assert found.error == 0


def test_a_text_without_words_has_no_contributions():
    (found,) = attribute_by_occlusion(CountsOil(""))
    assert found.values.shape == (0, 2)
