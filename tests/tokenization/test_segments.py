"""Pairs of texts are found among ids, and cut where the longer text is."""

import json

import numpy as np
import polars as pl
import pytest

from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk.tokenization._model_input import ModelInput, SpecialTokens
from agnews_sk.tokenization._segments import find_separators

TWO = (2, 2)


def found(rows, separator):
    """Return the position of the separator within each row, None without one."""
    ids = pl.Series(rows, dtype=pl.List(pl.Int64))
    offsets = row_offsets(ids)
    places = find_separators(flat_values(ids).to_numpy(), offsets, separator)
    return [None if place < 0 else int(place - start) for place, start in zip(places, offsets[:-1])]


@pytest.mark.parametrize(
    ("row", "separator", "expected"),
    [
        ([1, 8, 2, 9, 2], (2,), 2),
        ([1, 8, 9, 2], (2,), None),
        ([1, 8, 2, 9, 2, 9, 2], (2,), 2),
        ([2, 8, 2, 9, 2], (2,), 2),
        ([2, 8, 9, 2], (2,), None),
        ([1, 8, 2, 2, 9, 2], TWO, 2),
        ([1, 8, 2, 9, 2], TWO, None),
        ([1, 8, 2, 2], TWO, None),
        ([2], (2,), None),
        ([], (2,), None),
    ],
    ids=str,
)
def test_the_first_separator_within_a_text_is_found_in_any_company(row, separator, expected):
    assert found([row], separator) == [expected]
    assert found([[2, 2], row, [2, 2, 7], row, [2]], separator)[1] == expected
    assert found([[2, 2], row, [2, 2, 7], row, [2]], separator)[3] == expected


def test_no_texts_have_no_separators():
    assert found([], (2,)) == []


def pair_input(max_length, truncation="head", separator=(2,), **settings):
    return ModelInput(
        vocab_size=200, max_length=max_length, truncation=truncation,
        special_tokens=SpecialTokens(1, 1), separator=separator, **settings,
    )  # fmt: skip


def cut_one_by_one(row, max_length, truncation, separator):
    """The reference: cut one list, by the rule longest_first."""
    place = found([row], separator)[0]
    if len(row) <= max_length:
        return row
    parts = [row[1:-1]] if place is None else [row[1:place], row[place + len(separator) : -1]]
    room = max_length - 2 - (0 if place is None else len(separator))
    lengths = [len(part) for part in parts]
    kept = lengths.copy()
    while sum(kept) > room:  # token by token, from the longer one; of equal ones, the shorter
        kept[max(range(len(parts)), key=lambda part: (kept[part], -lengths[part]))] -= 1
    cut = []
    for part, n_kept in zip(parts, kept):
        n_head = {"head": n_kept, "tail": 0, "head+tail": n_kept // 4}[truncation]
        cut.append(part[:n_head] + part[len(part) - (n_kept - n_head) :])
    return row[:1] + (cut[0] if place is None else cut[0] + list(separator) + cut[1]) + row[-1:]


@pytest.mark.parametrize("truncation", ["head", "tail", "head+tail"])
@pytest.mark.parametrize("separator", [(2,), TWO], ids=["one", "two"])
def test_truncation_agrees_with_cutting_token_by_token(truncation, separator):
    rng = np.random.default_rng(0)
    rows = [
        [1, *rng.integers(3, 200, n_first), *separator, *rng.integers(3, 200, n_second), 2]
        for n_first, n_second in rng.integers(1, 20, size=(60, 2))
    ]
    rows += [[1, *rng.integers(3, 200, n), 2] for n in rng.integers(0, 40, size=20)]
    rows = [[int(id_) for id_ in rows[i]] for i in rng.permutation(len(rows))]
    for max_length in (6, 7, 9, 20, 21, 60):
        cut = pair_input(max_length, truncation, separator).cut(pl.Series(rows)).ids.to_list()
        assert cut == [cut_one_by_one(row, max_length, truncation, separator) for row in rows]


def test_both_texts_keep_at_least_a_token():
    rows = pl.Series([[1, 7, 2, *range(10, 40), 2], [1, *range(10, 40), 2, 7, 2], [1, 7, 2]])
    kept = pair_input(5).cut(rows).ids.to_list()
    assert kept == [[1, 7, 2, 10, 2], [1, 10, 2, 7, 2], [1, 7, 2]]


def test_other_values_of_tokens_are_cut_as_their_ids():
    rows = [[1, *range(10, 20), 2, *range(30, 40), 2], [1, 8, 2]]
    places = pl.Series([list(range(len(row))) for row in rows])
    model_input = pair_input(12, "tail")
    ids = model_input.cut(pl.Series(rows)).ids.to_list()
    read = model_input.cut(pl.Series(rows), values=places).ids.to_list()
    assert [[row[place] for place in of] for row, of in zip(rows, read)] == ids
    assert len(ids[0]) == 12


def test_single_texts_are_cut_as_without_pairs():
    rng = np.random.default_rng(1)
    rows = pl.Series([[1, *rng.integers(3, 200, n), 2] for n in rng.integers(0, 30, size=40)])
    for truncation in ("head", "tail", "head+tail"):
        plain = pair_input(9, truncation, separator=()).cut(rows).ids
        assert pair_input(9, truncation).cut(rows).ids.to_list() == plain.to_list()


def test_it_tells_whether_there_are_pairs():
    assert pair_input(9).has_pairs(pl.Series([[1, 7, 2], [1, 7, 2, 8, 2]]))
    assert not pair_input(9).has_pairs(pl.Series([[1, 7, 2], [1, 7, 7, 8, 2]]))
    assert not pair_input(9, separator=()).has_pairs(pl.Series([[1, 7, 2, 8, 2]]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_length": 4}, "max_length must be at least 5 with text_pair=True.*got 4"),
        ({"max_length": 5, "separator": TWO}, "at least 6 with text_pair=True"),
        ({"max_length": 9, "truncation": "chunk"}, "truncation='chunk' divides single texts"),
        ({"max_length": 9, "separator": (200,)}, r"at most 4 ids in \[0, 200\), got \(200,\)"),
        ({"max_length": 9, "separator": (2,) * 5}, "separator must be at most 4 ids"),
    ],
    ids=str,
)
def test_pairs_that_cannot_be_read_are_rejected(settings, message):
    with pytest.raises(ValueError, match=message):
        pair_input(**settings)


def test_a_dict_of_plain_values_describes_pairs():
    model_input = pair_input(9, separator=TWO)
    entries = json.loads(json.dumps(model_input.as_dict()))
    assert ModelInput.from_dict(entries, vocab_size=200) == model_input
    del entries["separator"]  # as written by earlier versions
    assert ModelInput.from_dict(entries, vocab_size=200) == pair_input(9, separator=())


def test_a_warning_of_cut_pairs_names_no_chunks():
    with pytest.warns(UserWarning, match="truncated; a larger max_length reads more of them"):
        pair_input(5).warn_of_cut(pl.Series([[1, 7, 7, 7, 2, 8, 2]]))
