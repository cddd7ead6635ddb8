"""Students of teachers: what the student is fitted to, and that no teacher has seen a row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from agnews_sk import CalibratedLogisticRegression, DistilledClassifier, make_tfidf_pipeline
from agnews_sk.classifiers import fit_on
from agnews_sk.ensembles import _teaching, make_soft_labels

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


def test_a_row_that_cannot_be_held_out_has_its_label():
    labels = Y.astype(object)
    labels[0] = "rare"
    soft_labels, _ = make_soft_labels(LogisticRegression(), X, labels)
    assert soft_labels[0].tolist() == [0, 0, 1]


def test_an_interrupted_call_goes_on(tmp_path, monkeypatch):
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
    with pytest.raises(ValueError, match="teacher must be a classifier, or fit gets soft_labels"):
        DistilledClassifier(LogisticRegression()).fit(X, Y)


def test_a_teacher_has_probabilities():
    with pytest.raises(TypeError, match="must have predict_proba, got LinearSVC"):
        DistilledClassifier(LogisticRegression(), LinearSVC()).fit(X, Y)


def test_several_labels_are_rejected():
    with pytest.raises(ValueError, match="y must have one label per row, got several"):
        DistilledClassifier(LogisticRegression(), LogisticRegression()).fit(X[:2], [["a"], ["b"]])
