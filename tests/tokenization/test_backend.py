"""Tokenizers stored as JSON encode like the library, reproducibly, in our own threads only."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tokenizers import Tokenizer

from agnews_sk.tokenization import SubwordTokenizer, _backend
from agnews_sk.tokenization._backend import (
    SPECIAL_TOKENS,
    decode_ids,
    encode_texts,
    load_pretrained,
    load_tokenizer,
    train_tokenizer,
    truncating,
)

ROOT = Path(__file__).parents[2]
TEXTS = ["oil prices rise again", "the coach resigns", "oil price rises", "cup final tonight"]
MODELS = ["wordpiece", "bpe", "unigram"]


def trained(model, vocab_size=300, lowercase=True, texts=TEXTS):
    return train_tokenizer(pl.Series(texts), model, vocab_size=vocab_size, lowercase=lowercase)


@pytest.fixture(scope="module", params=MODELS)
def tokenizer(request):
    return trained(request.param)


def test_ids_are_those_of_the_library_text_by_text(tokenizer, monkeypatch):
    texts = [*TEXTS, "", "unseen ☃ words", *TEXTS]
    expected = [tokenizer.encode(text).ids for text in texts]
    for batch_rows in (1, 3, 1_024):
        monkeypatch.setattr(_backend, "_BATCH_ROWS", batch_rows)
        ids = encode_texts(tokenizer.to_str(), pl.Series(texts))
        assert ids.dtype == pl.List(pl.Int64)
        assert ids.to_list() == expected


def test_texts_are_decoded_without_special_tokens(tokenizer):
    ids = encode_texts(tokenizer.to_str(), pl.Series([*TEXTS, ""]))
    texts = decode_ids(tokenizer.to_str(), ids)
    assert texts.dtype == object
    assert texts.tolist() == [*TEXTS, ""]


def test_special_tokens_have_the_first_ids_and_frame_each_row(tokenizer):
    assert [tokenizer.token_to_id(name) for name in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    tokens = tokenizer.encode("oil").tokens
    assert (tokens[0], tokens[-1]) == ("[CLS]", "[SEP]")


@pytest.mark.parametrize("vocab_size", [270, 290])
def test_a_vocabulary_has_at_most_the_requested_size(vocab_size):
    for model in MODELS:
        assert trained(model, vocab_size).get_vocab_size() <= vocab_size


@pytest.mark.parametrize("model", MODELS)
def test_case_is_part_of_a_token_unless_texts_are_lowered(model):
    texts = ["Oil OIL oil"]
    lowered, kept = (trained(model, lowercase=low, texts=texts) for low in (True, False))
    one, other = (lowered.encode(text).ids for text in ("OIL", "oil"))
    assert one == other
    assert kept.encode("OIL").ids != kept.encode("oil").ids


@pytest.mark.parametrize(("text", "knows"), [("☃", False), ("oil", True)])
def test_only_bytes_know_every_character(text, knows):
    for model in MODELS:
        found = trained(model)
        unknown = found.token_to_id("[UNK]") in found.encode(text).ids
        assert unknown == (not knows and model != "bpe")


@pytest.mark.parametrize("max_length", [3, 5])
def test_truncation_keeps_the_last_special_token(tokenizer, max_length):
    cut = truncating(tokenizer.to_str(), max_length)
    (ids,) = encode_texts(cut, pl.Series([" ".join(TEXTS)])).to_list()
    whole = tokenizer.encode(" ".join(TEXTS)).ids
    assert ids == [*whole[: max_length - 1], whole[-1]]


def test_truncation_stays_where_no_length_is_given(tokenizer):
    cut = truncating(tokenizer.to_str(), 4)
    assert truncating(cut, None) == cut
    assert json.loads(truncating(tokenizer.to_str(), None))["truncation"] is None


def test_padding_is_removed_and_the_cached_tokenizer_is_not_changed(tokenizer):
    padded = Tokenizer.from_str(tokenizer.to_str())
    padded.enable_padding(length=50)
    cached = load_tokenizer(padded.to_str())
    assert json.loads(truncating(padded.to_str(), 5))["padding"] is None
    assert cached.padding is not None
    assert cached.truncation is None


@pytest.mark.parametrize("max_length", [0, 2])
def test_a_length_without_room_for_a_token_is_rejected(tokenizer, max_length):
    message = f"max_length must be at least 3 to hold the 2 special tokens.*got {max_length}"
    with pytest.raises(ValueError, match=message):
        truncating(tokenizer.to_str(), max_length)


def test_a_tokenizer_is_parsed_once(tokenizer):
    assert load_tokenizer(tokenizer.to_str()) is load_tokenizer(tokenizer.to_str())


def test_a_pretrained_tokenizer_truncates_to_the_models_limit(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    for limit, expected in ((6, 6), (10**30, 42)):
        config["model_max_length"] = limit
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        os.utime(folder / "tokenizer_config.json", ns=(limit % 10**18, limit % 10**18))
        tokenizer_json, special_ids = load_pretrained(str(folder))
        (ids,) = encode_texts(tokenizer_json, pl.Series(["oil " * 40])).to_list()
        assert len(ids) == expected
    assert set(special_ids) == {"pad", "unk", "cls", "sep", "mask"}
    assert special_ids["cls"] == ids[0]


def test_a_pretrained_tokenizer_that_was_replaced_is_loaded_again(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    before, _ = load_pretrained(str(folder))
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace('"oil"', '"oix"'))
    os.utime(path, ns=(1, 1))
    after, _ = load_pretrained(str(folder))
    assert "oil" in load_tokenizer(before).get_vocab()
    assert "oil" not in load_tokenizer(after).get_vocab()


def test_a_model_without_a_fast_tokenizer_is_rejected(tmp_path):
    from transformers import CanineTokenizer

    CanineTokenizer().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="has no fast tokenizer, only CanineTokenizer; choose"):
        load_pretrained(str(tmp_path))


def trained_by_model():
    models = ("wordpiece", "bpe")
    return [SubwordTokenizer(model=m, vocab_size=290).fit(TEXTS).tokenizer_json_ for m in models]


def test_training_is_the_same_in_every_process():
    code = f"from {__name__} import trained_by_model; print(trained_by_model())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(trained_by_model())


@pytest.mark.parametrize(("setting", "during"), [(None, "false"), ("true", "true")])
def test_the_library_starts_no_threads_unless_requested(setting, during, monkeypatch):
    seen = []

    class Recorder:
        def encode_batch_fast(self, texts):
            seen.append(os.environ["TOKENIZERS_PARALLELISM"])
            return []

    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    if setting is not None:
        monkeypatch.setenv("TOKENIZERS_PARALLELISM", setting)
    monkeypatch.setattr(_backend, "load_tokenizer", lambda json: Recorder())
    _backend.encode_texts("{}", pl.Series(TEXTS))
    assert seen == [during]
    assert os.environ.get("TOKENIZERS_PARALLELISM") == setting


FORKING = f"""
import os
from tokenizers import Tokenizer
from agnews_sk.tokenization import SubwordTokenizer

def encode_and_fork(setting):
    os.environ.pop("TOKENIZERS_PARALLELISM", None)
    if setting != "None":
        os.environ["TOKENIZERS_PARALLELISM"] = setting
    tokenizer = SubwordTokenizer(vocab_size=60).fit({TEXTS!r})
    tokenizer.transform({TEXTS!r} * 1000)
    if pid := os.fork():
        _, status = os.waitpid(pid, 0)
        print(os.environ.get("TOKENIZERS_PARALLELISM"), status, flush=True)
    else:
        # With the library alone: Polars does not work after a fork.
        Tokenizer.from_str(tokenizer.tokenizer_json_).encode("oil")

# Each setting has a process of its own, forked before anything was encoded.
for setting in ("None", "true", "false"):
    if pid := os.fork():
        os.waitpid(pid, 0)
    else:
        encode_and_fork(setting)
        os._exit(0)
"""


def test_a_fork_after_encoding_is_silent_and_the_users_setting_stays():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["None 0", "true 0", "false 0"]
    assert "fork" not in done.stderr
