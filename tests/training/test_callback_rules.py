"""Every callback of skorch works in our nets as documented, or is rejected by name."""

import json
import pickle

import numpy as np
import pytest
import skorch.callbacks
import torch
from sklearn.callback import ProgressBar as ScikitLearnProgressBar
from sklearn.metrics import accuracy_score, log_loss
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    GradientNormClipping,
    Initializer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    ParamMapper,
    PassthroughScoring,
    TrainEndCheckpoint,
    Unfreezer,
    WandbLogger,
    WarmRestartLR,
)
from skorch.utils import freeze_parameter, unfreeze_parameter

from tests.training import test_skorch_logging
from tests.training.nets import (
    CONSTANT,
    IDS,
    LABELS,
    TRAINED,
    VALID,
    changed,
    fit_with,
    logits,
    optimizer_steps,
    weights,
)

CODES = (LABELS == "b").astype(int)


class Steps(Callback):
    """Keeps the learning rate, and what has a gradient, of each step."""

    def __init__(self):
        self.rates, self.trained, self.norms = [], [], []

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.rates.append(net.optimizer_.param_groups[0]["lr"])
        trained = [(name, p) for name, p in named_parameters if p.grad is not None]
        self.trained.append({name for name, _ in trained})
        self.norms.append(torch.stack([p.grad.norm() for _, p in trained]).norm().item())


def test_every_callback_of_skorch_is_tested():
    tested = set(globals()) | set(vars(test_skorch_logging))
    assert set(skorch.callbacks.__all__) <= tested


# Scores


@pytest.mark.parametrize("use_caching", [True, False], ids=["cached", "not cached"])
@pytest.mark.parametrize(
    ("scoring", "expected"),
    [
        ("accuracy", lambda p: accuracy_score(CODES[VALID], p.argmax(axis=1))),
        ("neg_log_loss", lambda p: -log_loss(CODES[VALID], p)),
        (accuracy_score, lambda p: accuracy_score(CODES[VALID], p.argmax(axis=1))),
        (None, lambda p: accuracy_score(CODES[VALID], p.argmax(axis=1))),
        (lambda net, X, y: net.predict_proba(X)[:, 1] @ y, lambda p: p[:, 1] @ CODES[VALID]),
    ],
    ids=["accuracy", "log loss", "metric", "score", "function"],
)
def test_epoch_scoring_scores_the_validation_rows(scoring, expected, use_caching):
    callback = EpochScoring(scoring, lower_is_better=False, name="own", use_caching=use_caching)
    classifier = fit_with(callback, max_epochs=3, dropout=0.3, token_dropout=0.3)
    last = expected(classifier.predict_proba(IDS[VALID]))
    assert classifier.history_["own"].iloc[-1] == pytest.approx(last, abs=1e-6)
    best = np.maximum.accumulate(classifier.history_["own"])
    assert classifier.history_["own_best"].tolist() == [True, *(np.diff(best) > 0)]
    assert_trained_alike(classifier, fit_with(max_epochs=3, dropout=0.3, token_dropout=0.3))


def assert_trained_alike(one, other):
    np.testing.assert_array_equal(logits(one), logits(other))


def test_epoch_scoring_scores_the_training_rows():
    callback = EpochScoring("accuracy", on_train=True, name="seen", lower_is_better=False)
    # So low a rate that the module is the same at each step.
    classifier = fit_with(callback, validate=False, learning_rate=1e-30, token_dropout=0.0)
    expected = classifier.score(IDS[TRAINED], LABELS[TRAINED])
    assert classifier.history_["seen"].tolist() == [expected] * 2


@pytest.mark.parametrize("use_caching", [True, False], ids=["cached", "not cached"])
@pytest.mark.parametrize("on_train", [True, False], ids=["train", "valid"])
def test_batch_scoring_scores_each_batch(use_caching, on_train):
    scores = []

    class Note(Callback):
        def on_epoch_end(self, net, **kwargs):
            scores.append(net.history[-1, "batches", :, "own"])

    def error(net, X, y):
        return 1 - accuracy_score(y, net.predict(X))

    callback = BatchScoring(error, name="own", on_train=on_train, use_caching=use_caching)
    settings = {"dropout": 0.3, "token_dropout": 0.3}
    classifier = fit_with(callback, Note(), **settings)
    assert list(map(len, scores)) == [4 if on_train else 2] * 2
    np.testing.assert_allclose(classifier.history_["own"], np.mean(scores, axis=1))
    if not on_train:
        last = 1 - classifier.score(IDS[VALID], LABELS[VALID])
        assert classifier.history_["own"].iloc[-1] == pytest.approx(last)
    # Predictions within an epoch do not switch its dropout off.
    assert_trained_alike(classifier, fit_with(**settings))


@pytest.mark.parametrize("kind", ["train", "valid"])
def test_passthrough_scoring_averages_the_values_of_batches(kind):
    class Note(Callback):
        def on_batch_end(self, net, training, batch, **kwargs):
            if training == (kind == "train"):
                net.history.record_batch("rows", float(len(batch[1])) ** 2)

    passthrough = PassthroughScoring("rows", on_train=kind == "train")
    classifier = fit_with(Note(), passthrough, batch_size=6)
    expected = {"train": (6 * 36 + 6 * 36 + 4 * 16) / 16, "valid": (6 * 36 + 2 * 4) / 8}[kind]
    assert classifier.history_["rows"].tolist() == [expected] * 2
    assert classifier.history_["rows_best"].tolist() == [True, False]


def test_the_losses_of_batches_average_to_that_of_the_epoch():
    class Losses(Callback):
        def on_epoch_end(self, net, **kwargs):
            for kind, batches in {"train": [4, 4, 4, 4], "valid": [4, 4]}.items():
                columns = [f"{kind}_loss", f"{kind}_batch_size"]
                losses, sizes = zip(*net.history[-1, "batches", :, columns], strict=True)
                mean = np.average(losses, weights=sizes)
                assert net.history[-1, f"{kind}_loss"] == pytest.approx(mean, rel=1e-5)
                assert sizes == (*batches,)
                assert net.history[-1, f"{kind}_batch_count"] == len(sizes)

    classifier = fit_with(Losses(), class_weight={"a": 5.0, "b": 1.0}, max_epochs=1)
    assert "train_batch_count" not in classifier.history_


@pytest.mark.parametrize("on_train", [True, False], ids=["train", "valid"])
def test_a_loss_that_is_the_lowest_so_far_is_marked(on_train):
    classifier = fit_with(max_epochs=6, learning_rate=0.2)
    name = "train_loss" if on_train else "valid_loss"
    losses = classifier.history_[name]
    assert classifier.history_[f"{name}_best"].tolist() == [
        all(loss < losses[:i]) for i, loss in enumerate(losses)
    ]


# What is trained, and how fast


@pytest.mark.parametrize(
    ("step_every", "times"),
    [("epoch", np.repeat(np.arange(3), 4)), ("batch", np.arange(12))],
    ids=["epoch", "batch"],
)
def test_lr_scheduler_sets_the_rate_of_each_step(step_every, times):
    steps = Steps()
    scheduler = LRScheduler("StepLR", step_size=1, gamma=0.5, step_every=step_every)
    fit_with(scheduler, steps, max_epochs=3, **CONSTANT)
    np.testing.assert_allclose(steps.rates, 0.01 * 0.5**times)


def test_lr_scheduler_steps_by_epoch_only_where_steps_take_several_batches():
    scheduler = LRScheduler("StepLR", step_size=1, step_every="batch")
    with pytest.raises(ValueError, match=r"LRScheduler would step every batch.*accumulate=2"):
        fit_with(scheduler, accumulate=2, **CONSTANT)
    scheduler = LRScheduler("StepLR", step_size=1, gamma=0.5)
    classifier = fit_with(scheduler, accumulate=2, **CONSTANT)
    assert classifier.history_["event_lr"].tolist() == [0.01, 0.005]


def test_lr_scheduler_does_not_warn_of_the_order_of_steps(recwarn):
    fit_with(LRScheduler("StepLR", step_size=1, step_every="batch"), **CONSTANT)
    assert [w for w in recwarn if "lr_scheduler" in str(w.message)] == []


@pytest.mark.parametrize("step_every", ["epoch", "batch"])
def test_a_plateau_is_detected(step_every):
    steps = Steps()
    scheduler = LRScheduler(
        "ReduceLROnPlateau", step_every=step_every, patience=0, threshold=9.0, threshold_mode="abs"
    )
    fit_with(scheduler, steps, max_epochs=3, **CONSTANT)
    assert steps.rates[-1] < 0.01 * 0.2


def test_warm_restart_lr_is_the_policy_of_lr_scheduler():
    steps = Steps()
    fit_with(LRScheduler(WarmRestartLR, max_lr=0.02, min_lr=0.0), steps, **CONSTANT)
    np.testing.assert_allclose(steps.rates, [0.02] * 4 + [0.01 * (1 + np.cos(np.pi / 10))] * 4)
    with pytest.raises(TypeError, match=r"got WarmRestartLR at position 0.*LRScheduler"):
        fit_with(WarmRestartLR)


@pytest.mark.parametrize("params", [{}, {"warmup": 0.0}, {"schedule": "constant"}], ids=str)
def test_two_that_set_the_learning_rate_are_rejected(params):
    with pytest.raises(ValueError, match=r"LRScheduler sets the learning rate, and so do schedule"):
        fit_with(LRScheduler("StepLR", step_size=1), **params)


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_batch_begin", "on_batch_end"])
def test_a_learning_rate_that_the_schedule_would_undo_is_rejected(hook):
    def halve(net, **kwargs):
        for group in net.optimizer_.param_groups:
            group["lr"] /= 2

    with pytest.raises(ValueError, match="a callback set the learning rate, which schedule"):
        fit_with(type("Halve", (Callback,), {hook: lambda self, net, **kwargs: halve(net)})())


def test_a_callback_may_set_the_learning_rate_where_no_schedule_does():
    class Halve(Callback):
        def on_epoch_end(self, net, **kwargs):
            net.set_params(lr=0.005)

    steps = Steps()
    fit_with(Halve(), steps, **CONSTANT)
    assert steps.rates == [0.01] * 4 + [0.005] * 4


def test_gradient_norm_clipping_clips():
    steps = Steps()
    fit_with(GradientNormClipping(1e-3), steps, gradient_clip=None)
    assert max(steps.norms) == pytest.approx(1e-3, rel=1e-2)
    fit_with(GradientNormClipping(None), max_epochs=1)
    with pytest.raises(ValueError, match=r"GradientNormClipping clips.*gradient_clip=1.0"):
        fit_with(GradientNormClipping(5.0))


def names_of(trained, stem):
    return {name for name in trained if name.startswith(stem)}


def test_freezer_freezes_and_unfreezer_unfreezes():
    steps = Steps()
    classifier = fit_with(Freezer("layers.0*"), Unfreezer("layers.0*", at=3), steps, max_epochs=4)
    frozen = [not names_of(trained, "layers.0") for trained in steps.trained]
    assert frozen == [True] * 8 + [False] * 8
    assert all(names_of(trained, "layers.1") for trained in steps.trained)
    assert all(p.requires_grad for p in classifier.net_.module_.parameters())


def test_freezer_keeps_weights_as_they_are():
    start = weights(fit_with(learning_rate=1e-30, weight_decay=0.0))
    froze = changed(
        start, weights(fit_with(Freezer(["layers*", lambda name: "embedding" in name])))
    )
    assert froze
    assert not names_of(froze, "layers")
    assert not {name for name in froze if "embedding" in name}


def test_freezer_can_be_combined_with_freeze():
    steps = Steps()
    fit_with(Freezer("layers.1*"), steps, freeze=1)
    assert all(not names_of(trained, "layers") for trained in steps.trained)


@pytest.mark.parametrize("kind", [Freezer, Unfreezer, lambda p: ParamMapper(p, freeze_parameter)])
def test_only_one_option_may_choose_the_trained_parameters(kind):
    with pytest.raises(ValueError, match=r"chooses the trained parameters.*gradual_unfreezing"):
        fit_with(kind("layers*"), gradual_unfreezing=True)


@pytest.mark.parametrize("params", [{"freeze": 1}, {"freeze": "embeddings"}, {"lora": 2}], ids=str)
def test_unfreezer_of_what_is_not_in_the_optimizer_is_rejected(params):
    with optimizer_steps() as steps, pytest.raises(ValueError, match="Unfreezer cannot train what"):
        fit_with(Unfreezer("*"), **params)
    with pytest.raises(ValueError, match=r"a callback unfroze 'embedding.*freeze"):
        fit_with(ParamMapper("embedding*", unfreeze_parameter), freeze=1)
    assert steps == []


@pytest.mark.parametrize("callback", [Freezer("*"), ParamMapper("*", freeze_parameter)])
def test_nothing_to_train_is_an_error(callback):
    name = type(callback).__name__
    with pytest.raises(ValueError, match=f"{name} froze all parameters: none can be trained"):
        fit_with(callback)


@pytest.mark.parametrize("kind", [Initializer, ParamMapper])
@pytest.mark.parametrize("params", [{}, {"freeze": 1}], ids=["all", "frozen"])
def test_parameters_are_mapped_at_their_epoch(kind, params):
    seen = []

    class Look(Callback):
        def on_epoch_begin(self, net, **kwargs):
            parameter = dict(net.module_.named_parameters())["layers.0.feed_forward.widen.weight"]
            seen.append(bool((parameter == 0.5).all()))

    mapper = kind("layers.0*", fn=lambda p: torch.nn.init.constant_(p, 0.5), at=2)
    mapped = fit_with(mapper, Look(), max_epochs=2, **params)
    assert seen == [False, True]
    # Earlier outputs of frozen layers are not read again.
    assert_trained_alike(
        mapped, fit_with(kind("layers.0*", fn=mapper.fn, at=2), max_cache_bytes=0, **params)
    )


def test_input_shape_setter_is_rejected():
    with pytest.raises(ValueError, match=r"InputShapeSetter rebuilds the module.*leave it out"):
        fit_with(InputShapeSetter())


# Saving and loading


def test_checkpoint_saves_the_best_epoch(tmp_path):
    checkpoint = Checkpoint(dirname=str(tmp_path), f_pickle="net.pkl", load_best=True)
    classifier = fit_with(checkpoint, max_epochs=6, learning_rate=0.2)
    losses = json.loads((tmp_path / "history.json").read_text())
    best = min(row["valid_loss"] for row in losses)
    assert losses[-1]["valid_loss"] == best
    saved = torch.load(tmp_path / "params.pt", weights_only=True)
    for name, parameter in classifier.net_.module_.state_dict().items():
        torch.testing.assert_close(parameter, saved[name])
    assert set(torch.load(tmp_path / "optimizer.pt")) == {"state", "param_groups"}
    assert (tmp_path / "criterion.pt").exists()
    net = pickle.loads((tmp_path / "net.pkl").read_bytes())
    rows = classifier._dataset(IDS)
    np.testing.assert_allclose(net.logits(rows), classifier.net_.logits(rows), atol=1e-6)


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [(None, [True] * 4), (lambda net: len(net.history) == 2, [False, True, False, False])],
    ids=["each", "function"],
)
def test_checkpoint_of_other_monitors(tmp_path, monitor, expected):
    name = "params_{last_epoch[epoch]}_{last_batch[train_batch_size]}.pt"
    checkpoint = Checkpoint(monitor, f_params=name, dirname=str(tmp_path))
    classifier = fit_with(checkpoint, max_epochs=4, validate=False)
    assert classifier.history_["event_cp"].tolist() == expected
    assert len(list(tmp_path.glob("params_*_4.pt"))) == sum(expected)


def test_train_end_checkpoint_saves_the_end_and_load_init_state_begins_with_it(tmp_path):
    saved = TrainEndCheckpoint(dirname=str(tmp_path))
    first = fit_with(saved, max_epochs=2, **CONSTANT)
    second = fit_with(saved, LoadInitState(saved), max_epochs=1, **CONSTANT)
    assert second.history_["epoch"].tolist() == [1, 2, 3]
    assert second.history_["train_loss"].tolist()[:2] == first.history_["train_loss"].tolist()
    assert second.history_["train_loss"].iloc[2] < first.history_["train_loss"].iloc[1]
    with pytest.raises(ValueError, match=r"LoadInitState and checkpoint_dir=.*both resume"):
        fit_with(LoadInitState(saved), checkpoint_dir=tmp_path)


# Objects that are not callbacks, or have no data to work on


@pytest.mark.parametrize(
    "callback",
    [
        EpochScoring("accuracy"),
        BatchScoring("accuracy"),
        PassthroughScoring("valid_loss"),
        EarlyStopping(),
        EarlyStopping,
        ("named", EarlyStopping()),
        Checkpoint(),
        LRScheduler("ReduceLROnPlateau", monitor="valid_loss"),
        WandbLogger(None),
    ],
    ids=lambda callback: getattr(type(callback), "__name__", ""),
)
def test_callbacks_that_need_validation_rows_are_rejected_without_them(callback):
    message = "needs validation rows; set validation_fraction, or pass"
    with optimizer_steps() as steps, pytest.raises(ValueError, match=message):
        fit_with(callback, validate=False, **CONSTANT)
    assert steps == []


def test_early_stopping_may_monitor_the_training_loss():
    stop = EarlyStopping(monitor="train_loss", patience=1, threshold=9.0, threshold_mode="abs")
    assert len(fit_with(stop, validate=False, max_epochs=9).history_) == 2


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (ScikitLearnProgressBar(), "ProgressBar"),
        (torch.optim.lr_scheduler.StepLR, "StepLR"),
        (print, "builtin_function_or_method"),
        (None, "NoneType"),
    ],
    ids=["scikit-learn", "torch", "function", "None"],
)
def test_objects_that_are_not_callbacks_are_named(value, name):
    with pytest.raises(TypeError, match=f"must hold callbacks of skorch, got {name} at position 1"):
        fit_with(EpochTimer(), value)


def test_a_callback_may_be_a_class_or_have_a_name():
    classifier = fit_with(EpochTimer, ("mine", EpochScoring("accuracy", name="mine")))
    assert "mine" in classifier.history_
    class_alone = fit_with(Steps)
    assert_trained_alike(class_alone, fit_with())


def test_callbacks_get_rows_labels_and_batches_as_in_skorch():
    seen = []

    class Look(Callback):
        def on_train_begin(self, net, X, y, **kwargs):
            seen.append(y.tolist())
            assert [label for _, label in X] == y.tolist()
            assert [ids.tolist() for ids, _ in X] == IDS[TRAINED].to_list()

        def on_batch_end(self, net, batch, y_pred, loss, training, **kwargs):
            inputs, codes = batch
            assert len(inputs["input_ids"]) == len(codes) == len(y_pred)
            assert (
                loss == net.history[-1, "batches", -1, "train_loss" if training else "valid_loss"]
            )

    fit_with(Look())
    assert seen == [CODES[TRAINED].tolist()]
