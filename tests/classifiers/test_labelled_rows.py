import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from agnews_sk.classifiers._fitting import TrainingRows
from agnews_sk.classifiers._labelled_rows import labelled_rows

TEXTS = np.array(["oil", "Oil!", "cup", "final", "war", "peace", "gas", "game"], dtype=object)
Y = np.array(["a", "a", "b", "b", "c", "c", "a", "b"])


def rows(weight=None, groups=None):
    per_row = (None if values is None else np.array(values) for values in (weight, groups))
    return labelled_rows(TrainingRows(TEXTS, Y, *per_row), LogisticRegression())


def test_copies_and_rows_of_one_group_have_one_origin():
    found = rows(groups=[0, 1, 2, 3, 4, 4, 6, 6])
    assert found.origins.tolist() == [0, 0, 1, 2, 3, 3, 4, 4]
    np.testing.assert_allclose(found.class_counts().sum(), 64 / (4 + 1 + 1 + 4 + 4))


def test_rows_without_weight_are_left_out_unless_their_class_has_none():
    found = rows(weight=[1, 1, 0, 1, 0, 0, 1, 0.5])
    assert found.rows.X.tolist() == ["oil", "Oil!", "final", "war", "peace", "gas", "game"]
    assert found.classes.tolist() == ["a", "b", "c"]
    assert found.codes.tolist() == [0, 0, 1, 2, 2, 0, 1]
    assert found.class_counts()[2] == 0
    folds = found.folds(2, 0)
    assert folds[3:5].tolist() == [-1, -1]
    assert set(folds[[0, 1, 2, 5, 6]]) == {0, 1}


def test_a_row_without_weight_is_no_second_origin_of_its_class():
    found = rows(weight=[1, 1, 1, 1, 1, 0, 1, 1])
    assert found.folds(2, 0)[found.codes == 2].tolist() == [-1]


def test_some_weight_is_needed():
    with pytest.raises(
        ValueError, match="sample_weight must be above 0 for some of the 8 labelled"
    ):
        rows(weight=np.zeros(8))
