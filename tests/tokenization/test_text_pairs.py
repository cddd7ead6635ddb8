"""Title and description become the ids of a pair of segments."""

import pandas as pd
import polars as pl
import pytest
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from agnews_sk._core.text_pairs import PAIR_SEPARATOR, check_text_pairs
from agnews_sk.caching import TextCache
from agnews_sk.tokenization import PretrainedTokenizer
from tests.tokenization.separators import save_with, save_with_two

TITLES = ["oil prices", "cup", "coach resigns tonight", "stocks fall on weak profit", None]
DESCRIPTIONS = ["rise on weak profit", "final tonight", "", "oil", "bank shares rise"]
NEWS = pd.DataFrame({"title": TITLES, "description": DESCRIPTIONS})


@pytest.fixture
def doubled(tiny_model, tmp_path):
    """A folder with a tokenizer that puts two separators between texts, as RoBERTa's does."""
    return save_with_two(tiny_model, tmp_path)


def reference(model, **params):
    """Return the ids that transformers gives, of single texts where a cell is empty."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    pairs = [(a, b) if a and b else (a or b, None) for a, b in zip(TITLES, DESCRIPTIONS)]
    return [tokenizer(a, b, **params)["input_ids"] for a, b in pairs]


@pytest.mark.parametrize("kind", ["tiny_model", "doubled"])
@pytest.mark.parametrize("max_length", [None, 6, 7, 9, 12])
def test_ids_of_pairs_are_those_of_transformers(kind, max_length, request):
    model = request.getfixturevalue(kind)
    cut = {} if max_length is None else {"truncation": True, "max_length": max_length}
    tokenizer = PretrainedTokenizer(model=model, max_length=max_length, text_pair=True).fit(NEWS)
    expected = reference(model, **cut)
    assert tokenizer.transform(NEWS).to_list() == expected
    assert tokenizer.transform(check_text_pairs(NEWS)).to_list() == expected
    assert len(tokenizer.separator_ids_) == (2 if kind == "doubled" else 1)
    assert set(tokenizer.separator_ids_) == {tokenizer.sep_token_id_}


def test_single_texts_have_the_ids_of_single_texts(tiny_model):
    plain = PretrainedTokenizer(model=tiny_model, max_length=8).fit()
    paired = PretrainedTokenizer(model=tiny_model, max_length=8, text_pair=True).fit()
    texts = ["oil prices rise", "", None, "stocks fall on weak profit again"]
    assert paired.transform(texts).to_list() == plain.transform(texts).to_list()


def test_without_text_pair_a_mark_is_no_separator(tiny_model):
    tokenizer = PretrainedTokenizer(model=tiny_model).fit()
    marked = tokenizer.transform([f"oil{PAIR_SEPARATOR}rise"])
    assert marked.to_list() == tokenizer.transform(["oil rise"]).to_list()


def test_both_kinds_of_ids_have_places_of_their_own_in_a_cache(tiny_model):
    cache, texts = TextCache(), [f"oil{PAIR_SEPARATOR}rise"]
    for text_pair in (False, True, False, True):
        settings = {"model": tiny_model, "text_pair": text_pair}
        found = PretrainedTokenizer(**settings, cache=cache).fit().transform(texts)
        expected = PretrainedTokenizer(**settings).fit().transform(texts)
        assert found.to_list() == expected.to_list()


def test_a_polars_frame_is_taken_too(tiny_model):
    tokenizer = PretrainedTokenizer(model=tiny_model, text_pair=True).fit()
    assert tokenizer.transform(pl.from_pandas(NEWS)).to_list() == reference(tiny_model)


@pytest.mark.parametrize(("text_pair", "least"), [(False, 3), (True, 5)])
def test_max_length_has_room_for_a_token_of_each_text(text_pair, least, tiny_model):
    settings = {"model": tiny_model, "text_pair": text_pair}
    PretrainedTokenizer(**settings, max_length=least).fit()
    with pytest.raises(ValueError, match=f"max_length must be at least {least} to hold"):
        PretrainedTokenizer(**settings, max_length=least - 1).fit()


def test_a_model_without_a_separator_is_rejected(tiny_model, tmp_path):
    save_with(TemplateProcessing(single="$A", pair="$A $B"), tiny_model, tmp_path)
    with pytest.raises(ValueError, match="text_pair=True needs a model that marks where the sec"):
        PretrainedTokenizer(model=tmp_path, text_pair=True).fit()
    PretrainedTokenizer(model=tmp_path).fit()


def test_other_frames_are_rejected(tiny_model):
    with pytest.raises(ValueError, match="must have two columns of texts with text_pair=True"):
        PretrainedTokenizer(model=tiny_model, text_pair=True).fit(NEWS.assign(body="oil"))
    with pytest.raises(ValueError, match="must have one column of texts"):
        PretrainedTokenizer(model=tiny_model).fit(NEWS)
