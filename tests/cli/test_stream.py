"""`train --stream` trains on files in blocks, scores and saves the model."""

import pytest

from agnews_sk import load


def test_a_model_is_trained_in_blocks_scored_and_saved(run, tickets, tmp_path):
    out = tmp_path / "model"
    done = run("train", "--stream", "--out", out, "--data", tickets, "--test", tickets)
    assert done.exit_code == 0, done.output
    assert "Read: text: comment_body; label: queue, " in done.output
    assert "48 rows of 1 file." in done.output
    assert "Fitted: tfidf on 48 rows" in done.output
    assert "Scores on 48 test rows" in done.output
    assert f"Next: agnews-sk serve {out}" in done.output
    assert "48 training rows" in (out / "README.md").read_text()
    assert load(out).named_steps["join"].columns_ == ["comment_body"]
    assert sorted(path.name for path in tmp_path.iterdir() if "model" in path.name) == ["model"]


def test_a_network_is_trained_in_blocks_and_saved(run, tickets, tiny_model, tmp_path):
    out = tmp_path / "model"
    done = run(
        "train", "--stream", "--family", "finetune", "--model", tiny_model, "--epochs", 1,
        "--out", out, "--data", tickets, "--test", tickets,
        "--set", "classify__batch_size=8",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Fitted: finetune on 48 rows" in done.output
    assert "Scores on 48 test rows" in done.output
    classifier = load(out)["classify"]
    assert len(classifier.history_) == 1
    assert (classifier.batch_size, classifier.checkpoint_dir) == (8, None)
    assert sorted(path.name for path in tmp_path.iterdir() if "model" in path.name) == ["model"]


def test_parameters_are_set_and_broken_rows_skipped(run, tmp_path):
    data = tmp_path / "rows.csv"
    data.write_text("text,label\n" + "oil up,a\ncup won,b\n" * 9 + "no label,\n")
    options = ["--stream", "--data", data, "--text", "text", "--label", "label"]
    done = run("train", *options, "--out", tmp_path / "model")
    assert done.exit_code == 2
    assert "line 20: label is missing" in done.output
    done = run(
        "train", *options, "--out", tmp_path / "model", "--on-bad-rows", "skip",
        "--set", "clean__lowercase=True",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "of which 1 broken; the first is" in done.output
    assert "There are no test rows" in done.output
    assert load(tmp_path / "model")["clean"].lowercase is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--family", "embedding"], "--stream trains the families tfidf and finetune, got embed"),
        (["--columns", "auto"], "--columns does not go with --stream"),
        (["--epochs", "2"], "--epochs does not go with --stream"),
        (["--devices", "2"], "--devices does not go with --stream"),
        (["--model", "mine"], "--model does not go with --stream"),
        (["--family", "finetune", "--validation", "v.csv"], "--validation does not go"),
        (["--family", "finetune", "--model", "./nowhere"], "nowhere cannot be loaded"),
        (["--label", "queue", "--label", "other"], "--label queue --label other does not go"),
        (["--label-sep", "|"], "--label-sep does not go with --stream"),
        (["--set", "filter=passthrough", "--set", "classify__l1_ratio=0.5"], "l1_ratio must be 0"),
    ],
    ids=[
        "family", "columns", "epochs", "devices", "model", "validation", "no model", "labels",
        "separator", "penalty",
    ],
)  # fmt: skip
def test_options_that_need_all_rows_are_refused(run, tickets, tmp_path, options, message):
    done = run("train", "--stream", "--out", tmp_path / "model", "--data", tickets, *options)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
    assert not (tmp_path / "model").exists()


def test_a_cluster_needs_blocks_and_takes_them(run, tickets, tmp_path):
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    command = ["train", "--data", tickets, "--out", tmp_path / "model"]
    done = run(*command, "--dask", "local")
    assert done.exit_code == 2
    assert "--dask reads the rows of files on the workers of a cluster; add --stream" in " ".join(
        done.output.split()
    )
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        done = run(*command, "--stream", "--dask", cluster.scheduler_address)
    assert done.exit_code == 0, done.output
    assert "Fitted: tfidf on 48 rows" in done.output
    assert load(tmp_path / "model").named_steps["join"].columns_ == ["comment_body"]
