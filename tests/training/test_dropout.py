import pytest
import torch
import torch.nn.functional as F

from agnews_sk.training._dropout import FastDropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_it_drops_the_share_and_scales_the_rest(p, dtype):
    x = torch.ones(999, 1001, dtype=dtype, requires_grad=True)
    with FastDropout():
        dropped = F.dropout(x, p)
    assert (dropped == 0).double().mean().item() == pytest.approx(p, abs=2e-3)
    assert dropped.max().item() == pytest.approx(1 / (1 - p), rel=1e-2)
    dropped.sum().backward()
    torch.testing.assert_close(x.grad, dropped.detach())


def test_neighbouring_activations_are_dropped_independently():
    with FastDropout():
        kept = (F.dropout(torch.ones(4_000_000), 0.5) > 0).double()
    for lag in (1, 2, 3, 4):
        both = (kept[:-lag] * kept[lag:]).mean().item()
        assert both == pytest.approx(0.25, abs=2e-3)


def test_it_draws_from_the_random_state_of_torch_and_is_off_in_evaluation():
    x = torch.ones(100)
    with FastDropout():
        first, again = (torch.manual_seed(3) and F.dropout(x, 0.5) for _ in range(2))
        resting = F.dropout(x, 0.5, training=False)
    torch.testing.assert_close(first, again)
    torch.testing.assert_close(resting, x)


@pytest.mark.parametrize("kind", ["no mask", "bool", "float"])
def test_attention_is_that_of_torch_except_for_dropped_weights(kind):
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 6, 8)
    seen = torch.rand(2, 1, 6, 6) > 0.3
    seen[..., 0] = True
    masks = {"no mask": None, "bool": seen, "float": torch.where(seen, 0.0, -1e30)}
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=masks[kind])
    with FastDropout():
        # A share too small for any of the chances.
        actual = F.scaled_dot_product_attention(
            query, key, value, attn_mask=masks[kind], dropout_p=1e-9
        )
        dropped = F.scaled_dot_product_attention(
            query, key, torch.ones_like(value), attn_mask=masks[kind], dropout_p=0.5
        )
    torch.testing.assert_close(actual, expected)
    assert dropped.mean().item() == pytest.approx(1, abs=0.3)
    assert dropped.std() > 0.1


def test_a_query_that_may_attend_to_no_token_stays_finite():
    query = torch.randn(1, 1, 2, 4)
    with FastDropout():
        out = F.scaled_dot_product_attention(
            query, query, query, attn_mask=torch.zeros(1, 1, 2, 2, dtype=torch.bool), dropout_p=0.1
        )
    assert out.isfinite().all()
