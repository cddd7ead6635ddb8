"""Texts longer than the model are divided into chunks, and the chunks' logits pooled."""

import copy
import warnings
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback

from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.training import parameter_depths
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

POOLINGS = ["mean", "max", "attention"]
# Every third text fits into one chunk of 6 tokens.
LONG = pl.Series(
    [
        np.random.default_rng(i).integers(1, 30, 5 if i % 3 == 0 else 9 + i).tolist()
        for i in range(24)
    ]
)


def chunked(**params):
    settings = {"max_length": 6, "truncation": "chunk", "chunk_overlap": 1}
    return small(**{**settings, **params})


def late_texts(n_texts, seed):
    """Texts whose class shows beyond the eighth token only."""
    rng = np.random.default_rng(seed)
    labels = np.array(["a", "b"])[np.arange(n_texts) % 2]
    ids = rng.integers(3, 20, size=(n_texts, 30))
    places = rng.integers(8, 30, size=n_texts)
    ids[np.arange(n_texts), places] = np.where(labels == "a", 1, 2)
    return ids, labels


@pytest.mark.parametrize("chunk_pooling", POOLINGS)
def test_what_decides_may_be_anywhere_in_a_text(chunk_pooling):
    (X, y), (X_test, y_test) = late_texts(120, 0), late_texts(100, 1)
    settings = {"max_length": 8, "chunk_overlap": 0, "max_epochs": 5, "batch_size": 32}
    settings |= {"n_layers": 1, "chunk_pooling": chunk_pooling, "token_dropout": 0.0}
    settings |= {"learning_rate": 0.03}
    whole = chunked(**settings).fit(X, y)
    assert whole.score(X_test, y_test) > 0.8
    if chunk_pooling == "mean":
        with pytest.warns(UserWarning, match=r"120 of 120 texts \(100%\) are longer than"):
            cut = whole.set_params(truncation="head").fit(X, y)
        assert cut.score(X_test, y_test) < 0.65


@pytest.mark.parametrize(
    ("chunk_pooling", "params"),
    [
        ("mean", {}),
        ("max", {"freeze": 1}),
        ("attention", {"tokens_per_batch": 30}),
        ("attention", {"freeze": 1}),
    ],
    ids=str,
)
def test_short_texts_are_trained_as_without_chunks(chunk_pooling, params):
    params = {"dropout": 0.3, "max_length": 8, "validation_fraction": 0.25, **params}
    plain = small(**params).fit(IDS, LABELS)
    whole = chunked(chunk_pooling=chunk_pooling, **{**params, "chunk_overlap": 2}).fit(IDS, LABELS)
    np.testing.assert_array_equal(logits(whole), logits(plain))
    assert plain.history_.drop(columns="dur").equals(whole.history_.drop(columns="dur"))


@pytest.mark.parametrize("chunk_pooling", ["mean", "max"])
def test_the_logits_of_a_text_are_pooled_over_its_chunks(chunk_pooling):
    classifier = chunked(chunk_pooling=chunk_pooling).fit(LONG, LABELS)
    ids, offsets = classifier.model_input_.cut(LONG)
    of_chunks = classifier.net_.logits(classifier._dataset(ids))
    pool = {"mean": np.mean, "max": np.max}[chunk_pooling]
    expected = [pool(of_chunks[a:b], axis=0) for a, b in pairwise(offsets)]
    np.testing.assert_allclose(classifier._logits(LONG), expected, atol=1e-5)


@pytest.mark.parametrize("chunk_pooling", POOLINGS)
def test_the_result_of_a_text_does_not_depend_on_the_others(chunk_pooling):
    classifier = chunked(chunk_pooling=chunk_pooling).fit(LONG, LABELS)
    together = classifier.predict_proba(LONG)
    for batch_size in (1, 3, 64):
        classifier.net_.set_params(batch_size=batch_size)
        found = classifier.predict_proba(LONG[::-1])[::-1]
        np.testing.assert_allclose(found, together, atol=1e-6)
    alone = [classifier.predict_proba(LONG[i : i + 1])[0] for i in (0, 1, 23)]
    np.testing.assert_allclose(alone, together[[0, 1, 23]], atol=1e-6)


def test_a_step_follows_the_gradient_through_all_chunks():
    settings = {"optimizer": "sgd", "net_params": {"optimizer__momentum": 0.0}}
    settings |= {"schedule": "constant", "warmup": 0.0, "weight_decay": 0.0, "max_steps": 1}
    settings |= {"batch_size": 1_000, "gradient_clip": None, "token_dropout": 0.0}
    start = chunked(**settings, learning_rate=1e-30).fit(LONG, LABELS)
    trained = weights(chunked(**settings, learning_rate=0.1).fit(LONG, LABELS))
    module = copy.deepcopy(start.net_.module_).train()
    ids, offsets = start.model_input_.cut(LONG)
    rows = [module(torch.tensor([row])) for row in ids.to_list()]
    of_texts = [torch.cat(rows[a:b]).mean(dim=0) for a, b in pairwise(offsets)]
    target = torch.from_numpy(np.searchsorted(["a", "b"], LABELS))
    torch.nn.functional.cross_entropy(torch.stack(of_texts), target).backward()
    for name, parameter in module.named_parameters():
        expected = parameter.detach() - 0.1 * parameter.grad
        torch.testing.assert_close(trained[name], expected, atol=1e-5, rtol=1e-4, msg=name)


class Sizes(Callback):
    """Keeps the number of chunks and of texts of each training batch."""

    def initialize(self):
        self.chunks, self.texts = [], []
        return self

    def on_batch_begin(self, net, batch, training, **kwargs):
        if training:
            self.chunks.append(len(batch[0]["input_ids"]))
            self.texts.append(len(batch[1]))


def test_the_chunks_of_a_text_are_in_one_batch_and_a_batch_is_bounded():
    sizes = Sizes()
    classifier = chunked(callbacks=[sizes], max_epochs=1, max_chunks=4).fit(LONG, LABELS)
    assert max(sizes.chunks) <= 8
    assert sum(sizes.texts) == len(LONG)
    _, offsets = classifier.model_input_.cut(LONG)
    assert sum(sizes.chunks) == offsets[-1]
    assert np.diff(offsets).max() == 4


def test_the_schedule_ends_with_the_last_step():
    class Rates(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            rates.append(net.optimizer_.param_groups[0]["lr"])

    rates = []
    chunked(callbacks=[Rates()], warmup=0.0, max_epochs=3).fit(LONG, LABELS)
    np.testing.assert_allclose(rates, 0.01 * (1 - np.arange(len(rates)) / len(rates)))


@pytest.mark.parametrize("freeze", [1, 2])
def test_frozen_layers_run_once_per_chunk_and_their_cache_changes_nothing(freeze):
    runs = []

    class Count(Callback):
        def on_train_begin(self, net, **kwargs):
            attention = net.module_.layers[0].attention
            attention.register_forward_pre_hook(lambda m, x: runs.append(len(x[0])))

    settings = {"freeze": freeze, "max_epochs": 3, "dropout": 0.3}
    cached = chunked(**settings, callbacks=[Count()]).fit(LONG, LABELS)
    assert sum(runs) == cached.model_input_.cut(LONG).offsets[-1]
    without = chunked(**settings, max_cache_bytes=0).fit(LONG, LABELS)
    np.testing.assert_allclose(logits(cached, LONG), logits(without, LONG), atol=1e-5)


@pytest.mark.parametrize("params", [{}, {"freeze": 1}], ids=["plain", "frozen"])
def test_a_killed_training_resumes_to_the_same_result(tmp_path, params):
    settings = {"dropout": 0.3, "chunk_pooling": "attention", "checkpoint_dir": tmp_path, **params}
    with optimizer_steps() as steps:
        whole = chunked(**{**settings, "checkpoint_dir": None}).fit(LONG, LABELS)
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=len(steps) - 2):
        chunked(**settings).fit(LONG, LABELS)
    with optimizer_steps() as left:
        resumed = chunked(**settings).fit(LONG, LABELS)
    np.testing.assert_array_equal(logits(resumed, LONG), logits(whole, LONG))
    assert len(left) < len(steps)


def test_how_texts_are_divided_decides_the_checkpoint(tmp_path):
    params = [{}, {"max_chunks": 8}, {"chunk_overlap": 2}, {"chunk_pooling": "max"}]
    for more in params:
        chunked(checkpoint_dir=tmp_path, max_epochs=1, **more).fit(LONG, LABELS)
    assert len(list(tmp_path.glob("*.pt"))) == len(params)


def test_the_loss_of_validation_rows_is_that_of_texts():
    classifier = chunked().fit(LONG[:16], LABELS[:16], X_val=LONG[16:], y_val=LABELS[16:])
    codes = np.searchsorted(classifier.classes_, LABELS[16:])
    losses = -classifier.predict_log_proba(LONG[16:])[np.arange(8), codes]
    assert classifier.history_["valid_loss"].iloc[-1] == pytest.approx(losses.mean(), rel=1e-5)
    held_out = chunked(validation_fraction=0.25, class_weight="balanced").fit(LONG, LABELS)
    assert held_out.history_["valid_loss"].notna().all()


def test_equal_long_texts_are_held_out_together():
    class Split(Callback):
        def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
            kept.extend([[ids.tolist() for ids, _ in d] for d in (dataset_train, dataset_valid)])

    kept = []
    X, y = pl.concat([LONG, LONG]), np.concatenate([LABELS, LABELS])
    chunked(validation_fraction=0.3, callbacks=[Split()], max_epochs=1).fit(X, y)
    train, valid = kept
    assert valid
    assert not [row for row in valid if row in train]


def test_attention_over_chunks_is_trained_and_belongs_to_the_head():
    settings = {"chunk_pooling": "attention", "freeze": "encoder"}
    start = chunked(**settings, learning_rate=1e-30, weight_decay=0.0).fit(LONG, LABELS)
    trained = chunked(**settings).fit(LONG, LABELS)
    found = changed(weights(start), weights(trained))
    assert any(name.startswith("chunk_pooling.") for name in found)
    depths = parameter_depths(trained.net_.module_)
    assert {depths[name] for name in found} == {3}


def test_low_rank_adaptation_takes_chunks():
    pytest.importorskip("peft")
    adapted = chunked(lora=2, chunk_pooling="attention").fit(LONG, LABELS)
    assert not any("lora" in name for name in weights(adapted))
    assert np.isfinite(logits(adapted, LONG)).all()


def test_a_warm_start_keeps_the_weights_of_the_pooling_or_takes_another():
    first = chunked(chunk_pooling="attention", warm_start=True).fit(LONG, LABELS)
    before = logits(first, LONG)
    first.set_params(learning_rate=1e-30, weight_decay=0.0).fit(LONG, LABELS)
    np.testing.assert_allclose(logits(first, LONG), before, atol=1e-6)
    first.set_params(chunk_pooling="max").fit(LONG, LABELS)
    assert not any(name.startswith("chunk_pooling") for name in weights(first))
    first.set_params(truncation="head").fit(LONG, LABELS)
    np.testing.assert_array_equal(logits(first, LONG), logits(first, LONG.list.head(6)))


def test_a_pretrained_model_reads_all_of_a_text(tiny_model, headlines):
    texts, labels = headlines
    long = [f"{'the ' * 20}{text}" for text in texts]
    classifier = FineTunedTransformerClassifier(
        model=tiny_model, max_length=16, truncation="chunk", learning_rate=5e-3, random_state=0
    ).fit(long, labels)
    ids, _ = classifier.model_input_.cut(classifier.tokenizer_.transform(long))
    first, last = classifier.tokenizer_.cls_token_id_, classifier.tokenizer_.sep_token_id_
    assert {(row[0], row[-1]) for row in ids.to_list()} == {(first, last)}
    proba = classifier.predict_proba(long)
    np.testing.assert_allclose(classifier.predict_proba(long[::-1])[::-1], proba, atol=1e-7)
    # All of them begin alike, so that cut texts are equal.
    cut = clone(classifier).set_params(truncation="head").fit(long, labels)
    assert np.ptp(cut.decision_function(long)) < 1e-7
    assert np.ptp(classifier.decision_function(long)) > 2e-6


def test_long_texts_are_counted_in_a_warning_that_names_the_way_out():
    with pytest.warns(UserWarning, match=r"16 of 24 texts.*truncation='chunk'") as caught:
        small(max_length=6).fit(LONG, LABELS)
    assert [w.filename for w in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chunked().fit(LONG, LABELS)
        small(max_length=6).fit(LONG.gather_every(3), LABELS[::3])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("truncation", "middle", "'truncation' parameter"),
        ("chunk_pooling", "first", "'chunk_pooling' parameter"),
        ("chunk_overlap", 0.6, "'chunk_overlap' parameter"),
        ("chunk_overlap", -1, "'chunk_overlap' parameter"),
        ("chunk_overlap", 4, "chunk_overlap must be at most half of a chunk, 0.5 or 3 tokens"),
        ("max_chunks", 0, "'max_chunks' parameter"),
    ],
)
def test_a_value_out_of_range_is_named(name, value, message):
    with pytest.raises(ValueError, match=message):
        chunked(**{name: value}).fit(LONG, LABELS)


def test_a_clone_has_the_parameters():
    classifier = clone(chunked(max_chunks=3, chunk_pooling="max"))
    assert classifier.get_params()["max_chunks"] == 3
    assert classifier.chunk_pooling == "max"
