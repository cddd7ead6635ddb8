import copy

import pytest
import torch
from torch import nn

from agnews_sk.nn import (
    MultiHeadSelfAttention,
    TextTransformer,
    TokenEmbedding,
    sinusoidal_positions,
)


@pytest.mark.parametrize("pooling", ["mean", "max", "first", "attention"])
@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])
def test_padding_never_changes_a_logit(pooling, positions, norm_first):
    net = TextTransformer(
        20,
        3,
        d_model=8,
        n_heads=2,
        max_length=9,
        pooling=pooling,
        positions=positions,
        norm_first=norm_first,
    ).eval()
    ids = torch.tensor([[4, 5, 6]])
    alone = net(ids)
    for pad_id in (0, 7):
        padded = torch.tensor([[4, 5, 6, pad_id, pad_id], [1, 2, 3, 8, 9]])
        mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
        torch.testing.assert_close(net(padded, mask)[:1], alone)


def test_order_of_words_matters():
    net = TextTransformer(20, 3, d_model=8, n_heads=2).eval()
    swapped = net(torch.tensor([[4, 5, 6]])) - net(torch.tensor([[6, 5, 4]]))
    assert swapped.abs().max() > 1e-3


def test_it_overfits_eight_texts():
    torch.manual_seed(0)
    net = TextTransformer(30, 2, d_model=16, n_heads=2, dropout=0.0)
    ids, target = torch.randint(0, 30, (8, 6)), torch.tensor([0, 1] * 4)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    for _ in range(30):
        loss = nn.functional.cross_entropy(net(ids), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (net.eval()(ids).argmax(1) == target).all()
    assert loss < 0.1


def test_initial_embedding_has_the_scale_of_the_paper():
    net = TextTransformer(5_000, 2, d_model=64, n_heads=2)
    vectors = net.embedding.token.weight * 8
    assert vectors.std().item() == pytest.approx(1.0, abs=0.02)
    assert not any(
        m.bias.any() for m in net.modules() if isinstance(m, nn.Linear) and m.bias is not None
    )


def test_token_dropout_leaves_out_whole_tokens_in_training_only():
    torch.manual_seed(0)
    embedding = TokenEmbedding(vocab_size=4, d_model=8, max_length=2_000, token_dropout=0.25)
    embedding.position.zero_()
    ids = torch.randint(4, (1, 2_000))
    whole = embedding.eval()(ids)
    torch.testing.assert_close(whole, embedding.token(ids) * 8**0.5)
    vectors = embedding.train()(ids)
    gone = (vectors == 0).all(dim=-1)
    assert 0.2 < gone.float().mean() < 0.3
    torch.testing.assert_close(vectors[~gone], whole[~gone] / 0.75)


def test_copies_do_not_share_weights():
    net = TextTransformer(20, 3, d_model=8, n_heads=2)
    twin = copy.deepcopy(net)
    nn.init.zeros_(twin.classifier.weight)
    assert net.classifier.weight.any()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MultiHeadSelfAttention(10, 4), "multiple of n_heads=4, got 10; use 8"),
        (lambda: TextTransformer(9, 2, positions="rotary"), "positions must be one of"),
        (lambda: TextTransformer(9, 2, activation="selu"), "activation must be one of"),
        (lambda: TextTransformer(9, 2, pooling="median"), "pooling must be one of"),
        (lambda: sinusoidal_positions(4, 7), "must be even"),
    ],
    ids=["heads", "positions", "activation", "pooling", "odd width"],
)
def test_a_bad_size_is_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_settings_build_the_same_module():
    net = TextTransformer(20, 3, d_model=8, n_heads=2, norm_first=False, pooling="attention")
    twin = TextTransformer(**net.settings)
    twin.load_state_dict(net.state_dict())
    ids = torch.tensor([[4, 5, 6]])
    torch.testing.assert_close(twin.eval()(ids), net.eval()(ids))
    assert net.settings["d_hidden"] == 32


def test_only_learned_positions_are_parameters_and_saved():
    fixed = TokenEmbedding(10, 8, 5)
    learned = TokenEmbedding(10, 8, 5, positions="learned")
    assert set(fixed.state_dict()) == {"token.weight"}
    assert dict(learned.named_parameters()).keys() == {"token.weight", "position"}


def test_a_mask_of_ones_is_equivalent_to_no_mask():
    net = TextTransformer(20, 3, d_model=8, n_heads=2).eval()
    ids = torch.tensor([[4, 5, 6], [7, 8, 9]])
    torch.testing.assert_close(net(ids, torch.ones_like(ids)), net(ids))
