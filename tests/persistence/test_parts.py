"""Models are divided into plain values and files, and restored."""

import numpy as np
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import FeatureUnion, Pipeline

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._parts import (
    FOLDER,
    changed_runtime_parameters,
    extract_parts,
    find_estimators,
    restore_parts,
)
from agnews_sk.tokenization import SubwordTokenizer
from agnews_sk.vectorization import NgramVectorizer
from tests.conftest import HEADLINES

TEXTS = [text for of_class in HEADLINES.values() for text in of_class]


@pytest.fixture(scope="module")
def tokenizer():
    return SubwordTokenizer(vocab_size=60).fit(TEXTS)


def test_a_model_is_restored_as_it_was(tokenizer):
    model = Pipeline([("tokenize", tokenizer)])
    skeleton, files = extract_parts(model)
    assert set(files) == {"tokenize/tokenizer.json"}
    assert vars(skeleton.steps[0][1])[FOLDER] == "tokenize"
    restored = restore_parts(skeleton, files)
    assert restored.transform(TEXTS).to_list() == model.transform(TEXTS).to_list()
    assert FOLDER not in vars(restored.steps[0][1])


def test_the_model_is_not_changed(tokenizer):
    before = dict(vars(tokenizer))
    skeleton, _ = extract_parts(tokenizer)
    assert skeleton is not tokenizer
    assert vars(tokenizer) == before


def test_a_model_without_parts_has_no_files():
    skeleton, files = extract_parts(NgramVectorizer())
    assert files == {}
    assert skeleton.get_params() == NgramVectorizer().get_params()


def test_estimators_of_equal_names_get_folders_of_their_own(tokenizer):
    other = SubwordTokenizer(vocab_size=50).fit(TEXTS[:4])
    union = FeatureUnion([("a b", tokenizer), ("a_b", other)])
    skeleton, files = extract_parts(union)
    assert set(files) == {"a_b/tokenizer.json", "a_b_/tokenizer.json"}
    restored = restore_parts(skeleton, files)
    for (_, found), (_, expected) in zip(restored.transformer_list, union.transformer_list):
        assert found.tokenizer_json_ == expected.tokenizer_json_


def test_an_estimator_held_twice_is_one_estimator_again(tokenizer):
    skeleton, files = extract_parts(FeatureUnion([("a", tokenizer), ("b", tokenizer)]))
    assert len(files) == 1
    (_, first), (_, second) = restore_parts(skeleton, files).transformer_list
    assert first is second


def test_missing_and_superfluous_files_are_rejected(tokenizer):
    skeleton, files = extract_parts(Pipeline([("tokenize", tokenizer)]))
    with pytest.raises(ArtifactError, match="needs files in the folder 'tokenize', which are miss"):
        restore_parts(skeleton, {})
    skeleton, files = extract_parts(Pipeline([("tokenize", tokenizer)]))
    with pytest.raises(ArtifactError, match=r"other/config\.json belongs to no estimator"):
        restore_parts(skeleton, {**files, "other/config.json": b"{}"})


def test_two_estimators_cannot_share_files(tokenizer):
    skeleton, files = extract_parts(FeatureUnion([("a", tokenizer)]))
    first = skeleton.transformer_list[0][1]
    second = object.__new__(type(first))
    vars(second).update(vars(first))
    skeleton.transformer_list.append(("b", second))
    with pytest.raises(ArtifactError, match="needs files in the folder 'a'"):
        restore_parts(skeleton, files)


def test_an_estimator_with_parts_where_none_are_set_is_rejected(tokenizer):
    skeleton, files = extract_parts(Pipeline([("tokenize", tokenizer)]))
    hidden = object.__new__(SubwordTokenizer)
    vars(hidden)[FOLDER] = "hidden"
    skeleton.steps[0][1].vocab_size = np.array([hidden], dtype=object)
    with pytest.raises(ArtifactError, match="parts in a place where none can be set"):
        restore_parts(skeleton, files)


def test_runtime_only_parameters_get_their_defaults(tmp_path):
    vectorizer = NgramVectorizer()
    model = Pipeline([("vectorize", vectorizer)], memory=str(tmp_path))
    assert changed_runtime_parameters(model) == ["memory"]
    with pytest.warns(UserWarning, match="Pipeline's memory is not saved; the loaded model will"):
        skeleton, _ = extract_parts(model)
    assert skeleton.memory is None
    assert changed_runtime_parameters(skeleton) == []


def test_boolean_keys_become_numbers_that_are_equal():
    class_weight = {True: 2.0, False: 1.0}
    voting = VotingClassifier([], weights=class_weight)
    skeleton, _ = extract_parts(voting)
    assert [type(key) for key in skeleton.weights] == [int, int]
    assert skeleton.weights == class_weight


def test_estimators_are_found_outer_before_inner(tokenizer):
    inner = Pipeline([("tokenize", tokenizer)])
    outer = Pipeline([("inner", inner), ("left out", "passthrough")])
    assert find_estimators(outer) == [outer, inner, tokenizer]
