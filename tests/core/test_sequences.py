from collections import UserList

import numpy as np
import pyarrow as pa
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.sequences import materialized
from agnews_sk.evaluation import compare_classifiers

TEXTS = ["oil prices rise", "cup final tonight", "stocks fall on oil", "the team wins the cup"]
LABELS = ["Business", "Sports"] * 2


class Dataset:
    """A stand-in for a dataset of the Hugging Face library: rows after a selection."""

    features = {"text": "string"}

    def __init__(self, texts):
        self._texts = texts

    def __len__(self):
        return len(self._texts)

    def iter(self, batch_size):
        yield pa.table({"text": self._texts})

    def with_format(self, kind):
        assert kind == "arrow"
        return self

    def __getitem__(self, rows):
        return pa.table({"text": self._texts[rows]})


@pytest.mark.parametrize("container", [UserList, Dataset])
def test_rows_that_are_read_on_demand_give_the_outputs_of_lists(container):
    expected = make_tfidf_pipeline().fit(TEXTS, LABELS).predict_proba(TEXTS)
    pipeline = make_tfidf_pipeline().fit(container(TEXTS), UserList(LABELS))
    np.testing.assert_allclose(pipeline.predict_proba(container(TEXTS)), expected)
    result = compare_classifiers(
        {"tfidf": make_tfidf_pipeline()},
        container(TEXTS),
        UserList(LABELS),
        container(TEXTS),
        UserList(LABELS),
    )
    assert result.scores.index.tolist() == ["tfidf"]


@pytest.mark.parametrize("X", ["oil", b"oil", ["oil"], ("oil",), range(3), None, {"oil": 1}])
def test_other_objects_are_as_they_are(X):
    assert materialized(X) is X


def test_a_dict_of_datasets_names_its_parts():
    with pytest.raises(TypeError, match=r"a dict of datasets; pass one of \['test', 'train'\]"):
        make_tfidf_pipeline().fit({"train": Dataset(TEXTS), "test": Dataset(TEXTS)}, LABELS)
