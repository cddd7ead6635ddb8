"""Freezing, warm starts, callbacks, and failures in training."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback
from torch.overrides import TorchFunctionMode

from agnews_sk.reporting import HistoryDisplay
from agnews_sk.tokenization import Vocabulary, WordTokenizer
from agnews_sk.training import _checkpoint, parameter_depths
from tests.training.nets import (
    IDS,
    LABELS,
    Killed,
    changed,
    logits,
    optimizer_steps,
    small,
    weights,
)


class Record(Callback):
    """Keeps the parameters that each step trained, and the number with optimizer state."""

    def __init__(self):
        self.states, self.trained = [], []

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.trained.append({name for name, p in named_parameters if p.grad is not None})

    def on_epoch_end(self, net, **kwargs):
        self.states.append(len(net.optimizer_.state))


# Freezing and low rank


@pytest.mark.parametrize(
    ("freeze", "trained"), [("embeddings", {1, 2, 3}), (1, {2, 3}), (2, {3}), ("encoder", {3})]
)
def test_freezing_affects_only_frozen_parameters(freeze, trained):
    start = small(learning_rate=1e-30, weight_decay=0.0).fit(IDS, LABELS)
    record = Record()
    frozen = small(freeze=freeze, callbacks=[record]).fit(IDS, LABELS)
    depths = parameter_depths(frozen.net_.module_)
    assert {depths[name] for name in changed(weights(start), weights(frozen))} == trained
    n_trained = sum(depth in trained for depth in depths.values())
    assert record.states == [n_trained] * 2


@pytest.mark.parametrize("freeze", [1, 2])
def test_the_cache_of_frozen_layers_changes_nothing(freeze):
    cached = small(freeze=freeze, max_epochs=4, dropout=0.3).fit(IDS, LABELS)
    without = small(freeze=freeze, max_epochs=4, dropout=0.3, max_cache_bytes=0).fit(IDS, LABELS)
    np.testing.assert_allclose(logits(cached), logits(without), atol=1e-5)


@pytest.mark.parametrize("freeze", [1, 2])
def test_frozen_layers_run_once_per_text(freeze):
    runs = []

    class Count(Callback):
        def on_train_begin(self, net, **kwargs):
            attention = net.module_.layers[0].attention
            attention.register_forward_pre_hook(lambda m, x: runs.append(len(x[0])))

    small(freeze=freeze, max_epochs=4, callbacks=[Count()]).fit(IDS, LABELS)
    assert sum(runs) == len(IDS)


def test_a_cache_too_large_is_not_made():
    with pytest.warns(UserWarning, match="more than max_cache_bytes=1;"):
        small(freeze=1, max_cache_bytes=1).fit(IDS, LABELS)


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "adafactor"])
def test_gradual_unfreezing_unfreezes_a_layer_per_epoch(optimizer):
    record = Record()
    classifier = small(
        gradual_unfreezing=True, optimizer=optimizer, max_epochs=4, callbacks=[record]
    )
    depths = parameter_depths(classifier.fit(IDS, LABELS).net_.module_)
    lowest = [min(depths[name] for name in trained) for trained in record.trained[::3]]
    assert lowest == [3, 2, 1, 0]


def test_freezing_more_layers_than_there_are_is_rejected():
    with pytest.raises(ValueError, match="at most the model's 2 layers, got 3"):
        small(freeze=3).fit(IDS, LABELS)


# Continuing


def test_a_warm_start_continues_after_a_fit_that_failed():
    classifier = small(warm_start=True).fit(IDS, LABELS)
    names = set(weights(classifier))
    for params in ({"lora": 2}, {"freeze": "encoder"}):
        before = weights(classifier)
        with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=2):
            with_params(classifier, **params).fit(IDS, LABELS)
        assert set(before) == names
        assert changed(before, weights(classifier)) == set()
        after = weights(with_params(classifier).fit(IDS, LABELS))
        assert changed(before, after) == names


def with_params(classifier, lora=None, freeze=None):
    return classifier.set_params(lora=lora, freeze=freeze)


# Callbacks and history


def test_a_monitor_of_scikit_learn_scores_each_epoch():
    monitor = ScoringMonitor(scoring="accuracy")
    classifier = small(max_epochs=3).set_callbacks(monitor).fit(IDS, LABELS)
    scores = monitor.get_logs().data_as_pandas["accuracy"]
    assert len(scores) == 3
    assert scores.iloc[-1] == classifier.score(IDS, LABELS)


def test_watching_does_not_change_the_result():
    watched = small(dropout=0.3).set_callbacks(ScoringMonitor(scoring="accuracy"))
    np.testing.assert_array_equal(
        logits(watched.fit(IDS, LABELS)), logits(small(dropout=0.3).fit(IDS, LABELS))
    )


def test_callbacks_reach_it_through_a_pipeline(headlines):
    monitor = ScoringMonitor(scoring="accuracy")
    classifier = small(max_epochs=2, vocab_size=None).set_callbacks(monitor)
    pipeline = make_pipeline(WordTokenizer(), Vocabulary(), classifier)
    pipeline.set_callbacks(ProgressBar()).fit(*headlines)
    assert len(monitor.get_logs().data_as_pandas) == 2


def test_a_callback_of_scikit_learn_may_stop_training():
    class StopAfterTwo:
        def setup(self, estimator, context):
            self.n = 0

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            self.n += context.task_name == "epoch"
            return self.n == 2

    classifier = small(max_epochs=9).set_callbacks(StopAfterTwo()).fit(IDS, LABELS)
    assert len(classifier.history_) == 2


def test_history_is_a_frame_and_can_be_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    classifier = small(validation_fraction=0.25).fit(IDS, LABELS)
    assert classifier.history_["epoch"].tolist() == [1, 2]
    axes = HistoryDisplay.from_estimator(classifier).ax_
    assert [line.get_label() for line in axes.lines] == ["training rows", "validation rows"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), classifier.history_["train_loss"])


def test_verbose_draws_a_bar_and_nothing_else_prints(capsys):
    small(verbose=1).fit(IDS, LABELS)
    shown = capsys.readouterr()
    assert "epoch 1" in shown.err
    assert shown.out == ""


# Failures


class Poison(Callback):
    """Makes the loss of a step NaN."""

    def __init__(self, step):
        self.step, self.seen = step, 0

    def on_batch_begin(self, net, training=False, **kwargs):
        self.seen += training
        if self.seen == self.step:
            net.criterion_.register_forward_hook(lambda module, args, loss: loss * torch.nan)


@pytest.mark.parametrize(
    ("optimizer", "device"),
    [("adamw", "cpu"), ("adafactor", "cpu"), ("adamw", "cpu:0")],
    ids=["fused", "not fused", "losses read later"],
)
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_weights(optimizer, device):
    good = small(optimizer=optimizer, max_steps=4, schedule="constant").fit(IDS, LABELS)
    broken = small(optimizer=optimizer, max_epochs=5, schedule="constant", warmup=0)
    broken.set_params(callbacks=[Poison(5)], device=device)
    with pytest.warns(ConvergenceWarning, match="loss is nan at step 5, where training stopped"):
        broken.fit(IDS, LABELS)
    good = clone(good).set_params(warmup=0).fit(IDS, LABELS)
    np.testing.assert_array_equal(logits(broken), logits(good))
    assert len(broken.history_) == 2


def test_a_first_loss_that_is_not_finite_is_an_error():
    with pytest.raises(FloatingPointError, match="nan at the first step; lower learning_rate"):
        small(callbacks=[Poison(1)]).fit(IDS, LABELS)


def test_a_fit_that_failed_leaves_nothing_to_predict_with():
    classifier = small(callbacks=[Poison(1)])
    with pytest.raises(FloatingPointError, match="at the first step"):
        classifier.fit(IDS, LABELS)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


@pytest.mark.parametrize("seconds", [300.0, 0.0], ids=["each epoch", "each step"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_weights_without_finite_logits_are_not_kept(tmp_path, monkeypatch, optimizer, seconds):
    monkeypatch.setattr(_checkpoint, "SECONDS_BETWEEN", seconds)
    classifier = small(optimizer=optimizer, learning_rate=1e10, checkpoint_dir=tmp_path)
    for _ in range(2):
        with pytest.raises(FloatingPointError, match="nan at step 2, and the logits are no"):
            classifier.fit(IDS, LABELS)
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


def test_a_refit_that_failed_does_not_change_the_classes():
    classifier = small().fit(IDS, LABELS)
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=2):
        classifier.fit(IDS, np.array(["x", "y", "z"] * 8))
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(IDS)


def test_out_of_memory_says_what_to_lower():
    class Exhaust(Callback):
        def on_batch_begin(self, net, **kwargs):
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(MemoryError, match="lower batch_size or tokens_per_batch"):
        small(callbacks=[Exhaust()]).fit(IDS, LABELS)


def test_an_ordinary_fit_raises_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(freeze=1, validation_fraction=0.25, patience=5).fit(IDS, LABELS).predict(IDS)


def test_bfloat16_is_near_float32_and_keeps_float32_weights():
    plain = small().fit(IDS, LABELS)
    half = small(precision="bf16").fit(IDS, LABELS)
    assert 0 < np.abs(logits(half) - logits(plain)).max() < 0.2
    assert {p.dtype for p in half.net_.module_.parameters()} == {torch.float32}


class _Reads(TorchFunctionMode):
    """Counts what reads a value from a tensor, for which the processor waits for the device."""

    def __init__(self):
        super().__init__()
        self.n = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        masked = func is torch.Tensor.__getitem__ and getattr(args[1], "dtype", None) == torch.bool
        reading = {torch.Tensor.item, torch.Tensor.tolist, torch.Tensor.__bool__}
        self.n += masked or func in reading
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("freeze", [None, 1], ids=["all trained", "a frozen layer"])
def test_more_batches_read_no_more_values_from_an_accelerator(freeze):
    """With an index, the processor is treated as an accelerator."""
    counts = []
    for batch_size in (12, 4):
        classifier = small(device="cpu:0", batch_size=batch_size, freeze=freeze)
        with _Reads() as reads:
            classifier.fit(IDS, LABELS, X_val=IDS, y_val=LABELS)
        counts.append(reads.n)
    assert counts[0] == counts[1]
