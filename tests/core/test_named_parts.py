import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from agnews_sk._core.named_parts import NamedParts


class Parts(NamedParts, BaseEstimator):
    _parts_parameter = "parts"

    def __init__(self, parts, size=1):
        self.parts = parts
        self.size = size


def test_parts_and_their_parameters_are_set_by_name():
    parts = Parts([("a", LogisticRegression()), ("b", None)])
    found = parts.set_params(size=2, a__C=3, b=LogisticRegression(C=4)).get_params()
    assert (found["size"], found["a__C"], found["b__C"]) == (2, 3, 4)
    assert set(parts.get_params(deep=False)) == {"parts", "size"}
    with pytest.raises(ValueError, match="Invalid parameter 'c'"):
        parts.set_params(c=1)


@pytest.mark.parametrize(
    "malformed", [["one", "ab"], [("a", 1, 2)], [1], "a", None, [(1, LogisticRegression())]]
)
def test_malformed_parts_are_kept_until_they_are_checked(malformed):
    parts = Parts([("a", LogisticRegression())])
    parts.set_params(parts=malformed, size=2)
    assert parts.get_params() == {"parts": malformed, "size": 2}
    assert repr(parts).startswith("Parts(")
    with pytest.raises(ValueError, match=r"parts must be a list of \(name, piece\) tuples, got"):
        parts._named_parts("piece")


def test_names_differ_and_there_are_enough():
    with pytest.raises(ValueError, match="not unique"):
        Parts([("a", 1), ("a", 2)])._named_parts("piece")
    with pytest.raises(ValueError, match="list of at least 2"):
        Parts([("a", 1)])._named_parts("piece", fewest=2)
