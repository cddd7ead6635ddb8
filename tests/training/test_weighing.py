import numpy as np
import pytest

from agnews_sk.training import TextRows, weigh_rows, with_mean_weight_one

X = ["a", "b", "c"]
TARGET = np.array([0, 1, 1])


def test_without_weights_there_are_none():
    assert weigh_rows(None, None, TARGET, X) is None


def test_weights_of_rows_and_classes_are_multiplied_and_have_mean_one():
    weight = weigh_rows([1, 1, 4], np.array([3.0, 2.0]), TARGET, X)
    np.testing.assert_allclose(weight, np.array([3, 2, 8]) * 3 / 13)
    assert weight.mean() == pytest.approx(1)


def test_weights_of_classes_alone_are_those_of_their_rows():
    weight = weigh_rows(None, np.array([4.0, 1.0]), TARGET, X)
    np.testing.assert_allclose(weight, [2, 0.5, 0.5])


def test_weights_of_labels_are_those_of_rows_with_and_without_them():
    sets = np.array([[1, 0], [0, 0], [1, 1]], dtype=np.float32)
    weight = weigh_rows([1, 2, 1], np.array([[1.0, 1.0], [3.0, 5.0]]), sets, X)
    expected = np.array([[3, 1], [2, 2], [3, 5]])
    np.testing.assert_allclose(weight, expected / expected.mean())


def test_weights_of_zero_alone_are_rejected():
    with pytest.raises(ValueError, match="give every row a weight of 0"):
        weigh_rows([1, 0, 0], np.array([0.0, 1.0]), TARGET, X)


def rows(weight):
    return TextRows(np.array([1, 2]), np.array([0, 1, 2]), np.array([0, 1]), weight)


def test_validation_rows_are_weighted_to_mean_one_and_else_as_they_were():
    weighted = with_mean_weight_one(rows(np.array([1.0, 3.0])))
    assert weighted.weight.tolist() == [0.5, 1.5]
    assert weighted.target.tolist() == [0, 1]
    unweighted = rows(None)
    assert with_mean_weight_one(unweighted) is unweighted


def test_validation_rows_without_weight_are_rejected():
    with pytest.raises(ValueError, match="give every validation row a weight of 0"):
        with_mean_weight_one(rows(np.zeros(2)))


def test_weights_of_mean_one_keep_the_chunks():
    values, offsets = np.arange(5), np.array([0, 2, 3, 5])
    valid = TextRows(values, offsets, np.array([0, 1]), np.array([1.0, 3.0]), np.array([0, 2, 3]))
    weighted = with_mean_weight_one(valid)
    assert weighted.weight.tolist() == [0.5, 1.5]
    assert weighted.n_chunks.tolist() == [2, 1]
    assert valid.weight.tolist() == [1.0, 3.0]
