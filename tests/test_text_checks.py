"""Every public estimator of texts passes the text checks, and scikit-learn's fail as stated."""

import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

import agnews_sk
from agnews_sk.classifiers import FineTunedTransformerClassifier
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
]

CRASHES = "crashes with an AttributeError: each row is asked for its method lower"
IN_FIT = "fit looks at no text, so it refuses none"
MISSING = "refuses NaN with a ValueError and crashes on None with an AttributeError"
VECTORIZER = {
    "check_column_array": CRASHES,
    "check_pandas_frame": "iterates over the names of a frame's columns",
    "check_polars_frame": CRASHES,
    "check_categorical_texts": "iterates over the names of a frame's columns",
    "check_arrow_texts": "iterates over the names of a frame's columns",
    "check_missing_text_is_empty": MISSING,
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
    "check_categories_of_numbers": "categories of booleans are predicted as floats",
    "check_labels_of_objects": "integers in an array of objects are refused as unknown",
    "check_string_dtype_labels": "crashes with a TypeError",
    "check_missing_label_position": "says that a label is missing, or crashes, but not where",
}
HASHING = {
    "check_no_texts": IN_FIT,
    "check_none": IN_FIT,
    "check_no_texts_to_answer": "crashes with a StopIteration",
}


def stated_reasons(estimator):
    if isinstance(estimator, Pipeline):
        return VECTORIZER | LABELS
    if not isinstance(estimator, HashingVectorizer):
        return VECTORIZER
    fit_too = {name: reason for name, reason in VECTORIZER.items() if "in_fit" not in name}
    return fit_too | HASHING


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
    expected_failed_checks=stated_reasons,
    xfail_strict=True,
)
def test_scikit_learns_estimator(estimator, check):
    check(estimator)


NO_TEXTS_NEEDED = {"check_none": "fit needs no texts: None stands for their absence"}
ONE_GENERATOR = {"check_threads_fit": "torch has one random generator a process, which threads mix"}
MINIBATCHES = {
    "check_weight_is_repetition": "an epoch over repeated rows has other minibatches, of other rows"
}
MODEL_REASONS = {
    "PretrainedTokenizer": NO_TEXTS_NEEDED,
    "SentenceEmbedder": NO_TEXTS_NEEDED,
    "FineTunedTransformerClassifier": MINIBATCHES | ONE_GENERATOR,
    "make_transformer_pipeline": ONE_GENERATOR,
    "make_finetune_pipeline": ONE_GENERATOR,
}
# Threads mix the generator more or less, as they happen to take turns.
BY_CHANCE = set(ONE_GENERATOR)

TRANSFORMERS = {
    "PretrainedTokenizer": lambda model: PretrainedTokenizer(model=model),
    "SentenceEmbedder": lambda model: SentenceEmbedder(model=model),
    "FineTunedTransformerClassifier": lambda model: FineTunedTransformerClassifier(
        model=model, max_epochs=1
    ),
    "make_embedding_pipeline": make_embedding_pipeline,
    "make_transformer_pipeline": lambda model: make_transformer_pipeline(
        classify__max_epochs=1, classify__d_model=16
    ),
    "make_finetune_pipeline": lambda model: make_finetune_pipeline(model, classify__max_epochs=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_estimator_that_holds_a_model(name, tiny_model):
    reasons = MODEL_REASONS.get(name, {})
    results = check_text_estimator(
        TRANSFORMERS[name](tiny_model), expected_failed_checks=reasons, on_fail=None
    )
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
    passed = {r["check_name"] for r in results if r["status"] == "passed"}
    assert not passed & set(reasons) - BY_CHANCE


def test_every_public_estimator_of_texts_is_checked():
    checked = {type(estimator).__name__ for estimator in ESTIMATORS} | set(TRANSFORMERS)
    classes = {name for name in agnews_sk.__all__ if isinstance(getattr(agnews_sk, name), type)}
    estimators = {name for name in classes if hasattr(getattr(agnews_sk, name), "fit")}
    pipelines = {name for name in agnews_sk.__all__ if name.endswith("_pipeline")}
    # They take tokens, ids or matrices, and are checked at the end of a pipeline; or they hold
    # another estimator, and take what that takes.
    elsewhere = {
        "AbstainingClassifier",
        "PipelineSearchCV",
        "Vocabulary",
        "TransformerClassifier",
        "CalibratedLinearSVC",
        "make_tfidf_pipeline",
    }
    assert estimators | pipelines == (checked & (estimators | pipelines)) | elsewhere
