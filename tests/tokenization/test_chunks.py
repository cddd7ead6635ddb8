"""Long texts are divided evenly, and no token is lost."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk._core.mapped import take_runs
from agnews_sk.tokenization._chunks import divide_texts


def divided(lengths, room, overlap, max_chunks=1_000, special_tokens=(0, 0)):
    """Return the chunks of each text, as lists of positions within the text."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    found = divide_texts(
        offsets,
        room=room,
        overlap=overlap,
        max_chunks=max_chunks,
        special_tokens=special_tokens,
    )
    tokens = take_runs(np.arange(offsets[-1]), found.starts, found.lengths)
    chunks = np.split(tokens, found.offsets[1:-1])
    return [
        [(chunk - start).tolist() for chunk in chunks[first:stop]]
        for start, first, stop in zip(offsets, found.chunk_offsets, found.chunk_offsets[1:])
    ]


def test_neighbouring_chunks_share_tokens_and_texts_that_fit_stay_whole():
    assert divided([7, 3, 0, 4], room=4, overlap=1) == [
        [[0, 1, 2, 3], [3, 4, 5, 6]],
        [[0, 1, 2]],
        [[]],
        [[0, 1, 2, 3]],
    ]


def test_each_chunk_has_the_special_tokens_of_its_text():
    assert divided([8, 6, 2], room=4, overlap=0, special_tokens=(1, 1)) == [
        [[0, 1, 2, 3, 7], [0, 4, 5, 6, 7]],
        [[0, 1, 2, 3, 4, 5]],
        [[0, 1]],
    ]
    assert divided([6], room=4, overlap=0, special_tokens=(0, 1)) == [[[0, 1, 2, 5], [2, 3, 4, 5]]]


def test_more_chunks_than_allowed_are_dropped_from_the_end():
    assert divided([100], room=4, overlap=1, max_chunks=2) == [[[0, 1, 2, 3], [3, 4, 5, 6]]]
    assert divided([100], room=4, overlap=1, max_chunks=1) == [[[0, 1, 2, 3]]]


@given(
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=20),
    room=st.integers(1, 20),
    share=st.floats(0, 0.5),
    special_tokens=st.sampled_from([(0, 0), (1, 0), (0, 1), (1, 1)]),
)
def test_chunks_are_few_equally_long_and_cover_all(lengths, room, share, special_tokens):
    overlap, (first, last) = int(share * room), special_tokens
    for length, chunks in zip(lengths, divided(lengths, room, overlap, 1_000, special_tokens)):
        inner = length - first - last
        if inner <= room:
            assert chunks == [list(range(length))]
            continue
        assert len(chunks) == 1 + np.ceil((inner - room) / (room - overlap))
        assert len({len(chunk) for chunk in chunks}) == 1
        assert len(chunks[0]) <= room + first + last
        assert set().union(*chunks) == set(range(length))
        own = [chunk[first : len(chunk) - last] for chunk in chunks]
        assert all(chunk == list(range(chunk[0], chunk[-1] + 1)) for chunk in own)
        assert all(a[-1] - b[0] + 1 >= overlap for a, b in pairwise(own))


@pytest.mark.parametrize("max_chunks", [1, 2, 3, 9])
def test_the_limit_keeps_the_start_of_a_text(max_chunks):
    (chunks,) = divided([50], room=10, overlap=2, max_chunks=max_chunks)
    assert len(chunks) == min(max_chunks, 6)
    assert set().union(*chunks) == set(range(min(50, 10 + 8 * (max_chunks - 1))))
