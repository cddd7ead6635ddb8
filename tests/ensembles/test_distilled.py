"""Students of teachers: what the student is fitted to, and that no teacher has seen a row."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from agnews_sk import (
    CalibratedLogisticRegression,
    CascadeClassifier,
    DistilledClassifier,
    make_tfidf_pipeline,
)
from agnews_sk.classifiers import check_soft_labels, fit_on, probabilities
from agnews_sk.ensembles import _teaching, make_soft_labels
from agnews_sk.ensembles._stored import StoredArrays
from agnews_sk.persistence import save
from agnews_sk.sampling import DuplicateFilter, LabelConflictFilter

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = np.where(X[:, 0] + 0.5 * RNG.normal(size=120) > 0, "b", "a")
MORE = RNG.normal(size=(60, 3))


class TakesSoftLabels(ClassifierMixin, BaseEstimator):
    """Keeps what its `fit` gets."""

    def fit(self, X, y, sample_weight=None, groups=None, soft_labels=None):
        self.classes_ = np.unique(y)
        self.got_ = {"X": X, "y": y, "weight": sample_weight, "soft_labels": soft_labels}
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


class Remembers(ClassifierMixin, BaseEstimator):
    """Is certain of the rows that it has seen, and of no other."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.seen_ = {row.tobytes(): label for row, label in zip(np.asarray(X), y)}
        return self

    def predict_proba(self, X):
        y_proba = np.full((len(X), len(self.classes_)), 1 / len(self.classes_))
        for i, row in enumerate(np.asarray(X)):
            if row.tobytes() in self.seen_:
                y_proba[i] = self.classes_ == self.seen_[row.tobytes()]
        return y_proba

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_no_teacher_has_seen_a_row_that_it_predicts():
    soft_labels, _ = make_soft_labels(Remembers(), X, Y)
    np.testing.assert_array_equal(soft_labels, 0.5)


def test_copies_of_a_row_are_predicted_by_one_teacher():
    soft_labels, _ = make_soft_labels(Remembers(), np.repeat(X, 2, axis=0), np.repeat(Y, 2))
    np.testing.assert_array_equal(soft_labels, 0.5)


def test_an_unlabelled_copy_is_predicted_by_the_teacher_that_has_not_seen_the_row():
    _, found = make_soft_labels(Remembers(), X, Y, np.concatenate([X[:40], MORE]))
    np.testing.assert_array_equal(found, 0.5)


def test_a_teacher_that_repeats_labels_teaches_nothing_but_these_shares():
    classifier = DistilledClassifier(TakesSoftLabels(), Remembers(), label_share=0)
    got = classifier.fit(X, Y, X_unlabelled=X[:40]).estimator_.got_
    np.testing.assert_array_equal(got["soft_labels"], 0.5)


def test_rows_of_one_origin_are_predicted_by_one_teacher():
    groups = np.arange(120) // 2
    seen = np.repeat(X[::2], 2, axis=0) + np.tile([[0.0], [1e-9]], (60, 3))
    near = KNeighborsClassifier(1)
    alone, _ = make_soft_labels(near, seen, np.repeat(Y[::2], 2))
    together, _ = make_soft_labels(near, seen, np.repeat(Y[::2], 2), groups=groups)
    truth = np.repeat(Y[::2], 2)[:, None] == np.unique(Y)
    assert (alone == truth).all(axis=1).mean() > (together == truth).all(axis=1).mean() + 0.05


def test_unlabelled_rows_are_predicted_by_the_mean_of_the_teachers():
    teacher = LogisticRegression()
    _, found = make_soft_labels(teacher, X, Y, MORE, n_folds=2)
    alone = clone(teacher).fit(X, Y).predict_proba(MORE)
    assert found.shape == (60, 2)
    np.testing.assert_allclose(found, alone, atol=0.2)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_fitted_teacher_predicts_all_rows():
    teacher = FrozenEstimator(LogisticRegression().fit(MORE, MORE[:, 0] > 0))
    labels = X[:, 0] > 0
    soft_labels, _ = make_soft_labels(teacher, X, labels)
    np.testing.assert_array_equal(soft_labels, teacher.predict_proba(X))


def test_rows_without_weight_are_as_none():
    weight = np.r_[np.zeros(20), np.ones(100)]
    found, of_more = make_soft_labels(LogisticRegression(), X, Y, MORE, sample_weight=weight)
    expected = make_soft_labels(LogisticRegression(), X[20:], Y[20:], MORE)
    np.testing.assert_allclose(found[20:], expected[0], atol=1e-4)
    np.testing.assert_allclose(of_more, expected[1], atol=1e-4)
    given = np.where(np.arange(120)[:, None] < 20, [1.0, 0.0], Y[:, None] == np.array(["a", "b"]))
    classifier = DistilledClassifier(TakesSoftLabels())
    assert classifier.fit(X, Y, sample_weight=weight, soft_labels=given).teacher_accuracy_ == 1


def test_several_teachers_predict_by_their_mean(tmp_path):
    fitted = make_tfidf_pipeline().fit(["oil up", "cup won"] * 4, ["b", "s"] * 4)
    teachers = [make_tfidf_pipeline(), FrozenEstimator(fitted), save(fitted, tmp_path / "model")]
    texts, labels = ["oil down", "cup lost", "oil price", "cup final"], ["b", "s", "b", "s"]
    alone = [make_soft_labels(one, texts, labels, ["oil"], n_folds=2) for one in teachers]
    together = make_soft_labels(teachers, texts, labels, ["oil"], n_folds=2)
    for found, expected in zip(together, zip(*alone)):
        np.testing.assert_allclose(found, np.mean(expected, axis=0))
    np.testing.assert_array_equal(alone[1][0], fitted.predict_proba(texts))
    np.testing.assert_array_equal(alone[2][0], alone[1][0])
    np.testing.assert_array_equal(alone[2][1], fitted.predict_proba(["oil"]))


def test_a_teacher_whose_samplers_drop_a_class_is_rejected():
    frame = pd.DataFrame({"text": ["oil up", "cup won", "oil down", "cup lost"] * 3})
    frame["text"] += [f" {i}" for i in range(12)]
    labels = np.array(["b", "s", "b", "s"] * 3)
    frame.loc[4:5, "text"] = None
    labels[4:6] = "n"
    with pytest.raises(ValueError, match=r"must know the classes .* without \['n'\]"):
        make_soft_labels(make_tfidf_pipeline(), frame, labels, n_folds=2)


@pytest.mark.parametrize("of_teacher", [["a", "c"], ["a"], ["a", "b", "c"]], ids=str)
def test_a_fitted_teacher_of_other_classes_is_rejected(of_teacher):
    teacher = FrozenEstimator(Remembers().fit(X[:3], (of_teacher * 3)[:3]))
    with pytest.raises(ValueError, match=r"must have the classes of y, \['a', 'b'\], got"):
        make_soft_labels(teacher, X, Y)


@pytest.mark.parametrize(
    ("teacher", "error", "message"),
    [
        ([], ValueError, "got an empty list"),
        (np.ones((120, 2)) / 2, TypeError, "got ndarray; pass probabilities to fit as soft_labels"),
        ([LogisticRegression(), None], TypeError, "got NoneType"),
    ],
    ids=["none", "array", "list"],
)
def test_what_is_no_teacher_is_rejected(teacher, error, message):
    with pytest.raises(error, match=message):
        DistilledClassifier(LogisticRegression(), teacher).fit(X, Y)


def test_a_row_that_cannot_be_held_out_has_its_label():
    labels = Y.astype(object)
    labels[0] = "rare"
    soft_labels, _ = make_soft_labels(LogisticRegression(), X, labels)
    assert soft_labels[0].tolist() == [0, 0, 1]


def test_a_fitted_teacher_that_was_interrupted_predicts_only_the_rows_that_are_left(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(_teaching, "_BLOCK", 50)
    predicted = []

    def stop_at_the_third(teacher, block, classes):
        predicted.append(len(block))
        if len(predicted) == 3:
            raise KeyboardInterrupt
        return probabilities(teacher, block, classes)

    monkeypatch.setattr(_teaching, "probabilities", stop_at_the_third)
    given = FrozenEstimator(LogisticRegression().fit(MORE, np.resize(["a", "b"], 60))), X, Y, MORE
    with pytest.raises(KeyboardInterrupt):
        make_soft_labels(*given, cache_dir=tmp_path)
    found = make_soft_labels(*given, cache_dir=tmp_path)
    assert predicted == [50, 50, 20, 20, 50, 10]
    np.testing.assert_array_equal(found[0], given[0].predict_proba(X))
    np.testing.assert_array_equal(found[1], given[0].predict_proba(MORE))
    other = FrozenEstimator(LogisticRegression().fit(MORE, np.resize(["a", "b", "b"], 60)))
    found, _ = make_soft_labels(other, X, Y, cache_dir=tmp_path)
    np.testing.assert_array_equal(found, other.predict_proba(X))


def test_an_interrupted_call_is_resumed(tmp_path, monkeypatch):
    n_fits = []

    def stop_at_the_third(*arguments):
        n_fits.append(1)
        if len(n_fits) == 3:
            raise KeyboardInterrupt
        return fit_on(*arguments)

    monkeypatch.setattr(_teaching, "fit_on", stop_at_the_third)
    expected = LogisticRegression(), X, Y, MORE
    with pytest.raises(KeyboardInterrupt):
        make_soft_labels(*expected, cache_dir=tmp_path)
    found = make_soft_labels(*expected, cache_dir=tmp_path)
    assert len(n_fits) == 3 + 3  # the two folds before are not fitted again
    make_soft_labels(*expected, cache_dir=tmp_path)
    assert len(n_fits) == 3 + 3
    for one, other in zip(found, make_soft_labels(*expected)):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("change", ["labels", "rows", "teacher", "unlabelled"])
def test_kept_predictions_are_those_of_the_same_call_only(tmp_path, change):
    given = {"teacher": LogisticRegression(), "X": X, "y": Y, "X_unlabelled": MORE}
    make_soft_labels(**given, cache_dir=tmp_path)
    n_files = len(list(tmp_path.iterdir()))
    other = {
        "labels": {"y": np.roll(Y, 1)},
        "rows": {"X": X + 1},
        "teacher": {"teacher": LogisticRegression(C=2)},
        "unlabelled": {"X_unlabelled": MORE + 1},
    }[change]
    make_soft_labels(**{**given, **other}, cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2 * n_files


def test_a_damaged_file_is_reported(tmp_path):
    make_soft_labels(LogisticRegression(), X, Y, cache_dir=tmp_path)
    damaged = next(tmp_path.iterdir())
    damaged.write_bytes(b"no arrays")
    with pytest.raises(ValueError, match=r"is damaged.*remove it"):
        make_soft_labels(LogisticRegression(), X, Y, cache_dir=tmp_path)


def test_the_student_gets_soft_labels_mixed_with_the_true_ones():
    given = np.column_stack([np.linspace(0, 1, 120), np.linspace(1, 0, 120)])
    classifier = DistilledClassifier(TakesSoftLabels(), label_share=0.25)
    got = classifier.fit(X, Y, soft_labels=given).estimator_.got_
    truth = Y[:, None] == np.unique(Y)
    np.testing.assert_allclose(got["soft_labels"], 0.25 * truth + 0.75 * given)


def test_a_temperature_evens_out_the_soft_labels():
    given = np.tile([0.9, 0.1], (120, 1))
    classifier = DistilledClassifier(TakesSoftLabels(), label_share=0, temperature=2)
    got = classifier.fit(X, Y, soft_labels=given).estimator_.got_
    np.testing.assert_allclose(got["soft_labels"], np.tile([0.75, 0.25], (120, 1)))


def test_unlabelled_rows_follow_the_labelled_ones():
    of_more = np.tile([0.3, 0.7], (60, 1))
    given = np.tile([0.5, 0.5], (120, 1))
    got = (
        DistilledClassifier(TakesSoftLabels(), label_share=0)
        .fit(X, Y, MORE, np.full(120, 2.0), None, given, of_more)
        .estimator_.got_
    )
    np.testing.assert_array_equal(got["X"], np.concatenate([X, MORE]))
    assert got["y"][120:].tolist() == ["b"] * 60
    assert got["weight"].tolist() == [2] * 120 + [1] * 60
    np.testing.assert_allclose(got["soft_labels"][120:], of_more)


def test_rows_of_many_classes_are_kept_with_their_most_probable_ones():
    labels = np.arange(120) % 40
    given = np.full((120, 40), 0.975 / 39)
    given[np.arange(120), labels] = 0.025 + 0.975 / 39
    given /= given.sum(axis=1, keepdims=True)
    student = DistilledClassifier(Remembers(), label_share=0).fit(X, labels, soft_labels=given)
    assert student.predict(X).tolist() == labels.tolist()


def test_a_student_without_soft_labels_gets_weighted_rows():
    given = np.column_stack([np.linspace(0, 1, 120), np.linspace(1, 0, 120)])
    repeated = DistilledClassifier(LogisticRegression(), label_share=0)
    found = repeated.fit(X, Y, soft_labels=given).predict_proba(X)
    softly = CalibratedLogisticRegression(C=1, tol=1e-6, calibration_fraction=None)
    expected = DistilledClassifier(softly, label_share=0).fit(X, Y, soft_labels=given)
    np.testing.assert_allclose(found, expected.predict_proba(X), atol=0.02)


def test_logistic_regression_fits_hard_soft_labels_like_labels():
    hard = (Y[:, None] == np.unique(Y)).astype(float)
    classifier = CalibratedLogisticRegression(random_state=0)
    expected = clone(classifier).fit(X, Y).coef_
    np.testing.assert_allclose(classifier.fit(X, Y, soft_labels=hard).coef_, expected, rtol=1e-4)


def test_soft_labels_follow_rows_that_samplers_drop():
    frame = pd.DataFrame({"text": ["oil up", None, "cup won", "oil down", "cup lost"] * 4})
    labels = np.array(["b", "b", "s", "b", "s"] * 4)
    given = np.where((labels == "b")[:, None], [0.9, 0.1], [0.2, 0.8])
    pipeline = make_tfidf_pipeline(classify__calibration_fraction=None)
    fitted = pipeline.fit(frame, labels, classify__soft_labels=given)
    kept = frame["text"].notna().to_numpy()
    expected = clone(pipeline).fit(frame[kept], labels[kept], classify__soft_labels=given[kept])
    np.testing.assert_allclose(
        fitted.predict_proba(frame), expected.predict_proba(frame), atol=1e-6
    )


def test_a_student_of_words_learns_from_a_teacher_of_texts(headlines):
    texts, labels = list(headlines[0]) * 3, list(headlines[1]) * 3
    texts = [f"{text} {i}" for i, text in enumerate(texts)]
    student = make_tfidf_pipeline(vectorize__words__max_features=5, characters=False)
    classifier = DistilledClassifier(student, make_tfidf_pipeline(), n_folds=2)
    classifier.fit(texts, labels, X_unlabelled=["oil stocks", "the coach wins"])
    assert classifier.classes_.tolist() == sorted(set(labels))
    assert 0.5 <= classifier.teacher_accuracy_ <= 1
    assert classifier.predict(texts).shape == (len(texts),)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.ones((120, 3)) / 3, r"shape \(120, 2\).*got \(120, 3\)"),
        (np.full((120, 2), 0.7), "sum to 1 in each row.*at position 0"),
        (np.tile([1.5, -0.5], (120, 1)), "sum to 1 in each row"),
        (np.full((120, 2), np.nan), "sum to 1 in each row"),
    ],
    ids=["shape", "sum", "negative", "nan"],
)
def test_anything_but_distributions_is_rejected(given, message):
    with pytest.raises(ValueError, match=message):
        DistilledClassifier(LogisticRegression()).fit(X, Y, soft_labels=given)


def test_a_teacher_or_soft_labels_are_needed():
    with pytest.raises(ValueError, match="a teacher, or soft_labels in fit, is needed"):
        DistilledClassifier(LogisticRegression()).fit(X, Y)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"soft_labels_unlabelled": np.ones((60, 2)) / 2}, "soft_labels_unlabelled needs soft_lab"),
        ({"soft_labels": np.ones((120, 2)) / 2}, r"soft_labels_unlabelled must have .* \(60, 2\)"),
    ],
    ids=["only unlabelled", "only labelled"],
)
def test_soft_labels_are_given_for_all_rows_or_none(given, message):
    classifier = DistilledClassifier(LogisticRegression(), LogisticRegression())
    with pytest.raises(ValueError, match=message):
        classifier.fit(X, Y, X_unlabelled=MORE, **given)


def test_unlabelled_rows_of_another_kind_are_rejected_before_a_teacher_is_fitted():
    frame = pd.DataFrame({"title": ["oil up", "cup won"] * 3})
    classifier = DistilledClassifier(make_tfidf_pipeline(), Remembers())
    with pytest.raises(TypeError, match="X_unlabelled must be of the kind of X"):
        classifier.fit(frame, ["a", "b"] * 3, X_unlabelled=["oil"])


def test_a_teacher_has_probabilities():
    with pytest.raises(TypeError, match="must have predict_proba, got LinearSVC"):
        DistilledClassifier(LogisticRegression(), LinearSVC()).fit(X, Y)


def test_several_labels_are_rejected():
    with pytest.raises(ValueError, match="y must have one label per row, got several"):
        DistilledClassifier(LogisticRegression(), LogisticRegression()).fit(X[:2], [["a"], ["b"]])


class Unseeded(ClassifierMixin, BaseEstimator):
    """Predicts at random, anew in each fit."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.shares_ = np.random.default_rng().dirichlet(np.ones(len(self.classes_)))
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_equal_teachers_without_a_seed_are_kept_one_by_one(tmp_path):
    several = [Unseeded(), Unseeded(), Unseeded()]
    first, _ = make_soft_labels(several, X, Y, n_folds=2, cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == 6
    again, _ = make_soft_labels(several, X, Y, n_folds=2, cache_dir=tmp_path)
    np.testing.assert_array_equal(again, first)
    alone, _ = make_soft_labels(Unseeded(), X, Y, n_folds=2, cache_dir=tmp_path)
    assert not np.allclose(alone, first)
    assert len(list(tmp_path.iterdir())) == 6


def test_an_unlabelled_copy_of_a_row_with_and_without_weight_is_not_seen():
    rows, labels = np.concatenate([X, X[:2]]), np.concatenate([Y, Y[:2]])
    weight = np.ones(len(rows))
    weight[-2:] = 0
    _, found = make_soft_labels(Remembers(), rows, labels, X[:3], sample_weight=weight)
    np.testing.assert_array_equal(found, 0.5)


@pytest.mark.parametrize("sampler", [DuplicateFilter(), LabelConflictFilter()], ids=repr)
def test_filters_that_compare_rows_are_rejected_where_rows_are_repeated(headlines, sampler):
    texts, labels = headlines
    student = make_tfidf_pipeline(filter=sampler, classify=LogisticRegression())
    with pytest.raises(TypeError, match=r"step 'filter' \(\w+Filter\) of the student drops or"):
        DistilledClassifier(student, make_tfidf_pipeline(), n_folds=2).fit(texts, labels)
    student.set_params(filter="passthrough")
    DistilledClassifier(student, make_tfidf_pipeline(), n_folds=2).fit(texts, labels)


def test_a_class_that_no_row_has_as_likely_is_known():
    soft_labels = np.tile([0.6, 0.39, 0.01], (len(X), 1))
    soft_labels[5] = 0.6, 0.38, 0.02
    labels = np.where(np.arange(len(X)) < 2, "c", Y)
    student = DistilledClassifier(LogisticRegression(), label_share=0)
    fitted = student.fit(X, labels, soft_labels=soft_labels)
    assert fitted.predict_proba(X).shape == (len(X), 3)
    assert fitted.classes_.tolist() == ["a", "b", "c"]
    soft_labels[:] = 0.6, 0.4, 0
    with pytest.raises(ValueError, match=r"above 0 for each class in some row, got 0 for \['c'\]"):
        student.fit(X, labels, soft_labels=soft_labels)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_columns_of_soft_labels_are_read_by_name(frame):
    b = RNG.uniform(0.1, 0.9, len(X))
    expected = check_soft_labels(np.column_stack([1 - b, b]), X, np.array(["a", "b"]))
    named = frame({"b": b, "a": 1 - b})
    np.testing.assert_allclose(check_soft_labels(named, X, np.array(["a", "b"])), expected)
    unnamed = frame(np.column_stack([1 - b, b]))
    np.testing.assert_allclose(check_soft_labels(unnamed, X, np.array(["a", "b"])), expected)
    with pytest.raises(ValueError, match=r"must be named as the classes \['a', 'b'\], got"):
        check_soft_labels(frame({"b": b, "z": 1 - b}), X, np.array(["a", "b"]))


def test_soft_labels_of_unlabelled_rows_need_these():
    soft_labels = np.full((len(X), 2), 0.5)
    with pytest.raises(ValueError, match="soft_labels_unlabelled needs X_unlabelled, got None"):
        DistilledClassifier(LogisticRegression()).fit(
            X, Y, soft_labels=soft_labels, soft_labels_unlabelled=soft_labels
        )


def test_threads_can_keep_the_same_arrays_at_once(tmp_path):
    store = StoredArrays(tmp_path)
    key = store.key_of("one")

    def compute():
        time.sleep(0.05)
        return [np.arange(1000)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: store.get_or_put(key, compute), range(4)))
    assert all(np.array_equal(one[0], np.arange(1000)) for one in found)
    assert len(list(tmp_path.iterdir())) == 1


class Mistaken(LogisticRegression):
    """Learns the labels of the next rows."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, np.roll(y, 1), sample_weight=sample_weight)


BETTER_ALONE = r"the student alone is right on .* of 120 rows .* without this teacher"


@pytest.mark.parametrize("student", [LogisticRegression(), make_pipeline(LogisticRegression())])
def test_a_teacher_worse_than_the_student_alone_is_a_warning(student):
    with pytest.warns(UserWarning, match=BETTER_ALONE):
        DistilledClassifier(student, Mistaken()).fit(X, Y)


def test_soft_labels_worse_than_the_student_alone_are_a_warning():
    wrong = np.eye(2)[(Y == "a").astype(int)]
    with pytest.warns(UserWarning, match=BETTER_ALONE):
        DistilledClassifier(LogisticRegression()).fit(X, Y, soft_labels=wrong)


@pytest.mark.parametrize(
    ("teacher", "options"),
    [
        (LogisticRegression(), {}),
        (KNeighborsClassifier(), {}),
        (Mistaken(), {"label_share": 1}),  # teaches nothing
    ],
    ids=["equal", "little worse", "without influence"],
)
@pytest.mark.parametrize("seed", range(5))
def test_other_teachers_are_no_warning(teacher, options, seed, recwarn):
    DistilledClassifier(LogisticRegression(), teacher, random_state=seed, **options).fit(X, Y)
    assert not [one for one in recwarn if "without this teacher" in str(one.message)]


class InEpochs(LogisticRegression):
    """Has the parameter of classifiers that are trained in epochs."""

    def __init__(self, max_epochs=1):
        super().__init__()
        self.max_epochs = max_epochs


@pytest.mark.parametrize(
    "student",
    [
        InEpochs(),
        make_pipeline(InEpochs()),
        CascadeClassifier([("fast", LogisticRegression()), ("slow", InEpochs())], max_passed=0.5),
    ],
    ids=["alone", "pipeline", "cascade"],
)
def test_students_that_are_trained_in_epochs_are_not_fitted_alone(student, recwarn):
    DistilledClassifier(student).fit(X, Y, soft_labels=np.eye(2)[(Y == "a").astype(int)])
    assert not [one for one in recwarn if "without this teacher" in str(one.message)]


def test_with_many_rows_the_student_is_fitted_once_more():
    fits = []

    class Counted(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            fits.append(len(X))
            return super().fit(X, y, sample_weight=sample_weight)

    many = np.concatenate([X + 1e-6 * i for i in range(25)])
    y = np.tile(Y, 25)
    DistilledClassifier(Counted()).fit(many, y, soft_labels=np.eye(2)[(y == "b").astype(int)])
    assert fits == [2_400, 3_000]
