import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from agnews_sk.evaluation._run_store import RunStore, run_key

RUN = {"classifier": "a", "train_size": 8, "accuracy": 0.5}


def key(name="a", strategy="prior", size=8, rows="r", train=(0, 1), test=(2,)):
    classifier = DummyClassifier(strategy=strategy)
    return run_key(name, classifier, size, rows, np.array(train), np.array(test))


def test_a_key_depends_on_everything_that_determines_a_run():
    others = [
        key(name="b"), key(strategy="uniform"), key(size=9), key(rows="s"), key(train=(0, 3)),
        key(test=(3,)),
    ]  # fmt: skip
    assert key() == key()
    assert len({key(), *others}) == 7


def test_a_fitted_classifier_has_the_key_of_its_parameters():
    fitted = DummyClassifier(strategy="prior").fit([[0], [1]], ["x", "y"])
    assert run_key("a", fitted, 8, "r", np.array([0, 1]), np.array([2])) == key()


def test_runs_are_appended_and_read_again(tmp_path):
    path = tmp_path / "new" / "runs.jsonl"
    store = RunStore.open(path)
    store.add("k1", RUN)
    store.add("k2", {**RUN, "train_size": 16})
    again = RunStore.open(path)
    assert again.get("k1") == RUN
    assert again.get("k2")["train_size"] == 16
    assert again.get("k3") is None


def test_without_a_path_runs_stay_in_memory():
    store = RunStore.open(None)
    store.add("k", RUN)
    assert store.get("k") == RUN


def test_a_line_that_was_cut_off_is_removed(tmp_path):
    path = tmp_path / "runs.jsonl"
    RunStore.open(path).add("k1", RUN)
    whole = path.read_text()
    path.write_text(whole + json.dumps({"key": "k2", **RUN})[:20])
    assert RunStore.open(path).runs == {"k1": RUN}
    assert path.read_text() == whole


@pytest.mark.parametrize(
    "content", ["text of another kind", '{"a": 1}\n', "[1]\n", '{"key": "k"}\nrest'], ids=repr
)
def test_a_file_with_other_contents_is_rejected_and_unchanged(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"notes\.txt' is not a file of runs; choose another path"):
        RunStore.open(path)
    assert path.read_text() == content
