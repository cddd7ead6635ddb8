"""Validation rows: their weights, and which rows they are."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from skorch.callbacks import Callback

from tests.training.nets import IDS, LABELS, logits, optimizer_steps, small

CLASS_WEIGHT = {"a": 20.0, "b": 0.1}


def losses_of(classifier, ids, labels):
    codes = np.searchsorted(classifier.classes_, labels)
    return -classifier.predict_log_proba(ids)[np.arange(len(labels)), codes]


class Split(Callback):
    """Keeps the last rows that were validated and trained on."""

    def on_train_begin(self, net, X, **kwargs):
        self.train = X

    def on_epoch_begin(self, net, dataset_valid, **kwargs):
        self.valid = dataset_valid

    def labels(self, classes):
        return [classes[rows.y].tolist() for rows in (self.train, self.valid)]

    def ids(self):
        return [[ids.tolist() for ids, _ in rows] for rows in (self.train, self.valid)]


@pytest.mark.parametrize("class_weight", [CLASS_WEIGHT, "balanced", None], ids=str)
def test_the_loss_of_X_val_is_the_weighted_mean(class_weight):
    X, y = IDS[:16], np.array(["a"] * 12 + ["b"] * 4)
    classifier = small(class_weight=class_weight).fit(X, y, X_val=IDS[16:], y_val=LABELS[16:])
    # Of the numbers of training rows: what a class counts for is one thing.
    of_class = {"a": 16 / 24, "b": 16 / 8} if class_weight == "balanced" else class_weight
    weight = [1 if of_class is None else of_class[label] for label in LABELS[16:]]
    expected = np.average(losses_of(classifier, IDS[16:], LABELS[16:]), weights=weight)
    assert classifier.history_["valid_loss"].iloc[-1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("class_weight", [CLASS_WEIGHT, None], ids=["class weight", "none"])
def test_the_loss_of_validation_fraction_is_the_weighted_mean(class_weight):
    split, weight = Split(), np.linspace(0.1, 5, 24)
    classifier = small(class_weight=class_weight, validation_fraction=0.5, callbacks=[split])
    classifier.fit(IDS, LABELS, weight)
    of_row = {tuple(ids): w for ids, w in zip(IDS.to_list(), weight, strict=True)}
    _, ids = split.ids()
    _, labels = split.labels(classifier.classes_)
    weights = np.array([of_row[tuple(row)] for row in ids])
    weights *= [1 if class_weight is None else class_weight[label] for label in labels]
    losses = losses_of(classifier, pl.Series(ids), labels)
    expected = np.average(losses, weights=weights)
    assert classifier.history_["valid_loss"].iloc[-1] == pytest.approx(expected, rel=1e-5)


def test_both_ways_to_validate_stop_at_the_same_epoch():
    split = Split()
    settings = {"class_weight": CLASS_WEIGHT, "max_epochs": 30, "learning_rate": 0.05}
    settings |= {"patience": 1}
    fraction = small(**settings, validation_fraction=0.5, callbacks=[split]).fit(IDS, LABELS)
    (train_ids, valid_ids), (train_y, valid_y) = split.ids(), split.labels(fraction.classes_)
    rows = small(**settings).fit(
        pl.Series(train_ids), train_y, X_val=pl.Series(valid_ids), y_val=valid_y
    )
    assert len(rows.history_) == len(fraction.history_) < 30
    np.testing.assert_allclose(
        rows.history_["valid_loss"], fraction.history_["valid_loss"], rtol=1e-5
    )


def test_early_stopping_uses_the_weighted_validation_loss():
    y_val = np.array(["b"] * 11 + ["a"])
    settings = {"max_epochs": 6, "patience": 6, "learning_rate": 0.05}
    light = small(**settings).fit(IDS, LABELS, X_val=IDS[:12], y_val=y_val)
    heavy = small(class_weight={"a": 1e6, "b": 1.0}, **settings)
    heavy.fit(IDS, LABELS, X_val=IDS[:12], y_val=y_val)
    only_a = losses_of(heavy, IDS[11:12], ["a"])[0]
    assert heavy.history_["valid_loss"].min() == pytest.approx(only_a, abs=1e-3)
    assert not np.allclose(light.history_["valid_loss"], heavy.history_["valid_loss"])


def test_validation_rows_without_weight_are_rejected_before_training():
    class_weight = {"a": 1.0, "b": 0.0}
    with (
        optimizer_steps() as steps,
        pytest.raises(ValueError, match="every validation row a weight of 0"),
    ):
        small(class_weight=class_weight).fit(IDS, LABELS, X_val=IDS[:2], y_val=["b", "b"])
    assert steps == []


# Which rows


@pytest.mark.parametrize("seed", range(3))
def test_equal_ids_are_on_one_side(seed):
    copies = pl.concat([IDS, IDS, IDS])
    split = Split()
    small(validation_fraction=0.3, random_state=seed, callbacks=[split]).fit(copies, [*LABELS] * 3)
    train, valid = ({tuple(ids) for ids in rows} for rows in split.ids())
    assert train.isdisjoint(valid)
    assert len(split.valid) == 24  # of 72: eight groups of three


@pytest.mark.parametrize("kind", [np.array, list, pd.Series, pl.Series], ids=lambda k: k.__name__)
def test_rows_of_one_group_are_on_one_side(kind):
    groups = np.arange(24) // 4
    split = Split()
    classifier = small(validation_fraction=0.4, callbacks=[split])
    classifier.fit(IDS, LABELS, groups=kind(groups))
    group_of = {tuple(ids): group for ids, group in zip(IDS.to_list(), groups, strict=True)}
    train, valid = ({group_of[tuple(ids)] for ids in rows} for rows in split.ids())
    assert train.isdisjoint(valid)
    assert valid


def test_groups_must_be_as_many_as_rows():
    with pytest.raises(ValueError, match="groups must have one value per row of X, 24, got 3"):
        small(validation_fraction=0.4).fit(IDS, LABELS, groups=[1, 2, 3])


def test_a_rare_class_stays_in_training_with_a_warning():
    split = Split()
    labels = np.where(np.arange(24) == 5, "rare", LABELS)
    classifier = small(validation_fraction=0.25, callbacks=[split])
    with pytest.warns(UserWarning, match=r"holds out no rows of the classes \['rare'\]"):
        classifier.fit(IDS, labels)
    train, valid = split.labels(classifier.classes_)
    assert "rare" in train
    assert set(valid) == {"a", "b"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(validation_fraction=0.25).fit(IDS, LABELS)


# Labels


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        np.array,
        lambda y: np.array(y, dtype=object),
        lambda y: np.array(y, dtype=np.dtypes.StringDType()),
        pd.Series,
        lambda y: pd.Series(y, dtype="string"),
        lambda y: pd.Series(y, dtype="category"),
        pl.Series,
        lambda y: pl.Series(y, dtype=pl.Categorical),
    ],
)
def test_labels_of_any_container_are_the_same_labels(kind):
    y, y_val = list(LABELS), list(LABELS[:6])
    expected = small().fit(IDS, y, X_val=IDS[:6], y_val=y_val)
    found = small().fit(IDS, kind(y), X_val=IDS[:6], y_val=kind(y_val))
    np.testing.assert_array_equal(logits(found), logits(expected))
    assert found.predict(IDS).tolist() == expected.predict(IDS).tolist()
    np.testing.assert_array_equal(found.history_["valid_loss"], expected.history_["valid_loss"])


@pytest.mark.parametrize(
    ("dtype", "kind"), [("Int64", "i"), ("boolean", "b"), ("int64[pyarrow]", "i")]
)
def test_predicted_labels_are_of_the_kind_of_the_training_labels(dtype, kind):
    y = pd.Series(LABELS == "b").astype("int64" if kind == "i" else bool).astype(dtype)
    classifier = small(max_epochs=20).fit(IDS, y)
    assert classifier.predict(IDS).dtype.kind == classifier.classes_.dtype.kind == kind
    assert classifier.score(IDS, y) > 0.9


def test_log_probabilities_stay_finite_where_probabilities_are_zero():
    classifier = small().fit(IDS, LABELS)
    classifier.net_.module_.classifier.weight.data *= 1e4
    log_proba = classifier.predict_log_proba(IDS)
    assert (classifier.predict_proba(IDS) == 0).any()
    assert np.isfinite(log_proba).all()
    np.testing.assert_allclose(np.exp(log_proba), classifier.predict_proba(IDS))
