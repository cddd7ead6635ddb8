import numpy as np
import pytest
import torch
from torch import nn

from agnews_sk.classifiers import TransformerClassifier
from agnews_sk.classifiers._checkpointing import open_checkpoint
from agnews_sk.training import TextRows

ROWS = TextRows(np.array([1, 2]), np.array([0, 1, 2]), np.array([0, 1]))
OTHER_ROWS = TextRows(np.array([1, 3]), np.array([0, 1, 2]), np.array([0, 1]))
SOFT_ROWS = TextRows(np.array([1, 2]), np.array([0, 1, 2]), np.array([0, 1]), soft_labels=np.eye(2))


def opened(folder, *, params=None, classes=("a", "b"), **changes):
    classifier = TransformerClassifier(checkpoint_dir=folder, **(params or {}))
    classifier.classes_ = np.array(classes)
    begin = {
        "origin": "",
        "warm_module": None,
        "datasets": [ROWS, None],
        "groups": None,
        "seed": 5,
    }
    return open_checkpoint(classifier, **{**begin, **changes})


def name(folder, **changes):
    return opened(folder, **changes)[0].path.name


def module(weight):
    linear = nn.Linear(1, 1)
    nn.init.constant_(linear.weight, weight)
    nn.init.zeros_(linear.bias)
    return linear


def test_without_a_folder_there_is_none():
    assert opened(None) == (None, 5)


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"l1": 0.1}},
        {"params": {"net_params": {"lr": 0.1}}},
        {"params": {"random_state": 1}},
        {"classes": ("a", "c")},
        {"origin": "other weights"},
        {"datasets": [OTHER_ROWS, None]},
        {"datasets": [ROWS, ROWS]},
        {"datasets": [SOFT_ROWS, None]},
        {"groups": np.array([0, 0])},
        {"warm_module": module(1.0)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_settings_that_affect_the_result_are_in_the_name(tmp_path, change):
    assert name(tmp_path, **change) != name(tmp_path)
    assert name(tmp_path, **change) == name(tmp_path, **change)


@pytest.mark.parametrize("params", [{"device": "cpu"}, {"devices": 2}, {"verbose": 1}], ids=str)
def test_settings_that_do_not_affect_the_result_are_not_in_the_name(tmp_path, params):
    assert name(tmp_path, params=params) == name(tmp_path)


def test_the_folder_is_not_in_the_name(tmp_path):
    assert name(tmp_path / "a") == name(tmp_path / "b")


def test_weights_of_a_warm_start_are_in_the_name(tmp_path):
    assert name(tmp_path, warm_module=module(1.0)) != name(tmp_path, warm_module=module(2.0))
    assert name(tmp_path, warm_module=module(1.0)) == name(tmp_path, warm_module=module(1.0))


def test_a_given_seed_is_in_the_name_and_a_drawn_one_is_not(tmp_path):
    assert name(tmp_path, seed=6) == name(tmp_path)
    seeded = {"params": {"random_state": 0}}
    assert name(tmp_path, seed=6, **seeded) != name(tmp_path, **seeded)


def test_a_resumed_fit_uses_the_seed_of_the_interrupted_one(tmp_path):
    checkpoint, _ = opened(tmp_path)
    state = dict.fromkeys(["epoch", "steps_before", "is_over", "begun"], 0)
    checkpoint.save({**state, "losses": torch.empty(0), "seed": 8, "module": {}, "history": []})
    assert opened(tmp_path, seed=6)[1] == 8
