"""Networks trained on files are those that `fit` trains on the same rows in memory."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from agnews_sk import load, make_finetune_pipeline, make_transformer_pipeline, save
from agnews_sk.sampling import DuplicateFilter
from agnews_sk.streaming import fit_files
from agnews_sk.streaming._fit_net import TRAINING
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._ids import StoredIds
from agnews_sk.tokenization import PretrainedTokenizer, SubwordTokenizer
from agnews_sk.training import Checkpoint, TextNet
from tests.streaming.test_resuming import stop_at

pytestmark = pytest.mark.filterwarnings("ignore:.* are longer than")

WORDS = ["oil", "prices", "rise", "stocks", "fall", "weak", "profit", "cup", "final", "coach"]
QUICK = {
    "classify__max_epochs": 2,
    "classify__batch_size": 8,
    "classify__max_length": 12,
    "classify__learning_rate": 0.01,
    "classify__device": "cpu",
    "classify__random_state": 3,
}


@pytest.fixture(scope="module")
def rows():
    """Texts of 1 to 20 words, many of them longer than what is read, some of them twice."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, n)) for n in rng.integers(1, 20, 60)]
    labels = [("Sports" if "cup" in text or "coach" in text else "Business") for text in texts]
    return pl.DataFrame({"text": [*texts, *texts[:12]], "label": [*labels, *labels[:12]]})


@pytest.fixture(scope="module")
def file(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "rows.parquet"
    rows.write_parquet(path)
    return path


def quick(model, **params):
    """Return a pipeline that fine-tunes a tiny model in two epochs."""
    return make_finetune_pipeline(model, **{**QUICK, **params})


def from_scratch(model, **params):
    """Return a pipeline that trains a tiny encoder on the ids of a pretrained tokenizer."""
    steps = {"tokenize": PretrainedTokenizer(model=model), "vocabulary": "passthrough"}
    small = {"classify__d_model": 16, "classify__n_heads": 2}
    return make_transformer_pipeline(**{**QUICK, **small, **steps, **params})


def train(pipeline, path, **options):
    """Fit on files in several small blocks."""
    options = {"text": "text", "label": "label", "rows_per_block": 13, **options}
    return fit_files(pipeline, path, **options)


def assert_same_net(found, expected, texts):
    """Check that two pipelines have the same weights and predictions, bit for bit."""
    one, other = found["classify"], expected["classify"]
    ours, theirs = one.net_.module_.state_dict(), other.net_.module_.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert one.model_input_ == other.model_input_
    assert one.classes_.tolist() == other.classes_.tolist()
    assert one.history_["train_loss"].tolist() == other.history_["train_loss"].tolist()
    assert vars(one).keys() == vars(other).keys()
    assert one.get_params() == other.get_params()
    np.testing.assert_array_equal(found.predict_proba(texts), expected.predict_proba(texts))


@pytest.mark.parametrize(
    ("make", "params"),
    [
        (quick, {}),
        (quick, {"classify__truncation": "tail", "classify__class_weight": "balanced"}),
        (quick, {"classify__truncation": "chunk", "classify__max_chunks": 2}),
        (quick, {"classify__validation_fraction": 0.3, "classify__patience": 1}),
        (quick, {"classify__freeze": 1, "classify__tokens_per_batch": 64}),
        (from_scratch, {"filter": DuplicateFilter()}),
    ],
    ids=["head", "tail", "chunks", "held out", "frozen", "from scratch"],
)
def test_the_model_is_exactly_that_of_fit(rows, file, tiny_model, make, params):
    pipeline = make(tiny_model, **params)
    found = train(pipeline, file)
    assert_same_net(found, pipeline.fit(rows["text"], rows["label"]), rows["text"])


def test_a_warm_start_in_memory_knows_which_rows_were_held_out(rows, file, tiny_model, recwarn):
    found = train(quick(tiny_model, classify__validation_fraction=0.3), file)
    found.set_params(classify__warm_start=True).fit(rows["text"], rows["label"])
    assert not [one for one in recwarn if "warm_start" in str(one.message)]


def test_a_saved_model_takes_texts(rows, file, tiny_model, tmp_path):
    found = train(quick(tiny_model), file)
    loaded = load(save(found, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(rows["text"]), found.predict(rows["text"]))


def mapped_files():
    """Return where files are mapped into memory, as (begin, end) of each."""
    lines = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    of_files = [line[0].split("-") for line in lines if line[4] != "0"]  # with an inode
    return [tuple(int(address, 16) for address in pair) for pair in of_files]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs the maps of Linux")
@pytest.mark.parametrize(
    "params",
    [
        {"classify__max_length": 60},
        {"classify__max_length": 12},
        {"classify__truncation": "chunk"},
        {"classify__validation_fraction": 0.3},
    ],
    ids=["whole", "truncated", "chunks", "held out"],
)
def test_the_ids_that_are_trained_on_are_in_a_file(file, tiny_model, monkeypatch, params):
    fit, kept = TextNet.fit, []

    def watched(net, X, y=None, **options):
        for part in filter(lambda part: part is not None, (X, y)):
            address = part.values.__array_interface__["data"][0]
            kept.append((part.values.dtype, any(a <= address < b for a, b in mapped_files())))
        return fit(net, X, y, **options)

    monkeypatch.setattr(TextNet, "fit", watched)
    train(quick(tiny_model, **params), file)
    assert kept == [(np.uint16, True)] * (1 + ("classify__validation_fraction" in params))


class Numbers:
    """A tokenizer whose ids are the numbers in a text."""

    tokenizer_json_ = "{}"

    def __init__(self, largest):
        self.vocabulary_ = {"largest": largest}

    def fit(self, X=None):
        return self

    def transform(self, X):
        return pl.Series([list(map(int, text.split())) for text in X], dtype=pl.List(pl.Int64))


class Blocks:
    """Rows of two blocks of texts, the second of them without rows."""

    def texts(self, number):
        return pl.Series([["3 65535", "", f"{self.largest}"], []][number], dtype=pl.String)

    def codes(self, number):
        return np.array([[1, 0, 1], []][number], dtype=np.uint16)


@pytest.mark.parametrize(
    ("largest", "dtype"), [(65_535, pl.UInt16), (65_536, pl.Int32), (2**31 - 1, pl.Int32)]
)
def test_ids_take_as_few_bytes_as_the_largest_allows(tmp_path, largest, dtype):
    rows, folder = Blocks(), WorkFolder(tmp_path)
    rows.largest = largest
    stored = StoredIds(Numbers(largest), rows, folder, n_blocks=2, report=lambda *done: None)
    stored.write()
    ids = stored.column()
    assert ids.dtype == pl.List(dtype)
    assert ids.to_list() == [[3, 65_535], [], [largest]]
    assert stored.codes().tolist() == [1, 0, 1]


@pytest.mark.parametrize(("stage", "left"), [("tokenizing", 3), ("joining ids", 0)])
def test_blocks_that_are_done_are_not_tokenized_again(
    rows, file, tiny_model, tmp_path, stage, left
):
    pipeline, folder = quick(tiny_model), tmp_path / "work"

    def stop(name, n_done, n_blocks):
        if name == stage and n_done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(pipeline, file, work_folder=folder, progress=stop)
    seen = []
    found = train(pipeline, file, work_folder=folder, progress=lambda *done: seen.append(done))
    assert len([one for one in seen if one[0] == "tokenizing"]) == left
    assert seen[-1] == (TRAINING, 0, None)
    assert not folder.exists()
    assert_same_net(found, pipeline.fit(rows["text"], rows["label"]), rows["text"])


@pytest.mark.parametrize("random_state", [3, None], ids=["seeded", "unseeded"])
def test_training_resumes_from_the_last_epoch(
    rows, file, tiny_model, tmp_path, monkeypatch, random_state
):
    pipeline, folder = quick(tiny_model, classify__random_state=random_state), tmp_path / "work"
    save_state, saved, stages = Checkpoint.save, [], []

    def watched(checkpoint, state):
        save_state(checkpoint, state)
        saved.append(state["epoch"])
        if len(saved) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", watched)
    with pytest.raises(KeyboardInterrupt):
        train(pipeline, file, work_folder=folder)
    found = train(pipeline, file, work_folder=folder, progress=lambda *d: stages.append(d[0]))
    assert (saved, stages) == ([1, 2], [TRAINING])
    assert found["classify"].checkpoint_dir is None
    assert len(found["classify"].history_) == 2
    if random_state is not None:
        assert_same_net(found, pipeline.fit(rows["text"], rows["label"]), rows["text"])


def test_a_folder_for_checkpoints_that_is_given_is_used(file, tiny_model, tmp_path):
    pipeline = quick(tiny_model, classify__checkpoint_dir=tmp_path / "mine")
    found = train(pipeline, file, work_folder=tmp_path / "work")
    assert found["classify"].checkpoint_dir == tmp_path / "mine"
    assert list((tmp_path / "mine").glob("*.pt"))


# Kills itself once the first epoch is saved.
RUN = """
import os, signal, sys
from agnews_sk.training import Checkpoint
from tests.streaming.test_nets import quick, save, train

path, model, folder, out, kill = sys.argv[1:]
save_state = Checkpoint.save

def save_and_die(checkpoint, state):
    save_state(checkpoint, state)
    if kill == "yes":
        os.kill(os.getpid(), signal.SIGKILL)

Checkpoint.save = save_and_die
save(train(quick(model), path, work_folder=folder), out)
"""


@pytest.mark.slow
def test_a_run_that_is_killed_in_training_gives_the_same_model(rows, file, tiny_model, tmp_path):
    def run(kill):
        arguments = [file, tiny_model, tmp_path / "work", tmp_path / "model", kill]
        command = [sys.executable, "-c", RUN, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, check=False)

    assert run("yes").returncode == -signal.SIGKILL
    assert list((tmp_path / "work").glob("*/checkpoints/*.pt"))
    done = run("no")
    assert done.returncode == 0, done.stderr.decode()
    expected = quick(tiny_model).fit(rows["text"], rows["label"])
    found = load(tmp_path / "model")
    np.testing.assert_array_equal(
        found.predict_proba(rows["text"]), expected.predict_proba(rows["text"])
    )


def test_ids_of_another_tokenizer_are_not_used(file, tiny_model, tmp_path, monkeypatch):
    """The model under a path may be replaced between two calls."""
    folder = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        train(quick(tiny_model), file, work_folder=folder, progress=stop_at("joining"))
    transform = PretrainedTokenizer.transform
    fit = PretrainedTokenizer.fit

    def other(tokenizer, X=None, y=None):
        fit(tokenizer, X)
        tokenizer.tokenizer_json_ = tokenizer.tokenizer_json_.replace('"oil"', '"oils"')
        return tokenizer

    monkeypatch.setattr(PretrainedTokenizer, "fit", other)
    calls = []
    monkeypatch.setattr(
        PretrainedTokenizer, "transform", lambda own, X: calls.append(len(X)) or transform(own, X)
    )
    train(quick(tiny_model), file, work_folder=folder)
    assert sum(calls) == 72


def test_texts_that_the_tokenizer_does_not_know_are_named(tiny_model, tmp_path):
    path = tmp_path / "a.csv"
    texts = ["石油价格上涨", "决赛今晚举行"] * 10
    pl.DataFrame({"text": texts, "label": ["a", "b"] * 10}).write_csv(path)
    with pytest.warns(UserWarning, match="of the characters of the texts are unknown"):
        train(quick(tiny_model), path)


@pytest.mark.parametrize(
    ("make", "params", "error", "message"),
    [
        (quick, {"classify__loss": "contrastive"}, ValueError, "loss must not be 'contrastive'"),
        (quick, {"classify__warm_start": True}, ValueError, "warm_start must be False .*model="),
        (quick, {"classify__batch_size": 0}, ValueError, "'batch_size' parameter"),
        (quick, {"classify__patience": 2}, ValueError, "patience=2 needs validation rows"),
        (
            from_scratch,
            {"tokenize": SubwordTokenizer()},
            TypeError,
            "must follow a PretrainedTokenizer .* got the step 'tokenize', SubwordTokenizer,",
        ),
        (
            from_scratch,
            {"tokenize": "passthrough", "clean": "passthrough", "join": "passthrough"}
            | {"filter": "passthrough", "augment": "passthrough"},
            TypeError,
            "got nothing before it",
        ),
        (
            from_scratch,
            {"clean": SubwordTokenizer()},
            TypeError,
            "the step 'clean', SubwordTokenizer, learns from all rows",
        ),
    ],
    ids=["contrastive", "warm", "batch", "patience", "subwords", "nothing", "twice"],
)
def test_what_needs_all_rows_or_is_wrong_is_refused_first(
    file, tiny_model, make, params, error, message
):
    def progress(*done):
        raise AssertionError("a row was read")

    with pytest.raises(error, match=message):
        train(make(tiny_model, **params), file, progress=progress)


def test_words_of_a_vocabulary_are_refused_with_the_way_out(file):
    with pytest.raises(
        TypeError, match=r"'vocabulary', Vocabulary, .*tokenize=PretrainedTokenizer"
    ):
        train(make_transformer_pipeline(), file)


def test_a_network_alone_is_trained_on_texts(rows, file, tiny_model):
    from agnews_sk.pipeline import TextPipeline

    classifier = quick(tiny_model)["classify"]
    found = train(TextPipeline([("classify", classifier)]), file)
    expected = TextPipeline([("classify", classifier)]).fit(rows["text"], rows["label"])
    assert_same_net(found, expected, rows["text"])
