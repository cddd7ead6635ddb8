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
    assert rows.notice == ""


def test_a_fifth_of_a_file_becomes_the_test_rows(tmp_path):
    write(tmp_path / "rows.csv", 25)
    rows = load_train_test(tmp_path / "rows.csv")
    assert (len(rows.y_train), len(rows.y_test)) == (40, 10)
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
