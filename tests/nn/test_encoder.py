import copy

import numpy as np
import pytest
import torch
from torch import nn

from agnews_sk.nn import (
    EncoderLayer,
    FocalLoss,
    MultiHeadSelfAttention,
    TextTransformer,
    TokenEmbedding,
    make_pooling,
    sinusoidal_positions,
)

X = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], dtype=torch.bool)


def copy_attention(ours, theirs):
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = ours.in_proj.weight, ours.in_proj.bias
    theirs.out_proj.weight.data, theirs.out_proj.bias.data = (
        ours.out_proj.weight,
        ours.out_proj.bias,
    )


@pytest.mark.parametrize("n_heads", [1, 2, 8])
def test_attention_agrees_with_torch(n_heads):
    ours = MultiHeadSelfAttention(8, n_heads)
    theirs = nn.MultiheadAttention(8, n_heads, batch_first=True)
    copy_attention(ours, theirs)
    expected, _ = theirs(X, X, X, key_padding_mask=~MASK)
    torch.testing.assert_close(ours(X, MASK)[MASK], expected[MASK])


def test_attention_without_a_mask_looks_at_everything():
    attention = MultiHeadSelfAttention(8, 2)
    torch.testing.assert_close(attention(X), attention(X, torch.ones(3, 5, dtype=torch.bool)))


@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_layer_agrees_with_torch(norm_first, activation):
    ours = EncoderLayer(8, 2, 16, activation, dropout=0.0, norm_first=norm_first)
    theirs = nn.TransformerEncoderLayer(
        8, 2, 16, dropout=0.0, activation=activation, norm_first=norm_first, batch_first=True
    )
    copy_attention(ours.attention, theirs.self_attn)
    pairs = {
        "linear1": ours.feed_forward.widen,
        "linear2": ours.feed_forward.narrow,
        "norm1": ours.attention_norm,
        "norm2": ours.feed_forward_norm,
    }
    for name, module in pairs.items():
        nn.init.normal_(module.weight)
        getattr(theirs, name).load_state_dict(module.state_dict())
    expected = theirs(X, src_key_padding_mask=~MASK)
    torch.testing.assert_close(ours(X, MASK)[MASK], expected[MASK])


def test_sinusoidal_positions_follow_the_formula():
    table = sinusoidal_positions(50, 16).numpy()
    position, i = 37, 5
    angle = position / 10_000 ** (2 * i / 16)
    np.testing.assert_allclose(table[position, 2 * i], np.sin(angle), atol=1e-5)
    np.testing.assert_allclose(table[position, 2 * i + 1], np.cos(angle), atol=1e-5)


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


@pytest.mark.parametrize(
    ("pooling", "expected"), [("mean", [2.0, 5.0]), ("max", [3.0, 8.0]), ("first", [1.0, 8.0])]
)
def test_pooling_takes_real_tokens_only(pooling, expected):
    x = torch.tensor([[[1.0, 8.0], [3.0, 2.0], [99.0, 99.0]]])
    pooled = make_pooling(pooling, 2)(x, torch.tensor([[True, True, False]]))
    assert pooled.tolist() == [expected]


def test_attention_pooling_weighs_by_its_scores():
    pool = make_pooling("attention", 4)
    x = torch.randn(1, 3, 4)
    mask = torch.tensor([[True, True, False]])
    scores = pool.score(torch.tanh(pool.hidden(x[0, :2]))).squeeze(-1)
    torch.testing.assert_close(pool(x, mask)[0], scores.softmax(0) @ x[0, :2])


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_gradient_of_the_focal_loss_is_that_of_its_values(smoothing, gamma):
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 2, 1, 1])
    loss = FocalLoss(gamma, smoothing)
    assert torch.autograd.gradcheck(lambda x: loss(x, target), [logits])


def test_focal_loss_at_gamma_zero_is_cross_entropy_and_stays_finite():
    logits, target = torch.tensor([[200.0, 0.0], [0.3, 0.1]]), torch.tensor([0, 1])
    expected = nn.functional.cross_entropy(logits, target, reduction="none")
    torch.testing.assert_close(FocalLoss(gamma=0.0)(logits, target), expected)
    logits.requires_grad_()
    FocalLoss(gamma=0.5)(logits, target).sum().backward()
    assert logits.grad.isfinite().all()


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
        (lambda: MultiHeadSelfAttention(10, 4), "multiple of n_heads=4, got 10; take 8"),
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
