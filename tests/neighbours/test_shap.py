"""SHAP values of the logistic regression, and of whole pipelines, beside our explanations."""

import numpy as np
import pytest

from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.inspection import explain

shap = pytest.importorskip("shap", reason="shap is not installed")

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


def test_values_of_the_logistic_part_are_our_contributions(news, fitted_words):
    rows = news.X_test.iloc[:5]
    vectors = fitted_words[:-1].transform(rows)
    last = fitted_words[-1]
    nothing = np.zeros((1, vectors.shape[1]))  # a text without n-grams, as in `explain`
    explainer = shap.LinearExplainer((last.coef_, last.intercept_), nothing)
    values = explainer.shap_values(vectors.toarray())  # (n_texts, n_features, n_classes)
    margins = vectors @ last.coef_.T + last.intercept_
    assert np.allclose(values.sum(axis=1) + explainer.expected_value, margins, atol=1e-5)

    explained = explain(fitted_words, rows)
    ours = explained.frame.groupby(["text", "class"])["contribution"].sum().unstack()
    scale = (explained.scores - explained.baseline).to_numpy() / values.sum(axis=1)
    assert np.allclose(scale, scale[0, 0], rtol=1e-4)  # the temperature of calibration
    assert np.allclose(ours, values.sum(axis=1) * scale[0, 0], atol=1e-5)


def test_values_against_training_rows_tell_the_topic_by_n_grams(news, fitted_words):
    vectors = fitted_words[:-1].transform(news.X.iloc[:100]).toarray()
    last = fitted_words[-1]
    explainer = shap.LinearExplainer((last.coef_, last.intercept_), vectors)
    new = fitted_words[:-1].transform(news.X_test).toarray()
    values = explainer.shap_values(new)
    total = values.sum(axis=1) + explainer.expected_value
    assert (last.classes_[total.argmax(axis=1)] == fitted_words.predict(news.X_test)).mean() > 0.95


@pytest.mark.slow  # numba compiles for half a minute
def test_a_whole_pipeline_is_explained_word_by_word(fitted_words, news):
    text = ColumnJoiner().fit_transform(news.X_test.iloc[:1])[0][:60]

    def probabilities(texts):
        return fitted_words.predict_proba([str(one) for one in texts])

    explainer = shap.Explainer(
        probabilities, shap.maskers.Text(r"\W+"), output_names=list(fitted_words.classes_)
    )
    values = explainer([text], max_evals=100, silent=True)
    (expected,) = fitted_words.predict_proba([text])
    assert np.allclose(values.values[0].sum(axis=0) + values.base_values[0], expected, atol=1e-4)
    assert "".join(values.data[0]) == text
