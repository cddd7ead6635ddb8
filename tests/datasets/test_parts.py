"""Files of training, validation and test rows, by names of files and folders."""

import pytest

from agnews_sk.datasets._parts import files_of, find_sources


@pytest.fixture
def make(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def names(found):
    return {part: [path.name for path in files] for part, files in found.items() if files}


def test_a_file_is_not_divided(make):
    assert names(find_sources(make("train.csv") / "train.csv")) == {"all": ["train.csv"]}


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (["train.csv", "test.csv"], {"train": ["train.csv"], "test": ["test.csv"]}),
        (["train.tsv", "dev.tsv"], {"train": ["train.tsv"], "validation": ["dev.tsv"]}),
        (["train.csv.gz", "valid.json"], {"train": ["train.csv.gz"], "validation": ["valid.json"]}),
        (["train.csv", "train.parquet"], {"train": ["train.csv"]}),
        (["train_joined.csv", "notes.txt"], {}),
        (
            ["train-00001-of-2.parquet", "train-00000-of-2.parquet"],
            {"train": ["train-00000-of-2.parquet", "train-00001-of-2.parquet"]},
        ),
        (["data/train-0.parquet", "README.md"], {"train": ["train-0.parquet"]}),
        (["val.csv", "validation.csv"], {"validation": ["validation.csv"]}),
    ],
    ids=["both", "dev", "compressed", "two formats", "others", "shards", "Hub", "two names"],
)
def test_a_folder_has_files_of_parts_by_name(make, files, parts):
    assert names(find_sources(make(*files))) == parts


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("*.csv", {"all": ["2025.csv", "2026.csv", "test.csv", "train.csv"]}),
        ("202*.csv", {"all": ["2025.csv", "2026.csv"]}),
        ("t*.csv", {"train": ["train.csv"], "test": ["test.csv"]}),
        ("te*.csv", {"all": ["test.csv"]}),
        ("tr*.csv", {"all": ["train.csv"]}),
        ("*/*.csv", {"all": ["a.csv"]}),
        ("**/2026*", {"all": ["2026.csv"]}),
    ],
)
def test_a_pattern_is_divided_on_request_if_all_names_are_of_parts(make, pattern, parts):
    folder = make("2025.csv", "2026.csv", "test.csv", "train.csv", "more/a.csv")
    given = str(folder / pattern)
    assert names(find_sources(given, divides=True)) == parts
    whole = names(find_sources(given))
    assert sorted(whole.pop("all")) == sorted(file for files in parts.values() for file in files)
    assert whole == {}


def test_files_are_read_in_the_order_of_a_list(make):
    folder = make("b.csv", "a.csv")
    found = find_sources([folder / "b.csv", str(folder / "a*")])
    assert names(found) == {"all": ["b.csv", "a.csv"]}


def test_a_file_whose_name_has_brackets_is_no_pattern(make):
    assert names(find_sources(make("rows[1].csv") / "rows[1].csv")) == {"all": ["rows[1].csv"]}
    assert names(find_sources([make() / "rows[1].csv"])) == {"all": ["rows[1].csv"]}


@pytest.mark.parametrize("name", ["nothing.csv", "nothing*.csv", "nothing"])
def test_what_is_not_there_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=r"there is no .*nothing"):
        find_sources(str(tmp_path / name))


@pytest.mark.parametrize("name", ["state.json", "dataset_dict.json"])
@pytest.mark.parametrize("content", ["{}", "[1]", '{"splits": 2, "_data_files": null}'])
def test_a_file_of_another_program_does_not_make_a_folder_a_saved_dataset(make, name, content):
    folder = make("train.csv")
    (folder / name).write_text(content)
    assert names(find_sources(folder)) == {"train": ["train.csv"]}


@pytest.mark.parametrize("content", ['{"_data_files": [{}]}', '{"_data_files": [1]}', "{"])
def test_a_broken_saved_dataset_is_named(make, content):
    (make() / "state.json").write_text(content)
    with pytest.raises(ValueError, match=r"state\.json is not that of a saved dataset: "):
        find_sources(make())


@pytest.mark.parametrize("name", ["rows.doc", "*"])
def test_a_format_that_is_not_read_is_named(make, name):
    with pytest.raises(ValueError, match=r"rows\.doc must end with one of"):
        find_sources(str(make("rows.doc") / name))


def test_a_subset_consists_of_the_parts_that_have_files(make):
    sources = find_sources(make("train.csv", "dev.csv"))
    assert files_of(sources, "all", "folder") == ["train", "validation"]
    assert files_of(sources, "train", "folder") == ["train"]
    assert files_of({"all": []}, "test", "file") == ["all"]
    with pytest.raises(
        FileNotFoundError, match=r"folder has no file for subset='test', such as te"
    ):
        files_of(sources, "test", "folder")
