from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from agnews_sk.nn import MaskedTokenLoss, PairLoss, PartEncoder, seeded_torch

CLS, SEP, MASK, FIRST, N_IDS = 1, 2, 3, 4, 50
SPECIAL = [0, CLS, SEP, MASK]


class Recording(nn.Module):
    """Returns an embedding per token, or scores of all ids, and keeps what it was given."""

    def __init__(self):
        super().__init__()
        self.config = SimpleNamespace(vocab_size=N_IDS, hidden_size=8)
        self.embedding = nn.Embedding(N_IDS, 8)
        self.given = None

    def forward(self, input_ids, attention_mask=None):
        self.given = input_ids, attention_mask
        vectors = self.embedding(input_ids)
        return SimpleNamespace(
            last_hidden_state=vectors, logits=vectors @ self.embedding.weight.T.detach()
        )


@pytest.fixture
def model():
    with seeded_torch(0):
        return Recording()


def texts(n, length, seed=0):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(FIRST, N_IDS, (n, length), generator=generator)
    ids[:, 0], ids[:, -1] = CLS, SEP
    return ids


def padded(ids, lengths):
    """Return ids with padding from these lengths on, and the mask of the tokens."""
    mask = torch.arange(ids.shape[1]) < torch.tensor(lengths)[:, None]
    return ids.masked_fill(~mask, 0), mask.long()


def test_masked_tokens_are_hidden_as_in_bert_and_special_ones_and_padding_are_not(model):
    ids, mask = padded(texts(400, 42), [42, 30] * 200)
    ids[:, 29] = SEP
    with seeded_torch(0):
        MaskedTokenLoss(model, MASK, SPECIAL)(ids, mask)
    given, its_mask = model.given
    words = ids >= FIRST
    assert torch.equal(given[~words], ids[~words])
    assert torch.equal(its_mask, mask)
    hidden = (given == MASK)[words].float().mean().item()
    replaced = ((given != ids) & (given != MASK))[words].float().mean().item()
    assert hidden == pytest.approx(0.15 * 0.8, abs=0.01)
    assert replaced == pytest.approx(0.15 * 0.1, abs=0.005)


def test_the_mean_of_the_masked_losses_is_the_mean_over_the_hidden_tokens(model):
    ids, mask = padded(texts(6, 30), [30, 12, 30, 3, 20, 30])
    loss = MaskedTokenLoss(model, MASK, SPECIAL, masked=1.0)
    losses = loss(ids, mask)
    words = (ids >= FIRST) & mask.bool()
    logits = model(model.given[0]).logits
    expected = F.cross_entropy(logits[words], ids[words])
    torch.testing.assert_close(losses.mean(), expected)
    assert losses.shape == (6,)


def test_a_batch_without_words_has_no_masked_loss(model):
    ids = torch.tensor([[CLS, SEP], [CLS, SEP]])
    losses = MaskedTokenLoss(model, MASK, SPECIAL)(ids)
    assert losses.tolist() == [0, 0]
    losses.sum().backward()


def test_parts_are_half_of_each_text_in_its_order(model):
    ids, mask = padded(torch.arange(FIRST, 24).repeat(3, 1), [20, 11, 4])
    ids[:, 0] = CLS
    encoder = PartEncoder(model, SPECIAL)
    parts = []
    for seed in range(2):
        with seeded_torch(seed):
            encoder(ids, mask)
        given, kept = model.given
        assert given.shape == (3, 11)
        parts.append([row[is_kept.bool()].tolist() for row, is_kept in zip(given, kept)])
    assert [len(part) for part in parts[0]] == [11, 6, 3]
    for part, whole in zip(parts[0], ids.tolist()):
        assert part[0] == CLS
        assert part == sorted(part)
        assert set(part) <= set(whole)
    assert parts[0] != parts[1]


def test_whole_texts_are_encoded_for_predictions(model):
    ids, mask = padded(texts(8, 20), [20, 9] * 4)
    found = PartEncoder(model, SPECIAL).eval()(ids, mask)
    expected = [model(r[m.bool()][None]).last_hidden_state.mean(1) for r, m in zip(ids, mask)]
    torch.testing.assert_close(found, torch.cat(expected))


@pytest.mark.parametrize("kept", [0.1, 0.5], ids=["one token", "half"])
def test_texts_of_one_token_and_of_none_have_a_part(model, kept):
    ids, mask = padded(torch.tensor([[CLS, 9, SEP], [CLS, SEP, 0]]), [3, 2])
    vectors = PartEncoder(model, SPECIAL, kept=kept)(ids, mask)
    assert model.given[0].tolist() == [[CLS, 9, SEP], [CLS, SEP, 0]]
    assert torch.isfinite(vectors).all()


def test_the_loss_of_pairs_is_that_of_finding_the_partner():
    with seeded_torch(0):
        vectors = torch.randn(6, 4)
    pairs = torch.tensor([[0, 3], [5, 1], [2, 4]])
    unit = F.normalize(vectors, dim=1)
    first, second = unit[[0, 5, 2]], unit[[3, 1, 4]]
    cosines, target = first @ second.T / 0.5, torch.arange(3)
    expected = F.cross_entropy(cosines, target) + F.cross_entropy(cosines.T, target)
    torch.testing.assert_close(PairLoss(0.5)(vectors, pairs).mean(), expected / 2)


def test_the_same_seed_chooses_the_same_tokens(model):
    ids = texts(4, 20)
    for module in (MaskedTokenLoss(model, MASK, SPECIAL), PartEncoder(model, SPECIAL)):
        found = []
        for seed in (1, 1, 2):
            with seeded_torch(seed):
                found.append(module(ids).tolist())
        assert found[0] == found[1] != found[2]
