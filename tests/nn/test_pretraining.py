from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from agnews_sk.nn import ContrastiveTextLoss, MaskedTokenLoss, seeded_torch

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
    with seeded_torch(0):
        ContrastiveTextLoss(model, SPECIAL)(ids, mask)
    given, kept = model.given
    assert given.shape == (6, 11)
    parts = [row[is_kept.bool()].tolist() for row, is_kept in zip(given, kept)]
    assert [len(part) for part in parts] == [11, 6, 3, 11, 6, 3]
    for part, whole in zip(parts, ids.repeat(2, 1).tolist()):
        assert part[0] == CLS
        assert part == sorted(part)
        assert set(part) <= set(whole)
    assert parts[0] != parts[3]


def test_the_contrastive_loss_recognizes_texts_by_their_parts(model):
    ids, mask = padded(texts(8, 20), [20, 9] * 4)
    loss = ContrastiveTextLoss(model, SPECIAL, kept=1.0, temperature=0.5)
    losses = loss(ids, mask)
    with torch.no_grad():
        vectors = [model(r[m.bool()][None]).last_hidden_state.mean(1) for r, m in zip(ids, mask)]
    unit = F.normalize(torch.cat(vectors), dim=1)
    expected = F.cross_entropy(unit @ unit.T / 0.5, torch.arange(8), reduction="none")
    torch.testing.assert_close(losses, expected)


@pytest.mark.parametrize("kept", [0.1, 0.5], ids=["one token", "half"])
def test_texts_of_one_token_and_of_none_have_a_finite_loss(model, kept):
    ids, mask = padded(torch.tensor([[CLS, 9, SEP], [CLS, SEP, 0]]), [3, 2])
    losses = ContrastiveTextLoss(model, SPECIAL, kept=kept)(ids, mask)
    losses.sum().backward()
    assert model.given[0].tolist() == [[CLS, 9, SEP], [CLS, SEP, 0]] * 2
    assert torch.isfinite(losses).all()


def test_the_same_seed_chooses_the_same_tokens(model):
    ids = texts(4, 20)
    for loss in (MaskedTokenLoss(model, MASK, SPECIAL), ContrastiveTextLoss(model, SPECIAL)):
        found = []
        for seed in (1, 1, 2):
            with seeded_torch(seed):
                found.append(loss(ids).tolist())
        assert found[0] == found[1] != found[2]
