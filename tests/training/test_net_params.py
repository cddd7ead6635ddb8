"""The keys of `net_params`, and user-defined criteria with and without sample weights."""

from functools import partial

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EpochTimer
from torch import nn

from agnews_sk.classifiers import TransformerClassifier
from agnews_sk.training._net_params import TAKEN
from tests.training.nets import IDS, LABELS, logits, optimizer_steps, small

SETTINGS = {"d_model": 16, "n_heads": 2, "random_state": 0, "vocab_size": 30}
WEIGHT = np.where(LABELS == "a", 9.0, 0.1)


def with_defaults(**params):
    """Return a small classifier with these parameters."""
    return TransformerClassifier(**SETTINGS, **params)


class OwnMargin(nn.Module):
    """One loss per row, without a `reduction`."""

    def forward(self, logits, target):
        return nn.functional.multi_margin_loss(logits, target, reduction="none")


class OwnMean(nn.Module):
    """One loss for all rows."""

    def forward(self, logits, target):
        return nn.functional.cross_entropy(logits, target)


class OwnWithReduction(nn.Module):
    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, logits, target):
        return nn.functional.cross_entropy(logits, target, reduction=self.reduction)


class SaysItHasOne(OwnMean):
    """Claims a `reduction` that it does not have."""

    reduction = "mean"


class PerClass(nn.Module):
    def forward(self, logits, target):
        return (logits - nn.functional.one_hot(target, 2)) ** 2


WEIGHED = {
    "class": {"criterion": nn.CrossEntropyLoss},
    "instance": {"criterion": nn.CrossEntropyLoss()},
    "keyword": {"criterion": nn.CrossEntropyLoss, "criterion__reduction": "mean"},
    "keyword of ours": {"criterion__reduction": "mean"},
    "partial": {"criterion": partial(nn.CrossEntropyLoss, label_smoothing=0.0)},
    "function": {"criterion": lambda: nn.CrossEntropyLoss()},
    "own": {"criterion": OwnWithReduction},
}


@pytest.mark.parametrize("net_params", WEIGHED.values(), ids=WEIGHED)
@pytest.mark.parametrize("kind", ["class_weight", "sample_weight"])
def test_a_custom_criterion_weights_rows(net_params, kind):
    params = {"class_weight": {"a": 9.0, "b": 0.1}} if kind == "class_weight" else {}
    weight = None if params else WEIGHT
    expected = small(**params).fit(IDS, LABELS, weight)
    own = small(**params, net_params=net_params).fit(IDS, LABELS, weight)
    np.testing.assert_allclose(logits(own), logits(expected), atol=1e-6)


def test_a_given_criterion_is_not_changed():
    criterion = nn.CrossEntropyLoss()
    small(net_params={"criterion": criterion}).fit(IDS, LABELS, WEIGHT)
    assert criterion.reduction == "mean"


def test_a_criterion_without_reduction_weights_rows():
    own = small(net_params={"criterion": OwnMargin})
    assert not np.allclose(logits(own.fit(IDS, LABELS)), logits(own.fit(IDS, LABELS, WEIGHT)))


UNWEIGHED = {
    "mean": {"criterion": OwnMean},
    "only a name": {"criterion": SaysItHasOne},
    "sum": {"criterion": nn.CrossEntropyLoss, "criterion__reduction": "sum"},
    "sum of ours": {"criterion__reduction": "sum"},
    "each class": {"criterion": PerClass},
}


@pytest.mark.parametrize("net_params", UNWEIGHED.values(), ids=UNWEIGHED)
@pytest.mark.parametrize("batch_size", [2, 8])
def test_a_criterion_that_cannot_weight_rows_is_rejected_with_weights(net_params, batch_size):
    classifier = small(net_params=net_params, batch_size=batch_size, max_epochs=1)
    classifier.fit(IDS, LABELS)
    with (
        optimizer_steps() as steps,
        pytest.raises(ValueError, match=r"the criterion .* of net_params gives a loss of shape"),
    ):
        classifier.fit(IDS, LABELS, WEIGHT)
    assert steps == []


def test_without_weights_a_criterion_is_as_it_was_made():
    plain = small(batch_size=24).fit(IDS, LABELS)
    summed = small(batch_size=24, net_params={"criterion__reduction": "sum"}).fit(IDS, LABELS)
    ratio = summed.history_["train_loss"].iloc[0] / plain.history_["train_loss"].iloc[0]
    assert ratio == pytest.approx(24, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("optimiser", ""),
        ("learning_rate", ""),
        ("criterion_weight", ""),
        ("train_split", "validation_fraction, or X_val and y_val of fit"),
        ("iterator_train", "batch_size, tokens_per_batch"),
        ("iterator_train__shuffle", "batch_size, tokens_per_batch"),
        ("iterator_valid__batch_size", "batch_size, tokens_per_batch"),
        ("dataset", "X, as texts or token ids"),
        ("dataset__length", "X, as texts or token ids"),
        ("module", "the parameters of the classifier"),
        ("module__d_model", "the parameters of the classifier"),
        ("compile", "compile"),
        ("compile__dynamic", "compile"),
        ("warm_start", "warm_start"),
        ("optimizer__lr", "learning_rate"),
        ("optimizer__weight_decay", "weight_decay"),
        ("optimizer__param_groups", "layer_decay"),
        ("callbacks__epoch_timer", ""),
        ("callbacks__mine__patience", ""),
        ("predict_nonlinearity", ""),
        ("settings", ""),
        ("pad_id", ""),
        ("checkpoint", ""),
        ("history", ""),
        ("initialized_", ""),
        (3, ""),
    ],
)
def test_keys_that_training_does_not_use_are_rejected(name, way_out):
    with (
        optimizer_steps() as steps,
        pytest.raises(ValueError, match=f"net_params has {name!r}, which.*{way_out}.*takes batch"),
    ):
        small(net_params={name: None}).fit(IDS, LABELS)
    assert steps == []


@pytest.mark.parametrize(
    ("net_params", "attribute", "expected"),
    [
        ({"batch_size": 5}, "batch_size", 5),
        ({"criterion": OwnMargin}, "criterion", OwnMargin),
        ({"device": "auto"}, "device", "cpu"),
        ({"lr": 0.5}, "lr", 0.5),
        ({"max_epochs": 7}, "max_epochs", 7),
        ({"optimizer": torch.optim.RMSprop}, "optimizer", torch.optim.RMSprop),
        ({"torch_load_kwargs": {"mmap": True}}, "torch_load_kwargs", {"mmap": True}),
        ({"use_caching": False}, "use_caching", False),
        ({"verbose": 0}, "verbose", 0),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_accepted_keys_reach_the_net(monkeypatch, net_params, attribute, expected):
    found = []

    class Look(Callback):
        def on_train_begin(self, net, **kwargs):
            found.append(getattr(net, attribute))
            net.max_epochs = 1

    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **kwargs: None)
    with_defaults(net_params=net_params, callbacks=[Look()]).fit(IDS, LABELS)
    assert found == [expected]
    assert set(net_params) < set(TAKEN)


@pytest.mark.parametrize(
    ("params", "net_params"),
    [
        ({"callbacks": [EpochTimer()]}, {"callbacks": [EpochTimer()]}),
        ({"loss": "focal"}, {"criterion": OwnMargin}),
        ({"focal_gamma": 1.0}, {"criterion": OwnMargin}),
        ({"label_smoothing": 0.1}, {"criterion": OwnMargin}),
        ({"label_smoothing": 0.1}, {"criterion__label_smoothing": 0.3}),
        ({"focal_gamma": 1.0, "loss": "focal"}, {"criterion__gamma": 3.0}),
        ({"learning_rate": 0.5}, {"lr": 0.1}),
        ({"batch_size": 4}, {"batch_size": 5}),
        ({"tokens_per_batch": 64}, {"batch_size": 5}),
        ({"max_epochs": 1}, {"max_epochs": 7}),
        ({"max_steps": 1}, {"max_epochs": 7}),
        ({"device": "cpu"}, {"device": "auto"}),
        ({"optimizer": "sgd"}, {"optimizer": torch.optim.RMSprop}),
        ({"verbose": 1}, {"verbose": 2}),
    ],
    ids=lambda value: "-".join(value),
)
def test_a_parameter_that_is_set_twice_is_rejected(params, net_params):
    ours, theirs = next(iter(params)), next(iter(net_params))
    message = rf"net_params\['{theirs}'\]=.* and {ours}=.* set the same thing"
    with optimizer_steps() as steps, pytest.raises(ValueError, match=message):
        with_defaults(**params, net_params=net_params).fit(IDS, LABELS)
    assert steps == []


def test_the_default_of_a_parameter_does_not_count_as_set():
    defaults = TransformerClassifier().get_params()
    del defaults["net_params"]
    net_params = {"max_epochs": 1, "criterion__label_smoothing": 0.3}
    classifier = TransformerClassifier(**{**defaults, **SETTINGS}, net_params=net_params)
    classifier.fit(IDS, LABELS)
    assert len(classifier.history_) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("batch_size", -1),
        ("batch_size", 2.5),
        ("batch_size", None),
        ("callbacks", "disable"),
        ("criterion", "CrossEntropyLoss"),
        ("criterion__label_smoothing", 1.5),
        ("device", None),
        ("device", 0),
        ("lr", 0.0),
        ("lr", -1.0),
        ("lr", "0.1"),
        ("lr", float("nan")),
        ("max_epochs", 0),
        ("max_epochs", -1),
        ("max_epochs", 2.5),
        ("max_epochs", "5"),
        ("optimizer", "sgd"),
        ("optimizer", None),
        ("torch_load_kwargs", [1]),
        ("use_caching", "no"),
        ("verbose", "much"),
    ],
)
def test_values_out_of_range_are_rejected(name, value):
    with (
        optimizer_steps() as steps,
        pytest.raises(ValueError, match=f"{name}.* net_params|net_params has {name}"),
    ):
        with_defaults(net_params={name: value}).fit(IDS, LABELS)
    assert steps == []


def test_a_keyword_of_a_custom_criterion_has_its_own_range():
    class Smooth(nn.Module):
        def __init__(self, label_smoothing):
            super().__init__()
            seen.append(label_smoothing)

        def forward(self, logits, target):
            return nn.functional.cross_entropy(logits, target, reduction="none")

    seen = []
    net_params = {"criterion": Smooth, "criterion__label_smoothing": 7}
    with_defaults(net_params=net_params).fit(IDS, LABELS)
    assert set(seen) == {7}


@pytest.mark.parametrize(
    "criterion",
    [nn.NLLLoss, nn.NLLLoss(), partial(nn.NLLLoss, ignore_index=5), lambda: nn.NLLLoss()],
    ids=["class", "instance", "partial", "function"],
)
def test_a_criterion_of_log_probabilities_is_rejected(criterion):
    with (
        optimizer_steps() as steps,
        pytest.raises(ValueError, match=r"NLLLoss of net_params.*use torch\.nn\.CrossEntropyLoss"),
    ):
        with_defaults(net_params={"criterion": criterion}).fit(IDS, LABELS)
    assert steps == []


def test_an_unknown_keyword_of_the_optimizer_is_named_before_training():
    with optimizer_steps() as steps, pytest.raises(TypeError, match="'momentun'"):
        small(net_params={"optimizer__momentun": 0.9}).fit(IDS, LABELS)
    assert steps == []
