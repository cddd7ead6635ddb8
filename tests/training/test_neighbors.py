from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from agnews_sk.tokenization import ModelInput
from agnews_sk.training import TextRows, _neighbors
from agnews_sk.training._neighbors import nearest_neighbors, pair_with_neighbors

OPTIONS = SimpleNamespace(batch_size=3, device="cpu", model_input_=ModelInput(vocab_size=30))


class Directions(nn.Module):
    """A vector per text that points to where its first id is on a half circle."""

    def forward(self, input_ids, attention_mask=None):
        angle = input_ids[:, 0] / 10
        return torch.stack([angle.cos(), angle.sin()], dim=1) * 7


def rows_of(firsts):
    """Return rows of 1 to 4 ids, of which the first are these."""
    ids = [[first, *range(i % 4)] for i, first in enumerate(firsts)]
    offsets = np.cumsum([0, *map(len, ids)])
    return ids, TextRows(np.concatenate(ids), offsets, np.zeros(len(ids), dtype=np.int64))


@pytest.mark.parametrize("n_bytes", [1, 2**27], ids=["by row", "at once"])
def test_the_nearest_rows_are_found_in_blocks_of_any_size(monkeypatch, n_bytes):
    monkeypatch.setattr(_neighbors, "_BLOCK_BYTES", n_bytes)
    vectors = nn.functional.normalize(torch.randn(50, 4, generator=torch.Generator()), dim=1)
    similarity = (vectors @ vectors.T).numpy()
    np.fill_diagonal(similarity, -2)
    expected = np.argsort(-similarity, axis=1)[:, :3]
    np.testing.assert_array_equal(nearest_neighbors(vectors, 3), expected)


def test_each_text_is_paired_with_one_of_its_five_nearest():
    ids, rows = rows_of(np.random.default_rng(0).permutation(30))
    paired = pair_with_neighbors(Directions(), rows, OPTIONS, seed=0)
    found = np.split(paired.values, paired.offsets[1:-1])
    assert [row.tolist() for row in found[::2]] == ids
    partners = [row.tolist() for row in found[1::2]]
    assert all(partner in ids for partner in partners)
    apart = [abs(text[0] - partner[0]) for text, partner in zip(ids, partners)]
    assert min(apart) >= 1
    assert max(apart) <= 5
    assert len(set(apart)) > 2
    assert paired.chunk_offsets.tolist() == list(range(0, 62, 2))
    assert len(paired) == len(paired.target) == 30


def test_the_seed_draws_the_neighbours():
    _, rows = rows_of(range(30))
    first, again, other = (
        pair_with_neighbors(Directions(), rows, OPTIONS, seed).values.tolist() for seed in (0, 0, 1)
    )
    assert first == again != other


def test_two_texts_are_the_neighbours_of_each_other():
    ids, rows = rows_of([4, 9])
    paired = pair_with_neighbors(Directions(), rows, OPTIONS, seed=0)
    assert paired.values.tolist() == [*ids[0], *ids[1], *ids[1], *ids[0]]
