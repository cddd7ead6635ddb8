"""Torch classifiers of rows with several labels."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import f1_score

from agnews_sk import load, make_transformer_pipeline, save
from agnews_sk.classifiers import TransformerClassifier
from agnews_sk.classifiers._net_thresholds import Parts, divide_rows, thresholds_of_net
from agnews_sk.persistence import ArtifactError
from agnews_sk.tokenization import Vocabulary, WordTokenizer
from agnews_sk.training import TextRows

LABELS = ["cup", "oil", "war"]
WORDS = [*LABELS, "tea", "sun", "sea", "sky", "fog"]
TEXTS = [" ".join(words) for words in np.random.default_rng(0).choice(WORDS, (300, 4))]
SETS = [[label for label in LABELS if label in text.split()] for text in TEXTS]
Y = np.array([[int(label in row) for label in LABELS] for row in SETS])
IDS = Vocabulary().fit_transform(WordTokenizer().transform(TEXTS))
SMALL = {"d_model": 16, "n_heads": 2, "n_layers": 1, "random_state": 0}


def net(**params):
    return TransformerClassifier(**{**SMALL, "max_epochs": 1, **params})


@pytest.fixture(scope="module")
def learned():
    return net(max_epochs=12, token_dropout=0.0, learning_rate=1e-2).fit(IDS, SETS)


def test_labels_are_learned_and_predicted_as_lists(learned):
    assert learned.classes_.tolist() == LABELS
    assert learned.score(IDS, SETS) > 0.95
    assert all(set(row) <= set(LABELS) for row in learned.predict(IDS))
    y_proba = learned.predict_proba(IDS)
    np.testing.assert_allclose(y_proba, expit(learned.decision_function(IDS)), atol=1e-6)
    np.testing.assert_allclose(learned.predict_log_proba(IDS), np.log(y_proba), rtol=1e-5)
    assert y_proba[Y.sum(axis=1) == 2].sum(axis=1).mean() > 1.5
    assert y_proba[Y.sum(axis=1) == 0].sum(axis=1).mean() < 0.5


def test_the_loss_is_the_mean_of_binary_cross_entropies(learned):
    frozen = clone(learned).set_params(max_epochs=1, learning_rate=1e-12, warmup=0, dropout=0.0)
    fitted = frozen.set_params(threshold=0.5, schedule="constant").fit(IDS, SETS)
    logits = torch.from_numpy(fitted.decision_function(IDS))
    expected = torch.nn.BCEWithLogitsLoss()(logits, torch.from_numpy(Y).float()).item()
    assert fitted.history_.train_loss[0] == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize(
    "kind",
    [np.asarray, lambda Y: Y.astype(bool), sp.csr_array, pd.DataFrame],
    ids=["array", "bool", "sparse", "frame"],
)
def test_predictions_are_of_the_kind_of_the_labels(kind):
    y = kind(Y)
    fitted = net().fit(IDS, y)
    found = fitted.predict(IDS)
    assert sp.issparse(found) if sp.issparse(y) else type(found) is type(y)
    assert found.shape == y.shape
    assert kind is pd.DataFrame or found.dtype == y.dtype
    lists = net().fit(IDS, SETS)
    assert np.array_equal(fitted.predict_proba(IDS), lists.predict_proba(IDS))


def rows_of(indicator):
    n = len(indicator)
    return TextRows(np.arange(n), np.arange(n + 1), indicator.astype(np.float32))


def divided(chooses=True, fraction=None, valid=None, **more):
    shared = {"groups": None, "sample_weight": None, "classes": np.array(LABELS), "seed": 0}
    return divide_rows(rows_of(Y), valid, fraction=fraction, chooses=chooses, **{**shared, **more})


def test_thresholds_are_chosen_on_rows_that_are_not_trained_on():
    without = divided()
    assert len(without.train) + len(without.chosen_on) == 300
    assert len(without.chosen_on) == pytest.approx(30, abs=1)
    assert without.valid is None
    assert not set(without.train.values) & set(without.chosen_on.values)
    validated = divided(fraction=0.2, sample_weight=np.arange(300.0))
    assert len(validated.train) == pytest.approx(240, abs=1)
    assert validated.chosen_on is validated.valid
    assert validated.weight.tolist() == validated.valid.values.tolist()
    given = divided(valid=rows_of(Y[:9]))
    assert len(given.train) == 300
    assert given.chosen_on is given.valid
    fixed = divided(chooses=False)
    assert (len(fixed.train), fixed.chosen_on) == (300, None)


def test_rows_are_held_out_by_label_sets_and_groups():
    shares = divided(fraction=0.2).valid.target.mean(axis=0)
    np.testing.assert_allclose(shares, Y.mean(axis=0), atol=0.03)
    groups = np.arange(300) // 10
    held_out = divided(groups=groups).chosen_on.values
    assert len(held_out) == 10 * len(set(groups[held_out]))


class FixedNet:
    """A net with given logits for each row."""

    def __init__(self, logits):
        self.by_row = logits

    def logits(self, rows):
        return self.by_row[rows.values].astype(np.float32)


def test_thresholds_suit_logits_that_are_not_calibrated():
    rng = np.random.default_rng(0)
    odds = rng.normal(size=(4000, 2)) * 2 - [2, 3]
    true = rng.random(odds.shape) < expit(odds)
    parts = Parts(rows_of(true), None, rows_of(true))
    plain = thresholds_of_net("f1", FixedNet(odds), parts, true)
    skewed = thresholds_of_net("f1", FixedNet(3 * odds + 4), parts, true)
    np.testing.assert_allclose(skewed, expit(3 * np.log(plain / (1 - plain)) + 4), atol=0.02)
    best = f1_score(true, expit(odds) >= plain, average="macro")
    assert best > f1_score(true, expit(odds) >= 0.5, average="macro") + 0.05


def test_a_label_of_all_rows_or_none_needs_no_held_out_row():
    y = Y.copy()
    y[:, 0], y[:, 2] = 0, 1
    fitted = net().fit(IDS, y)
    assert fitted.thresholds_[[0, 2]].tolist() == [1, 0]
    assert fitted.predict(IDS)[:, [0, 2]].tolist() == [[0, 1]] * 300
    assert net(threshold=0.3).fit(IDS, y).thresholds_.tolist() == [0.3] * 3
    few = net().fit(IDS[:3], [["oil"], ["war"], []])
    assert few.thresholds_.tolist() == [0.5, 0.5]


def test_rows_to_validate_on_have_sets_of_labels_too(learned):
    fitted = net(patience=1, max_epochs=2).fit(IDS, SETS, X_val=IDS[:50], y_val=SETS[:50])
    matrix = net(patience=1, max_epochs=2).fit(IDS, SETS, X_val=IDS[:50], y_val=Y[:50])
    assert fitted.history_.valid_loss.tolist() == matrix.history_.valid_loss.tolist()
    right = (fitted.predict_proba(IDS[:50]) >= 0.5) == Y[:50]
    assert fitted.history_.valid_accuracy.max() == pytest.approx(right.all(axis=1).mean())
    with pytest.raises(ValueError, match=r"y_val has labels that y lacks: \['tea'\]"):
        net().fit(IDS, SETS, X_val=IDS[:1], y_val=[["tea", "oil"]])
    with pytest.raises(TypeError, match="y_val must hold a list, tuple or set of labels"):
        net().fit(IDS, SETS, X_val=IDS[:1], y_val=["oil"])
    with pytest.raises((TypeError, ValueError), match="y_val"):
        net().fit(IDS, ["a", "b"] * 150, X_val=IDS[:2], y_val=[["a"], []])


def test_a_rare_label_is_named_where_no_row_of_it_is_held_out():
    rare = [["rare", *SETS[0]], *SETS[1:]]
    with pytest.warns(UserWarning, match=r"no rows of the classes \['rare'\]"):
        net(validation_fraction=0.2).fit(IDS, rare)


def test_labels_weigh_as_their_rows_do():
    def mean(**params):
        return net(max_epochs=3, **params).fit(IDS, SETS).predict_proba(IDS).mean(axis=0)

    plain, heavy = mean(), mean(class_weight={"war": 20})
    assert heavy[2] > plain[2] + 0.2
    # With 20 times the weight in one label, the others have a smaller share of the gradient.
    assert abs(heavy[:2] - plain[:2]).max() < heavy[2] - plain[2]
    balanced = mean(class_weight="balanced")
    assert abs(balanced - 0.5).max() < abs(plain - 0.5).max()
    with pytest.raises(ValueError, match="class_weight must map labels of y to finite weights"):
        mean(class_weight={"tea": 1})


def test_a_weight_of_zero_hides_a_row():
    strange = [*SETS[:250], *[["oil"]] * 50]
    weight = np.r_[np.ones(250), np.zeros(50)]
    other = [*SETS[:250], *[["war"]] * 50]
    fits = [net(threshold=0.5).fit(IDS, y, weight).predict_proba(IDS) for y in (strange, other)]
    assert np.array_equal(*fits)


@pytest.mark.parametrize(
    "params",
    [{"loss": "focal"}, {"label_smoothing": 0.5}, {"accumulate": 3}, {"weight_decay": 0.9}],
    ids=lambda params: next(iter(params)),
)
def test_other_parameters_of_training_apply(params):
    changed = net(max_length=4, **params).fit(IDS, SETS)
    assert not np.allclose(
        changed.predict_proba(IDS), net(max_length=4).fit(IDS, SETS).predict_proba(IDS)
    )


def test_logits_of_chunks_are_pooled():
    fitted = net(max_length=3, truncation="chunk").fit(IDS, SETS)
    assert fitted.predict_proba(IDS).shape == (300, 3)
    assert fitted.decision_function(IDS[:5]) == pytest.approx(
        fitted.decision_function(IDS)[:5], abs=1e-5
    )


def test_frozen_layers_are_cached():
    fits = [
        net(max_epochs=3, freeze=1, max_cache_bytes=size, dropout=0.0, token_dropout=0.0)
        for size in (0, 2**30)
    ]
    with pytest.warns(UserWarning, match="max_cache_bytes=1"):
        clone(fits[0]).set_params(max_cache_bytes=1).fit(IDS, SETS)
    without, cached = [fit.fit(IDS, SETS).predict_proba(IDS) for fit in fits]
    np.testing.assert_allclose(without, cached, atol=1e-5)


def test_a_second_fit_leaves_no_trace_of_several_labels():
    one = ["oil" if "oil" in text else "none" for text in TEXTS]
    again, once = net().fit(IDS, SETS).fit(IDS, one), net().fit(IDS, one)
    assert (again.label_format_, again.thresholds_) == (None, None)
    assert np.array_equal(again.predict_proba(IDS), once.predict_proba(IDS))


def test_a_warm_start_keeps_the_number_of_labels_per_row(learned):
    warm = copy.deepcopy(learned).set_params(warm_start=True, max_epochs=1)
    before = warm.history_.train_loss.iloc[-1]
    assert warm.fit(IDS, SETS).history_.train_loss.iloc[-1] < 2 * before
    with pytest.raises(ValueError, match="warm_start needs rows with one label, or with several"):
        warm.fit(IDS[:3], LABELS)


def test_a_training_run_resumes_with_the_same_thresholds(tmp_path):
    whole = net(checkpoint_dir=tmp_path).fit(IDS, SETS)
    again = net(checkpoint_dir=tmp_path).fit(IDS, SETS)
    assert again.thresholds_.tolist() == whole.thresholds_.tolist()
    assert len(list(tmp_path.iterdir())) == 1


def test_skorch_scores_predictions_of_whole_sets():
    from skorch.callbacks import EpochScoring

    score = EpochScoring("f1_micro", lower_is_better=False, name="micro")
    fitted = net(validation_fraction=0.2, callbacks=[score]).fit(IDS, SETS)
    assert 0 <= fitted.history_.micro[0] <= 1


class Thresholds:
    """A callback of scikit-learn that records the thresholds after each epoch."""

    def __init__(self):
        self.seen = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name == "epoch":
            self.seen.append(fitted_estimator.thresholds_)


def test_callbacks_see_the_thresholds_of_each_epoch():
    watcher = Thresholds()
    fitted = net(max_epochs=2).set_callbacks(watcher).fit(IDS, SETS)
    first, last = watcher.seen
    assert np.array_equal(last, fitted.thresholds_)
    assert not np.array_equal(first, last)


@pytest.fixture(scope="module")
def pipeline():
    params = {f"classify__{name}": value for name, value in SMALL.items()}
    return make_transformer_pipeline(classify__max_epochs=2, **params).fit(TEXTS, SETS)


def test_a_pipeline_of_several_labels_is_saved(pipeline, tmp_path):
    save(pipeline, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.predict(TEXTS).tolist() == pipeline.predict(TEXTS).tolist()
    assert np.array_equal(again.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))


def test_forged_thresholds_are_rejected(pipeline, tmp_path):
    forged = copy.deepcopy(pipeline)
    forged[-1].thresholds_ = np.array([0.5])
    save(forged, tmp_path / "model")
    with pytest.raises(ArtifactError, match="without a threshold from 0 to 1 for each of 3 labels"):
        load(tmp_path / "model")


def test_the_numbers_0_and_1_are_labels_of_validation_rows_too():
    two = [[label for label in row if label != "war"] for row in SETS]
    numbers = [[int(label == "oil") for label in row] for row in two]
    both = [i for i, row in enumerate(numbers) if len(row) == 2]
    histories = [
        net(threshold=0.5).fit(IDS, y, X_val=IDS[both], y_val=[y[i] for i in both]).history_
        for y in (two, numbers)
    ]
    assert histories[0].valid_loss.tolist() == histories[1].valid_loss.tolist()


def held_out(classifier, rows=slice(None)):
    """The rows that a fit holds out to choose thresholds on, by the logits that are asked for."""
    seen = []
    parts = divide_rows

    def divide(*args, **kwargs):
        found = parts(*args, **kwargs)
        seen.append(found.held_out.tolist())
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agnews_sk.classifiers._base.divide_rows", divide)
        classifier.fit(IDS[rows], SETS[rows])
    return seen[0]


@pytest.mark.parametrize("fraction", [None, 0.2])
def test_warm_starts_hold_out_the_same_rows(fraction):
    warm = net(random_state=None, warm_start=True, validation_fraction=fraction)
    first = held_out(warm)
    assert first
    assert held_out(warm) == first
    assert held_out(pickle.loads(pickle.dumps(warm))) == first
    assert held_out(warm.set_params(warm_start=False)) != first


def test_a_warm_start_on_other_rows_warns_of_those_that_it_holds_out():
    warm = net(random_state=None, warm_start=True).fit(IDS, SETS)
    with pytest.warns(UserWarning, match="rows that an earlier fit may have trained on"):
        warm.fit(IDS[:200], SETS[:200])
    warm.fit(IDS[:200], SETS[:200])
    warm.fit(IDS, SETS, X_val=IDS[:9], y_val=SETS[:9])
    with pytest.warns(UserWarning, match="rows that an earlier fit may have trained on"):
        warm.fit(IDS, SETS)
    fixed = net(threshold=0.5, warm_start=True).fit(IDS, SETS)
    fixed.fit(IDS[:200], SETS[:200])
