import numpy as np
import pytest

from agnews_sk._core.splitting import fold_rows, join_groups, split_rows


def random_rows(seed):
    """Classes and groups of many sizes, some groups with rows of several classes."""
    rng = np.random.default_rng(seed)
    n, n_classes = int(rng.integers(2, 200)), int(rng.integers(2, 7))
    codes = np.sort(rng.permutation(np.arange(n) % n_classes)) if seed % 2 else np.zeros(n, int)
    codes = rng.permutation(np.where(rng.random(n) < 0.3, rng.integers(n_classes, size=n), codes))
    codes = np.unique(codes, return_inverse=True)[1]
    groups = rng.integers(max(1, n // int(rng.integers(1, 5))), size=n)
    if seed % 3:  # groups of one class each
        groups = groups * n_classes + codes
    return codes, groups


@pytest.mark.parametrize("held_out", [0.1, 0.2, 0.5, 0.9])
def test_rows_of_one_group_stay_on_one_side(held_out):
    for seed in range(100):
        codes, groups = random_rows(seed)
        fitted, out = split_rows(codes, groups, held_out, random_state=seed)
        assert sorted([*fitted, *out]) == list(range(len(codes)))
        assert not set(groups[fitted]) & set(groups[out])


@pytest.mark.parametrize("held_out", [0.1, 0.5, 0.9])
def test_no_class_is_held_out_whole(held_out):
    for seed in range(100):
        codes, groups = random_rows(seed)
        fitted, _ = split_rows(codes, groups, held_out, random_state=seed)
        assert set(codes[fitted]) == set(codes)


def test_each_class_has_its_share_held_out():
    codes = np.repeat([0, 1, 2], [1000, 100, 10])
    _, out = split_rows(codes, np.arange(len(codes)), 0.2, random_state=0)
    assert np.bincount(codes[out]).tolist() == [200, 20, 2]


def test_shares_are_of_rows_also_where_groups_are_large():
    groups = np.repeat(np.arange(100), np.arange(1, 101))
    _, out = split_rows(np.zeros(len(groups), int), groups, 0.3, random_state=0)
    assert len(out) / len(groups) == pytest.approx(0.3, abs=0.02)


def test_a_class_of_one_group_is_fitted_on():
    codes, groups = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 1, 2, 3, 4, 4])
    for seed in range(20):
        assert {4, 5} <= set(split_rows(codes, groups, 0.5, random_state=seed)[0])
        assert fold_rows(codes, groups, 3, random_state=seed)[4:].tolist() == [-1, -1]


def test_a_split_repeats_by_its_seed_and_differs_by_it():
    codes, groups = np.zeros(50, int), np.arange(50)
    splits = [split_rows(codes, groups, 0.5, random_state=seed)[1].tolist() for seed in (0, 0, 1)]
    assert splits[0] == splits[1] != splits[2]


def test_folds_keep_groups_whole_and_leave_every_class_outside():
    for seed in range(100):
        codes, groups = random_rows(seed)
        folds = fold_rows(codes, groups, 5, random_state=seed)
        assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
        for fold in set(folds) - {-1}:
            assert set(codes[folds != fold]) == set(codes)


def test_folds_are_of_equal_size_without_groups():
    folds = fold_rows(np.repeat([0, 1], 50), np.arange(100), 5, random_state=0)
    assert np.bincount(folds).tolist() == [20] * 5


def test_joined_groups_are_those_of_either_grouping():
    joined = join_groups(np.array([0, 0, 1, 1, 2]), np.array(["a", "b", "b", "c", "d"]))
    assert joined.tolist() == [0, 0, 0, 0, 1]
