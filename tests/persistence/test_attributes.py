"""Each trusted type may carry exactly the attributes that its own code sets."""

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline as ImblearnPipeline
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.feature_selection import (
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    VarianceThreshold,
    f_classif,
    mutual_info_classif,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    LabelEncoder,
    MaxAbsScaler,
    Normalizer,
    StandardScaler,
)
from sklearn.svm import LinearSVC

from agnews_sk import CascadeClassifier, DistilledClassifier, make_tfidf_pipeline
from agnews_sk.classifiers import (
    AbstainingClassifier,
    CalibratedLinearSVC,
    CalibratedLogisticRegression,
    EmbeddingBagClassifier,
    SelfTrainedClassifier,
)
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.persistence import load, save
from agnews_sk.persistence._attributes import attributes_of, import_by_name
from agnews_sk.persistence._graph import walk
from agnews_sk.persistence._trusted_types import TRUSTED, name_of
from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LabelConflictFilter,
    LengthFilter,
    MaskFilter,
    MissingTextFilter,
    SamplerChain,
)
from agnews_sk.tokenization import SubwordTokenizer, Vocabulary, WordTokenizer
from agnews_sk.vectorization import NgramVectorizer

TEXTS = [
    "oil prices rise", "oil stocks fall", "cup final", "the coach wins the cup", "oil is up",
    "stocks rise", "the final cup", "a coach is out",
]  # fmt: skip
Y = ["oil", "oil", "cup", "cup"] * 2
MATRIX = CountVectorizer().fit_transform(TEXTS)
FRAME = pd.DataFrame({"title": TEXTS, "story": TEXTS[::-1]})
MIXED = pd.DataFrame({
    "story": TEXTS,
    "price": [1.5, None, 3, 2] * 2,
    "is_new": [True, False] * 4,
    "source": ["a", "b", "c", "a"] * 2,
    "day": pd.date_range("2026-01-01", periods=8),
})  # fmt: skip
# What is compiled, or has weights, is fitted in other tests.
WITH_WEIGHTS = {
    "FineTunedTransformerClassifier",
    "TransformerClassifier",
    "SentenceEmbedder",
    "StaticEmbedder",
}
THREE = ["oil", "cup", "up", "cup"] * 2

ON_TEXTS = [
    CountVectorizer(), CountVectorizer(vocabulary={"oil": 0, "cup": 1}, stop_words="english"),
    TfidfVectorizer(sublinear_tf=True, dtype=np.float32), TfidfVectorizer(use_idf=False),
    HashingVectorizer(n_features=64), NgramVectorizer(), NgramVectorizer(analyzer="char_wb"),
    NgramVectorizer(use_idf=False, norm=None, dtype=int), TextCleaner(strip_stop_words=["the"]),
    WordTokenizer(stop_words=["the"]), SubwordTokenizer(vocab_size=60),
    SubwordTokenizer(vocab_size=300, model="bpe", max_length=8),
    SubwordTokenizer(vocab_size=60, model="unigram"), DuplicateFilter(), LengthFilter(),
    DuplicateFilter(method="near"), LabelConflictFilter(), MissingTextFilter(),
    MaskFilter(keep=[True] * 8), EDAAugmenter(random_state=0),
    SamplerChain([("once", DuplicateFilter()), ("long", LengthFilter())]),
    FeatureUnion([("a", CountVectorizer()), ("b", HashingVectorizer(n_features=8))]),
    Pipeline([("v", CountVectorizer()), ("c", MultinomialNB())]),
    ImblearnPipeline([("v", CountVectorizer()), ("c", MultinomialNB())]),
    make_tfidf_pipeline(characters=True),
    AbstainingClassifier(make_tfidf_pipeline(), coverage=0.5),
    AbstainingClassifier(make_tfidf_pipeline(), max_error=0.5),
    SelfTrainedClassifier(make_tfidf_pipeline(), teacher=make_tfidf_pipeline()),
    DistilledClassifier(make_tfidf_pipeline(), make_tfidf_pipeline(), n_folds=2),
    CascadeClassifier([("a", make_tfidf_pipeline()), ("b", make_tfidf_pipeline())], max_passed=0.5),
]  # fmt: skip
ON_MATRIX = [
    CalibratedLinearSVC(), CalibratedLogisticRegression(), EmbeddingBagClassifier(),
    LogisticRegression(),
    LogisticRegression(solver="saga"),
    LogisticRegressionCV(Cs=2, cv=2, l1_ratios=(0,), use_legacy_attributes=False,
                         scoring="accuracy"),
    LogisticRegressionCV(Cs=2, cv=2, l1_ratios=(0,), use_legacy_attributes=True),
    RidgeClassifier(), RidgeClassifier(fit_intercept=False), LinearSVC(),
    LinearSVC(fit_intercept=False), BernoulliNB(), ComplementNB(), MultinomialNB(),
    DummyClassifier(), DummyClassifier(strategy="stratified", random_state=0),
    TruncatedSVD(2), TruncatedSVD(2, algorithm="arpack"), TfidfTransformer(),
    TfidfTransformer(use_idf=False), MaxAbsScaler(), Normalizer(), StandardScaler(with_mean=False),
    SelectKBest(k=3), SelectKBest(f_classif, k="all"), SelectPercentile(mutual_info_classif),
    SelectFdr(alpha=0.9), SelectFpr(alpha=0.9), SelectFwe(alpha=0.9),
    GenericUnivariateSelect(mode="k_best", param=3), VarianceThreshold(),
    SelectFromModel(LogisticRegression()), SelectFromModel(LinearSVC(), max_features=2),
    FunctionTransformer(), FunctionTransformer(validate=True, accept_sparse=True),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    CalibratedClassifierCV(MultinomialNB(), method="temperature", cv=2),
    CalibratedClassifierCV(MultinomialNB(), ensemble=False, cv=2),
    StackingClassifier([("a", MultinomialNB()), ("b", LinearSVC()), ("c", "drop")], cv=2),
    StackingClassifier([("a", MultinomialNB())], passthrough=True, cv=2),
    VotingClassifier([("a", MultinomialNB()), ("b", LinearSVC())]),
    VotingClassifier([("a", MultinomialNB()), ("b", BernoulliNB())], voting="soft",
                     weights=[1, 2.5]),
    FrozenEstimator(MultinomialNB().fit(MATRIX, Y)),
]  # fmt: skip


def fit_all():
    """Every trusted type except those with weights, fitted on suitable input."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from (e.fit(TEXTS, Y) for e in ON_TEXTS)
        yield from (e.fit(MATRIX, y) for e in ON_MATRIX for y in (Y, THREE))
        yield CalibratedClassifierCV(FrozenEstimator(MultinomialNB().fit(MATRIX, Y)), cv=2).fit(
            MATRIX, Y
        )
        yield ColumnJoiner().fit(FRAME)
        yield make_tfidf_pipeline(columns=list(MIXED.columns[1:])).fit(MIXED, Y)
        yield GaussianNB().fit(MATRIX.toarray(), Y)
        yield StandardScaler().set_output(transform="pandas").fit(pd.DataFrame({"a": [1.0, 2]}))
        yield LabelEncoder().fit(Y)
        yield LabelBinarizer().fit(Y)
        yield Vocabulary().fit(WordTokenizer().transform(TEXTS))


def test_every_trusted_type_is_tested_and_has_no_attribute_that_would_be_rejected(tmp_path):
    found = set()
    for fitted in fit_all():
        found |= {name_of(type(held)) for held in walk(fitted)}
        state = fitted.__getstate__()
        assert set(state) <= attributes_of(type(fitted)), fitted
        loaded = load(save(fitted, tmp_path / "model"))
        assert set(vars(loaded)) == set(vars(fitted)), fitted
    left = {name.rpartition(".")[2] for name in TRUSTED - found}
    assert left <= WITH_WEIGHTS | {"PretrainedTokenizer"}


@pytest.mark.parametrize("labels", [[0, 1], [True, False]], ids=["int", "bool"])
def test_weights_by_class_keep_their_classes(tmp_path, labels):
    weights = {labels[0]: 1.0, labels[1]: 5.0}
    y = np.array(labels * 4)
    fitted = LogisticRegression(class_weight=weights).fit(MATRIX, y)
    loaded = load(save(fitted, tmp_path / "model"))
    assert loaded.class_weight == weights
    np.testing.assert_array_equal(loaded.fit(MATRIX, y).coef_, fitted.coef_)


@pytest.mark.parametrize("name", sorted(TRUSTED))
def test_no_type_may_carry_attributes_that_replace_methods(name):
    allowed = attributes_of(import_by_name(name))
    methods = {
        key for key in dir(import_by_name(name)) if callable(getattr(import_by_name(name), key))
    }
    assert not allowed & methods
    assert not any(key.startswith("__") for key in allowed)
    assert allowed.isdisjoint({"evil", "_parameter_constraints", "_skl_callbacks"})


def test_a_selector_with_scores_that_are_nan_is_saved_and_loaded(tmp_path):
    X = np.c_[np.ones(8), np.arange(8.0), np.arange(8.0) ** 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_pipeline(SelectKBest(f_classif, k=1), LogisticRegression()).fit(X, Y)
    assert np.isnan(model[0].scores_[0])
    loaded = load(save(model, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
