import numpy as np
import pytest

from agnews_sk._core.splitting import (
    assign_sets,
    fold_rows,
    join_groups,
    rarest_labels,
    split_rows,
)


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


def random_sets(seed, n=300, n_labels=8):
    """Indicators with labels from frequent to rare that occur together, and groups of rows."""
    rng = np.random.default_rng(seed)
    shares = np.geomspace(0.4, 0.02, n_labels) * (1 + rng.random((n, 1)))
    return rng.random((n, n_labels)) < shares, rng.integers(n - n // 4, size=n)


def test_each_label_has_its_share_of_each_part():
    for seed in range(20):
        indicator, _ = random_sets(seed)
        parts = assign_sets(indicator, np.arange(len(indicator)), [0.7, 0.2, 0.1], seed)
        counts = np.stack([indicator[parts == part].sum(axis=0) for part in range(3)])
        wanted = np.outer([0.7, 0.2, 0.1], indicator.sum(axis=0))
        assert np.abs(counts - wanted).max() <= 2
        assert np.abs(np.bincount(parts) - [210, 60, 30]).max() <= 8


def test_parts_by_chance_would_be_less_even():
    indicator, _ = random_sets(0)
    by_chance = np.random.default_rng(0).choice(3, size=len(indicator), p=[0.7, 0.2, 0.1])
    counts = np.stack([indicator[by_chance == part].sum(axis=0) for part in range(3)])
    assert np.abs(counts - np.outer([0.7, 0.2, 0.1], indicator.sum(axis=0))).max() > 4


def test_label_sets_of_one_group_stay_together_and_no_label_is_held_out_whole():
    for seed in range(50):
        indicator, groups = random_sets(seed, n=60)
        fitted, out = split_rows(indicator, groups, 0.4, random_state=seed)
        assert sorted([*fitted, *out]) == list(range(60))
        assert not set(groups[fitted]) & set(groups[out])
        assert indicator[fitted].any(axis=0).tolist() == indicator.any(axis=0).tolist()
        folds = fold_rows(indicator, groups, 4, random_state=seed)
        assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
        for fold in set(folds) - {-1}:
            outside = indicator[folds != fold]
            assert outside.any(axis=0).tolist() == indicator.any(axis=0).tolist()


def test_a_label_of_one_row_is_fitted_on_and_in_no_fold():
    indicator = np.zeros((12, 2), dtype=bool)
    indicator[:, 0], indicator[7, 1] = True, True
    for seed in range(10):
        assert 7 in split_rows(indicator, np.arange(12), 0.5, random_state=seed)[0]
        folds = fold_rows(indicator, np.arange(12), 3, random_state=seed)
        assert folds[7] == -1
        assert (np.delete(folds, 7) >= 0).all()


def test_a_label_of_few_rows_is_not_always_in_the_same_folds():
    indicator = np.zeros((20, 2), dtype=bool)
    indicator[:, 0], indicator[:2, 1] = True, True
    folds = {tuple(fold_rows(indicator, np.arange(20), 4, seed)[:2]) for seed in range(20)}
    assert len({fold for pair in folds for fold in pair}) == 4


def test_the_rarest_label_of_a_row_is_that_of_the_fewest_rows():
    indicator = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0], [0, 0, 1]], dtype=bool)
    assert rarest_labels(indicator).tolist() == [1, 0, 2, 3, 2]
