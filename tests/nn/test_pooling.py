import pytest
import torch

from agnews_sk.nn import make_pooling
from tests.nn.tokens import MASK, X


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


@pytest.mark.parametrize("name", ["mean", "max", "first", "attention"])
def test_pooling_without_a_mask_takes_all_tokens(name):
    pool = make_pooling(name, 8)
    torch.testing.assert_close(pool(X), pool(X, torch.ones(3, 5, dtype=torch.bool)))


@pytest.mark.parametrize("name", ["mean", "max", "first", "attention"])
def test_the_values_in_the_padding_change_nothing(name):
    pool, other = make_pooling(name, 8), X.clone()
    other[~MASK] = 100
    torch.testing.assert_close(pool(X, MASK), pool(other, MASK))


@pytest.mark.parametrize("name", ["mean", "max"])
def test_a_text_of_padding_alone_is_finite(name):
    pooled = make_pooling(name, 8)(X, torch.zeros(3, 5, dtype=torch.bool))
    assert pooled.isfinite().all()


def test_an_unknown_pooling_is_rejected_with_the_known_ones():
    with pytest.raises(ValueError, match=r"\['attention', 'first', 'max', 'mean'\], got 'median'"):
        make_pooling("median", 8)
