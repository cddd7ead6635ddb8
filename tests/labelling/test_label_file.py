import csv
import os
import signal
import subprocess
import sys

import pytest

from agnews_sk.datasets import load_texts
from agnews_sk.labelling._label_file import Decision, LabelFile, check_label

TEXTS = {"text": ['said "no", twice', "two\r\nlines", "=1+1", "石油", "plain", ""]}
COLUMNS = ["row", "text", "label", "status", "chosen_by", "suggested", "time"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.csv"


def lines_of(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def write(path, *decisions):
    with LabelFile(path, TEXTS) as file:
        file.append(*decisions)


def test_decisions_are_lines_of_a_csv_that_spreadsheets_open(path):
    write(path, Decision(0, "a", "random", "", "2026-01-01"), Decision(3, None), Decision(2, "b"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # by which Excel recognizes UTF-8
    assert lines_of(path) == [
        COLUMNS,
        ["1", 'said "no", twice', "a", "labelled", "random", "", "2026-01-01"],
        ["4", "石油", "", "unsure", "", "", ""],
        ["3", "'=1+1", "b", "labelled", "", "", ""],
    ]


def test_the_file_is_read_as_labelled_rows(path):
    write(path, Decision(0, "a"), Decision(1, "b"), Decision(3, None), Decision(4, "a"))
    with pytest.warns(UserWarning, match="Skipped 1 broken row"):
        X, y = load_texts(path, text="text", label="label", on_bad_rows="skip", return_X_y=True)
    assert y.tolist() == ["a", "b", "a"]
    assert X["text"].tolist() == ['said "no", twice', "two\r\nlines", "plain"]


def test_a_file_is_continued(path):
    write(path, Decision(1, "a", "margin", "b"), Decision(5, None))
    with LabelFile(path, TEXTS) as file:
        assert list(file.decisions.values()) == [Decision(1, "a", "margin", "b"), Decision(5, None)]
        file.append(Decision(2, "b"))
    assert [line[0] for line in lines_of(path)] == ["row", "2", "6", "3"]


def test_undo_removes_the_last_line_also_that_of_an_earlier_run(path):
    write(path, Decision(0, "a"), Decision(1, "b"))
    before = path.read_bytes()
    with LabelFile(path, TEXTS) as file:
        file.append(Decision(3, "a"))
        assert file.undo() == Decision(3, "a")
        assert path.read_bytes() == before
        assert file.undo() == Decision(1, "b")
        assert file.undo() == Decision(0, "a")
        assert file.undo() is None
        file.append(Decision(4, "b"))
    assert [line[0] for line in lines_of(path)] == ["row", "5"]


def test_what_was_written_half_is_removed(path):
    write(path, Decision(0, "a"), Decision(1, "b"))
    whole = path.read_bytes()
    (first, second) = (whole[: whole.index(b"2,")], whole)
    for end in range(len(first), len(second)):
        path.write_bytes(whole[:end])
        with LabelFile(path, TEXTS) as file:
            kept = list(file.decisions)
            # Only the line break, or empty cells at the end, may be missing of a whole line.
            assert kept == [0] or (kept == [0, 1] and whole[end:].strip(b"\r\n") == b"")
            file.append(Decision(4, "c"))
        with LabelFile(path, TEXTS) as file:
            assert list(file.decisions) == [*kept, 4]


@pytest.mark.parametrize("rest", [b"", b"5,pl", b"3,c,b"], ids=["whole", "text", "other row"])
def test_zeros_that_a_power_failure_left_are_removed_with_a_half_line_only(path, rest):
    write(path, Decision(0, "a"), Decision(1, "b"))
    whole = path.read_bytes()
    path.write_bytes(left := whole + rest + bytes(30))
    if rest == b"3,c,b":  # row 3 is another text
        with pytest.raises(ValueError, match="record 4: 7 fields are needed, got 3"):
            LabelFile(path, TEXTS)
        assert path.read_bytes() == left
    else:
        with LabelFile(path, TEXTS) as file:
            assert list(file.decisions) == [0, 1]
        assert path.read_bytes() == whole


def test_a_header_that_was_written_half_is_written_again(path):
    write(path)
    whole = path.read_bytes()
    for end in (0, 2, 10, len(whole) - 1):
        path.write_bytes(whole[:end])
        write(path)
        assert path.read_bytes() == whole


def test_every_decision_survives_a_kill(path, tmp_path):
    code = f"""
import os, signal
from agnews_sk.labelling._label_file import Decision, LabelFile
file = LabelFile({str(path)!r}, {{"text": [str(i) for i in range(50)]}})
for i in range(50):
    file.append(Decision(i, "a"))
    print(i, flush=True)
    if i == 20:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    with LabelFile(path, {"text": [str(i) for i in range(50)]}) as file:
        assert list(file.decisions) == list(range(21))
    assert done.stdout.split() == [str(i) for i in range(21)]


def test_decisions_are_synchronized_before_append_returns(path, monkeypatch):
    synced = []
    real = os.fsync
    with LabelFile(path, TEXTS) as file:
        monkeypatch.setattr(os, "fsync", lambda d: synced.append(path.stat().st_size) or real(d))
        file.append(Decision(0, "a"))
        assert synced == [path.stat().st_size]


def test_a_full_disk_takes_the_decision_back(path, monkeypatch):
    write(path, Decision(0, "a"))
    before = path.read_bytes()
    with LabelFile(path, TEXTS) as file:

        def fail(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            file.append(Decision(1, "b"))
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert list(file.decisions) == [0]
        file.append(Decision(4, "b"))
        assert file.undo() == Decision(4, "b")
    assert path.read_bytes() == before


def test_another_file_is_never_written_to(path):
    path.write_text("text,label\noil,a\n")
    with pytest.raises(ValueError, match="is no file of these labels: its columns must be row"):
        LabelFile(path, TEXTS)
    assert path.read_text() == "text,label\noil,a\n"
    path.unlink()
    write(path, Decision(0, "a"))
    with pytest.raises(ValueError, match="record 2: row 1 has another text"):
        LabelFile(path, {"text": ["changed", *TEXTS["text"][1:]]})
    with pytest.raises(ValueError, match="record 2: row 1 has another text"):
        LabelFile(path, {"text": []})


def test_damage_by_hand_is_named(path):
    write(path, Decision(0, "a"), Decision(4, "b"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[1]]))
    with pytest.raises(ValueError, match="record 4: row 1 is there twice"):
        LabelFile(path, TEXTS)
    path.write_bytes(b"".join([lines[0], b"5,plain\r\n", lines[1]]))
    with pytest.raises(ValueError, match="record 2: 7 fields are needed, got 2"):
        LabelFile(path, TEXTS)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",b,labelled", ',"b,labelled', "record 3: 7 fields are needed, got a quote that is not"),
        (",c,labelled,,,", ",c,labelled", "record 4: 7 fields are needed, got 4"),
        ("plain,c", '"plain,c', "record 4: 7 fields are needed, got a quote that is not closed"),
        (",c,labelled", ",=c,labelled", "record 4: a label must not begin with '='"),
    ],
    ids=["quote", "last line", "quote in the last line", "label"],
)
def test_damage_by_hand_removes_nothing(path, old, new, reason):
    write(path, Decision(0, "a"), Decision(3, "b"), Decision(4, "c"))
    damaged = path.read_bytes().replace(old.encode(), new.encode())
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=reason):
        LabelFile(path, TEXTS)
    assert path.read_bytes() == damaged


def test_blank_lines_are_skipped(path):
    write(path, Decision(0, "a"), Decision(4, "b"))
    path.write_bytes(path.read_bytes().replace(b"\r\n5,", b"\r\n\r\n5,") + b"\r\n")
    with LabelFile(path, TEXTS) as file:
        assert list(file.decisions) == [0, 4]
        assert file.undo() == Decision(4, "b")
        file.append(Decision(3, "c"))
    with LabelFile(path, TEXTS) as file:
        assert list(file.decisions) == [0, 3]


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [(",b,labelled", ",,labelled", None), (",,unsure", ",c,unsure", "c")],
    ids=["removed", "filled in"],
)
def test_labels_that_are_edited_count_as_in_training(path, old, new, label):
    write(path, Decision(0, "a"), Decision(4, "b" if label is None else None))
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    with LabelFile(path, TEXTS) as file:
        assert file.decisions[4].label == label


def test_texts_of_any_length_are_read_again(path):
    texts = {"text": ["a" * 200_000, "b"]}
    for i in range(2):
        with LabelFile(path, texts) as file:
            file.append(Decision(i, "c"))
    with LabelFile(path, texts) as file:
        assert list(file.decisions) == [0, 1]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL], ids=["some", "all"])
def test_a_file_that_a_spreadsheet_has_saved_is_continued(path, quoting):
    write(path, *(Decision(i, "a") for i in range(len(TEXTS["text"]))))
    saved = [[cell.replace("\r\n", "\n") for cell in line] for line in lines_of(path)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=quoting, lineterminator="\n").writerows(saved)
    with LabelFile(path, TEXTS) as file:
        assert list(file.decisions) == list(range(len(TEXTS["text"])))
        last = file.undo()
        file.append(last)
    with LabelFile(path, TEXTS) as file:
        assert file.decisions.popitem()[1] == last


@pytest.mark.parametrize("change", ["replaced", "edited", "removed"])
def test_nothing_is_written_to_a_file_that_another_program_has_changed(path, tmp_path, change):
    with LabelFile(path, TEXTS) as file:
        file.append(Decision(0, "a"))
        content = path.read_bytes()
        if change == "replaced":  # as by a spreadsheet that saves
            (tmp_path / "new").write_bytes(content)
            os.replace(tmp_path / "new", path)
        elif change == "edited":
            path.write_bytes(content := content.replace(b",a,", b",longer,"))
        else:
            path.unlink()
        for one in (lambda: file.append(Decision(1, "b")), file.undo):
            with pytest.raises(OSError, match="has been changed by another program"):
                one()
        assert list(file.decisions) == [0]
    assert path.read_bytes() == content if change != "removed" else not path.exists()


def test_an_undo_that_fails_changes_nothing(path, monkeypatch):
    with LabelFile(path, TEXTS) as file:
        file.append(Decision(0, "a"), Decision(1, "b"))
        file.append(Decision(4, "c"))
        whole = path.read_bytes()
        real, file._file = file._file, open(path, "rb")  # noqa: SIM115
        with pytest.raises(OSError, match="truncate"):
            file.undo()
        file._file.close()
        file._file = real
        assert (list(file.decisions), path.read_bytes()) == ([0, 1, 4], whole)
        assert file.undo() == Decision(4, "c")


def test_rows_that_are_not_there_leave_the_file_as_it_was(path):
    with LabelFile(path, TEXTS) as file:
        file.append(Decision(0, "a"))
        before = path.read_bytes()
        with pytest.raises(IndexError):
            file.append(Decision(1, "b"), Decision(77, "a"))
        assert (list(file.decisions), path.read_bytes()) == ([0], before)
        file.undo()
        assert path.read_bytes().count(b"\n") == 1


def test_one_process_at_a_time_writes(path):
    pytest.importorskip("fcntl")
    with (
        LabelFile(path, TEXTS),
        pytest.raises(BlockingIOError, match="is being written by another process"),
    ):
        LabelFile(path, TEXTS)
    LabelFile(path, TEXTS).close()


def test_columns_of_the_text_must_not_have_the_names_of_the_others(path):
    with pytest.raises(ValueError, match="the column 'status' has a name that the file"):
        LabelFile(path, {"status": ["a"]})
    with pytest.raises(ValueError, match="the column '=1' has a name that spreadsheets read as"):
        LabelFile(path, {"text": ["a"], "=1": ["b"]})
    assert not path.exists()


_WITH_JOINER = "می\N{ZERO WIDTH NON-JOINER}خواهم"


@pytest.mark.parametrize(
    "label", ["Sci/Tech", "-1", "+1", "3.5", "石油", "a b", _WITH_JOINER, "a\N{NO-BREAK SPACE}b"]
)
def test_labels_that_spreadsheets_show_as_they_are(label):
    check_label(label)


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("", "printable"),
        (" a", "printable"),
        ("a\nb", "printable"),
        ("a\u2028b", "printable"),
        ("a" * 201, "at most 200 characters, got 201"),
        ("=a", "must not begin with '='"),
        ("-a", "must not begin with '-'"),
    ],
)
def test_other_labels_are_rejected(label, reason):
    with pytest.raises(ValueError, match=reason):
        check_label(label)


def test_labels_are_strings():
    with pytest.raises(TypeError, match="a label must be a string, got 3; convert it by str"):
        check_label(3)
