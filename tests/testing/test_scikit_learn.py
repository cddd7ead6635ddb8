"""scikit-learn's own estimators of texts fail the checks as stated, and no others."""

from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from agnews_sk.testing import parametrize_with_text_checks

CRASHES = "crashes with an AttributeError: each row is asked for its method lower"
IN_FIT = "fit looks at no text, so it rejects none"
MISSING = "rejects NaN with a ValueError and crashes on None with an AttributeError"
VECTORIZER = {
    "check_column_array": CRASHES,
    "check_pandas_frame": "iterates over the names of a frame's columns",
    "check_polars_frame": CRASHES,
    "check_categorical_texts": "iterates over the names of a frame's columns",
    "check_arrow_texts": "iterates over the names of a frame's columns",
    "check_missing_text_in_predict": MISSING,
    "check_missing_text_in_fit": MISSING,
    "check_missing_text_in_series": MISSING,
    "check_bare_bytes": CRASHES,
    "check_bytes_among_texts": "decodes bytes by its parameter encoding",
    "check_numbers": CRASHES,
    "check_float_array": CRASHES,
    "check_nested_lists": CRASHES,
    "check_dict": "iterates over the keys",
    "check_two_columns": CRASHES,
}
LABELS = {
    "check_nullable_labels": "nullable integers are predicted as floats",
    "check_numeric_categories": "categories of booleans are predicted as floats",
    "check_object_dtype_labels": "integers in an array of objects are rejected as unknown",
    "check_string_dtype_labels": "crashes with a TypeError",
    "check_missing_label_position": "says that a label is missing, or crashes, but not where",
}
HASHING = {
    "check_fit_empty_input": IN_FIT,
    "check_none": IN_FIT,
    "check_predict_empty_input": "crashes with a StopIteration",
}


def stated_reasons(estimator):
    if isinstance(estimator, Pipeline):
        return VECTORIZER | LABELS
    if not isinstance(estimator, HashingVectorizer):
        return VECTORIZER
    fit_too = {name: reason for name, reason in VECTORIZER.items() if "in_fit" not in name}
    return fit_too | HASHING


@parametrize_with_text_checks(
    [
        CountVectorizer(),
        TfidfVectorizer(),
        HashingVectorizer(),
        make_pipeline(TfidfVectorizer(), LogisticRegression()),
    ],
    expected_failed_checks=stated_reasons,
    xfail_strict=True,
)
def test_estimator_of_scikit_learn(estimator, check):
    check(estimator)
