"""Every public estimator of texts passes the text checks, and scikit-learn's fail as stated."""

import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import agnews_sk
from agnews_sk.classifiers import FineTunedTransformerClassifier, TransformerClassifier
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.pipeline import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LabelConflictFilter,
    LengthFilter,
    MissingTextFilter,
    SamplerChain,
)
from agnews_sk.testing import check_text_estimator, parametrize_with_text_checks
from agnews_sk.tokenization import PretrainedTokenizer, SubwordTokenizer, Vocabulary, WordTokenizer
from agnews_sk.vectorization import NgramVectorizer, SentenceEmbedder

ESTIMATORS = [
    ColumnJoiner(),
    TextCleaner(),
    MissingTextFilter(),
    DuplicateFilter(),
    DuplicateFilter(method="near"),
    LengthFilter(min_words=2),
    LabelConflictFilter(),
    SamplerChain([("missing", MissingTextFilter()), ("duplicates", DuplicateFilter())]),
    EDAAugmenter(),
    WordTokenizer(),
    SubwordTokenizer(vocab_size=200),
    make_pipeline(WordTokenizer(), Vocabulary()),
    NgramVectorizer(),
    make_tfidf_pipeline(),
    make_tfidf_pipeline(characters=True),
]

ITERATES = "rows are what iteration gives, so {} crash with an AttributeError"
MISSING = "a missing document is refused with a ValueError, or crashes with an AttributeError"
SKLEARN_VECTORIZERS = {
    "check_column_array": ITERATES.format("arrays of one element"),
    "check_pandas_frame": "a frame is iterated by column name",
    "check_polars_frame": ITERATES.format("columns"),
    "check_missing_text_is_empty": MISSING,
    "check_missing_text_in_fit": MISSING,
    "check_missing_text_in_series": MISSING,
}


def sklearn_reasons(estimator):
    return SKLEARN_VECTORIZERS


@parametrize_with_text_checks(ESTIMATORS)
def test_estimator(estimator, check):
    check(estimator)


@parametrize_with_text_checks(
    [
        CountVectorizer(),
        TfidfVectorizer(),
        HashingVectorizer(),
        make_pipeline(TfidfVectorizer(), LogisticRegression()),
    ],
    expected_failed_checks=sklearn_reasons,
    xfail_strict=True,
)
def test_scikit_learns_estimator(estimator, check):
    check(estimator)
