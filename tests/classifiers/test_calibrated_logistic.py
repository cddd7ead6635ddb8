"""Logistic regression with a temperature."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, recall_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from agnews_sk.classifiers import CalibratedLinearSVC, CalibratedLogisticRegression

RNG = np.random.default_rng(0)
X = sp.random_array((600, 40), density=0.2, rng=RNG, format="csr")
MARGINS = X @ RNG.normal(size=(40, 3)) * 2
Y = np.array(["a", "b", "c"])[(MARGINS + RNG.gumbel(size=(600, 3))).argmax(axis=1)]
KINDS = pytest.mark.parametrize(
    "to_kind", [lambda rows: rows, lambda rows: rows.toarray()], ids=["sparse", "dense"]
)
PLAIN = CalibratedLogisticRegression(C=10, calibration_fraction=None, tol=1e-7, max_iter=500)
RANDOM = dict.fromkeys(
    [f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")],
    "the rows to calibrate on are drawn: repeated ones otherwise",
)


@parametrize_with_checks(
    [CalibratedLogisticRegression(random_state=0)], expected_failed_checks=lambda _: RANDOM
)
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@KINDS
@pytest.mark.parametrize("classes", [["a", "b"], ["a", "b", "c"]])
@pytest.mark.parametrize("class_weight", [None, "balanced", {"a": 3}])
def test_without_calibration_it_is_scikit_learns(classes, class_weight, to_kind):
    rows = np.isin(Y, classes)
    weight = np.random.default_rng(1).uniform(0.5, 2, rows.sum())
    ours = clone(PLAIN).set_params(class_weight=class_weight)
    ours.fit(to_kind(X[rows]), Y[rows], weight)
    reference = LogisticRegression(C=10, tol=1e-8, max_iter=5000, class_weight=class_weight)
    reference.fit(X[rows], Y[rows], weight)
    assert ours.coef_.shape == reference.coef_.shape
    expected = reference.predict_proba(X)
    np.testing.assert_allclose(ours.predict_proba(to_kind(X)), expected, atol=2e-3)
    assert ours.temperature_ == 1


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_weight_is_a_number_of_copies(class_weight):
    copies = np.random.default_rng(2).integers(0, 4, 600)
    repeated = np.repeat(np.arange(600), copies)
    ours = clone(PLAIN).set_params(class_weight=class_weight)
    weighted = clone(ours).fit(X, Y, copies)
    copied = ours.fit(X[repeated], Y[repeated])
    np.testing.assert_allclose(weighted.predict_proba(X), copied.predict_proba(X), atol=2e-3)


def test_the_temperature_improves_probabilities():
    few = 150
    plain = clone(PLAIN).set_params(C=1000).fit(X[:few], Y[:few])
    ours = clone(plain).set_params(calibration_fraction=0.3, random_state=0).fit(X[:few], Y[:few])
    assert ours.temperature_ > 1.2
    losses = [log_loss(Y[few:], one.predict_proba(X[few:])) for one in (plain, ours)]
    assert losses[1] < losses[0] - 0.05
    assert ours.score(X[few:], Y[few:]) > plain.score(X[few:], Y[few:]) - 0.02


def test_shifts_find_rare_classes_of_few_rows():
    # Each row has words of its own and one of 50 of its class, which few rows share.
    rng = np.random.default_rng(0)
    y = rng.choice(3, 400, p=[0.8, 0.15, 0.05])
    own = sp.csr_array((np.ones(400 * 8), (np.repeat(np.arange(400), 8), np.arange(3200))))
    shared = sp.csr_array((np.ones(400), (np.arange(400), rng.integers(0, 50, 400) + 50 * y)))
    rows = sp.hstack([own, shared], format="csr") / 3
    fitted, tested = np.arange(200), np.arange(200, 400)
    shifted = CalibratedLogisticRegression(C=10, random_state=0).fit(rows[fitted], y[fitted])
    plain = clone(shifted).set_params(calibration_fraction=None).fit(rows[fitted], y[fitted])
    recall = [
        recall_score(y[tested], one.predict(rows[tested]), average="macro")
        for one in (plain, shifted)
    ]
    assert recall[1] > recall[0] + 0.1


@pytest.mark.parametrize(("n_rows", "C"), [(100, 100), (500, 100), (50_000, 10), (200_000, 5)])
def test_few_rows_have_a_weaker_penalty(n_rows, C):
    rows = sp.csr_array((n_rows, 1))
    assert CalibratedLogisticRegression()._penalty(rows) == pytest.approx(C)
    assert CalibratedLogisticRegression(C=3)._penalty(rows) == 3


@pytest.mark.parametrize(("n_rows", "C"), [(36, 5), (900, 1), (4000, 1), (9000, 1.5)])
@pytest.mark.parametrize("scale", [1, 1e-4, 1e200])
def test_the_penalty_of_dense_rows_follows_their_scale(n_rows, C, scale):
    rows = np.resize([[3.0, 1], [3, -1]], (n_rows, 2)) * scale
    scale = 1 if scale == 1e200 else scale  # whose square is not finite
    ours = CalibratedLogisticRegression()
    assert ours._penalty(rows) == pytest.approx(C / scale**2)
    assert ours._penalty(rows, of_sets=True) == pytest.approx(3 / scale**2)


def test_held_out_rows_do_not_change_the_classifier():
    ours = clone(PLAIN).set_params(calibration_fraction=0.3, random_state=0).fit(X, Y)
    np.testing.assert_allclose(ours.coef_, clone(PLAIN).fit(X, Y).coef_, atol=0.05)


@KINDS
@pytest.mark.parametrize("sets", [False, True], ids=["one label", "several"])
def test_a_warm_start_takes_fewer_steps(sets, to_kind):
    features, y = to_kind(X), [[label] for label in Y] if sets else Y
    warm = clone(PLAIN).set_params(warm_start=True, tol=1e-5).fit(features, y)
    cold, before = warm.n_iter_, warm.coef_
    warm.fit(features, y)
    assert warm.n_iter_ < cold / 3
    np.testing.assert_allclose(warm.coef_, before, atol=0.1)
    warm.fit(features[:, :30], y)
    assert warm.coef_.shape == (3, 30)


@KINDS
def test_an_l1_penalty_leaves_features_out(to_kind):
    sparse = clone(PLAIN).set_params(l1_ratio=1.0, C=0.2).fit(to_kind(X), Y)
    assert 0.2 < (sparse.coef_ == 0).mean() < 1


@pytest.mark.parametrize("C", [10, 1000])
def test_an_l1_penalty_of_rows_that_are_all_right_converges(C):
    few = slice(0, 40)
    sparse = clone(PLAIN).set_params(l1_ratio=1.0, C=C, tol=1e-4).fit(X[few], Y[few])
    assert 0 < sparse.n_iter_ < 200
    assert sparse.score(X[few], Y[few]) == 1
    assert (sparse.coef_ == 0).mean() > 0.3


def test_a_fit_that_stops_early_warns():
    message = r"stopped after 1 step, before it converged to tol=1e-07; increase max_iter=1"
    with pytest.warns(ConvergenceWarning, match=message):
        clone(PLAIN).set_params(max_iter=1).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CalibratedLogisticRegression(random_state=0).fit(X, Y)


def test_sets_of_labels_are_fitted_with_the_same_parameters():
    sets = [[str(y)] if i % 3 else [str(y), "third"] for i, y in enumerate(Y)]
    dense = CalibratedLogisticRegression(random_state=0).fit(X, sets)
    sparse = CalibratedLogisticRegression(random_state=0, l1_ratio=1.0, C=0.2).fit(X, sets)
    assert dense.classes_.tolist() == ["a", "b", "c", "third"]
    assert (sparse.coef_ == 0).mean() > (dense.coef_ == 0).mean() + 0.1
    assert dense.predict(X)[0] == sorted(dense.predict(X)[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [("C", 0), ("l1_ratio", 1.5), ("tol", -1), ("max_iter", 0), ("warm_start", 2)],
)
def test_bad_parameters_are_rejected(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of CalibratedLogisticRegression"):
        CalibratedLogisticRegression(**{name: value}).fit(X, Y)


def test_a_sparse_array_of_one_dimension_is_rejected():
    X = sp.csr_array(np.eye(6))
    classifier = CalibratedLogisticRegression(calibration_fraction=None).fit(X, np.arange(6) % 2)
    with pytest.raises(ValueError, match="Expected 2D"):
        classifier.predict(X[0])


@pytest.mark.parametrize("make", [CalibratedLogisticRegression, CalibratedLinearSVC])
def test_the_warning_of_a_class_without_rows_to_hold_out_points_at_the_fit(make):
    X = np.random.default_rng(0).normal(size=(60, 5))
    labels = np.array(["a", "b", "c"])[np.arange(60) % 3]
    labels[:2] = "r", "a"
    with pytest.warns(UserWarning, match=r"without the classes \['r'\]") as caught:
        make(random_state=0).fit(X, labels)
    assert caught[0].filename == __file__
