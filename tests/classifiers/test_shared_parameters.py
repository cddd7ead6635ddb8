"""Each parameter has its documented effect."""

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from skorch.callbacks import Callback


class Recorder(Callback):
    """Keeps the learning rates and the sizes of the batches of each step."""

    def initialize(self):
        self.rates, self.rows, self.padded = [], [], []
        return self

    def on_batch_begin(self, net, batch, training, **kwargs):
        if not training:
            return
        input_ids = batch[0]["input_ids"]
        self.rows.append(len(input_ids))
        self.padded.append(input_ids.numel())

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.rates.append(sorted({group["lr"] for group in net.optimizer_.param_groups}))


def weights(classifier):
    return {n: p.detach().clone() for n, p in classifier.net_.module_.named_parameters()}


def logits(classifier, ids):
    return classifier.decision_function(ids)


def assert_same_weights(one, other, atol=1e-5):
    for name, value in weights(one).items():
        torch.testing.assert_close(value, weights(other)[name], atol=atol, rtol=0, msg=name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_epochs", 0),
        ("max_steps", 0),
        ("batch_size", 0),
        ("tokens_per_batch", 0),
        ("accumulate", 0),
        ("learning_rate", 0.0),
        ("optimizer", "lion"),
        ("weight_decay", -1.0),
        ("l1", -1.0),
        ("layer_decay", 0.0),
        ("warmup", 1.0),
        ("schedule", "step"),
        ("gradient_clip", 0.0),
        ("dropout", 1.0),
        ("loss", "hinge"),
        ("focal_gamma", -1.0),
        ("label_smoothing", 1.0),
        ("class_weight", "even"),
        ("freeze", "head"),
        ("max_cache_bytes", -1),
        ("devices", 0),
        ("lora", 0),
        ("pooling", "last"),
        ("max_length", 0),
        ("truncation", "middle"),
        ("validation_fraction", 1.0),
        ("patience", 0),
        ("precision", "fp8"),
    ],
)
def test_a_value_out_of_range_is_named(small, ids, labels, name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        small.set_params(**{name: value}).fit(ids, labels)


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "adafactor"])
def test_each_optimizer_learns(small, ids, labels, optimizer):
    small.set_params(optimizer=optimizer, learning_rate=0.02, max_epochs=10).fit(ids, labels)
    losses = small.history_["train_loss"]
    assert losses.iloc[-1] < 0.8 * losses.iloc[0]


def test_accumulated_batches_make_the_step_of_one_large_batch(small, ids, labels):
    weight = np.linspace(0.5, 2, 8)
    small.set_params(optimizer="sgd")  # Adam makes steps of rounding errors
    whole = clone(small).set_params(batch_size=8).fit(ids, labels, sample_weight=weight)
    parts = clone(small).set_params(batch_size=2, accumulate=4).fit(ids, labels, weight)
    assert whole.history_["steps"].tolist() == parts.history_["steps"].tolist() == [1, 2]
    assert_same_weights(whole, parts)


def test_max_steps_ends_training_within_an_epoch_or_after_several(small, ids, labels):
    small.set_params(batch_size=2, max_steps=3).fit(ids, labels)
    assert small.history_["steps"].tolist() == [3]
    small.set_params(max_steps=9).fit(ids, labels)
    assert small.history_["steps"].tolist() == [4, 8, 9]


def test_the_decay_ends_at_the_last_step_for_any_batching(small):
    rng = np.random.default_rng(0)
    rows = pl.Series([rng.integers(1, 30, rng.integers(1, 40)).tolist() for _ in range(400)])
    small.set_params(warmup=0.0, max_epochs=3, d_model=4, n_layers=1)
    in_net_params = {"batch_size": 64, "net_params": {"batch_size": 50}}  # 64 is the default
    for params in ({"tokens_per_batch": 100, "accumulate": 3}, in_net_params):
        recorder = Recorder()
        small.set_params(**params, callbacks=[recorder]).fit(rows, ["a", "b"] * 200)
        rates = np.ravel(recorder.rates)
        np.testing.assert_allclose(rates, 0.01 * (1 - np.arange(len(rates)) / len(rates)))
        small.set_params(tokens_per_batch=None, accumulate=1)


def test_an_optimizer_and_a_criterion_of_net_params_get_no_default_keywords(small, ids, labels):
    class Margin(torch.nn.Module):
        def forward(self, logits, target):
            return torch.nn.functional.multi_margin_loss(logits, target, reduction="none")

    class Kinds(Callback):
        def on_train_end(self, net, **kwargs):
            kinds.append((type(net.optimizer_), type(net.criterion_)))

    kinds = []
    small.set_params(net_params={"optimizer": torch.optim.RMSprop, "criterion": Margin})
    small.set_params(callbacks=[Kinds()]).fit(ids, labels)
    assert kinds == [(torch.optim.RMSprop, Margin)]


def test_tokens_per_batch_bounds_the_padded_tokens(small, ids, labels):
    recorder = Recorder()
    small.set_params(tokens_per_batch=10, max_epochs=1, callbacks=[recorder]).fit(ids, labels)
    assert max(recorder.padded) <= 10
    assert sum(recorder.rows) == 8


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.5, 1, 1, 1]),
        ("linear", [0.5, 1, 1, 0.5]),
        ("cosine", [0.5, 1, 1, 0.5]),
    ],
)
def test_learning_rate_follows_the_schedule(small, ids, labels, schedule, expected):
    recorder = Recorder()
    small.set_params(
        schedule=schedule, warmup=2, batch_size=4, learning_rate=0.01, callbacks=[recorder]
    ).fit(ids, labels)
    np.testing.assert_allclose(np.ravel(recorder.rates), 0.01 * np.array(expected))


def test_layer_decay_slows_the_lower_layers(small, ids, labels):
    recorder = Recorder()
    small.set_params(layer_decay=0.5, schedule="constant", warmup=0.0, callbacks=[recorder])
    small.fit(ids, labels)
    # Embeddings, two layers, the head.
    np.testing.assert_allclose(recorder.rates[0], 0.01 * np.array([0.125, 0.25, 0.5, 1]))


def test_weight_decay_and_l1_shrink_matrices_only(small, ids, labels):
    small.set_params(optimizer="sgd", learning_rate=1e-3, schedule="constant", warmup=0.0)
    plain = weights(clone(small).fit(ids, labels))
    for shrinking in ({"weight_decay": 5.0}, {"l1": 1.0}):
        shrunk = weights(clone(small).set_params(gradient_clip=None, **shrinking).fit(ids, labels))
        name = "layers.0.feed_forward.widen"
        assert shrunk[f"{name}.weight"].abs().sum() < plain[f"{name}.weight"].abs().sum()
        torch.testing.assert_close(shrunk[f"{name}.bias"], plain[f"{name}.bias"], atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", ["dropout", "token_dropout"])
def test_dropout_is_used_in_training_only(small, ids, labels, name):
    small.set_params(**{name: 0.5}, max_epochs=1)
    with_dropout = clone(small).fit(ids, labels)
    without = clone(small).set_params(**{name: 0.0}).fit(ids, labels)
    assert not np.allclose(logits(with_dropout, ids), logits(without, ids))
    np.testing.assert_array_equal(logits(with_dropout, ids), logits(with_dropout, ids))


def test_focal_loss_without_gamma_is_cross_entropy(small, ids, labels):
    plain = clone(small).fit(ids, labels)
    focal = clone(small).set_params(loss="focal", focal_gamma=0.0).fit(ids, labels)
    assert_same_weights(plain, focal)
    bent = clone(small).set_params(loss="focal", focal_gamma=2.0).fit(ids, labels)
    assert bent.history_["train_loss"].iloc[0] < 0.5 * plain.history_["train_loss"].iloc[0]


def test_label_smoothing_keeps_probabilities_from_the_ends(small, ids, labels):
    small.set_params(max_epochs=40)
    sure = clone(small).fit(ids, labels).predict_proba(ids).max(axis=1)
    smooth = clone(small).set_params(label_smoothing=0.4).fit(ids, labels)
    assert smooth.predict_proba(ids).max(axis=1).mean() < 0.9 < sure.mean()


def test_sample_weight_is_equivalent_to_repeating_rows(small, ids, labels):
    times = np.array([1, 2, 1, 3, 1, 1, 2, 1])
    small.set_params(batch_size=100, optimizer="sgd")
    weighted = clone(small).fit(ids, labels, sample_weight=times)
    rows = np.repeat(np.arange(8), times)
    repeated = clone(small).fit(ids.gather(rows), np.array(labels)[rows])
    assert_same_weights(weighted, repeated)


@pytest.mark.parametrize(
    "class_weight", ["balanced", {"Business": 1, "Sports": 3}], ids=["balanced", "dict"]
)
def test_class_weight_is_equivalent_to_repeating_rows(small, ids, labels, class_weight):
    # Two of Business and six of Sports, or three times the weight of Sports.
    rows = np.array([0, 1, 4, 5, 6, 7, 4, 5]) if class_weight == "balanced" else np.arange(8)
    y = np.array(labels)[rows]
    heavier = "Business" if class_weight == "balanced" else "Sports"
    repeated_rows = np.repeat(rows, np.where(y == heavier, 3, 1))
    small.set_params(batch_size=100, optimizer="sgd")
    weighted = clone(small).set_params(class_weight=class_weight).fit(ids.gather(rows), y)
    repeated = clone(small).fit(ids.gather(repeated_rows), np.array(labels)[repeated_rows])
    assert_same_weights(weighted, repeated)


@pytest.mark.parametrize(
    ("truncation", "kept"),
    [
        ("head", [9, 2, 3, 4, 5, 8]),
        ("tail", [9, 4, 5, 6, 7, 8]),
        ("head+tail", [9, 2, 5, 6, 7, 8]),
    ],
)
def test_truncation_keeps_the_requested_part_and_the_special_tokens(small, truncation, kept):
    rows = pl.Series([[9, 2, 8], [9, 3, 8]])
    small.set_params(vocab_size=10, max_length=6, truncation=truncation).fit(rows, ["a", "b"])
    long, cut = small.predict_proba(pl.Series([[9, 2, 3, 4, 5, 6, 7, 8], kept]))
    np.testing.assert_array_equal(long, cut)


def test_early_stopping_restores_the_best_weights(small, ids, labels):
    class LossOfEachEpoch(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append(net.history[-1, "valid_loss"])

    seen = []
    wrong = ["Sports" if label == "Business" else "Business" for label in labels]
    small.set_params(
        patience=2, max_epochs=50, schedule="constant", warmup=0.0, callbacks=[LossOfEachEpoch()]
    )
    small.fit(ids, labels, X_val=ids, y_val=wrong)
    assert len(seen) < 50
    best = int(np.argmin(seen))
    assert len(seen) == best + 1 + 2
    chosen = small.predict_proba(ids)[np.arange(8), np.searchsorted(small.classes_, wrong)]
    assert -np.log(chosen).mean() == pytest.approx(seen[best], abs=1e-5)


def test_validation_fraction_is_stratified_and_not_trained_on(small, ids, labels):
    recorder = Recorder()
    small.set_params(validation_fraction=0.25, max_epochs=1, callbacks=[recorder])
    small.fit(ids, labels)
    assert sum(recorder.rows) == 6
    assert {"valid_loss", "valid_accuracy"} < set(small.history_.columns)


@pytest.mark.parametrize(
    ("params", "fit_params", "message"),
    [
        ({"patience": 2}, {}, "patience=2 needs validation rows"),
        (
            {"validation_fraction": 0.5},
            {"X_val": 1, "y_val": 1},
            "validation_fraction and X_val cannot be combined",
        ),
        ({}, {"X_val": 1}, "X_val and y_val must be given together"),
        ({}, {"sample_weight": np.zeros(8)}, "at least one non-zero number"),
        ({"freeze": 7}, {}, "at most the model's 2 layers, got 7"),
        ({"class_weight": {"Business": 0, "Sports": 0}}, {}, "give every row a weight of 0"),
        (
            {"validation_fraction": 0.01},
            {},
            "validation_fraction=0.01 of 8 rows leaves no validation rows",
        ),
    ],
    ids=["patience", "both", "half", "no weight", "freeze", "no class", "few rows"],
)
def test_conflicting_parameters_are_rejected(small, ids, labels, params, fit_params, message):
    with pytest.raises(ValueError, match=message):
        small.set_params(**params).fit(ids, labels, **fit_params)


def test_labels_of_validation_must_be_known(small, ids, labels):
    with pytest.raises(ValueError, match=r"y_val has labels that y lacks: \['World'\]"):
        small.fit(ids, labels, X_val=ids, y_val=["World"] * 8)


@pytest.mark.parametrize("n_labels", [7, 9])
def test_labels_of_validation_must_be_as_many_as_texts(small, ids, labels, n_labels):
    y_val = np.resize(labels, n_labels)
    with pytest.raises(
        ValueError, match=f"y_val must have one label per row of X_val, 8, got {n_labels}"
    ):
        small.fit(ids, labels, X_val=ids, y_val=y_val)


def test_labels_of_validation_may_be_a_column_but_not_missing(small, ids, labels):
    with pytest.warns(DataConversionWarning):
        small.fit(ids, labels, X_val=ids, y_val=np.array(labels)[:, None])
    with pytest.raises(ValueError, match="y_val has 1 missing label, at position 0"):
        small.fit(ids, labels, X_val=ids, y_val=[None, *labels[1:]])


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"freeze": 1}, {"gradual_unfreezing": True}], ids=str)
def test_a_compiled_model_learns_the_same(small, ids, labels, params):
    small.set_params(optimizer="sgd", max_epochs=4, **params)
    plain = clone(small).fit(ids, labels)
    compiled = clone(small).set_params(compile=True).fit(ids, labels)
    assert_same_weights(plain, compiled, atol=1e-4)


@pytest.mark.parametrize("kind", [list, tuple])
def test_callbacks_of_net_params_run_in_every_fit_and_stay_as_they_were(small, ids, labels, kind):
    seen = []

    class Note(Callback):
        def on_train_begin(self, net, **kwargs):
            seen.append(net)

    given = kind([Note()])
    small.set_params(net_params={"callbacks": given}, max_epochs=1)
    small.fit(ids, labels).fit(ids, labels)
    assert len(seen) == 2
    assert len(given) == 1


def test_a_keyword_of_net_params_replaces_the_default(small, ids, labels):
    momenta = set()

    class Note(Callback):
        def on_batch_end(self, net, **kwargs):
            momenta.update(group["momentum"] for group in net.optimizer_.param_groups)

    small.set_params(optimizer="sgd", net_params={"optimizer__momentum": 0.5}, callbacks=[Note()])
    small.fit(ids, labels)
    assert momenta == {0.5}


def test_columns_of_other_labels_than_0_and_1_are_rejected_and_of_one_column_warned_of(
    small, ids, labels
):
    with pytest.raises(ValueError, match=r"an indicator of 0 and 1, got .*2.* in column 0"):
        small.fit(ids, 2 * np.eye(2, dtype=int)[[0, 1] * 4])
    with pytest.warns(DataConversionWarning):
        column = clone(small).fit(ids, np.array(labels)[:, None])
    expected = small.fit(ids, labels).predict_proba(ids)
    np.testing.assert_array_equal(column.predict_proba(ids), expected)
    with pytest.raises(ValueError, match="X_val has the id 99999"):
        small.fit(ids, labels, X_val=np.array([[99999, 1]]), y_val=labels[:1])
