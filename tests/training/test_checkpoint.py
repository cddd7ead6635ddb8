import pytest
import torch

from agnews_sk.training import Checkpoint, _checkpoint

STATE = {
    "epoch": 1,
    "steps_before": 2,
    "losses": torch.tensor([0.5]),
    "is_over": False,
    "seed": 3,
    "module": {"weight": torch.ones(2)},
    "history": [],
    "begun": {},
}


def test_a_saved_state_is_loaded(tmp_path):
    checkpoint = Checkpoint(tmp_path / "new" / "folder", "run")
    assert checkpoint.load("cpu") is None
    checkpoint.save(STATE)
    loaded = Checkpoint(tmp_path / "new" / "folder", "run").load("cpu")
    assert loaded.keys() == STATE.keys()
    assert loaded["module"]["weight"].tolist() == [1, 1]


def test_a_save_leaves_one_file_and_replaces_the_last_one(tmp_path):
    checkpoint = Checkpoint(tmp_path, "run")
    checkpoint.save(STATE)
    checkpoint.save({**STATE, "epoch": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]
    assert checkpoint.load("cpu")["epoch"] == 2


def test_a_save_that_fails_leaves_the_last_one(tmp_path):
    checkpoint = Checkpoint(tmp_path, "run")
    checkpoint.save(STATE)
    with pytest.raises(AttributeError, match="pickle"):
        checkpoint.save({"epoch": lambda: None})
    assert checkpoint.load("cpu")["epoch"] == 1


@pytest.mark.parametrize(
    "content", [b"", b"no file of torch", None], ids=["empty", "other", "part"]
)
def test_a_damaged_file_is_named_with_advice(tmp_path, content):
    checkpoint = Checkpoint(tmp_path, "run")
    checkpoint.save(STATE)
    whole = checkpoint.path.read_bytes()
    checkpoint.path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ValueError, match=r"run\.pt is damaged.*Delete it"):
        checkpoint.load("cpu")


@pytest.mark.parametrize("other", [{"epoch": 1}, [1, 2]], ids=["lacks keys", "no dict"])
def test_a_file_with_other_contents_is_rejected(tmp_path, other):
    checkpoint = Checkpoint(tmp_path, "run")
    torch.save(other, checkpoint.path)
    with pytest.raises(
        ValueError, match="not a checkpoint of this training run: it has other contents"
    ):
        checkpoint.load("cpu")


class Payload:
    def __reduce__(self):
        return print, ("run",)


def test_loading_runs_no_code(tmp_path, capsys):
    checkpoint = Checkpoint(tmp_path, "run")
    torch.save({**STATE, "begun": Payload()}, checkpoint.path)
    with pytest.raises(ValueError, match="is damaged"):
        checkpoint.load("cpu")
    assert capsys.readouterr().out == ""


def test_a_file_in_the_place_of_the_folder_is_rejected(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotADirectoryError, match="checkpoint_dir must be a folder"):
            Checkpoint(folder, "run")


def test_messages_name_the_parameter_that_the_folder_is(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="the home must be a folder"):
        Checkpoint(tmp_path / "file", "run", parameter="the home")


def test_what_was_computed_is_remembered(tmp_path):
    checkpoint = Checkpoint(tmp_path, "run")
    found = checkpoint.remember("sums", lambda: torch.arange(3))
    for again in (checkpoint, Checkpoint(tmp_path, "run")):
        torch.testing.assert_close(again.remember("sums", pytest.fail), found)
    other = Checkpoint(tmp_path, "other").remember("sums", lambda: torch.arange(2))
    assert other.tolist() == [0, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.sums.pt", "run.sums.pt"]


def test_what_could_not_be_computed_or_written_is_not_remembered(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path, "run")
    with pytest.raises(ZeroDivisionError):
        checkpoint.remember("sums", lambda: 1 / 0)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            checkpoint.remember("sums", lambda: torch.arange(3))
    assert checkpoint.remember("sums", lambda: torch.arange(4)).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "content", [b"", b"no file of torch", None], ids=["empty", "other", "dict"]
)
def test_a_damaged_file_of_what_was_computed_is_named(tmp_path, content):
    path = tmp_path / "run.sums.pt"
    torch.save({"a": 1}, path) if content is None else path.write_bytes(content)
    with pytest.raises(ValueError, match=r"run\.sums\.pt is damaged.*Delete it"):
        Checkpoint(tmp_path, "run").remember("sums", pytest.fail)


def test_a_save_is_due_after_a_while(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_checkpoint.time, "monotonic", lambda: now[0])
    checkpoint = Checkpoint(tmp_path, "run")
    now[0] = _checkpoint.SECONDS_BETWEEN - 1
    assert not checkpoint.is_due
    now[0] += 1
    assert checkpoint.is_due
    checkpoint.save(STATE)
    assert not checkpoint.is_due
