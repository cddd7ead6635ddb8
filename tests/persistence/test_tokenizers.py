"""Tokenizers that would fail, or take long, on texts other than those they are tried on."""

import json

import pytest

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._tokenizers import _SAMPLES, check_tokenizer

LETTERS = {letter: id_ for id_, letter in enumerate(sorted(set("".join(_SAMPLES))))}
WORDS = {text: id_ for id_, text in enumerate(_SAMPLES)}
PIECES = [[letter, -1.0] for letter in LETTERS]
BPE = {"type": "BPE", "vocab": LETTERS, "merges": []}
LEVEL = {"type": "WordLevel", "vocab": WORDS, "unk_token": "a"}
UNIGRAM = {"type": "Unigram", "vocab": PIECES, "unk_id": 0}
WORDPIECE = {
    "type": "WordPiece",
    "vocab": {**WORDS, "[UNK]": len(WORDS)},
    "unk_token": "[UNK]",
    "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 1_000,
}


def document(model, **changes):
    return json.dumps({"version": "1.0", "added_tokens": [], "model": {**model, **changes}})


@pytest.mark.parametrize("model", [BPE, LEVEL, UNIGRAM, WORDPIECE], ids=lambda m: m["type"])
def test_a_tokenizer_that_knows_all_its_texts_passes(model):
    check_tokenizer(document(model))


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (BPE, {"unk_token": "[NONE]"}),
        (LEVEL, {"unk_token": "[NONE]"}),
        (WORDPIECE, {"unk_token": "[NONE]", "vocab": WORDS}),
        (UNIGRAM, {"unk_id": None}),
        ({"vocab": PIECES}, {"unk_id": None}),
    ],
    ids=["BPE", "WordLevel", "WordPiece", "Unigram", "Unigram of no type"],
)
def test_the_unknown_token_must_be_in_the_vocabulary(model, changes):
    with pytest.raises(ArtifactError, match="unknown token that is not in the vocabulary"):
        check_tokenizer(document(model, **changes))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (BPE, "continuing_subword_prefix"),
        (BPE, "end_of_word_suffix"),
        (WORDPIECE, "continuing_subword_prefix"),
    ],
)
def test_affixes_of_word_pieces_are_short(model, name):
    with pytest.raises(ArtifactError, match=f"{name} of 17 characters, at most 16"):
        check_tokenizer(document(model, **{name: "#" * 17}))
