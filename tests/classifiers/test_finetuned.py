import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict

from agnews_sk import FineTunedTransformerClassifier
from agnews_sk.cleaning import TextCleaner
from agnews_sk.pipeline import TextPipeline
from agnews_sk.tokenization import PretrainedTokenizer
from tests.conftest import HEADLINES, scale_weights


def make_classifier(model):
    return FineTunedTransformerClassifier(
        model=model, max_epochs=30, batch_size=4, learning_rate=0.01, random_state=0
    )


@pytest.fixture
def classifier(tiny_model):
    return make_classifier(tiny_model)


@pytest.fixture(scope="module")
def fitted(tiny_model):
    """Fitted on the headlines; not to be changed."""
    texts = [text for of_class in HEADLINES.values() for text in of_class]
    labels = [label for label, of_class in HEADLINES.items() for _ in of_class]
    return make_classifier(tiny_model).fit(texts, labels)


def test_it_overfits_eight_headlines(fitted, headlines):
    texts, labels = headlines
    assert fitted.predict(texts).tolist() == labels
    assert fitted.history_["train_loss"].iloc[-1] < 0.1 < fitted.history_["train_loss"].iloc[0]


def test_predicted_labels_are_those_given_and_name_the_models_outputs(fitted):
    assert fitted.classes_.tolist() == ["Business", "Sports"]
    assert fitted.net_.module_.config.id2label == {0: "Business", 1: "Sports"}


def test_output_layer_has_one_output_per_class(classifier, headlines):
    texts, _ = headlines
    labels = [0, 1, 2, 3, 4, 0, 1, 2]
    classifier.set_params(max_epochs=1).fit(texts, labels)
    assert classifier.net_.module_.config.num_labels == 5
    assert classifier.predict_proba(texts).shape == (8, 5)


def test_probabilities_do_not_depend_on_order_or_batch(fitted, headlines):
    texts = [*headlines[0], "oil", "", "the coach " * 20]
    together = fitted.predict_proba(texts)
    np.testing.assert_allclose(together.sum(axis=1), 1)
    np.testing.assert_allclose(fitted.predict_proba(texts[::-1])[::-1], together, atol=1e-6)
    alone = np.concatenate([fitted.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(alone, together, atol=1e-6)


def test_logits_equal_those_of_transformers_itself(fitted, tiny_model, headlines):
    from transformers import AutoTokenizer

    texts, _ = headlines
    encoded = AutoTokenizer.from_pretrained(tiny_model)(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        logits = fitted.net_.module_.eval()(**encoded).logits
    expected = logits.softmax(dim=1).numpy()
    np.testing.assert_allclose(fitted.predict_proba(texts), expected, atol=1e-5)
    np.testing.assert_allclose(
        fitted.decision_function(texts), logits[:, 1] - logits[:, 0], atol=1e-5
    )


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(classifier, headlines):
    texts, _ = headlines
    classifier.set_params(max_epochs=1)

    def logits(seed):
        return (
            clone(classifier).set_params(random_state=seed).fit(*headlines).decision_function(texts)
        )

    np.testing.assert_array_equal(logits(1), logits(1))
    assert not np.array_equal(logits(1), logits(2))


def test_fit_does_not_change_the_callers_random_state(classifier, headlines):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    classifier.set_params(max_epochs=1).fit(*headlines)
    torch.testing.assert_close(torch.rand(4), expected)


def test_a_refit_discards_the_first_fit(classifier, headlines):
    texts, labels = headlines
    classifier.set_params(max_epochs=1)
    expected = clone(classifier).fit(texts, labels).decision_function(texts)
    classifier.fit(texts[:6], ["x", "y", "z", "x", "y", "z"])
    np.testing.assert_array_equal(classifier.fit(texts, labels).decision_function(texts), expected)


def test_a_pickle_keeps_probabilities_and_drops_the_optimizer(fitted, headlines):
    texts, _ = headlines
    dumped = pickle.dumps(fitted)
    restored = pickle.loads(dumped)
    np.testing.assert_array_equal(restored.predict_proba(texts), fitted.predict_proba(texts))
    n_bytes = sum(p.nbytes for p in fitted.net_.module_.parameters())
    assert len(dumped) < 2 * n_bytes + 100_000


def test_fitted_on_ids_it_equals_fitted_on_texts(classifier, headlines, tiny_model):
    texts, labels = headlines
    ids = PretrainedTokenizer(model=tiny_model, max_length=128).fit_transform(texts)
    on_texts = clone(classifier).fit(texts, labels)
    on_ids = clone(classifier).fit(ids, labels)
    np.testing.assert_array_equal(on_ids.decision_function(ids), on_texts.decision_function(texts))
    with pytest.raises(TypeError, match="was fitted on token ids, got list"):
        on_ids.predict(texts)


def test_zero_weight_is_equivalent_to_absence(classifier, headlines):
    texts, labels = headlines
    flipped = ["Sports" if label == "Business" else "Business" for label in labels]
    weight = [1.0] * 8 + [0.0] * 8
    classifier.fit(texts + texts, labels + flipped, sample_weight=weight)
    assert classifier.predict(texts).tolist() == labels


def test_it_works_in_searches_and_cross_validation(classifier, headlines):
    texts, labels = headlines
    classifier.set_params(max_epochs=1)
    search = GridSearchCV(classifier, {"learning_rate": [1e-3, 1e-2]}, cv=2)
    search.fit(pd.Series(texts), labels)
    assert set(search.best_params_) == {"learning_rate"}
    predicted = cross_val_predict(classifier, np.array(texts, object), labels, cv=2)
    assert set(predicted) <= {"Business", "Sports"}


def test_gradient_clip_bounds_each_step(classifier, headlines):
    norms = []

    from skorch.callbacks import Callback

    class RecordNorm(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            grads = [p.grad.flatten() for _, p in named_parameters if p.grad is not None]
            norms.append(torch.cat(grads).norm().item())

    classifier.set_params(gradient_clip=0.01, max_epochs=1, callbacks=[RecordNorm()])
    classifier.fit(*headlines)
    assert norms
    assert max(norms) <= 0.01 * 1.001


def test_bfloat16_trains_in_float32_weights(classifier, headlines):
    texts, labels = headlines
    classifier.set_params(precision="bf16").fit(texts, labels)
    assert classifier.predict(texts).tolist() == labels
    assert {p.dtype for p in classifier.net_.module_.parameters()} == {torch.float32}


def test_net_params_replace_a_default(classifier, headlines):
    classifier.set_params(max_epochs=None, net_params={"max_epochs": 3})
    assert len(classifier.fit(*headlines).history_) == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_length": 1}, "max_length"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"warmup": 1.0}, "warmup"),
        ({"precision": "fp8"}, "precision"),
        ({"model": "./nowhere"}, "is not a folder"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_parameter_is_named(classifier, headlines, params, message):
    with pytest.raises((ValueError, OSError), match=message):
        classifier.set_params(**params).fit(*headlines)


def test_one_class_is_rejected(classifier):
    with pytest.raises(ValueError, match="at least 2 classes, got 1 class: 'Sports'"):
        classifier.fit(["cup", "final"], ["Sports", "Sports"])


def test_lengths_that_differ_are_rejected(classifier):
    with pytest.raises(ValueError, match="one label per row of X, 2, got 1"):
        classifier.fit(["cup", "final"], ["Sports"])


def test_it_cannot_predict_before_fit(classifier):
    with pytest.raises(NotFittedError, match="not fitted"):
        classifier.predict(["oil"])


def test_a_checkpoint_of_other_pretrained_weights_is_not_resumed(
    classifier, tiny_model, headlines, tmp_path
):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    classifier.set_params(model=folder, max_epochs=1, checkpoint_dir=tmp_path / "checkpoints")
    first = clone(classifier).fit(*headlines).predict_proba(headlines[0])
    again = clone(classifier).fit(*headlines)
    np.testing.assert_array_equal(again.predict_proba(headlines[0]), first)
    scale_weights(folder / "model.safetensors", 0.5)
    expected = clone(classifier).set_params(checkpoint_dir=None).fit(*headlines)
    found = clone(classifier).fit(*headlines).predict_proba(headlines[0])
    np.testing.assert_allclose(found, expected.predict_proba(headlines[0]), atol=1e-6)
    assert np.abs(found - first).max() > 1e-4


@pytest.mark.parametrize(("pooling", "expected"), [(None, "max"), ("mean", "mean")])
def test_a_sentence_encoder_pools_as_it_was_pretrained(
    classifier, tiny_model, headlines, tmp_path, pooling, expected
):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    classifier.set_params(model=folder, pooling=pooling, max_epochs=1).fit(*headlines)
    assert classifier.net_.module_.settings["pooling"] == expected


def test_fit_warns_of_texts_that_the_model_does_not_know(tiny_model):
    classifier = FineTunedTransformerClassifier(model=tiny_model, max_epochs=1)
    with pytest.warns(UserWarning, match="100% of the characters of the texts are unknown"):
        classifier.fit(["石油价格上涨", "球队赢得决赛"], ["oil", "cup"])


@pytest.fixture
def student(tmp_path, tiny_model, headlines):
    """A fitter of two of the layers of a model with four, and of one with these two only."""
    from transformers import AutoModel, BertConfig

    from agnews_sk.training import with_fewer_layers

    folders = [shutil.copytree(tiny_model, tmp_path / name) for name in ("four", "two")]
    config = BertConfig.from_pretrained(tiny_model, num_hidden_layers=4)
    torch.manual_seed(0)
    model = AutoModel.from_config(config)
    model.save_pretrained(folders[0])
    with_fewer_layers(model, 2).save_pretrained(folders[1])

    def fit(whole, **params):
        settings = {"batch_size": 4, "learning_rate": 0.01, "pooling": "mean", "precision": "fp32"}
        model = {"model": folders[0], "n_layers": 2} if whole else {"model": folders[1]}
        classifier = FineTunedTransformerClassifier(
            **model, **{**settings, "max_epochs": 3, "dropout": 0.0, "random_state": 0, **params}
        )
        return classifier.fit(*headlines)

    return fit


@pytest.mark.parametrize(
    "params",
    [{}, {"freeze": 1}, {"layer_decay": 0.5}, {"lora": 2}, {"gradual_unfreezing": True}],
    ids=lambda params: " ".join(params) or "plain",
)
def test_fewer_layers_are_trained_as_a_model_that_has_no_others(student, params, headlines):
    if "lora" in params:
        pytest.importorskip("peft")
    found, expected = (student(whole, **params) for whole in (True, False))
    assert found.net_.module_.config.num_hidden_layers == 2
    # The output layers begin with other random weights, and at the same minimum.
    np.testing.assert_allclose(
        found.predict_proba(headlines[0]), expected.predict_proba(headlines[0]), atol=0.02
    )


def test_a_model_of_fewer_layers_is_saved(student, headlines, tmp_path):
    from agnews_sk.persistence import load, save

    fitted = student(True)
    pipeline = TextPipeline([("clean", TextCleaner()), ("classify", fitted)])
    expected = fitted.predict_proba(headlines[0])
    loaded = load(save(pipeline, tmp_path / "saved"))
    np.testing.assert_array_equal(loaded.predict_proba(headlines[0]), expected)
    assert loaded[-1].n_layers == 2


@pytest.mark.slow
def test_a_model_of_fewer_layers_is_exported(student, headlines, tmp_path):
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from agnews_sk.onnx import OnnxClassifier, export_onnx

    fitted = student(True)
    pipeline = TextPipeline([("clean", TextCleaner()), ("classify", fitted)])
    expected = fitted.predict_proba(headlines[0])
    export_onnx(pipeline, tmp_path / "onnx", X=headlines[0])
    exported = OnnxClassifier.from_path(tmp_path / "onnx")
    np.testing.assert_allclose(exported.predict_proba(headlines[0]), expected, atol=1e-5)


def test_layers_that_the_model_lacks_are_rejected(classifier, headlines):
    for n_layers, message in [
        (3, "n_layers must be at most the model's 2 layers, got 3"),
        (0, "The 'n_layers' parameter of FineTunedTransformerClassifier must be an int in the"),
    ]:
        with pytest.raises(ValueError, match=message):
            classifier.set_params(n_layers=n_layers).fit(*headlines)
    with pytest.raises(ValueError, match="freeze must be at most the model's 1 layers, got 2"):
        classifier.set_params(n_layers=1, freeze=2).fit(*headlines)
