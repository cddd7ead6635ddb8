import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.svm import LinearSVC

from agnews_sk.inspection import disagreements, slices, top_losses

X = ["oil up (Reuters)", "oil down", "cup", "AP - the team wins the cup"]
Y = ["Oil", "Oil", "Cup", "Cup"]


def constant(label):
    return DummyClassifier(strategy="constant", constant=label).fit(X, Y)


def test_top_losses_are_the_least_probable_labels():
    worst = top_losses(constant("Oil"), X, ["Oil", "Rain", "Cup", "Oil"], k=2)
    assert worst["row"].tolist() == [1, 2]
    assert worst["true"].tolist() == ["Rain", "Cup"]
    assert np.isinf(worst["loss"]).all()


def test_top_losses_needs_probabilities():
    with pytest.raises(TypeError, match="predict_proba, which LinearSVC lacks"):
        top_losses(LinearSVC(), X, Y)


def test_disagreements_name_the_classifier_that_is_right():
    found = disagreements(constant("Oil"), constant("Cup"), X, ["Oil", "Cup", "Rain", "Cup"])
    assert found["right"].tolist() == ["a", "b", "neither", "b"]
    assert disagreements(constant("Oil"), constant("Oil"), X, Y).empty


def test_slices_of_each_kind_cover_every_row_once():
    table = slices(constant("Oil"), X, Y)
    assert table.groupby("by")["n_rows"].sum().to_dict() == {"class": 4, "length": 4, "source": 4}
    sources = table[table["by"] == "source"].set_index("slice")
    assert sources["n_rows"].to_dict() == {"AP": 1, "Reuters": 1, "none": 2}
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).all()


def test_slices_accept_a_mapping_of_values():
    table = slices(constant("Oil"), X, Y, by={"day": [1, 1, 2, 2]})
    assert table["accuracy"].tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="one value per row, 4, got 1"):
        slices(constant("Oil"), X, Y, by={"day": [1]})
    with pytest.raises(ValueError, match="by must name some of"):
        slices(constant("Oil"), X, Y, by=["weather"])


def test_missing_values_are_a_slice():
    table = slices(constant("Oil"), X, Y, by={"agency": ["AP", None, np.nan, "AP"]})
    assert table.set_index("slice")["n_rows"].to_dict() == {"AP": 2, "missing": 2}
