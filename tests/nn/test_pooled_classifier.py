from types import SimpleNamespace

import pytest
import torch
from torch import nn

from agnews_sk.nn import PooledClassifier, make_pooling


class Encoder(nn.Module):
    """An embedding with the output of an encoder of transformers."""

    config = SimpleNamespace(hidden_size=8)

    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(10, 8)

    def forward(self, input_ids, attention_mask=None):
        return SimpleNamespace(last_hidden_state=self.token(input_ids))


IDS = torch.tensor([[4, 5, 6], [7, 0, 0]])
MASK = torch.tensor([[1, 1, 1], [1, 0, 0]])


@pytest.mark.parametrize("pooling", ["mean", "max", "first", "attention"])
def test_it_pools_the_encoder_s_vectors_and_maps_them_to_logits(pooling):
    classifier = PooledClassifier(Encoder(), pooling, n_classes=3, dropout=0.5).eval()
    pool = make_pooling(pooling, 8)
    pool.load_state_dict(classifier.pooling.state_dict())
    pooled = pool(classifier.encoder.token(IDS), MASK.bool())
    torch.testing.assert_close(classifier(IDS, MASK), classifier.classifier(pooled))
    assert classifier(IDS, MASK).shape == (2, 3)


def test_padding_changes_no_logit():
    classifier = PooledClassifier(Encoder(), "mean", n_classes=3, dropout=0.0)
    torch.testing.assert_close(classifier(IDS, MASK)[1:], classifier(IDS[1:, :1]))


def test_the_module_can_be_rebuilt_from_settings_and_configuration():
    classifier = PooledClassifier(Encoder(), "max", n_classes=3, dropout=0.1)
    assert classifier.settings == {"pooling": "max", "n_classes": 3, "dropout": 0.1}
    assert classifier.config is Encoder.config
