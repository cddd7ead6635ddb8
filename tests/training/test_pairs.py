import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.callback import ScoringMonitor
from skorch.callbacks import BatchScoring, Callback, Checkpoint, EpochScoring, Freezer

from agnews_sk import make_finetune_pipeline
from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.persistence import load, save
from agnews_sk.training import TextRows, make_net
from agnews_sk.training._head import MAX_ROWS, refit_head, vectors_of_head
from agnews_sk.training._pairs import balanced_batches, pair_loss, pair_weights
from tests.training.nets import net_of, optimizer_steps


def rows_of(target, n_chunks=None):
    """Return rows of one token per chunk."""
    n_chunks = np.ones(len(target), dtype=int) if n_chunks is None else np.asarray(n_chunks)
    offsets = np.arange(n_chunks.sum() + 1)
    starts = np.concatenate([[0], n_chunks.cumsum()])
    return TextRows(offsets[:-1], offsets, np.asarray(target), chunk_offsets=starts)


def drawn(rows, batch_size=32, seed=0):
    return balanced_batches(rows, batch_size, np.random.default_rng(seed))


# Batches


def test_each_batch_has_as_many_texts_of_each_class_and_no_text_twice():
    target = np.repeat([0, 1, 2], [170, 20, 10])
    batches = drawn(rows_of(target), batch_size=24)
    assert len(batches) == 9
    for batch in batches:
        assert len(set(batch.tolist())) == len(batch)
        n_drawn = np.bincount(target[batch]).tolist()
        assert n_drawn[0] == 8
        assert 5 <= min(n_drawn) <= max(n_drawn) <= 8


def test_few_texts_are_in_each_batch_once():
    target = np.repeat([0, 1], [3, 5])
    assert [sorted(batch) for batch in drawn(rows_of(target))] == [list(range(8))]


def test_a_batch_of_many_classes_has_pairs_of_one_class():
    target = np.repeat(np.arange(50), 4)
    for batch in drawn(rows_of(target), batch_size=8):
        assert np.bincount(target[batch]).max() == 2


def test_a_text_of_several_chunks_takes_as_many_places():
    rows = rows_of([0, 1] * 20, [5, 1] * 20)
    batches = drawn(rows, batch_size=16)
    assert {len(np.unique(rows.target[batch])) for batch in batches} == {2}
    assert max(rows.n_chunks[batch].sum() for batch in batches) <= 16
    assert min(map(len, drawn(rows_of([0, 1] * 4, [9] * 8), batch_size=8))) >= 3


@pytest.mark.parametrize("n_chunks", [1, 3, 9, 30])
def test_an_epoch_draws_as_many_texts_as_there_are(n_chunks):
    rows = rows_of([0, 1] * 40, [n_chunks] * 80)
    batches = drawn(rows, batch_size=16)
    assert 80 <= sum(map(len, batches)) < 80 + len(batches[-1])
    assert max(map(len, batches)) == max(4, 16 // n_chunks)
    used = np.concatenate(batches)
    assert len(set(used)) >= 78


def test_rows_are_drawn_for_each_label_and_for_having_none():
    target = np.zeros((100, 2))
    target[:4, 0] = target[2:6, 1] = 1
    for batch in drawn(rows_of(target), batch_size=12):
        assert target[batch].any(axis=1).sum() >= 4
        assert (~target[batch].any(axis=1)).sum() == 4


def test_the_generator_decides_the_batches():
    rows = rows_of(np.arange(40) % 3)
    first, again, other = (np.concatenate(drawn(rows, 8, seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert first.tolist() != other.tolist()


# The loss


def expected_loss(vectors, sets, weight):
    """Return the loss from its definition, pair by pair."""
    sums, n_pairs = {True: 0.0, False: 0.0}, {True: 0, False: 0}
    for i, a in enumerate(sets):
        for j, b in enumerate(sets):
            if i != j:
                shared = len(a & b) / len(a | b) if a | b else 1.0
                cosine = vectors[i] @ vectors[j] / vectors[i].norm() / vectors[j].norm()
                sums[shared > 0] += weight[i] * weight[j] * (cosine - shared) ** 2
                n_pairs[shared > 0] += 1
    return sums[True] / n_pairs[True] / 2 + sums[False] / n_pairs[False] / 2


VECTORS = torch.tensor(np.random.default_rng(0).normal(size=(6, 4)))


def test_pairs_of_one_class_and_of_two_count_alike():
    target = torch.tensor([0, 0, 0, 0, 1, 2])
    expected = expected_loss(VECTORS, [{int(code)} for code in target], np.ones(6))
    assert pair_loss(VECTORS, target).item() == pytest.approx(float(expected), rel=1e-6)


def test_texts_of_several_labels_are_as_similar_as_they_share_labels():
    sets = [{0}, {0, 1}, {0, 1, 2}, {2}, set(), set()]
    indicator = torch.tensor([[label in labels for label in range(3)] for labels in sets]).float()
    weight = torch.tensor([1.0, 2, 1, 3, 1, 1])
    expected = expected_loss(VECTORS, sets, weight)
    assert pair_loss(VECTORS, indicator, weight).item() == pytest.approx(float(expected), rel=1e-6)


def test_a_batch_of_heavier_texts_counts_more():
    target = torch.tensor([0, 0, 1, 1])
    loss = pair_loss(VECTORS[:4], target)
    torch.testing.assert_close(pair_loss(VECTORS[:4], target, torch.full((4,), 2.0)), 4 * loss)


@pytest.mark.parametrize(
    "weight", [None, torch.zeros(2), torch.tensor([1.0, 0.0])], ids=["none", "zero", "one"]
)
def test_without_pairs_of_a_kind_the_loss_is_finite(weight):
    vectors = VECTORS[:2].clone().requires_grad_()
    pair_loss(vectors, torch.tensor([0, 1]), weight).backward()
    assert vectors.grad.isfinite().all()
    assert pair_loss(VECTORS[:1], torch.tensor([0])).item() == 0


# Weights


def test_weights_of_pairs_have_the_mean_one_in_each_class():
    rows = rows_of([0, 0, 0, 1, 1, 2])
    assert pair_weights(rows) is None
    for factor in (1.0, 40.0):
        rows.weight = factor * np.array([2.0, 1, 0, 6, 18, 5])
        expected = [4 / 3, 2 / 3, 0, 0.5, 1.5, 1]
        np.testing.assert_allclose(pair_weights(rows), expected, rtol=1e-6)


def test_weights_of_labels_have_no_effect_on_pairs():
    rng = np.random.default_rng(0)
    rows = rows_of((rng.random((60, 3)) < 0.3).astype(np.float32))
    rows.weight = rng.integers(1, 4, 60).astype(float)
    of_rows = pair_weights(rows)
    factors = np.where(rows.target > 0, [7.0, 1.0, 0.2], [1.0, 3.0, 1.0])
    rows.weight = rows.weight[:, None] * factors
    np.testing.assert_allclose(pair_weights(rows), of_rows, rtol=1e-6)
    assert np.corrcoef(of_rows, rows.weight[:, 0] / factors[:, 0])[0, 1] > 0.95
    rows.weight = np.where(rows.target > 0, [0.0, 1.0, 1.0], 1.0)
    np.testing.assert_allclose(pair_weights(rows), 1)


SETS = [["a"], ["a", "b"], ["b"], [], ["a"], [], ["b"], ["a", "b"]]


@pytest.mark.parametrize("several", [False, True], ids=["one label", "several labels"])
def test_class_weights_and_the_scale_of_weights_do_not_change_pairs(tiny_model, headlines, several):
    texts, labels = headlines
    labels = SETS if several else labels
    weight = np.linspace(1, 2, 8)
    params = {"batch_size": 4, "threshold": 0.5, "max_epochs": 2}
    plain = contrastive(tiny_model, **params).fit(texts, labels, weight)
    scaled = contrastive(tiny_model, **params).fit(texts, labels, 100 * weight)
    np.testing.assert_allclose(
        scaled.predict_proba(texts), plain.predict_proba(texts), rtol=0, atol=1e-5
    )
    of_class = {"a": 5.0} if several else {"Sports": 5.0, "Business": 1.0}
    weighted = contrastive(tiny_model, class_weight=of_class, **params).fit(texts, labels, weight)
    losses = [one.history_["train_loss"] for one in (plain, weighted)]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    unlike = contrastive(tiny_model, **params).fit(texts, labels, weight[::-1])
    assert not np.allclose(unlike.history_["train_loss"], losses[0], rtol=1e-3)


@pytest.mark.parametrize("loss", ["contrastive", "cross_entropy"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"validation_fraction": 0.3},
        {"class_weight": "balanced"},
        {"truncation": "chunk", "max_length": 5},
    ],
    ids=["plain", "validated", "class weights", "chunks"],
)
def test_a_row_of_weight_0_is_left_out(tiny_model, headlines, loss, params):
    texts, labels = ([*values, *values[1:6]] for values in headlines)
    weight = np.repeat([1.0, 0.0, 2.0], [8, 3, 2])
    kept = weight > 0
    settings = {"loss": loss, "batch_size": 4, "max_epochs": 2, **params}
    found = contrastive(tiny_model, **settings).fit(texts, labels, weight)
    without = contrastive(tiny_model, **settings).fit(
        np.array(texts)[kept], np.array(labels)[kept], weight[kept]
    )
    np.testing.assert_allclose(found.predict_proba(texts), without.predict_proba(texts), atol=1e-6)
    columns = found.history_.columns.drop("dur")
    pd.testing.assert_frame_equal(found.history_[columns], without.history_[columns], rtol=1e-4)


def test_texts_of_low_weight_hardly_pull_on_others(tiny_model, headlines):
    texts, labels = headlines
    wrong = labels[::-1]
    weight = np.repeat([1.0, 0.01], 8)
    plain, weighted = (
        contrastive(tiny_model, batch_size=4, max_epochs=6).fit(texts * 2, labels + wrong, w)
        for w in (None, weight)
    )
    assert spread(weighted, texts, labels) < 0.6 * spread(plain, texts, labels)


# Training


def contrastive(model, **params):
    settings = {
        "model": model,
        "loss": "contrastive",
        "pooling": "mean",
        "learning_rate": 5e-3,
        "max_epochs": 8,
        "random_state": 0,
        "precision": "fp32",
        "device": "cpu",
    }
    return FineTunedTransformerClassifier(**{**settings, **params})


def spread(classifier, texts, labels):
    """Return the loss of the pairs of some texts."""
    net = classifier.net_
    rows = classifier._dataset(classifier._ids(texts))
    loader = net.get_iterator(rows)
    inputs, _ = loader.batch(np.arange(len(rows)))
    net.set_training(False)
    vectors = vectors_of_head(net, inputs)
    return pair_loss(vectors, torch.tensor(np.searchsorted(classifier.classes_, labels))).item()


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lora": 2, "learning_rate": 0.05},
        {"freeze": 1, "learning_rate": 0.02},
        {"batch_size": 4},
    ],
    ids=["all", "lora", "freeze", "small batches"],
)
def test_texts_of_one_class_become_similar_and_the_output_layer_fits(tiny_model, headlines, params):
    pytest.importorskip("peft")
    texts, labels = headlines
    before = contrastive(tiny_model, learning_rate=1e-12).fit(texts, labels)
    after = contrastive(tiny_model, **params).fit(texts, labels)
    assert spread(after, texts, labels) < 0.9 * spread(before, texts, labels)
    assert after.score(texts, labels) >= 7 / 8
    losses = after.history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[0]


def test_the_output_layer_is_fitted_on_the_trained_vectors_of_all_rows(tiny_model, headlines):
    # More than training with another loss begins with.
    texts, labels = (values * (MAX_ROWS // len(values) + 1) for values in headlines)
    classifier = contrastive(tiny_model, max_steps=2).fit(texts, labels)
    head = classifier.net_.module_.classifier
    before = head.weight.clone()
    target = np.searchsorted(classifier.classes_, labels)
    rows = classifier._dataset(classifier._ids(texts), target)
    net = make_net(classifier, classifier.net_.module_, rows).initialize()
    refit_head(net, rows)
    torch.testing.assert_close(head.weight, before, rtol=0, atol=0)


def test_the_validation_loss_is_that_of_the_fitted_output_layer(tiny_model, headlines):
    texts, labels = headlines
    classifier = contrastive(tiny_model, patience=3)
    classifier.fit(texts[::2], labels[::2], X_val=texts[1::2], y_val=labels[1::2])
    y_proba = classifier.predict_proba(texts[1::2])
    of_label = y_proba[np.arange(4), np.searchsorted(classifier.classes_, labels[1::2])]
    lowest = classifier.history_["valid_loss"].min()
    assert -np.log(of_label).mean() == pytest.approx(lowest, abs=1e-5)


# Callbacks


def scores(classifier, name):
    return classifier.history_[name].tolist()


def accuracy_of(net, rows):
    return np.mean(net.logits(rows).argmax(axis=1) == rows.y)


def test_callbacks_see_an_output_layer_that_is_fitted(tiny_model, headlines):
    class Accuracy(Callback):
        def on_epoch_end(self, net, dataset_train=None, **kwargs):
            seen.append(accuracy_of(net, dataset_train))

    seen = []
    contrastive(tiny_model, max_epochs=3, callbacks=[Accuracy()]).fit(*headlines)
    assert len(seen) == 3
    assert min(seen) >= 7 / 8
    monitor = ScoringMonitor(scoring="accuracy")
    contrastive(tiny_model, max_epochs=3).set_callbacks(monitor).fit(*headlines)
    scores = monitor.get_logs().data_as_pandas["accuracy"]
    assert min(scores) >= 7 / 8


@pytest.mark.parametrize("kind", [EpochScoring, BatchScoring])
@pytest.mark.parametrize("use_caching", [True, False], ids=["kept", "predicted"])
def test_scores_of_validation_rows_are_those_of_the_fitted_output_layer(
    tiny_model, headlines, kind, use_caching
):
    texts, labels = headlines
    scoring = kind("accuracy", lower_is_better=False, use_caching=use_caching)
    classifier = contrastive(tiny_model, callbacks=[scoring], max_epochs=3, learning_rate=0.02)
    classifier.fit(texts, labels, X_val=texts, y_val=labels)
    assert scores(classifier, "accuracy") == scores(classifier, "valid_accuracy")
    assert min(scores(classifier, "accuracy")) >= 7 / 8


@pytest.mark.parametrize(
    ("scoring", "params"),
    [
        (EpochScoring("accuracy", on_train=True, use_caching=False), {}),
        (EpochScoring("accuracy", on_train=True), {"net_params": {"use_caching": False}}),
    ],
    ids=["callback", "net"],
)
def test_scores_of_training_rows_are_computed_after_the_fit(tiny_model, headlines, scoring, params):
    classifier = contrastive(tiny_model, max_epochs=3, callbacks=[scoring], **params)
    assert min(scores(classifier.fit(*headlines), "accuracy")) >= 7 / 8


@pytest.mark.parametrize(
    ("scoring", "params"),
    [
        (BatchScoring("accuracy", on_train=True, use_caching=False), {}),
        (EpochScoring("accuracy", on_train=True), {}),
        (
            EpochScoring("accuracy", on_train=True, use_caching=False),
            {"net_params": {"use_caching": True}},
        ),
    ],
    ids=["batches", "epochs", "net"],
)
def test_scores_of_training_batches_are_rejected(tiny_model, headlines, scoring, params):
    classifier = contrastive(tiny_model, callbacks=[scoring], **params)
    with pytest.raises(ValueError, match=r"before loss='contrastive' has fitted .*use_caching=Fal"):
        classifier.fit(*headlines)
    classifier.set_params(loss="cross_entropy", max_epochs=1).fit(*headlines)


def test_training_batches_have_no_predictions(tiny_model, headlines):
    class Keep(Callback):
        def on_batch_end(self, net, training=None, y_pred=None, loss=None, **kwargs):
            seen.append((training, y_pred is None, np.isfinite(float(loss))))

    seen = []
    texts, labels = headlines
    classifier = contrastive(tiny_model, callbacks=[Keep()], max_epochs=1, batch_size=4)
    classifier.fit(texts, labels, X_val=texts[:4], y_val=labels[:4])
    assert seen == [(True, True, True)] * 2 + [(False, False, True)]


@pytest.mark.parametrize("warm", [False, True], ids=["new", "warm start"])
@pytest.mark.parametrize(
    "hook", ["on_train_begin", "on_epoch_begin", "on_batch_begin", "on_batch_end"]
)
def test_predictions_before_the_fit_are_an_error(tiny_model, headlines, hook, warm):
    def predict(self, net, batch=None, **kwargs):
        X = self.rows if batch is None else batch[0]
        if seen is not None:
            seen.append(hook)
            net.predict(X)

    texts, labels = headlines
    seen = None
    callback = type("Predict", (Callback,), {hook: predict})()
    classifier = contrastive(tiny_model, callbacks=[callback], max_epochs=2, warm_start=True)
    callback.rows = None
    if warm:
        classifier.fit(texts, labels)
        callback.rows = classifier._dataset(classifier._ids(texts))
    else:
        callback.rows = rows_of(np.zeros(2, dtype=int))
    seen = []
    with pytest.raises(RuntimeError, match="before loss='contrastive' has fitted the output layer"):
        classifier.fit(texts, labels)
    assert seen == [hook]
    if warm:
        assert classifier.predict(texts).shape == (8,)


def test_a_file_that_a_callback_writes_has_the_fitted_output_layer(tiny_model, headlines, tmp_path):
    texts, labels = headlines
    checkpoint = Checkpoint(dirname=tmp_path, monitor="valid_loss_best")
    rows = {"X_val": texts[1::2], "y_val": labels[1::2]}
    params = {"max_epochs": 4, "learning_rate": 0.05}
    classifier = contrastive(tiny_model, callbacks=[checkpoint], **params)
    classifier.fit(texts[::2], labels[::2], **rows)
    kept = torch.load(tmp_path / "params.pt", weights_only=True)
    classifier.net_.module_.load_state_dict(kept)
    y_proba = classifier.predict_proba(texts[1::2])
    of_label = y_proba[np.arange(4), np.searchsorted(classifier.classes_, labels[1::2])]
    lowest = min(scores(classifier, "valid_loss"))
    assert -np.log(of_label).mean() == pytest.approx(lowest, abs=1e-5)


def test_a_callback_that_freezes_the_output_layer_is_rejected(tiny_model, headlines):
    classifier = contrastive(tiny_model, callbacks=[Freezer("classifier*")])
    with optimizer_steps() as steps, pytest.raises(ValueError, match=r"frozen, by .* a callback"):
        classifier.fit(*headlines)
    assert steps == []


@pytest.mark.parametrize("validates", [False, True])
def test_training_that_ends_without_finite_vectors_is_an_error(tiny_model, headlines, validates):
    class Break(Callback):
        def on_batch_end(self, net, **kwargs):
            with torch.no_grad():
                next(p for p in net.module_.parameters() if p.requires_grad).fill_(torch.nan)

    texts, labels = headlines
    classifier = contrastive(tiny_model, callbacks=[Break()], max_epochs=1, freeze=1)
    rows = {"X_val": texts, "y_val": labels} if validates else {}
    with pytest.raises(FloatingPointError, match="are not finite; lower learning_rate"):
        classifier.fit(texts, labels, **rows)


def test_an_epoch_without_finite_vectors_does_not_end_patience(tiny_model, headlines):
    class BreakSecond(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == 2:
                with torch.no_grad():
                    next(p for p in net.module_.parameters() if p.requires_grad).fill_(torch.nan)

    texts, labels = headlines
    params = {"max_epochs": 2, "freeze": 1, "patience": 2}
    classifier = contrastive(tiny_model, callbacks=[BreakSecond()], **params)
    classifier.fit(texts, labels, X_val=texts, y_val=labels)
    assert np.isfinite(scores(classifier, "valid_loss")).tolist() == [True, False]
    assert classifier.score(texts, labels) >= 7 / 8


def test_a_resumed_training_ends_as_an_uninterrupted_one(tiny_model, headlines, tmp_path):
    # Of the more frequent class, the first epoch does not draw all texts.
    texts, labels = ([*values, *values[:4], *values[:2]] for values in headlines)
    params = {"freeze": 1, "batch_size": 4, "max_epochs": 3}
    whole = contrastive(tiny_model, **params).fit(texts, labels)
    resumed = contrastive(tiny_model, **params, checkpoint_dir=tmp_path)
    with optimizer_steps(fail_at=11), pytest.raises(Exception, match="killed"):
        resumed.fit(texts, labels)
    with optimizer_steps() as steps:
        resumed.fit(texts, labels)
    assert len(steps) == 4 + 1  # one of the output layer
    np.testing.assert_array_equal(resumed.predict_proba(texts), whole.predict_proba(texts))
    with optimizer_steps() as steps:
        resumed.fit(texts, labels)
    assert steps == []
    np.testing.assert_array_equal(resumed.predict_proba(texts), whole.predict_proba(texts))


def test_several_labels_and_chunks_are_learned_and_saved(tiny_model, headlines, tmp_path):
    texts, labels = headlines
    sets = [[label, "News"] if "cup" in text else [label] for text, label in zip(texts, labels)]
    params = {"truncation": "chunk", "max_length": 5, "threshold": 0.5}
    classifier = contrastive(tiny_model, **params).fit(texts, sets)
    assert (classifier.decision_function(texts)[:, 0] > 0).tolist() == [
        "Business" in labels for labels in sets
    ]
    save(classifier, tmp_path / "model")
    loaded = load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(texts), classifier.predict_proba(texts))


def test_a_warm_start_trains_on_and_the_seed_decides_the_result(tiny_model, headlines):
    texts, labels = headlines
    classifier, again = (contrastive(tiny_model, max_epochs=2, warm_start=True) for _ in range(2))
    first = classifier.fit(texts, labels).predict_proba(texts)
    np.testing.assert_array_equal(again.fit(texts, labels).predict_proba(texts), first)
    before = spread(classifier, texts, labels)
    assert spread(classifier.fit(texts, labels), texts, labels) < before


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"freeze": "encoder"}, "freeze='encoder': it trains the layers below"),
        ({"gradual_unfreezing": True}, "gradual_unfreezing=True: the output layer alone"),
        ({"compile": True}, "compile=True: compiled models"),
        ({"tokens_per_batch": 64}, "tokens_per_batch=64: its batches"),
        ({"batch_size": 3}, "batch_size=3: a batch .* batch_size=4 or more"),
        ({"net_params": {"batch_size": 2}}, "batch_size=2: a batch"),
        ({"freeze": 2}, "freeze=2 freezes all of them; freeze fewer"),
    ],
    ids=["freeze", "gradual", "compile", "tokens", "batch", "batch of net", "all layers"],
)
def test_parameters_that_conflict_with_pairs_are_rejected(tiny_model, headlines, params, message):
    with pytest.raises(ValueError, match=message):
        contrastive(tiny_model, **params).fit(*headlines)


def test_a_model_without_a_vector_per_text_is_rejected():
    net = net_of(loss="contrastive").initialize()
    net.module_.classifier.bias = None
    inputs, _ = next(iter(net.get_iterator(rows_of([0, 1]))))
    with pytest.raises(ValueError, match="TextTransformer does not; set pooling='mean'"):
        vectors_of_head(net, inputs)


def test_a_pipeline_trained_on_pairs_is_served_with_explanations(tiny_model, headlines):
    testclient = pytest.importorskip("fastapi.testclient")
    from agnews_sk.serving import create_app

    params = {"loss": "contrastive", "pooling": "mean", "random_state": 0, "max_epochs": 1}
    pipeline = make_finetune_pipeline(
        tiny_model, **{f"classify__{name}": value for name, value in params.items()}
    ).fit(*headlines)
    text = "oil cup final"
    with testclient.TestClient(create_app(pipeline)) as client:
        response = client.post("/predict", json={"text": text, "explain": True})
    [found] = response.json()["predictions"]
    expected = pipeline.predict_proba([text])[0].tolist()
    assert [*found["probabilities"].values()] == pytest.approx(expected, abs=1e-6)
    assert [row["word"] for row in found["words"]] == text.split()


@pytest.mark.parametrize("chunk_pooling", ["max", "attention"])
def test_the_output_layer_is_fitted_to_means_of_chunks_only(tiny_model, headlines, chunk_pooling):
    classifier = contrastive(
        tiny_model, truncation="chunk", max_length=6, chunk_pooling=chunk_pooling
    )
    with pytest.raises(ValueError, match=f"chunk_pooling='{chunk_pooling}'.*chunk_pooling='mean'"):
        classifier.fit(*headlines)
