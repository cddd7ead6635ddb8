import pytest

from agnews_sk.datasets import _train_test, load_train_test

ROWS = [
    '"1","World {i}","Envoys meet for the {i}th time."',
    '"2","Sports {i}","They won {i} cups."',
]


def write(path, n_pairs):
    path.write_text("\n".join(row.format(i=i) for i in range(n_pairs) for row in ROWS) + "\n")


@pytest.fixture
def no_network(monkeypatch):
    def fail(**kwargs):
        raise OSError("no network")

    monkeypatch.delenv("AGNEWS_SK_DATA", raising=False)
    monkeypatch.setattr(_train_test, "fetch_agnews", fail)


def test_a_folder_gives_its_training_and_test_files(tmp_path):
    write(tmp_path / "train.csv", 4)
    write(tmp_path / "test.csv", 2)
    rows = load_train_test(tmp_path)
    assert (len(rows.X_train), len(rows.y_test)) == (8, 4)
    assert rows.source == f"{tmp_path}: 8 training rows, 4 test rows"
    assert rows.n_held_out == 0
    assert rows.notice == ""


def test_a_fifth_of_a_file_becomes_the_test_rows(tmp_path):
    write(tmp_path / "rows.csv", 25)
    rows = load_train_test(tmp_path / "rows.csv")
    assert (len(rows.y_train), len(rows.y_test), rows.n_held_out) == (40, 10, 10)
    assert rows.source.endswith(": 40 training rows, 10 test rows held out at random")
    assert set(rows.X_train["title"]).isdisjoint(rows.X_test["title"])


def test_the_environment_names_rows(tmp_path, monkeypatch):
    write(tmp_path / "rows.csv", 25)
    monkeypatch.setenv("AGNEWS_SK_DATA", str(tmp_path / "rows.csv"))
    assert len(load_train_test().y_train) == 40


def test_an_argument_precedes_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_DATA", str(tmp_path / "nowhere.csv"))
    assert load_train_test("sample").source.startswith("the built-in sample")


def test_agnews_precedes_the_sample(monkeypatch):
    monkeypatch.delenv("AGNEWS_SK_DATA", raising=False)
    monkeypatch.setattr(
        _train_test, "fetch_agnews", lambda subset, return_X_y: ([subset] * 3, ["World"] * 3)
    )
    assert load_train_test().source == "AG News: 3 training rows, 3 test rows"


def test_without_network_the_sample_is_used_with_a_notice(no_network):
    rows = load_train_test()
    assert rows.source.startswith("the built-in sample: 3,000 training rows")
    assert "say nothing about AG News" in rows.notice


def test_a_path_that_cannot_be_read_is_an_error_and_no_other_source_is_tried(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_train_test(tmp_path / "nowhere")


def write_table(path, n_rows, names="was,art"):
    rows = [f"The soup number {i} was cold,{['food', 'room'][i % 2]}" for i in range(n_rows)]
    path.write_text("\n".join([names, *rows]) + "\n")
    return path


def test_test_and_validation_rows_may_have_files_of_their_own(tmp_path):
    train = write_table(tmp_path / "a.csv", 20)
    rows = load_train_test(
        train,
        test=write_table(tmp_path / "b.csv", 6),
        validation=write_table(tmp_path / "c.csv", 4),
    )
    assert (len(rows.y_train), len(rows.y_validation), len(rows.y_test)) == (20, 4, 6)
    assert rows.source == f"{train}: 20 training rows, 6 test rows, 4 validation rows"
    assert rows.summary == "text: was; label: art, 2 classes; 30 rows"
    assert list(rows.X_validation.columns) == ["was"]


def test_a_file_is_split_beside_validation_rows(tmp_path):
    train = write_table(tmp_path / "a.csv", 20)
    rows = load_train_test(train, validation=write_table(tmp_path / "c.csv", 4))
    assert (len(rows.y_train), len(rows.y_validation), len(rows.y_test)) == (16, 4, 4)


def test_validation_rows_of_a_folder_are_found_and_others_replace_them(tmp_path):
    for part, n_rows in {"train": 20, "test": 6, "dev": 4}.items():
        write_table(tmp_path / f"{part}.csv", n_rows)
    assert len(load_train_test(tmp_path).y_validation) == 4
    other = write_table(tmp_path / "other.csv", 8)
    rows = load_train_test(tmp_path, test=other, validation=other)
    assert (len(rows.y_validation), len(rows.y_test)) == (8, 8)
    assert load_train_test("sample").y_validation is None


def test_a_folder_without_test_rows_is_rejected_unless_others_are_given(tmp_path):
    train = write_table(tmp_path / "train.csv", 20)
    with pytest.raises(FileNotFoundError, match=r"no file for subset=.test."):
        load_train_test(tmp_path)
    assert len(load_train_test(tmp_path, test=train).y_test) == 20


def test_all_rows_are_for_training_and_no_test_rows_needed_on_request(tmp_path):
    train = write_table(tmp_path / "train.csv", 20)
    for path in (train, tmp_path, [train]):
        rows = load_train_test(path, validation=train, test_size=0)
        assert (len(rows.y_train), rows.X_test, len(rows.y_test)) == (20, None, 0)
        assert rows.n_held_out == 0
        assert rows.source.endswith(": 20 training rows, 20 validation rows")
    write_table(tmp_path / "test.csv", 6)
    assert len(load_train_test(tmp_path, test_size=0).y_test) == 6


def test_labels_are_considered_in_all_files(tmp_path):
    train = write_table(tmp_path / "a.csv", 20)
    (tmp_path / "b.csv").write_text("was,art\nThe soup,Food \nThe bed,food \n")
    with pytest.raises(ValueError, match=r"A label must have one spelling, got 'food' in .*a\.csv"):
        load_train_test(train, test=tmp_path / "b.csv")


@pytest.mark.parametrize("part", ["test", "validation"])
def test_rows_without_a_common_label_are_rejected(tmp_path, part):
    train = write_table(tmp_path / "a.csv", 20)
    (tmp_path / "b.csv").write_text("was,art\nThe soup,x\nThe bed,y\n")
    with pytest.raises(ValueError, match=f"training and {part} rows must have labels in common"):
        load_train_test(train, **{part: tmp_path / "b.csv"})


@pytest.mark.parametrize("part", ["test", "validation"])
def test_rows_of_other_parts_need_training_rows(no_network, tmp_path, part):
    with pytest.raises(ValueError, match=f"{part} can only be given for rows of your own; pass pa"):
        load_train_test(**{part: tmp_path / "b.csv"})


def test_columns_of_the_sample_cannot_be_named():
    with pytest.raises(ValueError, match="text, label can only be given for rows of your own"):
        load_train_test("sample", text="title", label="class")
    with pytest.raises(ValueError, match="header, sheet, label_sep can only be given for rows of"):
        load_train_test("sample", header=False, sheet="rows", label_sep=",")


def test_options_reach_all_files(tmp_path):
    rows = "".join(f"Das Frühstück {i};gut;{['a', 'b'][i % 2]}\n" for i in range(10))
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_bytes(rows.encode("cp1252"))
    found = load_train_test(
        tmp_path, text="column_1", label="column_3", sep=";", encoding="cp1252", header=False
    )
    assert found.X_test["column_1"].to_list()[0] == "Das Frühstück 0"
    assert found.y_train.tolist() == ["a", "b"] * 5
