"""A schema is read as skops reads it, and rejected where it could be read in two ways."""

import json

import numpy as np
import pytest
from sklearn.preprocessing import MaxAbsScaler
from skops.io import dumps

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._schema import Place, read_schema
from tests.persistence.forging import files_of


def node(loader, name, **more):
    module, _, last = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": last, **more}


def text(content, number):
    return node("JsonNode", "builtins.str", content=content, is_json=True, __id__=number)


def items(number, *content):
    return node("ListNode", "builtins.list", content=list(content), __id__=number)


def read(root, **sizes):
    return read_schema(root, {"schema.json": 0, **{f"{k}.npy": v for k, v in sizes.items()}})


def test_objects_attributes_and_arrays_are_found_in_their_places():
    files = files_of(dumps(MaxAbsScaler().fit(np.eye(3))))
    schema = read_schema(
        json.loads(files["schema.json"]), {name: len(content) for name, content in files.items()}
    )
    ((owner, attributes),) = schema.objects
    assert owner == "sklearn.preprocessing._data.MaxAbsScaler"
    assert {"copy", "scale_", "max_abs_", "n_features_in_"} <= attributes
    places = {place for of_file in schema.arrays.values() for place in of_file}
    assert places == {Place(owner, "scale_"), Place(owner, "max_abs_")}


def test_named_objects_are_listed_with_their_loader():
    root = items(1, node("FunctionNode", "os.system", __id__=2, content={}))
    assert read(root).named == {("FunctionNode", "os.system"): {Place()}}


@pytest.mark.parametrize(
    ("loader", "name"),
    [
        ("MethodNode", "builtins.str"),
        ("ReduceNode", "builtins.list"),
        ("ListNode", "os.system"),
        ("TupleNode", "collections.deque"),
        ("NdArrayNode", "numpy.object_"),
    ],
)
def test_loaders_that_make_other_types_are_rejected(loader, name):
    with pytest.raises(ArtifactError, match=rf"holds a {name} \(by {loader}\), which is not trust"):
        read(node(loader, name, content=[], __id__=1))


def test_a_repeated_node_may_refer_to_the_same_object():
    assert read(items(1, text('"a"', 2), text('"a"', 2))).objects == []


def test_a_repeated_number_with_other_content_is_rejected():
    with pytest.raises(ArtifactError, match="uses one number for two different objects: 2"):
        read(items(1, text('"a"', 2), text('"b"', 2)))


def test_a_container_within_a_text_is_rejected():
    with pytest.raises(ArtifactError, match="a container where a text should be"):
        read(text(" [1, 2]", 1))


@pytest.mark.parametrize("file", ["2.npy", "../1.npy", "1.npy.py"])
def test_an_array_in_the_file_of_another_is_rejected(file):
    with pytest.raises(ArtifactError, match="has the array 1 in a file"):
        read(node("NdArrayNode", "numpy.ndarray", file=file, __id__=1, type="numpy"), **{"2": 9})


def test_arrays_that_are_referred_to_very_often_are_rejected():
    array = node("NdArrayNode", "numpy.ndarray", file="1.npy", __id__=1, type="numpy")
    root = items(9, *[array] * 3)
    assert len(read(root, **{"1": 2**24}).arrays["1.npy"]) == 1
    with pytest.raises(ArtifactError, match=r"refers to \d+ bytes of arrays, more than it holds"):
        read(items(9, *[array] * 30), **{"1": 2**24})


@pytest.mark.parametrize("state", ["list", "numbers for keys"])
def test_an_object_whose_state_is_not_attributes_is_rejected(state):
    key = node("TypeNode", "builtins.int", __id__=4)
    content = (
        items(2)
        if state == "list"
        else node(
            "DictNode", "builtins.dict", content={"1": text('"a"', 5)}, __id__=2,
            key_types=items(3, key),
        )
    )  # fmt: skip
    with pytest.raises(ArtifactError, match="whose state is not a dict of attributes by name"):
        read(node("ObjectNode", "sklearn.svm._classes.LinearSVC", content=content, __id__=1))


def test_keys_of_a_dict_need_one_plain_type_each():
    key = node("TypeNode", "builtins.str", __id__=4)
    for kinds in (items(3), items(3, key, key), items(3, text('"a"', 6))):
        root = node(
            "DictNode", "builtins.dict", content={"a": text('"a"', 5)}, __id__=2, key_types=kinds
        )
        with pytest.raises(ArtifactError, match="whose keys are not distinct texts and numbers"):
            read(root)
