import numpy as np
import pytest
import torch
from sklearn.callback import ScoringMonitor
from skorch.callbacks import Callback

from agnews_sk import make_finetune_pipeline
from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.persistence import load, save
from agnews_sk.training import TextRows, make_net
from agnews_sk.training._head import MAX_ROWS, fit_head, vectors_of_head
from agnews_sk.training._pairs import balanced_batches, n_balanced_batches, pair_loss
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
    assert len(batches) == n_balanced_batches(rows_of(target), 24) == 9
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
    assert len(batches) == 120 // 16 + 1
    assert {len(np.unique(rows.target[batch])) for batch in batches} == {2}
    assert max(rows.n_chunks[batch].sum() for batch in batches) <= 16
    assert min(map(len, drawn(rows_of([0, 1] * 4, [9] * 8), batch_size=8))) >= 3


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
    sums, totals = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}
    for i, a in enumerate(sets):
        for j, b in enumerate(sets):
            if i != j:
                shared = len(a & b) / len(a | b) if a | b else 1.0
                cosine = vectors[i] @ vectors[j] / vectors[i].norm() / vectors[j].norm()
                sums[shared > 0] += weight[i] * weight[j] * (cosine - shared) ** 2
                totals[shared > 0] += weight[i] * weight[j]
    return sums[True] / totals[True] / 2 + sums[False] / totals[False] / 2


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
    of_labels = torch.where(indicator > 0, torch.tensor([0.5, 1.0, 4.0]), 2.0)
    torch.testing.assert_close(
        pair_loss(VECTORS, indicator, of_labels), pair_loss(VECTORS, indicator)
    )


def test_a_text_without_weight_does_not_count_and_weights_of_classes_have_no_effect():
    target = torch.tensor([0, 0, 0, 1, 1, 1])
    weight = torch.tensor([1.0, 1, 1, 1, 1, 0])
    expected = pair_loss(VECTORS[:5], target[:5])
    for of_class in (1.0, 7.0):
        heavier = torch.where(target == 1, weight * of_class, weight)
        torch.testing.assert_close(pair_loss(VECTORS, target, heavier), expected)


@pytest.mark.parametrize(
    "weight", [None, torch.zeros(2), torch.tensor([1.0, 0.0])], ids=["none", "zero", "one"]
)
def test_without_pairs_of_a_kind_the_loss_is_finite(weight):
    vectors = VECTORS[:2].clone().requires_grad_()
    pair_loss(vectors, torch.tensor([0, 1]), weight).backward()
    assert vectors.grad.isfinite().all()
    assert pair_loss(VECTORS[:1], torch.tensor([0])).item() == 0


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
    _, vectors = vectors_of_head(net, inputs)
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
    fit_head(net, rows, max_rows=None)
    torch.testing.assert_close(head.weight, before, rtol=0, atol=0)


def test_the_validation_loss_is_that_of_the_fitted_output_layer(tiny_model, headlines):
    texts, labels = headlines
    classifier = contrastive(tiny_model, patience=3)
    classifier.fit(texts[::2], labels[::2], X_val=texts[1::2], y_val=labels[1::2])
    y_proba = classifier.predict_proba(texts[1::2])
    of_label = y_proba[np.arange(4), np.searchsorted(classifier.classes_, labels[1::2])]
    lowest = classifier.history_["valid_loss"].min()
    assert -np.log(of_label).mean() == pytest.approx(lowest, abs=1e-5)


def test_callbacks_see_an_output_layer_that_is_fitted(tiny_model, headlines):
    class Accuracy(Callback):
        def on_epoch_end(self, net, dataset_train=None, **kwargs):
            predicted = net.logits(dataset_train).argmax(axis=1)
            seen.append(np.mean(predicted == dataset_train.y))

    seen = []
    contrastive(tiny_model, max_epochs=3, callbacks=[Accuracy()]).fit(*headlines)
    assert len(seen) == 3
    assert min(seen) >= 7 / 8
    monitor = ScoringMonitor(scoring="accuracy")
    contrastive(tiny_model, max_epochs=3).set_callbacks(monitor).fit(*headlines)
    scores = monitor.get_logs().data_as_pandas["accuracy"]
    assert min(scores) >= 7 / 8


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
        ({"freeze": 2}, "freeze=2 freezes all of them; freeze fewer"),
    ],
    ids=["freeze", "gradual", "compile", "tokens", "all layers"],
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
