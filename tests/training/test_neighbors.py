import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from agnews_sk.tokenization import ModelInput
from agnews_sk.training import TextRows, _neighbors
from agnews_sk.training._checkpoint import Checkpoint
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
    np.testing.assert_array_equal(nearest_neighbors(vectors, 3).numpy(), expected)


@pytest.fixture
def paired_in(tmp_path):
    """A function that pairs rows, each time with a new checkpoint of its own."""
    numbers = itertools.count()

    def pair(rows, seed=0, name=None):
        checkpoint = Checkpoint(tmp_path, name or f"run{next(numbers)}")
        return pair_with_neighbors(Directions(), rows, OPTIONS, seed, checkpoint)

    return pair


def test_each_text_is_paired_with_one_of_its_five_nearest(paired_in):
    ids, rows = rows_of(np.random.default_rng(0).permutation(30))
    paired = paired_in(rows)
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


def test_the_seed_draws_the_neighbours(paired_in):
    _, rows = rows_of(range(30))
    first, again, other = (paired_in(rows, seed).values.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_neighbours_that_were_found_are_not_searched_for_again(paired_in, monkeypatch):
    _, rows = rows_of(range(30))
    first, other = (paired_in(rows, seed, name="same").values.tolist() for seed in (0, 1))
    monkeypatch.setattr(_neighbors, "_encode", None)
    assert paired_in(rows, 0, name="same").values.tolist() == first
    assert paired_in(rows, 1, name="same").values.tolist() == other != first


def test_two_texts_are_the_neighbours_of_each_other(paired_in):
    ids, rows = rows_of([4, 9])
    paired = paired_in(rows)
    assert paired.values.tolist() == [*ids[0], *ids[1], *ids[1], *ids[0]]
