import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from agnews_sk import make_tfidf_pipeline
from agnews_sk.inspection import top_features

X, Y = ["oil oil rises", "team wins"], ["Oil", "Team"]


def test_top_features_are_the_largest_coefficients(headlines):
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(*headlines)
    table = top_features(pipeline, k=1)
    assert table["class"].tolist() == ["Business", "Sports"]
    assert table["feature"][0] == "oil"
    assert table["feature"][1] in ("coach", "cup")


def test_top_features_of_another_classifier_are_rejected(headlines):
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB()).fit(*headlines)
    with pytest.raises(TypeError, match="linear classifier of n-grams, got MultinomialNB"):
        top_features(pipeline)


def test_ranks_follow_the_coefficients_and_end_with_the_features():
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(X, Y)
    found = top_features(pipeline, k=99)
    assert found.groupby("class")["rank"].apply(list).tolist() == [[1, 2, 3, 4]] * 2
    assert found[found["class"] == "Oil"]["coefficient"].is_monotonic_decreasing
    assert found.loc[0, "feature"] == "oil"


@pytest.mark.parametrize("k", [0, -1, 1.5, "all"])
def test_an_invalid_number_of_features_is_rejected(k):
    with pytest.raises(ValueError, match="k must be a positive integer, got"):
        top_features(make_tfidf_pipeline(), k=k)
