"""Linear classifiers of rows with several labels."""

import copy

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss

from agnews_sk import load, make_tfidf_pipeline, save
from agnews_sk.classifiers import CalibratedLinearSVC, CalibratedLogisticRegression
from agnews_sk.classifiers._linear_sets import LabelRows, calibrate, fit_margins
from agnews_sk.persistence import ArtifactError

X, Y = make_multilabel_classification(600, 20, n_classes=4, random_state=0)
X = X / np.linalg.norm(X, axis=1, keepdims=True)
X_TEST, Y_TEST = X[400:], Y[400:]
X, Y = X[:400], Y[:400]
CLASSIFIERS = [CalibratedLinearSVC(random_state=0), CalibratedLogisticRegression(random_state=0)]
IDS = [type(classifier).__name__ for classifier in CLASSIFIERS]
both = pytest.mark.parametrize("classifier", CLASSIFIERS, ids=IDS)


def one_by_one(C):
    """A logistic regression of scikit-learn for each label."""
    return [LogisticRegression(C=C, max_iter=1000).fit(X, y) for y in Y.T]


@pytest.mark.parametrize("to_kind", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_the_descent_reaches_nearly_the_optimum(to_kind):
    rows = LabelRows(to_kind(X), Y.astype(bool), np.ones(400), np.ones((400, 1)))
    found = fit_margins(rows, C=3, max_iter=100, n_jobs=1)

    def objective(coef, intercept, label):
        margins = np.where(Y[:, label], 1, -1) * (X @ coef + intercept)
        return (coef**2).sum() / 2 + 3 * np.logaddexp(0, -margins).sum()

    for label, reference in enumerate(one_by_one(3)):
        ours = objective(found.coef[:, label], found.intercept[label], label)
        assert ours < 1.03 * objective(reference.coef_[0], reference.intercept_[0], label)


def test_a_rare_label_beside_frequent_ones_reaches_its_optimum():
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((1500, 30))
    odds = dense @ rng.standard_normal((30, 20)) + np.linspace(-12, 0, 20)
    marks = odds > 0
    rare = marks.sum(axis=0).argmin()
    rows = LabelRows(dense, marks, np.ones(1500), np.ones((1500, 1)))
    found = fit_margins(rows, C=1, max_iter=100, n_jobs=1)
    reference = LogisticRegression(C=1, tol=1e-8, max_iter=1000).fit(dense, marks[:, rare])

    def objective(coef, intercept):
        margins = np.where(marks[:, rare], 1, -1) * (dense @ coef + intercept)
        return (coef**2).sum() / 2 + np.logaddexp(0, -margins).sum()

    best = objective(reference.coef_[0], reference.intercept_[0])
    assert 5 < marks[:, rare].sum() < 50
    assert objective(found.coef[:, rare], found.intercept[rare]) < 1.05 * best


def test_the_result_does_not_depend_on_the_number_of_threads():
    indicator = np.hstack([Y] * 10).astype(bool)
    rows = LabelRows(sp.csr_array(X), indicator, np.ones(400), np.ones((400, 1)))
    fits = [fit_margins(rows, C=3, max_iter=100, n_jobs=n).coef for n in (1, 2, 3)]
    assert np.array_equal(fits[0], fits[1])
    assert np.array_equal(fits[0], fits[2])


def test_a_label_that_the_start_does_not_have_is_fitted_among_others():
    rows = LabelRows(sp.csr_array(X), Y.astype(bool), np.ones(400), np.ones((400, 1)))
    settings = {"C": 3, "max_iter": 100, "n_jobs": 1}
    expected = fit_margins(rows, **settings)
    start = expected._replace(coef=expected.coef * [1, 1, 0, 1])
    found = fit_margins(rows, start=start, **settings)
    assert np.array_equal(found.coef[:, 2], expected.coef[:, 2])


def test_labels_are_fitted_alike_many_or_few_at_a_time(monkeypatch):
    indicator = np.hstack([Y, ~Y.astype(bool), Y]).astype(bool)
    rows = LabelRows(sp.csr_array(X), indicator, np.ones(400), np.ones((400, 1)))
    fits = []
    for coefficients in (1, 1 << 20):
        monkeypatch.setattr("agnews_sk.classifiers._linear_sets._COEFFICIENTS", coefficients)
        fits.append(fit_margins(rows, C=3, max_iter=100, n_jobs=1).coef)
    np.testing.assert_allclose(fits[0], fits[1], rtol=1e-3, atol=1e-3)
    assert fits[0].all()


def test_a_label_is_fitted_regardless_of_the_others():
    rng = np.random.default_rng(0)
    marks = np.zeros((3000, 5))
    rare = rng.permutation(3000)[:75].reshape(5, 15)
    for label, rows in enumerate(rare):
        marks[rows, label] = 1
    words = sp.random_array((3000, 200), density=0.05, rng=rng)
    noisy = words @ rng.normal(size=(200, 30)) + rng.normal(size=(3000, 30)) > 0
    features = sp.hstack([words, sp.csr_array(marks)], format="csr")
    alone = CalibratedLinearSVC(random_state=0).fit(features, marks.astype(int))
    among = clone(alone).fit(features, np.hstack([noisy, marks]).astype(int))
    # Up to the slope, which calibrates all labels alike.
    assert np.corrcoef(among.coef_[30:].ravel(), alone.coef_.ravel())[0, 1] > 0.97
    assert (among.predict(features)[:, 30:] == marks).mean() > 0.999


@both
def test_a_label_that_no_row_has_is_never_predicted(classifier):
    with_none = np.column_stack([Y, np.zeros(400, int), np.ones(400, int)])
    predicted = clone(classifier).fit(X, with_none).predict(X_TEST)
    assert not predicted[:, 4].any()
    assert predicted[:, 5].all()


@pytest.mark.parametrize("scale", [1e-8, 1e8, 1e25])
def test_scales_of_weights_and_features_do_not_matter(scale):
    # Which rows are held out depends on their values.
    plain = CalibratedLinearSVC(calibration_fraction=None, random_state=0).fit(X, Y)
    expected = plain.predict_proba(X)
    heavy = clone(plain).set_params(C=1.5 / scale).fit(X, Y, np.full(400, scale))
    np.testing.assert_allclose(heavy.predict_proba(X), expected, atol=1e-3)
    large = clone(plain).set_params(C=1.5 / scale**2).fit(X * scale, Y)
    np.testing.assert_allclose(large.predict_proba(X * scale), expected, atol=1e-3)


def test_weights_of_labels_change_what_is_predicted():
    plain = CalibratedLinearSVC(threshold=0.5, random_state=0).fit(X, Y)
    heavy = clone(plain).set_params(class_weight={0: 20}).fit(X, Y)
    shares = [one.predict(X_TEST)[:, 0].mean() for one in (plain, heavy)]
    assert shares[1] > shares[0] + 0.2
    chosen = [clone(one).set_params(threshold="f1").fit(X, Y) for one in (plain, heavy)]
    same = chosen[0].predict(X_TEST)[:, 0] == chosen[1].predict(X_TEST)[:, 0]
    assert same.mean() > 0.85


@pytest.mark.parametrize("to_kind", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_without_calibration_they_are_those_of_scikit_learn_for_each_label(to_kind):
    ours = CalibratedLogisticRegression(C=10, calibration_fraction=None, tol=1e-6)
    ours.fit(to_kind(X), Y)
    expected = np.column_stack([one.predict_proba(X_TEST)[:, 1] for one in one_by_one(10)])
    np.testing.assert_allclose(ours.predict_proba(to_kind(X_TEST)), expected, atol=1e-2)


def test_calibration_finds_slope_and_shifts():
    rng = np.random.default_rng(0)
    odds = rng.normal(size=(20_000, 2)) * 2 + [-1, 1]
    true = rng.random(odds.shape) < 1 / (1 + np.exp(-odds))
    slope, shift = calibrate((odds - [0.5, -0.5]) / 4, true, np.ones((len(odds), 1)))
    assert slope == pytest.approx(4, rel=0.05)
    assert shift == pytest.approx([0.5, -0.5], abs=0.1)


def test_calibration_of_rows_that_are_all_right_stays_finite():
    true = np.array([[True], [False]] * 5)
    slope, shift = calibrate(np.where(true, 50.0, -50.0), true, np.ones((10, 1)))
    assert 0 < slope < 1
    assert np.isfinite(shift).all()


@both
def test_thresholds_beat_one_half_for_rare_labels(classifier):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2000, 20))
    margins = features @ rng.normal(size=(20, 4)) + rng.normal(scale=4, size=(2000, 4))
    rare = (margins > np.quantile(margins, 0.94, axis=0)).astype(int)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    chosen = clone(classifier).fit(features[:1000], rare[:1000])
    fixed = clone(chosen).set_params(threshold=0.5).fit(features[:1000], rare[:1000])
    assert fixed.thresholds_.tolist() == [0.5] * 4
    predicted = [one.predict(features[1000:]) for one in (chosen, fixed)]
    scores = [f1_score(rare[1000:], y, average="macro", zero_division=0) for y in predicted]
    assert scores[0] > scores[1] + 0.05
    right = np.mean((predicted[0] == rare[1000:]).all(axis=1))
    assert chosen.score(features[1000:], rare[1000:]) == right


@both
def test_probabilities_are_calibrated(classifier):
    y_proba = clone(classifier).fit(X, Y).predict_proba(X_TEST)
    losses = [log_loss(y, p) for y, p in zip(Y_TEST.T, y_proba.T)]
    constant = [log_loss(y, np.full(200, y.mean())) for y in Y_TEST.T]
    assert np.mean(losses) < 0.85 * np.mean(constant)


@both
def test_labels_weigh_as_their_rows_do(classifier):
    plain = clone(classifier).set_params(threshold=0.5, calibration_fraction=None)
    balanced = clone(plain).set_params(class_weight="balanced").fit(X, Y)
    heavy = clone(plain).set_params(class_weight={2: 20}).fit(X, Y)
    plain = plain.fit(X, Y)
    means = [one.predict_proba(X_TEST).mean(axis=0) for one in (plain, balanced, heavy)]
    assert means[2][2] > means[0][2] + 0.1
    np.testing.assert_allclose(means[2][:2], means[0][:2], atol=0.02)
    assert not np.allclose(balanced.coef_, plain.coef_)
    with pytest.raises(ValueError, match="class_weight must map labels of y to finite weights"):
        clone(plain).set_params(class_weight={9: 1}).fit(X, Y)


@both
def test_a_weight_of_zero_is_equivalent_to_absence(classifier):
    classifier = clone(classifier).set_params(random_state=0)
    weight = np.r_[np.ones(300), np.zeros(100)]
    weighted = clone(classifier).fit(X, Y, weight)
    without = clone(classifier).fit(X[:300], Y[:300])
    expected = without.predict_proba(X_TEST)
    np.testing.assert_allclose(weighted.predict_proba(X_TEST), expected, atol=1e-3)
    np.testing.assert_allclose(weighted.thresholds_, without.thresholds_, atol=1e-3)


@both
def test_a_second_fit_leaves_no_trace_of_several_labels(classifier):
    again = clone(classifier).fit(X, Y).fit(X, Y[:, 0])
    once = clone(classifier).fit(X, Y[:, 0])
    assert again.label_format_ is None
    assert again.thresholds_ is None
    assert np.array_equal(again.predict_proba(X), once.predict_proba(X))


@both
def test_two_labels_have_a_column_each(classifier):
    fitted = clone(classifier).fit(X, Y[:, :2])
    assert fitted.decision_function(X).shape == fitted.predict_proba(X).shape == (400, 2)
    assert fitted.predict(X).shape == (400, 2)


TEXTS = ["oil prices rise", "army attacks", "oil war", "cup final", "oil falls", "army war"] * 4
SETS = [["oil"], ["war"], ["oil", "war"], [], ["oil"], ["war"]] * 4


@pytest.fixture(scope="module")
def pipeline():
    return make_tfidf_pipeline().fit(TEXTS, SETS)


def test_a_pipeline_of_several_labels_is_saved(pipeline, tmp_path):
    save(pipeline, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.predict(TEXTS).tolist() == pipeline.predict(TEXTS).tolist()
    assert np.array_equal(again.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("thresholds_", np.array([0.5]), "without a threshold from 0 to 1 for each of 2 labels"),
        ("thresholds_", np.array([0.5, 1.5]), "without a threshold from 0 to 1"),
        ("label_format_", "pickle", "label sets in the format 'pickle'"),
    ],
    ids=["number", "range", "format"],
)
def test_forged_thresholds_are_rejected(pipeline, tmp_path, name, value, message):
    forged = copy.deepcopy(pipeline)
    setattr(forged[-1], name, value)
    save(forged, tmp_path / "model")
    with pytest.raises(ArtifactError, match=message):
        load(tmp_path / "model")


def test_samplers_keep_the_labels_of_rows():
    frame = pd.DataFrame({"text": [*TEXTS, None, "oil war"]})
    from agnews_sk.sampling import DuplicateFilter

    fitted = make_tfidf_pipeline(filter=DuplicateFilter()).fit(frame, [*SETS, ["lost"], ["oil"]])
    assert fitted.classes_.tolist() == ["lost", "oil", "war"]
    with pytest.warns(UserWarning, match=r"dropped all rows of the classes \['lost'\]"):
        fitted = make_tfidf_pipeline().fit(frame, [*SETS, ["lost"], ["oil"]])
    assert fitted.classes_.tolist() == ["oil", "war"]


@both
def test_the_numbers_0_and_1_mean_in_score_what_they_meant_in_fit(classifier):
    def lists(y):
        return [[label for label in (0, 1) if row[label]] for row in y]

    fitted = clone(classifier).fit(X, lists(Y))
    assert fitted.label_format_ == "lists"
    tested = lists(Y_TEST)
    by_row = [fitted.score(row[None], [labels]) for row, labels in zip(X_TEST, tested)]
    assert np.mean(by_row) == fitted.score(X_TEST, tested)
    assert fitted.score(X_TEST, fitted.predict(X_TEST).tolist()) == 1
    nested = clone(classifier).fit(X, Y[:, :2].tolist())
    assert nested.score(X_TEST, nested.predict(X_TEST).tolist()) == 1


SEEN = {
    "lists": lambda y: [["oil"] if one else [] for one in y[:, 0]],
    "sparse": sp.csr_array,
}
TESTED = {
    "array": np.asarray,
    "sparse": sp.csr_array,
    "nested lists": lambda y: y.tolist(),
    "bools": lambda y: y.astype(bool),
}


@pytest.mark.parametrize("tested", TESTED)
@pytest.mark.parametrize("seen", SEEN)
def test_one_label_is_scored_in_any_container(seen, tested):
    fitted = CalibratedLinearSVC(random_state=0).fit(X, SEEN[seen](Y[:, 1:2]))
    expected = fitted.score(X_TEST, SEEN[seen](Y_TEST[:, 1:2]))
    assert 0.5 < expected < 1
    assert fitted.score(X_TEST, TESTED[tested](Y_TEST[:, 1:2])) == expected
    frame = pd.DataFrame(Y_TEST[:, 1:2], columns=fitted.classes_)
    assert fitted.score(X_TEST, frame) == expected


def test_one_label_per_row_in_fit_is_one_in_score():
    fitted = CalibratedLinearSVC(random_state=0).fit(X, Y[:, 0])
    with pytest.raises(ValueError, match=r"y must be 1-D, .* got shape \(200, 4\); the guide"):
        fitted.score(X_TEST, Y_TEST)
