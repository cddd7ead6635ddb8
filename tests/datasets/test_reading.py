"""Files read together: one choice of columns, one meaning of labels, one report of faults."""

import json

import pytest

from agnews_sk.datasets import load_texts, load_train_test

ROWS = [(f"The soup number {i} was cold", ["food", "room"][i % 2]) for i in range(12)]


def write(path, header, rows):
    path.write_text("\n".join([header, *(f"{text},{label}" for text, label in rows)]) + "\n")


def test_files_of_a_pattern_are_read_as_one_by_the_columns_of_the_first(tmp_path):
    write(tmp_path / "a.csv", "was,art", ROWS[:10])
    (tmp_path / "b.csv").write_text("art,id,was\nfood,7,Short\n")
    bunch = load_texts(tmp_path / "*.csv")
    assert bunch.summary == "text: was; label: art, 2 classes; 11 rows"
    assert bunch.data["was"].to_list()[-1] == "Short"
    assert bunch.DESCR.endswith("a.csv, " + str(tmp_path / "b.csv"))


def test_a_file_that_lacks_a_column_of_the_first_is_named(tmp_path):
    write(tmp_path / "a.csv", "was,art", ROWS)
    write(tmp_path / "b.csv", "wie,art", ROWS)
    with pytest.raises(ValueError, match=r"b\.csv has no column 'was'"):
        load_texts(tmp_path / "*.csv")


def test_a_file_that_lacks_the_label_of_the_first_is_named(tmp_path):
    write(tmp_path / "a.csv", "was,art", ROWS)
    write(tmp_path / "b.csv", "was,zeit", ROWS)
    with pytest.raises(ValueError, match=r"b\.csv has no column 'art', .* are 'was', 'zeit'"):
        load_texts(tmp_path / "*.csv")


def test_a_part_without_labels_is_refused_only_if_it_is_wanted(tmp_path):
    write(tmp_path / "train.csv", "text,label", ROWS)
    write(tmp_path / "test.csv", "text,id", [(text, i) for i, (text, _) in enumerate(ROWS)])
    assert load_texts(tmp_path).target_names == ["food", "room"]
    assert load_texts(tmp_path, label="label").target_names == ["food", "room"]
    for subset in ("test", "all"):
        with pytest.raises(ValueError, match=r"test\.csv has no column 'label'"):
            load_texts(tmp_path, subset=subset)


def test_files_with_the_names_of_parts_are_read_as_one_unless_a_folder_is_given(tmp_path):
    files = [tmp_path / "train.csv", tmp_path / "test.csv"]
    for file in files:
        write(file, "text,label", ROWS)
    assert len(load_texts(files).target) == len(load_texts(tmp_path / "t*.csv").target) == 24
    assert len(load_texts(tmp_path).target) == 12
    rows = load_train_test(files)
    assert (len(rows.y_train), len(rows.y_test)) == (12, 12)


def test_files_may_be_of_several_formats(tmp_path):
    write(tmp_path / "a.csv", "text,label", ROWS)
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": "Short", "label": "food"}))
    assert len(load_texts([tmp_path / "a.csv", tmp_path / "b.jsonl"]).target) == 13


def test_a_column_of_two_types_that_do_not_go_together_is_named_with_its_files(tmp_path):
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file, cell in zip(files, [True, ["x"]], strict=True):
        rows = [{"text": text, "label": label, "beside": cell} for text, label in ROWS]
        file.write_text("\n".join(map(json.dumps, rows)))
    message = r"'beside' must have the same type .* Boolean in .*a\.jsonl and List.* in .*b\.jsonl"
    with pytest.raises(ValueError, match=message):
        load_texts(files, columns=["beside"])


def test_an_empty_file_among_others_changes_nothing(tmp_path):
    (tmp_path / "a.csv").touch()
    write(tmp_path / "b.csv", "text,label", ROWS)
    assert len(load_texts(tmp_path / "*.csv").target) == 12


def test_lists_of_labels_must_be_of_one_kind_in_all_files(tmp_path):
    for name, tags in {"a": [["x"], ["y"]], "b": [[1], [2]]}.items():
        lines = [json.dumps({"text": f"The soup {i}", "tags": tag}) for i, tag in enumerate(tags)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    with pytest.raises(
        ValueError, match=r"Labels in lists must be of one kind, got \[1\] and \['x"
    ):
        load_texts(tmp_path / "*.jsonl")


def test_a_row_of_several_labels_has_each_once_and_a_list_of_its_own(tmp_path):
    (tmp_path / "a.csv").write_text("text;tags\nThe soup;b, a, b\nThe bed;b, a, b\n")
    bunch = load_texts(tmp_path / "a.csv", label_sep=",")
    assert bunch.target.tolist() == [["b", "a"], ["b", "a"]]
    assert bunch.target[0] is not bunch.target[1]
    assert bunch.target_names == ["a", "b"]
    assert (
        bunch.summary
        == "text: text; label: tags, 2 classes, several per row (separated by ','); 2 rows"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"No rows in .*a\.csv: it is empty\."),
        ("text,label\n", "only the names of columns: 'text', 'label'"),
        ("text,label\na\n", r"line 2: expected 2 fields, got 1\. Pass on_bad_rows"),
    ],
    ids=["empty", "header", "broken"],
)
def test_a_file_without_rows_is_refused_with_the_reason(tmp_path, content, message):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(ValueError, match=message):
        load_texts(tmp_path / "a.csv")


def test_a_file_whose_rows_are_all_left_out_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\na\n")
    with (
        pytest.warns(UserWarning, match="Skipped 1 broken row;"),
        pytest.raises(ValueError, match=r"No rows in .*a\.csv that can be used"),
    ):
        load_texts(tmp_path / "a.csv", on_bad_rows="skip")


def test_the_warning_points_to_the_call(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\na\nThe soup,food\n")
    with pytest.warns(UserWarning, match="Skipped 1") as caught:
        load_texts(tmp_path / "a.csv", on_bad_rows="skip")
    assert caught[0].filename == __file__
