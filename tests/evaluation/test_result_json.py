import json

import numpy as np
import pandas as pd
import pytest

from agnews_sk.evaluation import ComparisonResult
from agnews_sk.evaluation._result_json import FORMAT_VERSION, parts_of

Y = ["a", "b", "a", "b"]


@pytest.fixture
def result():
    return ComparisonResult.from_predictions(
        Y, {"good": Y, "poor": ["b", "a", "a", "b"]}, random_state=0
    )


def as_version_1(found):
    """Return what the first version of the format would have held."""
    old = {**found, "made": found["environment"]}
    old["pairwise"] = [
        {("told_apart" if key == "significant" else key): value for key, value in pair.items()}
        for pair in found["pairwise"]
    ]
    del old["environment"], old["format_version"]
    return old


def test_a_result_states_the_version_of_its_format(result):
    assert result.to_dict()["format_version"] == FORMAT_VERSION == 2


def test_a_file_of_the_first_version_is_read(result, tmp_path):
    path = tmp_path / "comparison.json"
    path.write_text(json.dumps(as_version_1(result.to_dict())))
    again = ComparisonResult.from_json(path)
    assert again.environment == result.environment
    pd.testing.assert_frame_equal(again.pairwise(), result.pairwise())
    assert again.summary() == result.summary()


def test_a_file_of_a_later_version_names_its_writer(result):
    found = {**result.to_dict(), "format_version": 3}
    found["environment"] = {**found["environment"], "agnews_sk": "9.1"}
    with pytest.raises(ValueError, match=r"agnews_sk 9\.1 in format version 3.* reads up to 2"):
        ComparisonResult.from_dict(found)


@pytest.mark.parametrize("part", ["pairwise", "environment", "scores", "folds"])
def test_a_missing_part_is_named(result, part):
    found = result.to_dict()
    del found[part]
    with pytest.raises(ValueError, match=f"must be a dict made by to_dict, but lacks '{part}'"):
        parts_of(found)


def test_arguments_are_not_changed(result):
    found = as_version_1(result.to_dict())
    before = json.dumps(found)
    ComparisonResult.from_dict(found)
    assert json.dumps(found) == before


def test_labels_are_restored_from_their_codes(result):
    found = result.to_dict()
    assert found["y_true"] == [0, 1, 0, 1]
    assert found["predictions"]["poor"] == [1, 0, 0, 1]
    again = ComparisonResult.from_dict(found)
    assert again.predictions["poor"].tolist() == ["b", "a", "a", "b"]
    assert again.y_true.tolist() == Y


def test_confusion_matrices_have_true_labels_in_rows(result):
    assert result.to_dict()["confusion_matrices"]["poor"] == [[1, 1], [1, 1]]


def test_the_document_is_plain_json(result):
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert np.isnan(ComparisonResult.from_dict(json.loads(text)).scores.loc["good", "log_loss"])
