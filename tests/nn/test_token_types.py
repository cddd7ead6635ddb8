import copy
import pickle

import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    MPNetConfig,
    MPNetForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from agnews_sk.nn import PooledClassifier, TokenTypes, set_token_types

SIZES = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
SIZES |= {"intermediate_size": 8}
IDS = torch.tensor([[1, 8, 9, 2, 10, 2], [1, 8, 9, 10, 11, 2]])
TYPES = torch.tensor([[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0]])


@pytest.fixture(params=["own head", "pooled"])
def module(request):
    torch.manual_seed(0)
    config = BertConfig(**SIZES)
    if request.param == "own head":
        return BertForSequenceClassification(config).eval()
    return PooledClassifier(BertModel(config), "mean", 2, 0.1).eval()


def encoder_of(module):
    return module.encoder if isinstance(module, PooledClassifier) else module.bert


def logits(module, ids=IDS):
    with torch.no_grad():
        output = module(ids)
    return getattr(output, "logits", output)


def with_types(module, types):
    """The encoder's own vectors, given token types."""
    with torch.no_grad():
        return encoder_of(module)(IDS, token_type_ids=types).last_hidden_state


def test_types_begin_behind_the_first_separator():
    assert TokenTypes(2).of(IDS).tolist() == TYPES.tolist()
    more = torch.tensor([[1, 2, 8, 2, 9, 2, 0]])
    assert TokenTypes(2).of(more).tolist() == [[0, 0, 1, 1, 1, 1, 1]]


def test_the_encoder_gets_them(module):
    expected, without = with_types(module, TYPES), with_types(module, torch.zeros_like(TYPES))
    seen = []
    encoder_of(module).register_forward_hook(lambda *of: seen.append(of[2].last_hidden_state))
    before = logits(module)
    set_token_types(module, (2,))
    after = logits(module)
    torch.testing.assert_close(seen[0], without, rtol=0, atol=0)
    torch.testing.assert_close(seen[1], expected, rtol=0, atol=0)
    assert not torch.allclose(before[0], after[0], atol=1e-6)
    torch.testing.assert_close(before[1], after[1], rtol=0, atol=0)


def test_setting_them_again_replaces_them(module):
    before = logits(module)
    for _ in range(2):
        set_token_types(module, (9,))
        set_token_types(module, (2,))
    after = logits(module)
    assert len(encoder_of(module)._forward_pre_hooks) == 1
    set_token_types(module, ())
    assert not encoder_of(module)._forward_pre_hooks
    torch.testing.assert_close(logits(module), before, rtol=0, atol=0)
    assert not torch.allclose(before, after, atol=1e-6)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_has_its_own(module, again):
    before = logits(module)
    set_token_types(module, (2,))
    after, other = logits(module), again(module)
    torch.testing.assert_close(logits(other), after, rtol=0, atol=0)
    set_token_types(other, ())
    torch.testing.assert_close(logits(other), before, rtol=0, atol=0)
    torch.testing.assert_close(logits(module), after, rtol=0, atol=0)


def test_padding_changes_no_logit(module):
    set_token_types(module, (2,))
    padded = torch.nn.functional.pad(IDS, (0, 3))
    mask = (padded != 0).long()
    with torch.no_grad():
        output = module(padded, attention_mask=mask)
    found = getattr(output, "logits", output)
    torch.testing.assert_close(found, logits(module), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (RobertaForSequenceClassification, RobertaConfig),
        (MPNetForSequenceClassification, MPNetConfig),
    ],
    ids=["roberta", "mpnet"],
)
def test_a_model_without_types_stays_as_it_is(kind, config):
    module = kind(config(**SIZES, pad_token_id=0, type_vocab_size=1)).eval()
    before = logits(module)
    set_token_types(module, (2, 2))
    torch.testing.assert_close(logits(module), before, rtol=0, atol=0)
