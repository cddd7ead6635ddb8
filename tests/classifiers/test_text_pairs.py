"""A pretrained model reads title and description as a pair of segments."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from transformers import AutoTokenizer

from agnews_sk import FineTunedTransformerClassifier, make_finetune_pipeline
from agnews_sk._core.joining import row_joiner
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.inspection import explain
from agnews_sk.nn import set_token_types
from agnews_sk.persistence import load, save
from agnews_sk.tokenization import PretrainedTokenizer
from tests.classifiers.test_families import SIZES, save_model
from tests.tokenization.separators import save_with_two

TITLES = ["oil prices", "stocks", "bank shares", "oil", "cup final", "coach", "team wins", "wins"]
DESCRIPTIONS = ["rise", "fall on weak profit", "rise", "profit", "tonight", "resigns", "the cup"]
DESCRIPTIONS += ["the final"]
NEWS = pd.DataFrame({"title": TITLES, "description": DESCRIPTIONS})
LABELS = np.repeat(["Business", "Sports"], 4)
NEW = pd.DataFrame({
    "title": ["oil", "cup", None, "team wins"], "description": ["on the rise", "final", "cup", ""],
})  # fmt: skip


def paired(model, **params):
    settings = {"max_epochs": 3, "batch_size": 4, "learning_rate": 0.01, "random_state": 0}
    settings |= {"precision": "fp32", "text_pair": True}
    return FineTunedTransformerClassifier(model=model, **{**settings, **params})


@pytest.fixture(scope="module")
def pipeline(tiny_model):
    params = paired(tiny_model).get_params(deep=False)
    chosen = ("max_epochs", "batch_size", "learning_rate", "precision", "random_state")
    params = {f"classify__{name}": params[name] for name in chosen}
    return make_finetune_pipeline(tiny_model, text_pair=True, **params).fit(NEWS, LABELS)


def logits_of_transformers(module, tokenizer, frame, *, without_types=False):
    """Return the logits of pairs that transformers tokenizes, in the net's own module."""
    module = copy.deepcopy(module).eval()
    set_token_types(module, ())
    encoded = AutoTokenizer.from_pretrained(tokenizer)(
        frame["title"].tolist(), frame["description"].tolist(), padding=True, return_tensors="pt"
    )
    if without_types:
        encoded.pop("token_type_ids", None)
    with torch.inference_mode():
        return module(**encoded).logits.numpy()


def test_logits_equal_those_of_transformers_with_token_types(tiny_model):
    classifier = paired(tiny_model).fit(NEWS, LABELS)
    module = classifier.net_.module_
    expected = logits_of_transformers(module, tiny_model, NEWS)
    without = logits_of_transformers(module, tiny_model, NEWS, without_types=True)
    found = classifier._logits(NEWS)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found - without).max() > 1e-3


def test_training_changes_the_embeddings_of_both_types(tiny_model):
    classifier = paired(tiny_model, weight_decay=0.0).fit(NEWS, LABELS)
    start = paired(tiny_model, weight_decay=0.0, learning_rate=1e-30).fit(NEWS, LABELS)
    after, before = (
        fitted.net_.module_.bert.embeddings.token_type_embeddings.weight
        for fitted in (classifier, start)
    )
    assert ((after - before).abs().amax(dim=1) > 1e-3).tolist() == [True, True]


@pytest.mark.parametrize("kind", ["mpnet", "roberta"])
def test_a_model_without_types_reads_its_own_separators(kind, tiny_model, tmp_path):
    settings = SIZES | {"pad_token_id": 0, "type_vocab_size": 1}
    folder = save_with_two(tiny_model, save_model(kind, settings, tmp_path, tiny_model))
    classifier = paired(folder).fit(NEWS, LABELS)
    sep_id = AutoTokenizer.from_pretrained(folder).sep_token_id
    assert classifier.model_input_.separator == (sep_id, sep_id)
    expected = logits_of_transformers(classifier.net_.module_, folder, NEWS, without_types=True)
    np.testing.assert_allclose(classifier._logits(NEWS), expected, atol=1e-5)


def test_the_pipeline_reads_what_the_classifier_reads_of_a_frame(pipeline, tiny_model):
    classifier = paired(tiny_model).fit(NEWS, LABELS)
    expected = pipeline.predict_proba(NEW)
    np.testing.assert_array_equal(classifier.predict_proba(NEW), expected)
    swapped = pipeline.predict_proba(
        pd.DataFrame({"title": NEW["description"], "description": NEW["title"]})
    )
    assert np.abs(swapped - expected)[:2].max() > 1e-4


def test_single_texts_are_read_as_without_pairs(headlines, tiny_model):
    texts, labels = headlines
    plain = paired(tiny_model, text_pair=False).fit(texts, labels)
    expected = plain.predict_proba(texts)
    tokenizer = PretrainedTokenizer(model=tiny_model, text_pair=True).fit()
    set_token_types(plain.net_.module_, tokenizer.separator_ids_)
    np.testing.assert_array_equal(plain.predict_proba(texts), expected)


def test_a_row_served_as_one_text_is_predicted_as_in_a_frame(pipeline):
    join = row_joiner(pipeline)
    texts = [join(row) for row in NEW.fillna("").to_dict("records")]
    np.testing.assert_array_equal(pipeline.predict_proba(texts), pipeline.predict_proba(NEW))


def test_further_columns_belong_to_the_second_text(pipeline):
    more = pd.DataFrame({"title": ["oil"], "description": ["on the"], "body": ["rise"]})
    joiner = ColumnJoiner(separator=pipeline["join"].separator).fit(more)
    found = pipeline[3:].predict_proba(joiner.transform(more))
    np.testing.assert_allclose(found, pipeline.predict_proba(NEW[:1]), atol=1e-7)


def test_copies_and_saved_models_predict_the_same(pipeline, tmp_path):
    expected = pipeline.predict_proba(NEW)
    save(pipeline, tmp_path / "model")
    for again in (pickle.loads(pickle.dumps(pipeline)), load(tmp_path / "model")):
        np.testing.assert_array_equal(again.predict_proba(NEW), expected)
        assert again["classify"].model_input_ == pipeline["classify"].model_input_
    refitted = clone(load(tmp_path / "model")).fit(NEWS, LABELS)
    np.testing.assert_array_equal(refitted.predict_proba(NEW), expected)


def test_an_exported_model_predicts_the_same(pipeline, tmp_path):
    for library in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(library)
    from agnews_sk.onnx import OnnxClassifier, export_onnx

    export_onnx(pipeline, tmp_path / "exported", X=NEWS)
    exported = OnnxClassifier.from_path(tmp_path / "exported")
    np.testing.assert_allclose(exported.predict_proba(NEW), pipeline.predict_proba(NEW), atol=1e-5)
    texts = [row_joiner(exported)(row) for row in NEW.fillna("").to_dict("records")]
    np.testing.assert_array_equal(exported.predict_proba(texts), exported.predict_proba(NEW))


@pytest.mark.parametrize("max_length", [64, 7], ids=["whole", "cut"])
def test_explanations_find_the_words_of_both_texts(tiny_model, max_length):
    pytest.importorskip("captum")
    pipeline = make_finetune_pipeline(
        tiny_model, text_pair=True, classify__max_epochs=2, classify__random_state=0,
        classify__max_length=max_length,
    ).fit(NEWS, LABELS)  # fmt: skip
    explanation = explain(pipeline, NEW)
    assert explanation.method == "gradients"
    assert explanation.error.max() < 0.05
    np.testing.assert_allclose(
        explanation.scores["Sports"], pipeline.decision_function(NEW), atol=1e-5
    )
    words = explanation.of(0, "Sports")
    assert words["word"].tolist() == ["oil", "on", "the", "rise"]
    assert [explanation.texts[0][a:b] for a, b in zip(words["start"], words["end"])] == list(
        words["word"]
    )
    assert (words["contribution"] != 0).tolist()[:2] == [True, True]
    assert "\x1f" not in explanation._repr_html_()


def test_pairs_may_be_given_as_ids(tiny_model):
    ids = PretrainedTokenizer(model=tiny_model, text_pair=True).fit().transform(NEWS)
    of_ids = paired(tiny_model).fit(ids, LABELS)
    of_frame = paired(tiny_model).fit(NEWS, LABELS)
    np.testing.assert_array_equal(of_ids.predict_proba(ids), of_frame.predict_proba(NEWS))


@pytest.mark.parametrize(
    "params",
    [{"freeze": 1}, {"pooling": "mean"}, {"lora": 2}, {"n_layers": 1}, {"devices": 2}],
    ids=str,
)
def test_it_works_with_other_ways_to_train(params, tiny_model):
    if "lora" in params:
        pytest.importorskip("peft")
    classifier = paired(tiny_model, dropout=0.0, **params).fit(NEWS, LABELS)
    found = classifier._logits(NEWS)
    if params in ({"freeze": 1}, {"devices": 2}):  # the same model, computed otherwise
        same = {**params, "max_cache_bytes": 0, "devices": 1}
        expected = paired(tiny_model, dropout=0.0, **same).fit(NEWS, LABELS)._logits(NEWS)
        np.testing.assert_allclose(found, expected, atol=1e-4)
    set_token_types(classifier.net_.module_, ())
    assert np.abs(classifier._logits(NEWS) - found).max() > 1e-4


def test_contrastive_training_takes_pairs(tiny_model):
    params = {"loss": "contrastive", "pooling": "mean"}
    classifier = paired(tiny_model, **params).fit(NEWS, LABELS)
    assert classifier.predict_proba(NEWS).shape == (8, 2)


def test_validation_rows_may_be_a_frame(tiny_model):
    classifier = paired(tiny_model).fit(NEWS, LABELS, X_val=NEWS[::2], y_val=LABELS[::2])
    logits = torch.from_numpy(classifier._logits(NEWS[::2]))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 0, 1, 1])).item()
    np.testing.assert_allclose(classifier.history_["valid_loss"].iloc[-1], loss, rtol=1e-4)
    with pytest.raises(ValueError, match="X_val must have two columns of texts"):
        paired(tiny_model).fit(NEWS, LABELS, X_val=NEWS.assign(body="x"), y_val=LABELS)


def test_a_refit_without_pairs_leaves_no_trace(tiny_model, headlines):
    classifier = paired(tiny_model).fit(NEWS, LABELS).set_params(text_pair=False, warm_start=True)
    classifier.fit(*headlines)
    assert classifier.model_input_.separator == ()
    assert not classifier.net_.module_.bert._forward_pre_hooks
    classifier.set_params(text_pair=True).fit(NEWS, LABELS)
    assert len(classifier.net_.module_.bert._forward_pre_hooks) == 1


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        ({"truncation": "chunk"}, NEWS, "truncation='chunk' divides single texts, and text_pair="),
        ({"max_length": 4}, NEWS, "max_length must be at least 5 with text_pair=True"),
        ({}, TITLES, "text_pair=True needs rows of two texts, and no row of X has two"),
        ({}, NEWS[["title"]], "no row of X has two"),
        (
            {},
            NEWS.assign(body="x"),
            r"two columns of texts with text_pair=True, got \['title', 'de",
        ),
        ({"text_pair": False}, NEWS, "X must have one column of texts"),
        ({"text_pair": "yes"}, NEWS, "The 'text_pair' parameter"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_be_read_as_pairs_is_rejected(params, X, message, tiny_model):
    with pytest.raises(ValueError, match=message):
        paired(tiny_model, **params).fit(X, LABELS)


def test_the_separator_of_another_step_is_named(tiny_model):
    pipeline = make_finetune_pipeline(tiny_model, text_pair=True, join=ColumnJoiner())
    with pytest.raises(ValueError, match=r"joined by make_finetune_pipeline\(text_pair=True\)"):
        pipeline.fit(NEWS, LABELS)
