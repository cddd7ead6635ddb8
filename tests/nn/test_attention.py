import pytest
import torch
from torch import nn

from agnews_sk.nn import MultiHeadSelfAttention
from tests.nn.tokens import MASK, X, copy_attention


@pytest.mark.parametrize("n_heads", [1, 2, 8])
def test_attention_agrees_with_torch(n_heads):
    ours = MultiHeadSelfAttention(8, n_heads)
    theirs = nn.MultiheadAttention(8, n_heads, batch_first=True)
    copy_attention(ours, theirs)
    expected, _ = theirs(X, X, X, key_padding_mask=~MASK)
    torch.testing.assert_close(ours(X, MASK)[MASK], expected[MASK])


def test_attention_without_a_mask_attends_to_all_tokens():
    attention = MultiHeadSelfAttention(8, 2)
    torch.testing.assert_close(attention(X), attention(X, torch.ones(3, 5, dtype=torch.bool)))


def attended(query, key, value, mask):
    """The reference: one head of one text."""
    scores = (query @ key.T) / query.shape[1] ** 0.5  # (length, length)
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=1) @ value


def test_attention_is_the_formula_head_by_head():
    attention = MultiHeadSelfAttention(8, 2)
    query, key, value = attention.in_proj(X).split(8, dim=2)
    heads = [
        torch.cat(
            [
                attended(query[i, :, part], key[i, :, part], value[i, :, part], MASK[i])
                for part in (slice(0, 4), slice(4, 8))
            ],
            dim=1,
        )
        for i in range(3)
    ]
    torch.testing.assert_close(attention(X, MASK), attention.out_proj(torch.stack(heads)))


def test_attention_drops_weights_in_training_only():
    attention = MultiHeadSelfAttention(8, 2, dropout=0.9)
    torch.testing.assert_close(attention.eval()(X), attention(X))
    assert (attention.train()(X) - attention.eval()(X)).abs().max() > 1e-3


@pytest.mark.parametrize(("d_model", "n_heads", "instead"), [(10, 4, 8), (3, 4, 4)])
def test_a_width_that_heads_cannot_share_is_rejected(d_model, n_heads, instead):
    message = f"multiple of n_heads={n_heads}, got {d_model}; use {instead}"
    with pytest.raises(ValueError, match=message):
        MultiHeadSelfAttention(d_model, n_heads)
