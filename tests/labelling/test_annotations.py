import json

import pandas as pd
import pytest

from agnews_sk.labelling import read_annotations, write_annotations
from agnews_sk.labelling._annotations import is_annotations

TEXTS = {"title": ["Oil", "Cup", "Snow"], "text": ["Prices rise", "石油", 'said "no"']}
LABELS = ["Business", None, "Sci/Tech"]


@pytest.mark.parametrize("tool", ["label_studio", "doccano"])
def test_what_is_written_is_read_again(tool, tmp_path):
    path = tmp_path / ("labels.json" if tool == "label_studio" else "labels.jsonl")
    write_annotations(path, TEXTS, LABELS, tool=tool)
    found = read_annotations(path)
    assert found.labels == LABELS
    assert is_annotations(path)
    if tool == "label_studio":
        assert found.texts.to_dict("list") == TEXTS
    else:
        assert found.texts["text"].tolist()[0] == "Oil\nPrices rise"


def test_the_form_of_label_studio(tmp_path):
    path = tmp_path / "tasks.json"
    write_annotations(path, {"text": ["Oil", "Cup"]}, ["Business", None])
    first, second = json.loads(path.read_text())
    assert first == {
        "id": 1,
        "data": {"text": "Oil"},
        "annotations": [
            {
                "result": [
                    {
                        "from_name": "sentiment",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"choices": ["Business"]},
                    }
                ]
            }
        ],
    }
    assert second == {"id": 2, "data": {"text": "Cup"}, "annotations": []}


def test_the_form_of_doccano(tmp_path):
    path = tmp_path / "all.jsonl"
    write_annotations(path, {"text": ["石油", "Cup"]}, ["Business", None], tool="doccano")
    assert path.read_text().splitlines() == [
        '{"id": 1, "text": "石油", "label": ["Business"]}',
        '{"id": 2, "text": "Cup", "label": []}',
    ]


def task(*annotations, **data):
    return {"id": 7, "data": {"text": "Oil", **data}, "annotations": list(annotations)}


def annotation(*labels, **more):
    value = {"choices": list(labels)}
    return {"result": [{"type": "choices", "value": value}], **more}


@pytest.mark.parametrize(
    ("entry", "label"),
    [
        (task(annotation("a"), annotation("b")), "b"),
        (task(annotation("a"), annotation("b", was_cancelled=True)), "a"),
        (task(annotation("b", was_cancelled=True)), None),
        (task({"result": []}), None),
        ({"data": {"text": "Oil", "meta": {"page": 3}}}, None),
        ({"id": 1, "text": "Oil", "labels": ["a"]}, "a"),
        ({"id": 1, "text": "Oil", "label": "a"}, "a"),
        ({"id": 1, "text": "Oil", "label": [], "Comments": []}, None),
        ({"id": 1, "text": "Oil"}, None),
        ({"id": 1, "text": "Oil", "label": [" a "]}, "a"),
        (task({"result": [{"value": {"choices": "ab"}}, {"value": {"rating": 3}}]}), "ab"),
    ],
    ids=[
        "last annotation",
        "cancelled",
        "only cancelled",
        "empty",
        "not annotated",
        "older doccano",
        "one label",
        "no label",
        "no key",
        "spaces",
        "one choice",
    ],
)
def test_labels_of_exports(entry, label, tmp_path):
    path = tmp_path / "export.json"
    path.write_text(json.dumps([entry]))
    found = read_annotations(path)
    assert found.labels == [label]
    assert found.texts.to_dict("list") == {"text": ["Oil"]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "has no texts"),
        ("[1]", "must hold JSON objects"),
        ("{", "is not JSON"),
        ('[{"comment": "Oil"}]', "entry 1: this is neither a task of Label Studio nor a text"),
        ('[{"data": {"n": 3}}]', "entry 1: this is neither"),
        ('[{"text": 3, "label": []}]', "entry 1: this is neither"),
        (json.dumps([task(annotation("a", "b"))]), "entry 1: there must be one label per text"),
        ('{"text": "a", "label": ["b", "c"]}', r"one label per text, got \['b', 'c'\]"),
        ('{"text": "a", "label": [[0, 1, "B"]]}', r"the name of a class of the text, got \[0, 1,"),
        ('{"text": "a", "label": [null]}', "the name of a class of the text, got None"),
    ],
    ids=[
        "empty",
        "numbers",
        "broken",
        "other",
        "no text",
        "number",
        "several",
        "doccano several",
        "span",
        "null",
    ],
)
def test_other_files_are_rejected(content, reason, tmp_path):
    path = tmp_path / "export.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=reason):
        read_annotations(path)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '[{"data": {"text": "a"}}]', True),
        ("a.jsonl", '{"text": "a", "label": ["b"]}', True),
        ("a.json", '[{"text": "a", "label": "b"}]', False),
        ("a.json", "{", False),
        ("a.csv", '[{"data": {"text": "a"}}]', False),
        ("a.json", "[]", False),
    ],
    ids=["tasks", "doccano", "rows", "broken", "other format", "empty"],
)
def test_exports_are_recognized(name, content, expected, tmp_path):
    (tmp_path / name).write_text(content)
    assert is_annotations(tmp_path / name) is expected


def test_other_tools_are_rejected(tmp_path):
    with pytest.raises(ValueError, match=r"tool must be one of \['label_studio', 'doccano'\]"):
        write_annotations(tmp_path / "a.json", TEXTS, LABELS, tool="prodigy")


@pytest.mark.parametrize("tool", ["label_studio", "doccano"])
def test_texts_with_any_character_are_read_again(tool, tmp_path):
    texts = ["a\u2028b", "c\x85d\x0c", "e\r\nf", '"', "\ud800"]
    write_annotations(tmp_path / "a.jsonl", {"text": texts}, ["b", *[None] * 4], tool=tool)
    found = read_annotations(tmp_path / "a.jsonl")
    assert found.texts["text"].tolist() == [*texts[:4], "?"]  # UTF-8 has no lone surrogates
    assert found.labels == ["b", *[None] * 4]


@pytest.mark.parametrize("tool", ["label_studio", "doccano"])
def test_missing_cells_and_labels_of_a_frame_are_empty(tool, tmp_path):
    frame = pd.DataFrame({"title": ["Oil", None], "n": [1, 2]})
    write_annotations(tmp_path / "a.json", frame, pd.Series([3, None], dtype="Int64"), tool=tool)
    assert "NaN" not in (tmp_path / "a.json").read_text()
    found = read_annotations(tmp_path / "a.json")
    assert found.labels == ["3", None]
    assert "\n".join(found.texts.iloc[1]).strip() == "2"


def test_each_text_has_one_label_or_none(tmp_path):
    with pytest.raises(ValueError, match="one label or None per text, got 1"):
        write_annotations(tmp_path / "a.json", {"text": ["a", "b"]}, ["c"])
