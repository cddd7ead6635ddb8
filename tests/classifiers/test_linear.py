import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

from agnews_sk import make_news, make_tfidf_pipeline
from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.classifiers._unseen import as_unseen

WEIGHTS = "the order of rows is drawn, and those to calibrate on: repeated ones otherwise"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": WEIGHTS,
    "check_sample_weight_equivalence_on_sparse_data": WEIGHTS,
}


@parametrize_with_checks(
    [CalibratedLinearSVC(random_state=0)], expected_failed_checks=lambda _: EXPECTED_FAILURES
)
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(params=[2, 4], ids="{} classes".format)
def rows(request):
    X, y = make_classification(
        2000, 20, n_informative=8, n_classes=request.param, flip_y=0.2, random_state=0
    )
    labels = np.array(list("abcd"))[y]
    return X[:1000], labels[:1000], X[1000:], labels[1000:]


def _objectives(classifier, X, y, C):
    """Half the squared norm plus C times the hinge losses, of each class against the rest."""
    margins = X @ classifier.coef_.T + classifier.intercept_
    signs = np.where(y[:, None] == classifier.classes_[-margins.shape[1] :], 1, -1)
    losses = np.maximum(0, 1 - signs * margins).sum(axis=0)
    return (classifier.coef_**2).sum(axis=1) / 2 + C * losses


def test_the_objective_reaches_that_of_the_linear_svc(rows):
    X, y, _, _ = rows
    ours = CalibratedLinearSVC(C=0.3, random_state=0).fit(X, y)
    reference = LinearSVC(C=0.3, loss="hinge", max_iter=100_000, random_state=0).fit(X, y)
    assert (_objectives(ours, X, y, 0.3) < 1.05 * _objectives(reference, X, y, 0.3)).all()
    one_pass = clone(ours).set_params(max_iter=1).fit(X, y)
    assert (_objectives(one_pass, X, y, 0.3) > _objectives(ours, X, y, 0.3)).all()


@pytest.mark.parametrize(("n_rows", "passes"), [(50, 100), (5_000, 10), (30_000, 5)])
def test_the_fewer_the_rows_the_more_passes(n_rows, passes):
    X = np.linspace(-1, 1, n_rows)[:, None]
    classifier = CalibratedLinearSVC(calibration_fraction=None, random_state=0)
    assert classifier.fit(X, X.ravel() > 0).n_iter_ == passes


def test_labels_are_the_most_probable(rows):
    X, y, X_test, _ = rows
    ours = CalibratedLinearSVC(random_state=0).fit(X, y)
    probabilities = ours.predict_proba(X_test)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(ours.classes_[probabilities.argmax(axis=1)], ours.predict(X_test))


def test_the_temperature_improves_the_log_loss_of_unseen_rows(rows):
    X, y, X_test, y_test = rows
    calibrated = CalibratedLinearSVC(random_state=0).fit(X, y)
    plain = CalibratedLinearSVC(calibration_fraction=None, random_state=0).fit(X, y)
    assert plain.temperature_ == 1.0 != calibrated.temperature_
    assert log_loss(y_test, calibrated.predict_proba(X_test)) < log_loss(
        y_test, plain.predict_proba(X_test)
    )


def test_a_class_too_rare_to_calibrate_on_warns_and_the_others_are_calibrated(rows):
    X, y, X_test, _ = rows
    with_rare = np.r_[["z"], y[1:]]
    with pytest.warns(UserWarning, match=r"chosen without the classes \['z'\]"):
        classifier = CalibratedLinearSVC(random_state=0).fit(X, with_rare)
    without = CalibratedLinearSVC(random_state=0).fit(X[1:], y[1:])
    confidence = [c.predict_proba(X_test).max(axis=1).mean() for c in (classifier, without)]
    assert confidence[0] == pytest.approx(confidence[1], abs=0.05)


@pytest.mark.parametrize("n_rows", [4, 10, 40])
def test_few_rows_that_are_all_classified_correctly_give_no_certainty(n_rows):
    X = np.repeat([[1.0], [-1.0]], n_rows // 2, axis=0) + np.linspace(0, 0.1, n_rows)[:, None]
    classifier = CalibratedLinearSVC(random_state=0).fit(X, np.repeat(["a", "b"], n_rows // 2))
    assert 1 - classifier.predict_proba(X).max() > 1 / (n_rows + 10)


@pytest.mark.parametrize("class_weight", ["balanced", {"a": 5, "b": 0.2}], ids=["balanced", "dict"])
def test_a_class_weight_is_the_same_as_that_weight_of_each_row(rows, class_weight):
    X, y, X_test, _ = rows
    kept = np.r_[np.flatnonzero(y != "a"), np.flatnonzero(y == "a")[:20]]
    X, y = X[kept], y[kept]
    by_class = CalibratedLinearSVC(class_weight=class_weight, random_state=0).fit(X, y)
    weight = compute_sample_weight(class_weight, y)
    by_row = CalibratedLinearSVC(random_state=0).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(by_class.predict_proba(X_test), by_row.predict_proba(X_test))


def test_copies_of_rows_do_not_make_the_temperature_more_confident(rows):
    X, y, _, _ = rows
    copies = np.repeat(np.arange(300), 4)
    of_rows = CalibratedLinearSVC(random_state=0).fit(X[:300], y[:300]).temperature_
    of_copies = CalibratedLinearSVC(random_state=0).fit(X[copies], y[copies]).temperature_
    assert of_copies > 0.8 * of_rows


def test_rows_of_one_group_are_held_out_together(rows):
    X, y, _, _ = rows
    copies = np.repeat(np.arange(300), 4)
    noisy = X[copies] + np.random.default_rng(0).normal(scale=1e-3, size=(1200, X.shape[1]))
    alone = CalibratedLinearSVC(C=100, random_state=0).fit(noisy, y[copies])
    grouped = CalibratedLinearSVC(C=100, random_state=0).fit(noisy, y[copies], groups=copies)
    assert grouped.temperature_ > 1.1 * alone.temperature_


def test_features_of_held_out_rows_alone_are_left_out_and_the_length_is_kept():
    fitted = sp.csr_array([[1.0, 0, 0, 0]])
    out = sp.csr_array([[0.6, 0, 0.8, 0], [0, 0, 1.0, 0], [1.0, 0, 0, 0]])
    unseen = as_unseen(out, fitted).toarray()
    np.testing.assert_allclose(unseen, [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    counts = sp.csr_array([[1.0, 0, 2, 0], [1, 0, 0, 0]])
    np.testing.assert_allclose(as_unseen(counts, fitted).toarray(), [[1, 0, 0, 0], [1, 0, 0, 0]])


def test_a_row_of_another_length_does_not_stop_the_others_from_being_scaled():
    fitted = sp.csr_array([[1.0, 0, 1.0]])
    out = sp.csr_array([[0.6, 0.8, 0], [0.8, 0.6, 0], [1.0, 0, 0], [0.1, 0.1, 0]])
    unseen = as_unseen(out, fitted).toarray()
    np.testing.assert_allclose(unseen, [[1, 0, 0], [1, 0, 0], [1, 0, 0], [0.1, 0, 0]])
    assert as_unseen(out[:0], fitted).shape == (0, 3)


def test_probabilities_of_few_texts_are_honest():
    frame, y = make_news(5_800, random_state=0, return_X_y=True)
    pipeline = make_tfidf_pipeline().fit(frame[:800], y[:800])
    probabilities = pipeline.predict_proba(frame[800:])
    is_right = pipeline.classes_[probabilities.argmax(axis=1)] == y[800:]
    assert abs(probabilities.max(axis=1).mean() - is_right.mean()) < 0.03


def test_a_seeded_fit_repeats_to_the_last_bit_on_any_number_of_threads():
    X, y = make_classification(12_000, 20, n_informative=8, n_classes=4, random_state=0)
    fits = [
        CalibratedLinearSVC(random_state=0, n_jobs=n_jobs).fit(X, y).predict_proba(X[:100])
        for n_jobs in (1, 2, 2, 2)
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(other, fits[0])


def test_one_class_is_rejected():
    with pytest.raises(ValueError, match="at least 2 classes, got 1 class: 'a'"):
        CalibratedLinearSVC().fit(np.eye(3), list("aaa"))


def test_a_weight_of_zero_is_equivalent_to_absence(rows):
    X, y, X_test, _ = rows
    weight = np.r_[np.ones(800), np.zeros(200)]
    classifier = CalibratedLinearSVC(calibration_fraction=None, random_state=0)
    weighted = clone(classifier).fit(X, y, weight).decision_function(X_test)
    without = clone(classifier).fit(X[:800], y[:800]).decision_function(X_test)
    np.testing.assert_array_equal(weighted, without)


def test_a_class_without_weight_keeps_its_column_and_is_never_predicted(rows):
    X, y, X_test, _ = rows
    classifier = CalibratedLinearSVC(random_state=0).fit(X, y, (y != "b").astype(float))
    assert classifier.classes_.tolist() == sorted(set(y))
    assert classifier.predict_proba(X_test).shape == (1000, len(classifier.classes_))
    assert set(classifier.predict(X_test)) == set(y) - {"b"}


def test_the_temperature_is_chosen_on_rows_with_weight(rows):
    X, y, _, _ = rows
    weight = np.zeros(len(y))
    for label in set(y):
        weight[np.flatnonzero(y == label)[:2]] = 1
    kept = weight > 0
    classifier = CalibratedLinearSVC(random_state=0)
    weighted = clone(classifier).fit(X, y, weight)
    assert weighted.temperature_ == clone(classifier).fit(X[kept], y[kept]).temperature_


def test_indices_of_64_bits_are_equivalent_to_those_of_32(rows):
    X, y, X_test, _ = rows
    short, long = sp.csr_array(X), sp.csr_array(X)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    fits = [CalibratedLinearSVC(random_state=0).fit(one, y) for one in (short, long)]
    np.testing.assert_array_equal(fits[0].predict_proba(X_test), fits[1].predict_proba(X_test))
    assert long.indices.dtype == np.int64


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")
def test_an_overflow_of_the_decision_function_raises_an_error_instead_of_nan(rows):
    X, y, _, _ = rows
    with pytest.raises(ValueError, match="decision function overflows on X; scale its rows"):
        CalibratedLinearSVC(random_state=0).fit(X * 1e200, y)
    fitted = CalibratedLinearSVC(random_state=0).fit(X, y)
    long_row = np.sign(fitted.coef_[:1]) * np.finfo(float).max
    for method in (fitted.predict, fitted.predict_proba, fitted.decision_function):
        with pytest.raises(ValueError, match="decision function overflows"):
            method(long_row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, 1:], "features, but CalibratedLinearSVC is expecting"),
        (lambda X: X * np.nan, "Input X contains NaN"),
        (lambda X: X * np.inf, "Input X contains"),
        (lambda X: X[:0], "Found array with 0 sample"),
    ],
    ids=["fewer features", "missing", "infinite", "no rows"],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_a_sparse_matrix_that_does_not_suit_is_rejected(change, message, rows):
    X, y, _, _ = rows
    fitted = CalibratedLinearSVC(random_state=0).fit(sp.csr_array(X), y)
    with pytest.raises(ValueError, match=message):
        fitted.predict(sp.csr_array(change(X)))
