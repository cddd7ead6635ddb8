import pytest
import torch
from torch import nn

from agnews_sk.nn import EncoderLayer, FeedForward
from tests.nn.tokens import MASK, X, copy_attention


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


def test_feed_forward_treats_each_token_alone():
    feed_forward = FeedForward(8, 16)
    torch.testing.assert_close(feed_forward(X)[1, 2], feed_forward(X[1, 2]))


def test_feed_forward_names_the_activations_it_has():
    with pytest.raises(
        ValueError, match=r"activation must be one of \['relu', 'gelu'\], got 'selu'"
    ):
        FeedForward(8, 16, activation="selu")
