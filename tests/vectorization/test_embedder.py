import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch

from agnews_sk import TextCache
from agnews_sk.vectorization import SentenceEmbedder
from tests.conftest import scale_weights

TEXTS = ["oil prices rise", "the cup", "", "coach wins the cup final tonight", "oil prices rise"]


@pytest.fixture
def embedder(tiny_model):
    return SentenceEmbedder(model=tiny_model).fit()


def test_vectors_are_the_normalized_means_of_the_models_own_output(embedder, tiny_model):
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = (
        AutoModel.from_pretrained(tiny_model),
        AutoTokenizer.from_pretrained(tiny_model),
    )
    for text, vector in zip(TEXTS, embedder.transform(TEXTS)):
        with torch.inference_mode():
            hidden = model.eval()(**tokenizer(text, return_tensors="pt")).last_hidden_state
        expected = torch.nn.functional.normalize(hidden.mean(dim=1)).numpy()[0]
        np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_order_and_batch_size_change_no_vector(embedder):
    expected = embedder.transform(TEXTS)
    assert expected.dtype == np.float32
    np.testing.assert_allclose(embedder.transform(TEXTS[::-1])[::-1], expected, atol=1e-6)
    small = embedder.set_params(batch_size=1).transform(TEXTS)
    np.testing.assert_allclose(small, expected, atol=1e-6)


def test_a_repeated_text_is_embedded_once(embedder, monkeypatch):
    seen = []
    encode = embedder._encode
    monkeypatch.setattr(embedder, "_encode", lambda texts: seen.extend(texts) or encode(texts))
    vectors = embedder.transform(TEXTS)
    assert sorted(seen) == sorted(set(TEXTS))
    np.testing.assert_array_equal(vectors[0], vectors[4])


@pytest.mark.parametrize("pooling", ["mean", "max", "first"])
def test_normalized_vectors_have_length_one(tiny_model, pooling):
    embedder = SentenceEmbedder(model=tiny_model, pooling=pooling).fit(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(embedder.transform(TEXTS), axis=1), 1, atol=1e-5)
    raw = SentenceEmbedder(model=tiny_model, pooling=pooling, normalize=False).fit(TEXTS)
    assert not np.allclose(np.linalg.norm(raw.transform(TEXTS), axis=1), 1)


def test_features_are_named_and_set_output_gives_a_frame(embedder):
    assert embedder.get_feature_names_out()[0] == "sentenceembedder0"
    frame = embedder.set_output(transform="pandas").transform(TEXTS)
    assert frame.shape == (5, 16)


def test_embedders_of_a_process_share_the_frozen_model(embedder, tiny_model):
    other = SentenceEmbedder(model=tiny_model).fit()
    assert other.encoder_ is embedder.encoder_
    assert not any(p.requires_grad for p in other.encoder_.parameters())


def test_texts_are_truncated_to_the_limit_of_the_model(tiny_model):
    cut, whole = (SentenceEmbedder(model=tiny_model, max_length=n).fit() for n in (64, 1_000))
    long = ["oil prices rise " * 50]
    np.testing.assert_allclose(whole.transform(long), cut.transform(long))


def test_texts_truncated_to_other_lengths_have_other_rows_in_the_cache(tiny_model):
    cache, long = TextCache(), ["oil prices rise " * 5]
    embedder = SentenceEmbedder(model=tiny_model, max_length=16, cache=cache).fit()
    embedder.set_params(max_length=4).transform(long)  # not fitted again: still cut at 16
    expected = SentenceEmbedder(model=tiny_model, max_length=4).fit().transform(long)
    np.testing.assert_array_equal(embedder.fit().transform(long), expected)


def test_replaced_weights_are_loaded_again_and_have_other_rows_in_the_cache(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    cache = TextCache(tmp_path / "cache")
    before = SentenceEmbedder(model=folder, cache=cache).fit().transform(TEXTS)
    scale_weights(folder / "model.safetensors", 0.5)
    after = SentenceEmbedder(model=folder, cache=cache).fit().transform(TEXTS)
    expected = SentenceEmbedder(model=shutil.copytree(folder, tmp_path / "other")).fit()
    np.testing.assert_allclose(after, expected.transform(TEXTS), atol=1e-6)
    assert np.abs(after - before).max() > 1e-3


LONG = ["oil prices rise " * 20, "the cup", "coach wins the cup final tonight " * 7]


@pytest.mark.parametrize("chunk_pooling", ["mean", "max"])
def test_the_vector_of_a_long_text_is_pooled_over_its_chunks(tiny_model, chunk_pooling):
    settings = {"model": tiny_model, "max_length": 16, "truncation": "chunk"}
    embedder = SentenceEmbedder(**settings, chunk_pooling=chunk_pooling).fit()
    found = embedder.transform(LONG)
    ids, offsets = embedder.model_input_.cut(embedder.tokenizer_.transform(LONG))
    with torch.inference_mode():
        chunks = [
            embedder.encoder_(torch.tensor([row])).last_hidden_state.mean(dim=1)
            for row in ids.to_list()
        ]
    pool = {"mean": torch.mean, "max": torch.amax}[chunk_pooling]
    pooled = [pool(torch.cat(chunks[a:b]), dim=0) for a, b in pairwise(offsets)]
    expected = torch.nn.functional.normalize(torch.stack(pooled), dim=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(embedder.transform(LONG[::-1])[::-1], found, atol=1e-6)


def test_texts_that_fit_have_the_same_vectors_for_any_truncation(tiny_model, embedder):
    expected = embedder.transform(TEXTS)
    for truncation in ("tail", "head+tail", "chunk"):
        other = SentenceEmbedder(model=tiny_model, truncation=truncation).fit(TEXTS)
        np.testing.assert_array_equal(other.transform(TEXTS), expected)


def test_the_end_of_a_text_is_read_with_the_special_tokens(tiny_model):
    embedder = SentenceEmbedder(model=tiny_model, max_length=6, truncation="tail").fit()
    cut, _ = embedder.model_input_.cut(embedder.tokenizer_.transform(["the cup oil prices rise"]))
    head = SentenceEmbedder(model=tiny_model, max_length=6).fit()
    assert head.model_input_.special_tokens == embedder.model_input_.special_tokens == (1, 1)
    assert cut.list.first()[0] == embedder.tokenizer_.cls_token_id_
    assert cut.list.last()[0] == embedder.tokenizer_.sep_token_id_
    both = embedder.transform(["the cup oil prices rise", "cup oil prices rise"])
    assert not np.allclose(both[0], head.transform(["the cup oil prices rise"])[0])


def test_how_a_text_is_cut_decides_its_row_in_the_cache(tiny_model):
    cache = TextCache()
    settings = {"model": tiny_model, "max_length": 16, "cache": cache}
    params = [{"truncation": "tail"}, {"truncation": "chunk"}]
    params += [{"truncation": "chunk", **p} for p in ({"chunk_pooling": "max"}, {"max_chunks": 2})]
    found = [SentenceEmbedder(**settings, **p).fit().transform(LONG)[0] for p in params]
    assert len(np.unique(np.round(found, 5), axis=0)) == 4


def test_fit_says_how_many_texts_are_cut_judged_by_a_sample(tiny_model):
    texts = [*TEXTS, "oil prices rise " * 20] * 100
    with pytest.warns(UserWarning, match=r"of 256 sampled texts \(1\d%\) are longer"):
        SentenceEmbedder(model=tiny_model, max_length=32).fit(texts)


def test_fit_warns_of_texts_that_the_model_does_not_know(tiny_model):
    with pytest.warns(UserWarning, match=f"unknown to the tokenizer of model='{tiny_model}'"):
        SentenceEmbedder(model=tiny_model).fit(["石油价格上涨", "球队赢得决赛"])
