import numpy as np
import pytest

from agnews_sk.training import TextRows, hold_out, split_off

CLASSES = np.array(["Business", "Sports"])


def rows(n, target=None):
    """Rows of one token, each with its own id."""
    target = np.arange(n) % 2 if target is None else np.array(target)
    return TextRows(np.arange(n), np.arange(n + 1), target)


def held_out(rows, *args, **kwargs):
    """The rows on both sides."""
    return [rows.take(side) for side in hold_out(rows, *args, **kwargs)]


def test_each_row_is_on_one_side_and_classes_keep_their_shares():
    train, valid = held_out(rows(40), 0.25, None, CLASSES, seed=0)
    assert sorted([*train.values, *valid.values]) == list(range(40))
    assert np.bincount(valid.target).tolist() == [5, 5]
    assert valid.target.tolist() == (valid.values % 2).tolist()


def test_the_seed_draws_the_rows():
    drawn = [held_out(rows(40), 0.25, None, CLASSES, seed)[1].values.tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_equal_rows_and_rows_of_one_group_stay_together():
    repeated = TextRows(np.repeat(np.arange(20), 2), np.arange(41), np.repeat(np.arange(20) % 2, 2))
    train, valid = held_out(repeated, 0.25, None, CLASSES, seed=0)
    assert not set(train.values) & set(valid.values)
    groups = np.arange(40) // 4
    train, valid = held_out(rows(40), 0.25, groups, CLASSES, seed=0)
    assert not set(groups[train.values]) & set(groups[valid.values])


def test_a_class_with_too_few_rows_is_named():
    few = rows(21, [0] * 20 + [1])
    with pytest.warns(UserWarning, match=r"holds out no rows of the classes \['Sports'\]"):
        _, valid = held_out(few, 0.2, None, CLASSES, seed=0)
    assert set(valid.target) == {0}


def test_a_share_that_leaves_no_row_is_rejected():
    with pytest.raises(
        ValueError, match=r"validation_fraction=0\.1 of 4 rows leaves no validation rows"
    ):
        hold_out(rows(4), 0.1, None, CLASSES, seed=0)


def test_sets_of_labels_keep_their_shares_and_a_rare_label_is_named():
    sets = np.array([[i % 2, i % 4 == 0] for i in range(40)], dtype=np.float32)
    _, valid = held_out(rows(40, sets), 0.25, None, CLASSES, seed=0)
    assert valid.target.sum(axis=0) == pytest.approx([5, 2.5], abs=1)
    sets[1:, 1] = 0
    with pytest.warns(UserWarning, match=r"holds out no rows of the classes \['Sports'\]"):
        _, valid = held_out(rows(40, sets), 0.25, None, CLASSES, seed=0)
    assert valid.target.sum(axis=0)[1] == 0
    kept, out = split_off(rows(3, sets[:3]), 0.1, None, seed=0)
    assert (len(kept), len(out)) == (3, 0)
