import numpy as np
import pandas as pd
import pytest

from agnews_sk.vectorization import SentenceEmbedder, _descriptions, suggest_labels
from agnews_sk.vectorization._descriptions import _probabilities

NAMES = {"Business": "oil prices", "Sports": ["the cup", "the final"]}


@pytest.fixture
def embedder(tiny_model):
    return SentenceEmbedder(model=tiny_model)


def clusters(counts, seed=0, shift=0.0):
    """Return vectors around one axis for each class, all shifted together, and their classes."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(np.arange(len(counts)), counts)
    vectors = np.eye(len(counts), 8)[classes] + 0.3 * rng.normal(size=(len(classes), 8))
    return vectors + shift, classes


def accuracy(vectors, classes, prototypes, shares=None):
    return np.mean(_probabilities(vectors, prototypes, shares).argmax(axis=1) == classes)


def test_each_row_gets_a_label_and_keeps_its_index(embedder):
    texts = pd.Series(["oil prices rise", None, "coach wins the cup"], index=[7, 8, 9])
    found = suggest_labels(texts, NAMES, embedder=embedder)
    assert found.index.tolist() == [7, 8, 9]
    assert set(found["label"]) <= set(NAMES)
    assert found["probability"].between(0.5, 1).all()
    frame = pd.DataFrame({"text": texts.to_numpy()})
    again = suggest_labels(frame, NAMES, embedder=embedder)
    pd.testing.assert_frame_equal(again, found.reset_index(drop=True))


def test_a_description_describes_its_own_class(embedder):
    texts = ["oil prices", "the cup"]
    names = {"Business": "oil prices", "Sports": "the cup"}
    assert suggest_labels(texts, names, embedder=embedder)["label"].tolist() == list(names)


def test_labels_keep_their_type(embedder):
    found = suggest_labels(["oil"], {3: "oil prices", 5: "the cup"}, embedder=embedder)
    assert found["label"].dtype.kind == "i"


def test_classes_move_to_the_texts():
    vectors, classes = clusters([200, 200, 200], shift=3.0)
    rng = np.random.default_rng(1)
    prototypes = np.eye(3, 8) + 0.5 * rng.normal(size=(3, 8))
    once = accuracy(vectors, classes, prototypes)
    nearest = (vectors @ prototypes.T).argmax(axis=1)
    assert once > 0.9 > np.mean(nearest == classes)


def test_known_shares_help_where_classes_are_not_equally_frequent():
    vectors, classes = clusters([420, 60, 20])
    rng = np.random.default_rng(2)
    prototypes = np.eye(3, 8) + 0.5 * rng.normal(size=(3, 8))
    shares = np.array([420, 60, 20]) / 500
    y_proba = _probabilities(vectors, prototypes, shares)
    np.testing.assert_allclose(y_proba.mean(axis=0), shares, atol=0.01)
    known = accuracy(vectors, classes, prototypes, shares)
    assert known > accuracy(vectors, classes, prototypes) + 0.03


def test_a_handful_of_texts_is_compared_with_the_descriptions_alone():
    vectors, classes = clusters([1, 1, 1])
    np.testing.assert_array_equal(
        _probabilities(vectors, np.eye(3, 8), None).argmax(axis=1), classes
    )
    zero = _probabilities(np.zeros((1, 8)), np.eye(3, 8), None)
    np.testing.assert_allclose(zero, 1 / 3)


def test_equal_shares_are_those_of_a_dict():
    classes = np.array(["a", "b"])
    np.testing.assert_allclose(_descriptions._shares("equal", classes), 0.5)
    np.testing.assert_allclose(_descriptions._shares({"b": 3, "a": 1}, classes), [0.25, 0.75])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"descriptions": {"a": "b"}}, "at least 2 classes, got 1"),
        ({"descriptions": {"a": "b", "c": " "}}, "descriptions of 'c' must be a text"),
        ({"descriptions": {"a": "b", "c": []}}, "descriptions of 'c' must be a text"),
        ({"descriptions": {"a": "b", "c": 3}}, "descriptions of 'c' must be a text"),
        ({"shares": "even"}, "shares must be a dict, 'equal' or None, got 'even'"),
        ({"shares": {"Business": 1.0}}, "a positive number for each of"),
        ({"shares": {"Business": 1.0, "Sports": 0.0}}, "a positive number for each of"),
        ({"shares": {"Business": 1.0, "Sports": np.nan}}, "a positive number for each of"),
        ({"shares": {"Business": 1.0, "Sports": np.inf}}, "a positive number for each of"),
        ({"shares": {"Business": 1.0, "Sports": "1"}}, "a positive number for each of"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_values_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        suggest_labels(["oil"], **{"descriptions": NAMES, **params})


@pytest.mark.parametrize(
    ("descriptions", "message"),
    [
        (["Business", "Sports"], r"a dict of label to description, .* got list"),
        ("Business", "got str"),
        ({1: "oil", "b": "cup"}, "descriptions must hold labels of one kind"),
    ],
    ids=["list", "str", "mixed"],
)
def test_other_kinds_of_descriptions_are_named(descriptions, message):
    with pytest.raises(TypeError, match=message):
        suggest_labels(["oil"], descriptions)


def test_labels_of_a_series_are_its_index(embedder):
    found = suggest_labels(["oil prices", "the cup"], pd.Series(NAMES), embedder=embedder)
    assert found["label"].tolist() == list(NAMES)


@pytest.mark.parametrize(
    "same", ["oil prices", "oil  prices", ["oil prices", "oil prices"]], ids=str
)
def test_classes_that_the_embedder_cannot_tell_apart_are_rejected(embedder, same):
    names = {"a": "the cup", "b": "oil prices", "c": same}
    with pytest.raises(ValueError, match="the descriptions of 'b' and 'c' are the same"):
        suggest_labels(["oil"], names, embedder=embedder)
