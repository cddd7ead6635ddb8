import numpy as np

from agnews_sk.classifiers._fitting import TrainingRows
from agnews_sk.classifiers._pseudo_labels import PseudoLabels


def test_copies_of_an_unlabelled_row_are_one_group_after_those_of_the_others():
    rows = TrainingRows(["a", "b"], np.array(["x", "y"]), groups=np.array([1, 4]))
    labels = PseudoLabels(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([1, 0.5, 0.5]))
    found = rows.plus(["c", "d"], labels, np.array(["x", "y"]))
    assert found.X == ["a", "b", "c", "d", "d"]
    assert found.y.tolist() == ["x", "y", "x", "x", "y"]
    assert found.weight.tolist() == [1, 1, 1, 0.5, 0.5]
    assert found.groups.tolist() == [1, 4, 5, 6, 6]


def test_hard_labels_need_no_weights():
    rows = TrainingRows(["a", "b"], np.array(["x", "y"]))
    found = rows.plus(["c"], PseudoLabels(np.array([0]), np.array([1]), np.ones(1)), rows.y)
    assert found.weight is None
    assert found.groups is None
