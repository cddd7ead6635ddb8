import json
import pickle
import threading

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from agnews_sk.classifiers import AbstainingClassifier
from agnews_sk.evaluation import LearningCurves, learning_curves
from agnews_sk.evaluation._learning_curves import _stratified_order
from agnews_sk.evaluation._run_store import run_key
from agnews_sk.evaluation._statistics import corrected_t_test
from agnews_sk.reporting import LearningCurvesDisplay

RNG = np.random.default_rng(0)
Y = RNG.choice(["Sports", "World"], 200, p=[0.7, 0.3])
X = RNG.normal(size=(200, 3)) + (Y == "World")[:, None]


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch):
    monkeypatch.setattr("agnews_sk.evaluation._costs.MAX_LATENCY_CALLS", 1)


# The count is not part of the key of a run, as an attribute of the class would be.
COUNTS = threading.local()
COUNTS.fits = 0


class Counting(LogisticRegression):
    def fit(self, X, y):
        COUNTS.fits += 1
        return super().fit(X, y)


def curves(path=None, sizes=(20, 80), **options):
    pipelines = {"logistic": Counting(), "constant": DummyClassifier()}
    return learning_curves(pipelines, X, Y, sizes, path=path, **options)


def test_every_classifier_gets_the_same_rows_of_each_size_and_split():
    runs = curves().runs
    assert len(runs) == 2 * 2 * 5
    assert set(runs["n_train_rows"]) == {20, 80}
    assert (runs["n_test_rows"] == 40).all()


def test_the_curve_is_the_mean_over_splits_with_the_corrected_interval():
    found = curves()
    row = found.curve().query("classifier == 'logistic' and train_size == 80").iloc[0]
    scores = found.runs.query("classifier == 'logistic' and train_size == 80")["accuracy"]
    expected = corrected_t_test(scores, 40 / 80)
    assert (row["score"], row["n_splits"]) == (pytest.approx(scores.mean()), 5)
    np.testing.assert_allclose(row[["low", "high"]].astype(float), expected[1:3], atol=1e-12)
    plain = ttest_1samp(scores, 0).confidence_interval(0.95)
    assert row["low"] < plain.low


def test_intervals_of_few_splits_are_cut_at_what_scores_can_be():
    runs = pd.DataFrame(
        {
            "classifier": ["a", "a", "b", "b"],
            "train_size": 10,
            "fold": [0, 1, 0, 1],
            "n_train_rows": 10,
            "n_test_rows": 10,
            "accuracy": [0.5, 1.0, 0.0, 0.3],
        }
    )
    found = LearningCurves(runs=runs, confidence_level=0.95)
    assert found.curve()[["low", "high"]].to_numpy().tolist() == [[0, 1], [0, 1]]
    assert found.pairwise()[["low", "high"]].to_numpy().tolist() == [[-1, 1]]


def test_pairs_are_significant_only_if_the_interval_excludes_zero():
    pairs = curves().pairwise()
    assert pairs["train_size"].tolist() == [20, 80]
    crosses = (pairs["low"] <= 0) & (pairs["high"] >= 0)
    assert pairs["significant"].tolist() == (~crosses & (pairs["p_holm"] <= 0.05)).tolist()
    assert (pairs["p_holm"] >= pairs["p_value"]).all()


def test_any_first_part_of_the_order_has_the_shares_of_all_rows():
    labels = np.repeat(["a", "b", "c"], [60, 30, 10])
    order = _stratified_order(labels, seed=0)
    assert sorted(order) == list(range(100))
    for size in (10, 30, 50):
        first = labels[order[:size]]
        assert abs(np.mean(first == "a") - 0.6) <= 1 / size
        assert abs(np.mean(first == "c") - 0.1) <= 1 / size


def test_runs_are_stored_as_they_end_and_not_repeated(tmp_path):
    path = tmp_path / "runs.jsonl"
    first = curves(path)
    assert len(path.read_text().splitlines()) == 20
    fits = COUNTS.fits
    again = curves(path)
    assert COUNTS.fits == fits
    pd.testing.assert_frame_equal(again.runs, first.runs)


def test_an_interrupted_call_is_resumed(tmp_path):
    path = tmp_path / "runs.jsonl"
    whole = curves(path).runs
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:13]) + lines[13][:25])
    fits = COUNTS.fits
    again = curves(path).runs
    assert COUNTS.fits - fits == sum(json.loads(x)["classifier"] == "logistic" for x in lines[13:])
    scores = ["classifier", "train_size", "fold", "accuracy"]
    pd.testing.assert_frame_equal(again[scores], whole[scores])
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 20


@pytest.mark.parametrize("change", ["rows", "parameters", "seed"])
def test_runs_of_other_rows_parameters_or_splits_are_not_reused(tmp_path, change):
    path = tmp_path / "runs.jsonl"
    learning_curves({"a": Counting()}, X, Y, [20], path=path)
    fits = COUNTS.fits
    rows = X + 1 if change == "rows" else X
    pipeline = Counting(C=0.1) if change == "parameters" else Counting()
    seed = 1 if change == "seed" else 0
    learning_curves({"a": pipeline}, rows, Y, [20], path=path, random_state=seed)
    assert COUNTS.fits - fits == 5


class Held:
    """A setting whose repr does not show its content."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return "Held()"


class Holding(Counting):
    def __init__(self, held=None, C=1.0):
        super().__init__(C=C)
        self.held = held


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Held(1), Held(2)),
        (np.arange(5000), np.where(np.arange(5000) == 2500, 0, np.arange(5000))),
        ("x" * 1000 + "a", "x" * 1000 + "b"),
        (LogisticRegression(C=1), LogisticRegression(C=2)),
        (LogisticRegression(), DummyClassifier()),
    ],
    ids=["object", "long array", "long str", "parameter within", "estimator within"],
)
def test_the_key_of_a_run_covers_all_settings(tmp_path, before, after):
    path = tmp_path / "runs.jsonl"
    learning_curves({"a": Holding(before)}, X, Y, [20], path=path)
    fits = COUNTS.fits
    learning_curves({"a": Holding(before)}, X, Y, [20], path=path)
    assert COUNTS.fits == fits
    learning_curves({"a": Holding(after)}, X, Y, [20], path=path)
    assert COUNTS.fits == fits + 5


def test_the_key_of_a_run_covers_the_content_of_a_model(tmp_path):
    class OfModel(Counting):
        def __init__(self, model=None):
            super().__init__()
            self.model = model

    folder, path = tmp_path / "model", tmp_path / "runs.jsonl"
    folder.mkdir()
    fits = []
    for weights in (b"first", b"first", b"other"):
        (folder / "model.safetensors").write_bytes(weights)
        before = COUNTS.fits
        learning_curves({"a": OfModel(str(folder))}, X, Y, [20], path=path)
        fits.append(COUNTS.fits - before)
    assert fits == [5, 0, 5]


HOLDERS = {
    "alone": lambda frozen: frozen,
    "calibrated": CalibratedClassifierCV,
    "abstaining": lambda frozen: AbstainingClassifier(frozen, coverage=1.0),
    "in a pipeline": lambda frozen: make_pipeline(StandardScaler(), CalibratedClassifierCV(frozen)),
    "fitted on it": lambda frozen: FrozenEstimator(CalibratedClassifierCV(frozen).fit(X, Y)),
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_the_key_of_a_run_covers_frozen_estimators(tmp_path, holder):
    right, wrong = LogisticRegression().fit(X, Y), LogisticRegression().fit(X, Y[::-1])
    keys = [
        run_key("a", holder(FrozenEstimator(fitted)), 20, "", np.arange(20), np.arange(20, 40))
        for fitted in (right, wrong, pickle.loads(pickle.dumps(right)))
    ]
    assert keys[0] == keys[2] != keys[1]
    scores = []
    for fitted in (right, wrong):
        pipelines = {"a": holder(FrozenEstimator(fitted))}
        kept = learning_curves(pipelines, X, Y, [60], path=tmp_path / "runs.jsonl").runs
        made = learning_curves(pipelines, X, Y, [60]).runs
        assert kept["accuracy"].tolist() == made["accuracy"].tolist()
        scores.append(kept["accuracy"].mean())
    assert scores[0] != scores[1]


def test_a_fitted_classifier_and_other_containers_of_labels_find_their_runs(tmp_path):
    path = tmp_path / "runs.jsonl"
    learning_curves({"a": Counting()}, X, Y, [20], path=path)
    fitted = Counting().fit(X, Y)
    fits = COUNTS.fits
    learning_curves({"a": fitted}, X, pd.Series(Y, dtype="category"), [20], path=path)
    assert COUNTS.fits == fits


def test_lambdas_are_distinguished_by_their_code(tmp_path):
    fits = []
    for held in (lambda x: x + 1, lambda x: x + 1, lambda x: x + 2):
        before = COUNTS.fits
        learning_curves({"a": Holding(held)}, X, Y, [20], path=tmp_path / "runs.jsonl")
        fits.append(COUNTS.fits - before)
    assert fits == [5, 0, 5]


@pytest.mark.parametrize("content", ["title,text\na,b", "title", '[1, 2]\n{"a":', '{"a": 1}\n'])
def test_a_file_with_other_contents_is_rejected_and_kept(tmp_path, content):
    path = tmp_path / "data.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match="is not a file of runs"):
        learning_curves({"a": Counting()}, X, Y, [20], path=path)
    assert path.read_text() == content


def test_one_split_gives_scores_without_intervals():
    found = curves(cv=ShuffleSplit(1, random_state=0)).curve()
    assert found["score"].notna().all()
    assert found["low"].isna().all()


@pytest.mark.parametrize("sizes", [[0], [161], []], ids=["none", "too many", "empty"])
def test_sizes_that_a_split_does_not_have_are_rejected(sizes):
    with pytest.raises(ValueError, match="train_sizes must be from 1 to 160"):
        curves(sizes=sizes)


def test_the_display_has_a_line_and_a_band_for_each_classifier():
    pytest.importorskip("matplotlib")
    display = LearningCurvesDisplay.from_curves(curves())
    assert [line.get_label() for line in display.ax_.lines] == ["logistic", "constant"]
    assert len(display.ax_.collections) == 2
    assert display.figure_ is display.ax_.figure


def test_copies_are_not_on_both_sides_of_the_random_fifths():
    y = RNG.choice(["Sports", "World"], 50)
    copies, labels = np.tile(RNG.normal(size=(50, 3)), (4, 1)), np.tile(y, 4)
    nearest = {"nearest": KNeighborsClassifier(1)}
    runs = learning_curves(nearest, copies, labels, [100]).runs
    assert runs["accuracy"].mean() < 0.75
    whole = learning_curves(nearest, copies, labels, [100], cv=ShuffleSplit(2, random_state=0))
    assert whole.runs["accuracy"].mean() > 0.85


def test_sizes_that_are_given_twice_are_rejected():
    with pytest.raises(ValueError, match=r"must be different, got \[8, 8, 16\]"):
        curves(sizes=[8, 8, 16])
