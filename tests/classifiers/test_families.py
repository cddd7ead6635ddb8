"""Families of pretrained models, with and without their own head."""

import json

import numpy as np
import pytest
import torch

from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.classifiers._finetuned import longest_input

SIZES = {"vocab_size": 120, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZES |= {"hidden_size": 16, "intermediate_size": 16, "max_position_embeddings": 40}
SPECIALS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
MODERN = {"cls_token_id": 2, "sep_token_id": 3, "local_attention": 4}
DISTIL = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 16, "vocab_size": 120}
DEBERTA = SIZES | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}
FAMILIES = {
    "bert": SIZES,
    "roberta": SIZES | {"pad_token_id": 1},
    "electra": SIZES | {"embedding_size": 8},
    "distilbert": DISTIL | {"max_position_embeddings": 40},
    "deberta-v2": DEBERTA,
    "modernbert": SIZES | SPECIALS | MODERN,
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "vocab_size": 120, "n_positions": 40}
    | {"bos_token_id": 3, "eos_token_id": 3},
}


@pytest.fixture(params=FAMILIES)
def family(request, tmp_path, tiny_model):
    """A folder with a tiny model of each family and the tokenizer of the tiny BERT."""
    return save_model(request.param, FAMILIES[request.param], tmp_path, tiny_model)


def save_model(kind, settings, folder, tokenizer):
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **settings)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(folder)
    return folder


def fine_tuned(family, **params):
    settings = {"max_epochs": 3, "batch_size": 4, "learning_rate": 5e-3, "precision": "fp32"}
    return FineTunedTransformerClassifier(
        model=family, **{**settings, "random_state": 0, "dropout": 0.0, **params}
    )


def test_it_learns_names_its_outputs_and_does_not_see_padding(family, headlines):
    texts, labels = headlines
    texts = [*texts, "", "oil " * 100]
    classifier = fine_tuned(family, max_epochs=6).fit(texts, [*labels, "Business", "Business"])
    losses = classifier.history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[0]
    assert classifier.net_.module_.config.id2label == {0: "Business", 1: "Sports"}
    together = classifier.predict_proba(texts)
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    assert classifier.max_length_ == min(128, longest_input(classifier.net_.module_))


@pytest.mark.parametrize("freeze", [1, "encoder"])
def test_cached_frozen_layers_give_the_same_model(family, headlines, freeze):
    cached = fine_tuned(family, freeze=freeze).fit(*headlines)
    without = fine_tuned(family, freeze=freeze, max_cache_bytes=0).fit(*headlines)
    texts, _ = headlines
    np.testing.assert_allclose(
        cached.decision_function(texts), without.decision_function(texts), atol=1e-4
    )


GEMMA = SIZES | {"head_dim": 8, "num_key_value_heads": 2, "pad_token_id": 0, "sliding_window": 4}
UNLIKE_LAYERS = {
    "a convolution after the lowest": ("deberta-v2", DEBERTA | {"conv_kernel_size": 3}),
    "normalized distances": ("deberta-v2", DEBERTA | {"norm_rel_ebd": "layer_norm"}),
    "biases by distance": ("mpnet", SIZES | {"pad_token_id": 1}),
    "masks of their own": (
        "gemma3_text",
        GEMMA | {"layer_types": ["sliding_attention", "full_attention"]},
    ),
}


@pytest.mark.parametrize("name", UNLIKE_LAYERS)
def test_cached_layers_get_their_inputs_besides_hidden_states(
    name, tmp_path, tiny_model, headlines
):
    folder = save_model(*UNLIKE_LAYERS[name], tmp_path, tiny_model)
    settings = {"freeze": 1, "max_epochs": 6, "learning_rate": 0.05, "dropout": 0.1}
    cached, without = (
        fine_tuned(folder, max_cache_bytes=limit, **settings).fit(*headlines)
        for limit in (2**32, 0)
    )
    texts, _ = headlines
    np.testing.assert_allclose(
        cached.decision_function(texts), without.decision_function(texts), atol=2e-6
    )


@pytest.mark.slow
def test_pooling_replaces_the_head(family, headlines):
    texts, labels = headlines
    classifier = fine_tuned(family, pooling="mean", max_epochs=15).fit(texts, labels)
    assert classifier.predict(texts).tolist() == labels
    assert classifier.net_.module_.config.id2label == {0: "Business", 1: "Sports"}


@pytest.mark.slow
def test_lora_merges_into_matrices_of_the_same_names(family, headlines):
    pytest.importorskip("peft")
    texts, labels = headlines
    plain = fine_tuned(family, learning_rate=1e-30, max_epochs=1).fit(texts, labels)
    adapted = fine_tuned(family, lora=2).fit(texts, labels)
    before = dict(plain.net_.module_.named_parameters())
    after = dict(adapted.net_.module_.named_parameters())
    assert list(before) == list(after)
    embeddings = [name for name in before if "embedding" in name or ".wte" in name]
    assert embeddings
    for name in embeddings:
        torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-9)


OTHER_PADDING = {
    "none": ("gpt2", {"eos_token_id": None, "bos_token_id": None}, 0),
    "several ends": ("llama", {"eos_token_id": [7, 8], "pad_token_id": None}, 7),
}
DECODER = {"vocab_size": 120, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.mark.parametrize("name", OTHER_PADDING)
def test_a_decoder_without_a_padding_token_is_padded(name, tmp_path, tiny_model, headlines):
    kind, settings, pad_id = OTHER_PADDING[name]
    save_model(kind, DECODER | {"intermediate_size": 16} | settings, tmp_path, tiny_model)
    classifier = fine_tuned(tmp_path, max_epochs=1).fit(*headlines)
    texts, _ = headlines
    assert classifier.net_.pad_id == pad_id
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(alone, classifier.predict_proba(texts), atol=1e-5)


def test_a_share_of_dropout_that_a_config_gives_as_0_is_set(tmp_path, tiny_model, headlines):
    folder = save_model("deberta-v2", DEBERTA, tmp_path, tiny_model)
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "pooler_dropout": 0}))
    module = fine_tuned(folder, dropout=0.25, max_epochs=1).fit(*headlines).net_.module_
    assert {m.p for m in module.modules() if isinstance(m, torch.nn.Dropout)} == {0.25}


def test_a_model_without_a_length_limit_takes_texts_of_any_length(tmp_path, tiny_model, headlines):
    sizes = {"d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 16, "vocab_size": 120}
    folder = save_model("xlnet", sizes, tmp_path, tiny_model)
    assert fine_tuned(folder, max_epochs=1).fit(*headlines).max_length_ == 128


@pytest.mark.slow
def test_dropout_is_set_everywhere(family, headlines):
    module = fine_tuned(family, dropout=0.25, max_epochs=1).fit(*headlines).net_.module_
    shares = {m.p for m in module.modules() if isinstance(m, torch.nn.Dropout)}
    assert shares <= {0.25}
