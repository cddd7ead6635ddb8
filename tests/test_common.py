"""What every text estimator of the package has in common."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.utils import estimator_html_repr

from agnews_sk.classifiers import AbstainingClassifier, FineTunedTransformerClassifier
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
from agnews_sk.tokenization import PretrainedTokenizer, SubwordTokenizer, WordTokenizer
from agnews_sk.vectorization import NgramVectorizer, SentenceEmbedder

TEXTS = [
    "Oil prices rise again",
    "The coach resigns",
    "Stocks fall on profit fears",
    "Cup final tonight",
    "Über-café stays open in Zürich",
    "Team wins the cup final",
]
LABELS = ["Business", "Sports", "Business", "Sports", "Business", "Sports"]

FACTORIES = {
    "ColumnJoiner": ColumnJoiner,
    "TextCleaner": TextCleaner,
    "MissingTextFilter": MissingTextFilter,
    "DuplicateFilter": DuplicateFilter,
    "LengthFilter": LengthFilter,
    "LabelConflictFilter": LabelConflictFilter,
    "SamplerChain": lambda: SamplerChain([("missing", MissingTextFilter())]),
    "EDAAugmenter": lambda: EDAAugmenter(random_state=0),
    "WordTokenizer": WordTokenizer,
    "SubwordTokenizer": lambda: SubwordTokenizer(vocab_size=200),
    "PretrainedTokenizer": PretrainedTokenizer,
    "NgramVectorizer": NgramVectorizer,
    "SentenceEmbedder": SentenceEmbedder,
    "make_tfidf_pipeline": lambda: make_tfidf_pipeline(random_state=0),
    "make_embedding_pipeline": make_embedding_pipeline,
    "FineTunedTransformerClassifier": lambda: FineTunedTransformerClassifier(
        max_epochs=1, batch_size=4, random_state=0
    ),
    "AbstainingClassifier": lambda: AbstainingClassifier(
        make_tfidf_pipeline(random_state=0),
        coverage=0.8,
        calibration_fraction=0.5,
        random_state=0,
    ),
    "make_transformer_pipeline": lambda: make_transformer_pipeline(
        classify__max_epochs=1, classify__d_model=16, random_state=0
    ),
    "make_finetune_pipeline": lambda: make_finetune_pipeline(
        classify__max_epochs=1, classify__batch_size=4, classify__random_state=0
    ),
}
NEED_A_MODEL = {
    "PretrainedTokenizer": "model",
    "SentenceEmbedder": "model",
    "make_embedding_pipeline": "embed__model",
    "FineTunedTransformerClassifier": "model",
    "make_finetune_pipeline": "classify__model",
}

KINDS = {
    "list": list,
    "tuple": tuple,
    "object array": lambda texts: np.array(texts, dtype=object),
    "unicode array": np.array,
    "string array": lambda texts: np.array(texts, dtype=np.dtypes.StringDType()),
    "column array": lambda texts: np.array(texts, dtype=object)[:, None],
    "pandas str Series": pd.Series,
    "pandas object Series": lambda texts: pd.Series(texts, dtype=object),
    "pandas Series with an index": lambda texts: pd.Series(texts, index=range(100, 106)),
    "polars Series": pl.Series,
    "pandas frame": lambda texts: pd.DataFrame({"text": texts}),
    "polars frame": lambda texts: pl.DataFrame({"text": texts}),
}

BAD_INPUTS = {
    "bare str": ("Oil prices rise", TypeError, "single str"),
    "bare bytes": (b"Oil prices rise", TypeError, "single bytes"),
    "numbers": ([1, 2, 3], TypeError, "got int 1 at position 0"),
    "float array": (np.ones(3), TypeError, "float64"),
    "ragged lists": ([["a", "b"], ["c"]], TypeError, "got list"),
    "bytes inside": (["a", b"b"], TypeError, "decode it first"),
    "empty list": ([], ValueError, "is empty"),
    "empty frame": (pd.DataFrame({"text": []}, dtype=str), ValueError, "is empty|at least one"),
    "two-column array": (np.array([["a", "b"]], dtype=object), ValueError, r"shape \(1, 2\)"),
    "dict": ({"a": "b"}, TypeError, "got dict"),
    "None": (None, TypeError, "got NoneType"),
}


SAMPLERS = [name for name in FACTORIES if name.endswith(("Filter", "Augmenter", "Chain"))]
ROW_KEEPERS = [name for name in FACTORIES if name not in SAMPLERS]


def make(name, request):
    made = FACTORIES[name]()
    if name in NEED_A_MODEL:
        made.set_params(**{NEED_A_MODEL[name]: request.getfixturevalue("tiny_model")})
    return made


@pytest.fixture(params=FACTORIES)
def estimator(request):
    return make(request.param, request)


@pytest.fixture(params=ROW_KEEPERS)
def row_keeper(request):
    """An estimator that is asked again after `fit`: all but the samplers."""
    return make(request.param, request)


def outcome(estimator, X, y=LABELS):
    """What a user gets from an estimator after `fit`, as something that compares."""
    if hasattr(estimator, "fit_resample"):
        X_out, y_out = estimator.fit_resample(X, y)
        return [*as_texts(X_out), *y_out]
    return answer(estimator.fit(X, y), X)


def answer(fitted, X):
    """What a fitted estimator makes of X, as lists or an array."""
    if hasattr(fitted, "predict_proba"):
        return fitted.predict_proba(X)
    out = fitted.transform(X)
    if scipy.sparse.issparse(out):
        return out.toarray()
    return out.to_list() if isinstance(out, pl.Series) else out


def as_texts(X):
    if isinstance(X, pl.DataFrame):
        return X.to_series().to_list()
    return list(np.asarray(X, dtype=object).ravel())


def assert_same(actual, expected):
    if isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(actual, expected)
    else:
        assert actual == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_gives_the_same(estimator, kind):
    expected = outcome(clone(estimator), list(TEXTS))
    assert_same(outcome(estimator, KINDS[kind](TEXTS)), expected)


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_bad_input_is_refused_in_fit_with_a_clear_message(estimator, kind):
    X, error, message = BAD_INPUTS[kind]
    with pytest.raises(error, match=message):
        outcome(estimator, X, y=LABELS[: len(X)] if hasattr(X, "__len__") else LABELS)


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_bad_input_is_refused_after_fit_too(row_keeper, kind):
    X, error, message = BAD_INPUTS[kind]
    row_keeper.fit(TEXTS, LABELS)
    method = row_keeper.predict if hasattr(row_keeper, "predict") else row_keeper.transform
    with pytest.raises(error, match=message):
        method(X)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
def test_a_missing_text_counts_as_the_empty_text(row_keeper, missing):
    row_keeper.fit(TEXTS, LABELS)
    assert_same(answer(row_keeper, [missing, "oil"]), answer(row_keeper, ["", "oil"]))


def test_a_refit_forgets_the_first_fit(estimator):
    expected = outcome(clone(estimator), TEXTS)
    others = ["a yoga retreat", "a jazz concert", "jazz once again", "ever more yoga"]
    outcome(estimator, others, ["Life", "Music", "Music", "Life"])
    assert_same(outcome(estimator, TEXTS), expected)


def test_fit_changes_neither_parameters_nor_input(estimator):
    texts, labels = list(TEXTS), list(LABELS)
    before = repr(estimator.get_params())
    outcome(estimator, texts, labels)
    assert repr(estimator.get_params()).replace("_fitted", "") == before
    assert (texts, labels) == (TEXTS, LABELS)


def test_clone_has_the_parameters_and_nothing_learnt(estimator):
    outcome(estimator, TEXTS)
    cloned = clone(estimator)
    assert repr(cloned) == repr(estimator)
    assert not [name for name in vars(cloned) if name.endswith("_") and not name.startswith("_")]


def test_pickle_gives_the_same_estimator(estimator):
    expected = outcome(estimator, TEXTS)
    restored = pickle.loads(pickle.dumps(estimator))
    if hasattr(restored, "fit_resample"):
        assert_same(outcome(restored, TEXTS), expected)
    else:
        assert_same(answer(restored, TEXTS), expected)


def test_repr_is_short_and_the_html_one_names_the_class(estimator):
    assert repr(estimator).startswith(type(estimator).__name__)
    assert type(estimator).__name__ in estimator_html_repr(estimator)
