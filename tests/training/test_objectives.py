import json
import shutil

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForPreTraining, GPT2Config, GPT2LMHeadModel

from agnews_sk.nn import MaskedTokenLoss, MeanPooling, PartEncoder
from agnews_sk.nn._pooling import FirstTokenPooling
from agnews_sk.tokenization import PretrainedTokenizer
from agnews_sk.training._objectives import make_objective


@pytest.fixture(scope="module")
def with_head(tiny_model, tmp_path_factory):
    """A folder with a BERT that has the head of a masked language model, and a pooler."""
    folder = tmp_path_factory.mktemp("masked") / "model"
    shutil.copytree(tiny_model, folder)
    BertForPreTraining(BertConfig.from_pretrained(tiny_model)).save_pretrained(folder)
    return folder


def objective(folder, name="auto"):
    return make_objective(name, str(folder), PretrainedTokenizer(model=folder).fit())


def sentence_encoder(folder, tmp_path, **modes):
    copy = shutil.copytree(folder, tmp_path / "encoder")
    (copy / "1_Pooling").mkdir()
    (copy / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    return copy


def test_a_masked_language_model_learns_to_predict_hidden_tokens(with_head):
    found = objective(with_head)
    tokenizer = AutoTokenizer.from_pretrained(with_head)
    assert (found.name, found.pooling) == ("masked", None)
    assert isinstance(found.module, MaskedTokenLoss)
    assert found.module.model is found.model
    assert found.module.mask_id == tokenizer.mask_token_id
    assert sorted(found.module.special_ids.tolist()) == sorted(tokenizer.all_special_ids)


def test_weights_that_masked_tokens_do_not_train_are_kept(with_head):
    found = objective(with_head)
    assert set(found.untrained) == {"bert.pooler.dense.weight", "bert.pooler.dense.bias"}
    expected = BertForPreTraining.from_pretrained(with_head).bert.pooler.dense.weight
    assert torch.equal(found.untrained["bert.pooler.dense.weight"], expected)


def test_an_encoder_without_that_head_learns_from_neighbours(tiny_encoder):
    found = objective(tiny_encoder)
    assert (found.name, found.pooling, found.untrained) == ("contrastive", "mean", {})
    assert isinstance(found.module, PartEncoder)
    assert isinstance(found.module.pooling, MeanPooling)


def test_a_sentence_encoder_stays_one_and_is_pooled_in_its_way(with_head, tmp_path):
    folder = sentence_encoder(with_head, tmp_path, pooling_mode_cls_token=True)
    found = objective(folder)
    assert (found.name, found.pooling) == ("contrastive", "first")
    assert isinstance(found.module.pooling, FirstTokenPooling)
    found = objective(folder, "masked")
    assert (found.name, found.pooling) == ("masked", "first")


def test_a_model_with_the_head_can_be_trained_contrastively_too(with_head):
    assert objective(with_head, "contrastive").name == "contrastive"


def test_without_a_head_masked_tokens_are_rejected(tiny_encoder):
    with pytest.raises(ValueError, match=r"'masked' needs .* has no head to predict tokens; set"):
        objective(tiny_encoder, "masked")


def test_without_a_mask_masked_tokens_are_rejected(with_head, tmp_path):
    folder = shutil.copytree(with_head, tmp_path / "model")
    config = GPT2Config(vocab_size=120, n_embd=16, n_layer=2, n_head=2, n_positions=64)
    GPT2LMHeadModel(config).save_pretrained(folder)
    assert objective(folder).name == "contrastive"
    with pytest.raises(ValueError, match="has no head to predict tokens"):
        objective(folder, "masked")
    tokenizer = PretrainedTokenizer(model=with_head).fit()
    tokenizer.mask_token_id_ = None
    with pytest.raises(ValueError, match="has no token that hides others"):
        make_objective("masked", str(with_head), tokenizer)
