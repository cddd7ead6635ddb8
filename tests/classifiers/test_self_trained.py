import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from agnews_sk import SelfTrainedClassifier, make_embedding_pipeline, make_tfidf_pipeline
from agnews_sk._core.delegation import predicting_estimator
from agnews_sk.classifiers import _self_trained
from agnews_sk.inspection import explain
from agnews_sk.vectorization import SentenceEmbedder

NAMES = np.array(["oil", "cup", "war"])


def blobs(n, seed, shares=(1 / 3, 1 / 3, 1 / 3)):
    """Rows of three classes that overlap in 12 dimensions."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, n, p=shares)
    X = rng.normal(size=(n, 12))
    X[np.arange(n), codes] += 2.2
    return X, NAMES[codes]


X, Y = blobs(24, 3)
UNLABELLED, HIDDEN = blobs(300, 4)
X_TEST, Y_TEST = blobs(1000, 5)
TEXTS = ["oil price up", "the cup final", "oil stocks fall", "cup won again"] * 3
LABELS = ["oil", "cup"] * 6
MORE = ["price of stocks", "final won", "stocks up", "won the final again"]


def trained(estimator=None, **params):
    estimator = LogisticRegression(C=1) if estimator is None else estimator
    settings = {"fallback": False, "random_state": 0}
    return SelfTrainedClassifier(estimator, **{**settings, **params})


class Watched(LogisticRegression):
    """Records the rows that it is fitted on, over all clones."""

    fits: list = []

    def fit(self, X, y, sample_weight=None):
        self.fits.append((np.asarray(X), np.asarray(y), sample_weight))
        return super().fit(X, y, sample_weight)


@pytest.fixture
def fits():
    Watched.fits = []
    return Watched.fits


@pytest.mark.parametrize("pseudo_labels", ["hard", "soft"])
@pytest.mark.parametrize("threshold", ["auto", 0.6])
def test_unlabelled_rows_make_it_more_accurate(pseudo_labels, threshold):
    alone = LogisticRegression(C=1).fit(X, Y).score(X_TEST, Y_TEST)
    classifier = trained(pseudo_labels=pseudo_labels, threshold=threshold)
    assert classifier.fit(X, Y, X_unlabelled=UNLABELLED).score(X_TEST, Y_TEST) > alone
    assert classifier.n_labelled_ == 24
    assert 100 < classifier.n_pseudo_labelled_ <= 300


@pytest.mark.parametrize("none", [None, X[:0], []], ids=["None", "no rows", "empty list"])
def test_without_unlabelled_rows_it_is_the_estimator(none):
    classifier = trained().fit(X, Y, X_unlabelled=none)
    alone = LogisticRegression(C=1).fit(X, Y)
    np.testing.assert_array_equal(classifier.predict_proba(X_TEST), alone.predict_proba(X_TEST))
    assert (classifier.n_rounds_, classifier.n_pseudo_labelled_) == (0, 0)
    assert np.isnan(classifier.threshold_)


def missing_none(y):
    return [*y, *[None] * len(UNLABELLED)]


def missing_codes(y):
    return [*np.searchsorted(np.sort(NAMES), y).tolist(), *[-1] * len(UNLABELLED)]


@pytest.mark.parametrize(
    ("make", "missing_label"),
    [
        (missing_none, None),
        (lambda y: np.array(missing_none(y), dtype=object), None),
        (lambda y: pd.Series(missing_none(y), dtype="string"), None),
        (lambda y: pd.Series(missing_none(y), dtype="category"), None),
        (lambda y: pl.Series(missing_none(y)), None),
        (lambda y: [*y, *["?"] * len(UNLABELLED)], "?"),
        (missing_codes, -1),
        (lambda y: np.array(missing_codes(y)), -1),
        (lambda y: pd.Series(missing_codes(y)).replace(-1, None).astype("Int64"), None),
        (lambda y: np.where(np.array(missing_codes(y)) < 0, np.nan, missing_codes(y)), None),
    ],
    ids=["list", "objects", "string", "category", "polars", "text", "-1", "array", "Int64", "NaN"],
)
def test_rows_with_a_missing_label_are_unlabelled_rows(make, missing_label):
    expected = trained(max_rounds=1).fit(X, Y, X_unlabelled=UNLABELLED).predict_proba(X_TEST)
    both = np.concatenate([X, UNLABELLED])
    found = trained(max_rounds=1, missing_label=missing_label).fit(both, make(Y))
    np.testing.assert_array_equal(found.predict_proba(X_TEST), expected)
    assert found.n_labelled_ == 24
    known = np.sort(NAMES).tolist() if isinstance(found.classes_[0], str) else [0, 1, 2]
    assert found.classes_.tolist() == known


def test_minus_one_is_a_class_unless_it_is_the_missing_label():
    y = np.where(Y == "oil", -1, 1)
    assert trained().fit(X, y, X_unlabelled=UNLABELLED).classes_.tolist() == [-1, 1]
    with pytest.raises(ValueError, match="at least 2 classes, got 1 class: 1"):
        trained(missing_label=-1).fit(X, y)


def test_the_threshold_is_chosen_by_classifiers_that_have_not_seen_the_row(fits):
    classifier = trained(Watched(C=1), max_rounds=1).fit(X, Y, X_unlabelled=UNLABELLED)
    *folds, first, last = fits
    assert len(folds) == 5
    assert all(len(rows) < 24 for rows, _, _ in folds)
    left_out = sum(24 - len(rows) for rows, _, _ in folds)
    assert left_out == 24
    assert len(first[0]) == 24
    assert len(last[0]) == 24 + classifier.n_pseudo_labelled_
    assert 0 < classifier.threshold_ < 1
    assert 0.5 < classifier.held_out_accuracy_ <= 1


def test_copies_and_rows_of_one_origin_are_held_out_together(fits):
    groups = np.arange(24) // 2
    trained(Watched(), max_rounds=1).fit(X, Y, X_unlabelled=UNLABELLED, groups=groups)
    for rows, _, _ in fits[:-2]:
        kept = [any(np.array_equal(row, one) for one in rows) for row in X]
        assert kept[::2] == kept[1::2]


def test_a_threshold_that_is_set_costs_no_folds(fits):
    classifier = trained(Watched(), threshold=0.9, max_rounds=1)
    classifier.fit(X, Y, X_unlabelled=UNLABELLED)
    assert len(fits) == 2
    assert classifier.threshold_ == 0.9


def test_the_teacher_labels_the_first_round_only(fits):
    teacher = KNeighborsClassifier(3)
    classifier = trained(Watched(), teacher=teacher, max_rounds=2, keep_balance=False, threshold=0)
    classifier.fit(X, Y, X_unlabelled=UNLABELLED)
    first, second = fits
    expected = KNeighborsClassifier(3).fit(X, Y).predict(UNLABELLED)
    assert first[1][24:].tolist() == expected.tolist()
    assert (
        second[1][24:].tolist() == LogisticRegression().fit(*first[:2]).predict(UNLABELLED).tolist()
    )


@pytest.mark.parametrize("threshold", ["auto", 0.5])
def test_an_embedder_labels_the_first_round(fits, threshold):
    embedder = FunctionTransformer()
    classifier = trained(Watched(), embedder=embedder, threshold=threshold, max_rounds=1)
    classifier.fit(X, Y, X_unlabelled=UNLABELLED)
    assert len(fits) == 1
    labels = fits[0][1][24:]
    assert len(labels) == classifier.n_pseudo_labelled_
    place = [np.flatnonzero((row == UNLABELLED).all(axis=1))[0] for row in fits[0][0][24:]]
    alone = LogisticRegression().fit(X, Y).predict(UNLABELLED[place])
    assert np.mean(labels == HIDDEN[place]) > np.mean(alone == HIDDEN[place]) + 0.02


def test_a_pipeline_of_vectors_embeds_missing_texts_too(tiny_model):
    embedder = make_embedding_pipeline(tiny_model)[:-1]
    classifier = trained(make_tfidf_pipeline(), embedder=embedder, threshold=0)
    classifier.fit(TEXTS, LABELS, X_unlabelled=[None, *MORE, None])
    assert classifier.n_pseudo_labelled_ == 6


def test_an_embedder_of_sparse_vectors_is_rejected():
    with pytest.raises(TypeError, match=r"embedder must return a dense matrix, got .*TfidfVect"):
        trained(make_tfidf_pipeline(), embedder=TfidfVectorizer()).fit(
            TEXTS, LABELS, X_unlabelled=MORE
        )


def test_soft_labels_are_weights_that_add_up_to_one_per_row(fits):
    trained(Watched(), pseudo_labels="soft", max_rounds=1).fit(X, Y, X_unlabelled=UNLABELLED)
    rows, _, weight = fits[-1]
    assert weight[:24].tolist() == [1] * 24
    unique, place = np.unique(rows[24:], axis=0, return_inverse=True)
    assert len(unique) < len(rows) - 24
    np.testing.assert_allclose(np.bincount(place.ravel(), weight[24:]), 1)


def test_weights_of_rows_are_kept_in_all_rounds(fits):
    weight = np.linspace(0.5, 2, 24)
    trained(Watched(), max_rounds=1).fit(X, Y, X_unlabelled=UNLABELLED, sample_weight=weight)
    assert fits[-1][2][:24].tolist() == weight.tolist()
    assert set(fits[-1][2][24:]) == {1}


def test_pseudo_labels_keep_the_shares_of_the_classes(fits):
    few, labels = blobs(300, 6)
    for keep_balance in (True, False):
        biased = Watched(class_weight={"oil": 500, "cup": 1, "war": 1})
        trained(biased, keep_balance=keep_balance, threshold=0, max_rounds=1).fit(
            few, labels, X_unlabelled=UNLABELLED
        )
    kept, unlike = (np.mean(y[300:] == "oil") for _, y, _ in (fits[1], fits[3]))
    assert 0.3 < kept < 0.41 < unlike


def test_it_stops_when_pseudo_labels_settle():
    apart = 3 * np.eye(3)[np.searchsorted(np.sort(NAMES), Y)]
    assert trained(max_rounds=9).fit(apart, Y, X_unlabelled=apart + 1).n_rounds_ == 1


@pytest.mark.parametrize("fallback", [False, True])
def test_predictions_of_chance_make_no_pseudo_labels_and_are_not_compared(fits, fallback):
    rng = np.random.default_rng(0)
    teacher = DummyClassifier(strategy="constant", constant="a")
    X, unlabelled = rng.normal(size=(30, 2)), rng.normal(size=(9, 2))
    with pytest.warns(UserWarning, match="held out are not more often right than wrong") as warned:
        classifier = trained(Watched(), teacher=teacher, fallback=fallback).fit(
            X, ["a", "b", "c"] * 10, X_unlabelled=unlabelled
        )
    assert [one.filename for one in warned] == [__file__]
    assert (classifier.n_pseudo_labelled_, classifier.n_rounds_, len(fits)) == (0, 0, 1)
    assert classifier.held_out_gain_ == (0 if fallback else pytest.approx(np.nan, nan_ok=True))


def test_a_threshold_that_no_row_reaches_leaves_the_estimator_alone(fits):
    flat = Watched(C=1e-6)
    classifier = trained(flat, threshold=1.0, fallback=True).fit(X, Y, X_unlabelled=UNLABELLED)
    assert (classifier.n_pseudo_labelled_, classifier.n_rounds_) == (0, 0)
    assert classifier.held_out_gain_ == 0
    assert len(fits) == 5 + 2  # one per fold, the teacher, and the last


def misled(**params):
    """A classifier whose teacher sees noise only, and labels rows at random."""
    noise = FunctionTransformer(lambda X: np.sin(1e3 * X[:, 3:]))
    teacher = make_pipeline(noise, KNeighborsClassifier(1))
    return trained(teacher=teacher, threshold=0, fallback=True, **params)


MANY, LABELS_OF_MANY = blobs(60, 7)


def test_where_self_training_is_worse_on_held_out_rows_the_estimator_alone_is_kept():
    alone = LogisticRegression(C=1).fit(MANY, LABELS_OF_MANY)
    with pytest.warns(
        UserWarning, match=r"of 60 .* makes \d+ predictions wrong and \d+ right"
    ) as warned:
        classifier = misled().fit(MANY, LABELS_OF_MANY, X_unlabelled=UNLABELLED)
    assert [one.filename for one in warned] == [__file__]
    np.testing.assert_array_equal(classifier.predict_proba(X_TEST), alone.predict_proba(X_TEST))
    assert (classifier.n_rounds_, classifier.n_pseudo_labelled_) == (0, 0)
    assert classifier.held_out_gain_ < -0.1
    kept = misled().set_params(fallback=False).fit(MANY, LABELS_OF_MANY, X_unlabelled=UNLABELLED)
    assert kept.score(X_TEST, Y_TEST) < alone.score(X_TEST, Y_TEST) - 0.1
    assert np.isnan(kept.held_out_gain_)


def test_where_self_training_helps_the_comparison_changes_nothing():
    settings = {"X": X, "y": Y, "X_unlabelled": UNLABELLED}
    compared = trained(fallback=True).fit(**settings)
    expected = trained().fit(**settings).predict_proba(X_TEST)
    np.testing.assert_array_equal(compared.predict_proba(X_TEST), expected)
    assert 0 <= compared.held_out_gain_ < 1


def test_few_changed_predictions_are_no_reason_to_fall_back():
    few = slice(6)
    classifier = misled().fit(X[few], Y[few], X_unlabelled=UNLABELLED)
    assert classifier.n_rounds_ > 0


@pytest.mark.parametrize("source", ["estimator", "teacher", "embedder"])
def test_rows_are_compared_by_classifiers_that_have_not_seen_their_labels(fits, source):
    other = {"teacher": KNeighborsClassifier(3), "embedder": FunctionTransformer()}
    more = {source: other[source]} if source in other else {}
    params = {"fallback": True, "threshold": 0, "max_rounds": 1, **more}
    trained(Watched(), **params).fit(X, Y, X_unlabelled=UNLABELLED)
    n_of_fold = 2  # the student, and the one alone, which labels too without another source
    for rows, labels, _ in fits[: 5 * n_of_fold]:
        known = [(row == X).all(axis=1).any() for row in rows]
        assert 15 <= sum(known) < 24
        assert labels[np.array(known)].tolist() == [
            Y[(row == X).all(axis=1)][0] for row in rows[np.array(known)]
        ]
    assert len(fits) == 5 * n_of_fold + (2 if source == "estimator" else 1)


def test_copies_of_few_rows_are_no_reason_to_fall_back():
    X, y = np.tile(MANY[:6], (10, 1)), np.tile(LABELS_OF_MANY[:6], 10)
    assert misled().fit(X, y, X_unlabelled=UNLABELLED).n_rounds_ > 0


@pytest.mark.parametrize("source", ["estimator", "teacher", "embedder"])
@pytest.mark.parametrize("fallback", [False, True])
def test_labelled_rows_without_weight_are_not_there(source, fallback):
    other = {"teacher": GaussianNB(), "embedder": FunctionTransformer()}
    more = {source: other[source]} if source in other else {}
    wrong = np.roll(Y, 1)
    settings = {"fallback": fallback, "max_rounds": 1, **more}
    expected = trained(**settings).fit(X, Y, X_unlabelled=UNLABELLED, sample_weight=np.ones(24))
    both, weight = np.concatenate([X, X + 0.3]), np.repeat([1.0, 0.0], 24)
    found = trained(**settings).fit(
        both, np.concatenate([Y, wrong]), X_unlabelled=UNLABELLED, sample_weight=weight
    )
    np.testing.assert_array_equal(found.predict_proba(X_TEST), expected.predict_proba(X_TEST))
    for name in ("threshold_", "held_out_accuracy_", "held_out_gain_", "n_pseudo_labelled_"):
        np.testing.assert_equal(getattr(found, name), getattr(expected, name))


def test_the_comparison_takes_a_sample_of_many_unlabelled_rows(fits, monkeypatch):
    monkeypatch.setattr(_self_trained, "MOST_ROWS", 50)
    params = {"fallback": True, "threshold": 0, "max_rounds": 1}
    trained(Watched(), **params).fit(X, Y, X_unlabelled=UNLABELLED)
    assert max(len(rows) for rows, _, _ in fits[:-1]) < 24 + 50
    assert len(fits[-1][0]) == 24 + 300


def test_classifiers_that_earlier_versions_pickled_predict_as_before():
    classifier = trained().fit(X, Y, X_unlabelled=UNLABELLED)
    state = {k: v for k, v in vars(classifier).items() if k != "fallback"}
    restored = SelfTrainedClassifier.__new__(SelfTrainedClassifier)
    restored.__setstate__(state)
    assert restored.get_params()["fallback"] is False
    np.testing.assert_array_equal(restored.predict(X_TEST), classifier.predict(X_TEST))


def test_fits_are_repeatable():
    first, second = (trained().fit(X, Y, X_unlabelled=UNLABELLED) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X_TEST), second.predict_proba(X_TEST))


@pytest.mark.parametrize("to", [list, np.array, pd.Series, pl.Series], ids=lambda to: to.__name__)
def test_unlabelled_texts_come_in_any_container(to):
    classifier = trained(make_tfidf_pipeline(), max_rounds=1)
    expected = classifier.fit(TEXTS, LABELS, X_unlabelled=MORE).predict_proba(MORE)
    found = classifier.fit(pd.Series(TEXTS), LABELS, X_unlabelled=to(MORE)).predict_proba(MORE)
    np.testing.assert_array_equal(found, expected)


def test_unlabelled_texts_add_words():
    found = trained(make_tfidf_pipeline(), threshold=0).fit(TEXTS, LABELS, X_unlabelled=MORE)
    alone = make_tfidf_pipeline().fit(TEXTS, LABELS)
    assert np.ptp(alone.predict_proba(["of", "unseen"]), axis=0).max() == 0
    assert np.ptp(found.predict_proba(["of", "unseen"]), axis=0).max() > 0


def test_grid_search_and_cross_validation_pass_unlabelled_rows_to_every_fit():
    pipeline = make_pipeline(TfidfVectorizer(), MultinomialNB())
    search = GridSearchCV(trained(pipeline), {"estimator__multinomialnb__alpha": [0.1, 1]}, cv=2)
    search.fit(TEXTS, LABELS, X_unlabelled=MORE)
    assert search.best_estimator_.n_pseudo_labelled_ == 4
    scores = cross_val_score(
        trained(pipeline), TEXTS, LABELS, cv=3, params={"X_unlabelled": MORE}, error_score="raise"
    )
    assert scores.tolist() == [1, 1, 1]


def test_it_is_the_last_step_of_a_pipeline_with_missing_labels():
    both, y = sp.csr_array(np.concatenate([X, UNLABELLED])), [*Y, *[None] * 300]
    pipeline = make_pipeline("passthrough", trained()).fit(both, y)
    assert pipeline[-1].n_labelled_ == 24
    assert pipeline.score(sp.csr_array(X_TEST), Y_TEST) > 0.77


def test_texts_are_embedded_once_for_all_rounds(tiny_model, monkeypatch):
    seen = []
    encode = SentenceEmbedder._encode
    monkeypatch.setattr(
        SentenceEmbedder, "_encode", lambda self, texts: seen.extend(texts) or encode(self, texts)
    )
    votes = VotingClassifier(
        [("words", make_tfidf_pipeline()), ("vectors", make_embedding_pipeline(tiny_model))],
        voting="soft",
    )
    classifier = trained(votes, threshold=0, max_rounds=2).fit(TEXTS, LABELS, X_unlabelled=MORE)
    assert sorted(seen) == sorted({*TEXTS, *MORE})
    assert classifier.predict(MORE).tolist() == ["oil", "cup", "oil", "cup"]
    assert classifier.estimator_.estimators_[1].named_steps["embed"].cache is None


def test_it_is_explained_as_the_estimator_within_it():
    classifier = trained(make_tfidf_pipeline()).fit(TEXTS, LABELS, X_unlabelled=MORE)
    found = explain(classifier, MORE)
    assert found.method == "linear"
    pd.testing.assert_frame_equal(found.frame, explain(classifier.estimator_, MORE).frame)
    assert predicting_estimator(classifier) is classifier.estimator_


@pytest.mark.parametrize(
    ("params", "fit", "error", "message"),
    [
        ({"max_rounds": 0}, {}, ValueError, "'max_rounds' parameter"),
        ({"n_folds": 1}, {}, ValueError, "'n_folds' parameter"),
        ({"threshold": 1.5}, {}, ValueError, "'threshold' parameter"),
        ({"teacher": DummyClassifier(), "embedder": TfidfVectorizer()}, {}, ValueError, "got both"),
        ({"pseudo_labels": "no"}, {}, ValueError, "'pseudo_labels' parameter"),
        ({}, {"y": [None] * 24}, ValueError, "y must have at least one label, got 24 missing ones"),
        ({}, {"y": Y[:3]}, ValueError, "y must have one label per row of X, 24, got 3"),
        ({}, {"y": [[label] * 2 for label in Y]}, ValueError, "y must have one label per row, got"),
        ({}, {"X_unlabelled": UNLABELLED[:, :2]}, ValueError, "X_unlabelled must have rows like X"),
        ({"estimator": RidgeClassifier()}, {}, TypeError, "must have predict_proba, got Ridge"),
        (
            {"estimator": KNeighborsClassifier(), "pseudo_labels": "soft"},
            {},
            TypeError,
            "sample_weight is given, but fit of KNeighborsClassifier takes none",
        ),
    ],
)
def test_invalid_use_is_rejected_with_the_way_out(params, fit, error, message):
    classifier = trained(**params)
    with pytest.raises(error, match=message):
        classifier.fit(**{"X": X, "y": Y, "X_unlabelled": UNLABELLED} | fit)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(X)


def test_a_comparison_that_cannot_be_fitted_is_left_out_with_a_warning():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 5)
    X = rng.normal(size=(10, 2)) + 3 * y[:, None]
    unlabelled = rng.normal(size=(40, 2)) + 3 * rng.integers(2, size=(40, 1))
    five = CalibratedClassifierCV(LogisticRegression(), cv=5)  # rows of each class
    classifier = SelfTrainedClassifier(five, teacher=LogisticRegression(), random_state=0)
    with pytest.warns(UserWarning, match="not compared .* set fallback=False") as warned:
        classifier.fit(X, y, X_unlabelled=unlabelled)
    assert [one.filename for one in warned] == [__file__]
    assert classifier.n_rounds_ > 0
    assert np.isnan(classifier.held_out_gain_)
