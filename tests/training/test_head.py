from functools import partial

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.training import TextRows, _head
from agnews_sk.training._head import fit_head, refit_head
from agnews_sk.training._net import TextNet
from tests.training.nets import net_of

WIDTH, N_ROWS = 4, 60


class Pretrained(nn.Module):
    """A vector per text, the embedding of its only token, below an output layer."""

    def __init__(self, n_classes=2, bias=True):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(vectors())
        self.layers = nn.ModuleList([nn.Identity()])
        self.classifier = nn.Linear(WIDTH, n_classes, bias=bias)

    def forward(self, input_ids, attention_mask=None):
        return self.classifier(self.layers[0](self.embedding(input_ids[:, 0])))


def vectors():
    rng = np.random.default_rng(0)
    return torch.tensor(5 + 3 * rng.normal(size=(N_ROWS, WIDTH)), dtype=torch.float32)


def rows(target, weight=None):
    return TextRows(np.arange(N_ROWS), np.arange(N_ROWS + 1), target, weight)


def net_over(module, target, **changed):
    """Return an initialized net with the loss of the target's kind."""
    like = net_of()
    settings = {**like.get_params(deep=False), **changed, "module": module}
    settings.pop("callbacks")
    return TextNet(**settings).initialize()


def classes(n_classes=2):
    noise = np.random.default_rng(1).normal(size=N_ROWS)
    score = vectors()[:, 0].numpy() + noise
    return np.searchsorted(np.quantile(score, np.arange(1, n_classes) / n_classes), score)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_output_layer_is_the_logistic_regression_of_scaled_vectors(n_classes):
    target = classes(n_classes)
    module = Pretrained(n_classes)
    fit_head(net_over(module, target, n_classes=n_classes), rows(target))
    X = vectors().numpy()
    X = X - X.mean(axis=0)
    scaled = X / np.linalg.norm(X, axis=1).mean()
    # The penalty of two classes is that of their two rows of weights.
    C = 1.0 if n_classes > 2 else 2.0
    expected = LogisticRegression(C=C, tol=1e-8).fit(scaled, target).predict_proba(scaled)
    found = module(torch.arange(N_ROWS)[:, None]).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_rows_without_weight_do_not_count():
    target = classes()
    weight = np.repeat([1.0, 0.0], N_ROWS // 2)
    module = Pretrained()
    fit_head(net_over(module, target), rows(target, weight))
    wrong = np.where(weight > 0, target, 1 - target)
    other = Pretrained()
    fit_head(net_over(other, target), rows(wrong, weight))
    torch.testing.assert_close(other.classifier.weight, module.classifier.weight)


def test_a_class_that_the_sample_lacks_can_still_be_learned():
    target = classes()
    module = Pretrained(n_classes=3)
    fit_head(net_over(module, target, n_classes=3), rows(target))
    logits = module.classifier(vectors().mean(dim=0))
    assert logits[2].item() == pytest.approx(-np.log(2 * N_ROWS), abs=0.5)


def test_vectors_that_hardly_differ_get_no_large_weights():
    module = Pretrained()
    module.embedding.weight.copy_(5 + 1e-4 * vectors())
    fit_head(net_over(module, classes()), rows(classes()))
    assert module.classifier.weight.abs().max() < 1


@pytest.mark.parametrize("fit", [partial(fit_head, max_rows=20), refit_head], ids=["few", "all"])
def test_rows_are_sampled_before_training_and_all_are_used_after_it(monkeypatch, fit):
    target = classes()
    used = []
    net = net_over(Pretrained(), target)
    infer = net.infer

    def count(inputs):
        used.extend(inputs["input_ids"][:, 0].tolist())
        return infer(inputs)

    monkeypatch.setattr(net, "infer", count)
    fit(net, rows(target))
    assert len(set(used)) == len(used) == (N_ROWS if fit is refit_head else 20)


def frozen(name):
    """Return a module in which a parameter of the output layer is frozen."""
    module = Pretrained()
    getattr(module.classifier, name).requires_grad_(False)
    return module


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (lambda: Pretrained(bias=False), "needs a model whose output layer has a bias"),
        (lambda: frozen("weight"), "it is frozen, by freeze=None or by a callback; set freeze"),
        (lambda: frozen("bias"), "it is frozen, by freeze=None or by a callback; set freeze"),
    ],
    ids=["no bias", "frozen weight", "frozen bias"],
)
def test_an_output_layer_that_cannot_be_fitted_is_kept_before_training_only(module, message):
    target = classes()
    module = module()
    before = {name: values.clone() for name, values in module.classifier.named_parameters()}
    net = net_over(module, target)
    fit_head(net, rows(target))
    with pytest.raises(ValueError, match=message):
        refit_head(net, rows(target))
    for name, values in module.classifier.named_parameters():
        torch.testing.assert_close(values, before[name], rtol=0, atol=0)


class NoLoss(nn.Module):
    """A criterion without a value."""

    def forward(self, logits, target):
        return logits[:, 0] * torch.nan


def without_finite_vectors():
    module = Pretrained()
    module.embedding.weight[3] = torch.inf
    return net_over(module, classes())


def without_loss():
    net = net_over(Pretrained(), classes())
    net.criterion_ = NoLoss()
    return net


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (without_finite_vectors, "vectors .* are not finite; lower learning_rate"),
        (without_loss, "the loss of NoLoss has no finite minimum .* check the criterion"),
    ],
    ids=["vectors", "loss"],
)
def test_without_a_finite_minimum_a_fit_after_training_is_an_error(net, message):
    net = net()
    layer = net.module_.classifier
    before = layer.weight.clone()
    fit_head(net, rows(classes()))
    with pytest.raises(FloatingPointError, match=message):
        refit_head(net, rows(classes()))
    torch.testing.assert_close(layer.weight, before, rtol=0, atol=0)
    refit_head(net, rows(classes()), must_be_finite=False)
    assert layer.weight.isnan().all()
    assert layer.bias.isnan().all()


def test_vectors_of_chunks_are_averaged():
    pooled = _head._one_per_text(
        torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([[0, 1], [2, -1]])
    )
    assert pooled.tolist() == [[2.0], [5.0]]


def untrained(tiny_model, **params):
    """Return a classifier whose steps change nothing that a test sees."""
    settings = {"model": tiny_model, "max_epochs": 1, "learning_rate": 1e-12, "random_state": 0}
    return FineTunedTransformerClassifier(**{**settings, **params})


@pytest.mark.parametrize("params", [{}, {"pooling": "mean"}, {"freeze": "encoder"}, {"lora": 2}])
def test_fine_tuning_begins_with_an_output_layer_that_knows_the_classes(
    tiny_model, headlines, params
):
    pytest.importorskip("peft")
    texts, labels = headlines
    assert untrained(tiny_model, **params).fit(texts, labels).score(texts, labels) >= 7 / 8


def test_several_labels_begin_with_an_output_layer_that_knows_them(tiny_model, headlines):
    texts, labels = headlines
    sets = [[label, "News"] if "cup" in text else [label] for text, label in zip(texts, labels)]
    classifier = untrained(tiny_model, pooling="mean", threshold=0.5).fit(texts, sets)
    y_proba = classifier.predict_proba(texts)
    has_cup = np.array(["cup" in text for text in texts])
    column = classifier.classes_.tolist().index("News")
    assert y_proba[has_cup, column].mean() > y_proba[~has_cup, column].mean()


def test_a_warm_start_keeps_the_output_layer(tiny_model, headlines):
    texts, labels = headlines
    classifier = untrained(tiny_model, warm_start=True, pooling="mean").fit(texts, labels)
    with torch.no_grad():
        classifier.net_.module_.classifier.bias.add_(100)
    classifier.fit(texts, labels)
    assert classifier.net_.module_.classifier.bias.min() > 90
