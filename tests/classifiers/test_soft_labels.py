"""Classifiers that are trained to distributions of the classes in place of labels."""

import numpy as np
import pytest
from sklearn.base import clone

from agnews_sk import (
    DistilledClassifier,
    FineTunedTransformerClassifier,
    make_transformer_pipeline,
)
from agnews_sk.classifiers._net_thresholds import divide_rows
from agnews_sk.training import TextRows

Y = ["a", "b"] * 4
EVEN = np.full((8, 2), 0.5)
OTHERS = np.tile([[0.0, 1.0], [1.0, 0.0]], (4, 1))  # the label that the row does not have


def test_a_net_learns_the_soft_labels_and_not_the_labels(small, ids):
    small.set_params(max_epochs=30)
    learnt = small.fit(ids, Y, soft_labels=OTHERS)
    assert learnt.predict(ids).tolist() == ["b", "a"] * 4
    np.testing.assert_allclose(
        small.fit(ids, Y, soft_labels=EVEN).predict_proba(ids), EVEN, atol=0.1
    )


def test_soft_labels_that_are_certain_are_the_labels(small, ids):
    expected = clone(small).fit(ids, Y).predict_proba(ids)
    found = clone(small).fit(ids, Y, soft_labels=1 - OTHERS).predict_proba(ids)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_rows_to_validate_on_keep_their_labels_only():
    ids = TextRows(np.arange(8), np.arange(9), np.arange(8) % 2, soft_labels=OTHERS)
    shared = {"groups": None, "sample_weight": None, "classes": np.array(["a", "b"]), "seed": 0}
    parts = divide_rows(ids, None, fraction=0.25, chooses=False, **shared)
    np.testing.assert_array_equal(parts.train.soft_labels[:, 0], parts.train.target)
    assert parts.valid.soft_labels is None
    assert len(parts.valid) == 2


def test_soft_labels_are_weighted(small, ids):
    weight = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])
    some = np.where(weight[:, None] > 0, 1 - OTHERS, OTHERS)
    found = clone(small).fit(ids, Y, sample_weight=weight, soft_labels=some)
    expected = clone(small).fit(ids, Y, sample_weight=weight)
    np.testing.assert_allclose(found.predict_proba(ids), expected.predict_proba(ids), atol=1e-5)


def test_the_output_layer_of_a_pretrained_model_begins_at_the_soft_labels(tiny_model, headlines):
    texts, labels = headlines
    others = (np.unique(labels) != np.array(labels)[:, None]).astype(float)
    others /= others.sum(axis=1, keepdims=True)
    shared = {"model": tiny_model, "max_steps": 1, "learning_rate": 1e-9, "random_state": 0}
    classifier = FineTunedTransformerClassifier(**shared)
    assert classifier.fit(texts, labels).score(texts, labels) > 0.6
    assert classifier.fit(texts, labels, soft_labels=others).score(texts, labels) < 0.4


def test_a_pipeline_of_a_net_is_a_student(headlines):
    student = make_transformer_pipeline(
        classify__max_epochs=30, classify__d_model=16, classify__warmup=0.0, random_state=0
    )
    classifier = DistilledClassifier(student, label_share=0)
    found = classifier.fit(headlines[0], Y, soft_labels=OTHERS).predict(headlines[0])
    assert found.tolist() == ["b", "a"] * 4


@pytest.mark.parametrize("loss", ["focal", "contrastive"])
def test_other_losses_take_no_soft_labels(small, ids, loss):
    with pytest.raises(ValueError, match="soft_labels need loss='cross_entropy'"):
        small.set_params(loss=loss).fit(ids, Y, soft_labels=EVEN)


def test_soft_labels_of_several_labels_are_rejected(small, ids):
    with pytest.raises(ValueError, match="soft_labels must be None where rows have several"):
        small.fit(ids, [[label] for label in Y], soft_labels=EVEN)


def test_soft_labels_must_be_one_distribution_per_row(small, ids):
    with pytest.raises(ValueError, match=r"soft_labels must have the shape \(8, 2\)"):
        small.fit(ids, Y, soft_labels=EVEN[:7])
