import pytest

from agnews_sk.labelling._class_file import class_path, read_classes, write_classes


def test_the_file_lies_beside_that_of_the_decisions(tmp_path):
    assert class_path(tmp_path / "a_labels.csv") == tmp_path / "a_labels.classes.json"
    assert class_path(tmp_path / "labels") == tmp_path / "labels.classes.json"


def test_labels_are_read_in_the_order_in_which_they_were_written(tmp_path):
    path = tmp_path / "a.classes.json"
    assert read_classes(path) == []
    for names in (["b", "石油", "a"], ["b"]):
        write_classes(path, names)
        assert read_classes(path) == names
    assert [one.name for one in tmp_path.iterdir()] == ["a.classes.json"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('["a"', "Expecting"),
        ('{"a": 1}', "it is no list"),
        ("[3]", "a label must be a string, got 3"),
        ('["=a"]', "must not begin with '='"),
    ],
    ids=["broken", "dict", "number", "formula"],
)
def test_damage_by_hand_is_named(tmp_path, content, reason):
    path = tmp_path / "a.classes.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=rf"must hold a list of labels in JSON: .*{reason}"):
        read_classes(path)
