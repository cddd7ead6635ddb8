import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk.inspection import explain
from agnews_sk.inspection._linear import attribute_linear, linear_model
from agnews_sk.inspection._steps import text_model
from agnews_sk.vectorization import MixedVectorizer, NgramVectorizer, NumberEncoder

X = ["oil rises", "team wins", "vote today", "oil falls", "team loses", "vote counted"]
Y = ["Oil", "Team", "Vote"] * 2


def parts(*steps, y=Y):
    pipeline = make_pipeline(*steps).fit(X[: len(y)], y)
    return tuple(step for _, step in pipeline.steps[:-1]), pipeline[-1], pipeline


def test_coefficients_are_by_feature_and_class():
    readers, classifier, _ = parts(CountVectorizer(), TfidfTransformer(), LogisticRegression())
    found = linear_model(readers, classifier)
    assert found.names.tolist() == readers[0].get_feature_names_out().tolist()
    np.testing.assert_array_equal(found.coefficients, classifier.coef_)
    np.testing.assert_array_equal(found.intercept, classifier.intercept_)


def test_two_classes_have_opposite_coefficients():
    readers, classifier, _ = parts(CountVectorizer(), LogisticRegression(), y=["a", "b"])
    found = linear_model(readers, classifier)
    np.testing.assert_array_equal(found.coefficients[0], -found.coefficients[1])
    np.testing.assert_array_equal(found.coefficients[1], classifier.coef_[0])
    assert found.intercept[0] == -found.intercept[1]


def test_selected_features_keep_their_names():
    readers, classifier, _ = parts(CountVectorizer(), SelectKBest(k=3), LogisticRegression())
    assert len(linear_model(readers, classifier).names) == 3


@pytest.mark.parametrize(
    "steps",
    [
        (CountVectorizer(), MultinomialNB()),
        (CountVectorizer(), TruncatedSVD(2, random_state=0), LogisticRegression()),
    ],
    ids=["no coefficients", "features mixed"],
)
def test_other_models_are_none(steps):
    readers, classifier, _ = parts(*steps)
    assert linear_model(readers, classifier) is None


def test_a_repeated_word_shares_its_value_over_its_places():
    readers, classifier, pipeline = parts(CountVectorizer(), LogisticRegression())
    (found,) = attribute_linear(
        text_model(pipeline, ["oil oil"]), linear_model(readers, classifier)
    )
    column = readers[0].vocabulary_["oil"]
    np.testing.assert_allclose(found.values, [classifier.coef_[:, column]] * 2)
    assert found.error < 1e-12


def test_scores_that_are_not_linear_are_not_attributed():
    readers, classifier, pipeline = parts(CountVectorizer(), LogisticRegression())
    model = text_model(pipeline, X)
    linear = linear_model(readers, classifier)
    assert attribute_linear(model, linear._replace(intercept=linear.intercept + 1)) is None


def test_contributions_of_columns_with_names_alike_are_told_apart():
    frame = pd.DataFrame(
        {
            "text": X * 4,
            "price": ["usd", "eur", "usd", "eur", "usd_x", "eur"] * 4,
            "price_usd": ["x", "y", "z", "y", "z", "x"] * 4,
        }
    )
    kinds = {"price": "category", "price_usd": "category"}
    pipeline = make_tfidf_pipeline(columns=kinds, join__columns=["text"], characters=False)
    pipeline.set_params(vectorize__category=OneHotEncoder()).fit(frame, Y * 4)
    found = explain(pipeline, frame[:5])
    assert found.error.max() < 1e-9
    names = pipeline["vectorize"].get_feature_names_out().tolist()
    assert names.count("category__price_usd_x") == 2
    coefficients = dict(zip(names[::-1], pipeline[-1].coef_[0][::-1]))  # the first of two
    of_price = found.of(0, "Oil").set_index("word")["contribution"]["price = usd"]
    assert of_price == pytest.approx(0.3 * coefficients["category__price_usd"])
    of_price = found.of(4, "Oil").set_index("word")["contribution"]["price = usd_x"]
    assert of_price == pytest.approx(0.3 * coefficients["category__price_usd_x"])


def test_selected_features_keep_their_columns():
    rows = MixedRows(X, pl.DataFrame({"oil": [True, False, False] * 2, "day": [1.0, 2.0, 3.0] * 2}))
    vectorizer = MixedVectorizer(
        text=NgramVectorizer(), number=NumberEncoder(), boolean=NumberEncoder()
    )
    matrix = vectorizer.fit_transform(rows)
    selector = SelectKBest(k=3).fit(matrix, Y)
    classifier = LogisticRegression().fit(selector.transform(matrix), Y)
    found = linear_model((vectorizer, selector), classifier)
    kept = dict(zip(found.names.tolist(), found.columns.tolist()))
    assert kept == {"text__vote": "", "boolean__oil": "oil", "number__day": "day"}
