import inspect
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sklearn.model_selection import GridSearchCV
from transformers import AutoModelForMaskedLM, BertConfig, BertForPreTraining

from agnews_sk import make_embedding_pipeline, pretrain_encoder
from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.nn import PairLoss
from agnews_sk.persistence import load, save
from agnews_sk.training import _checkpoint, _neighbors, _pretraining
from agnews_sk.vectorization import SentenceEmbedder
from tests.training.nets import Killed, optimizer_steps

TOPICS = [["oil", "prices", "rise"], ["cup", "final", "team"], ["coach", "wins"], ["bank", "fall"]]
TEXTS = [" ".join(np.random.default_rng(i).choice(TOPICS[i % 4], 8)) for i in range(40)]


@pytest.fixture(scope="module")
def with_head(tiny_model, tmp_path_factory):
    """A folder with a BERT that has the head of a masked language model."""
    folder = tmp_path_factory.mktemp("masked") / "model"
    shutil.copytree(tiny_model, folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertForPreTraining(BertConfig.from_pretrained(tiny_model)).save_pretrained(folder)
    return folder


def pretrain(folder, model, X=TEXTS, **params):
    settings = {"batch_size": 8, "max_epochs": 2, "learning_rate": 0.01, "random_state": 0}
    return pretrain_encoder(X, folder, model=model, **{**settings, **params})


def record(folder):
    return json.loads((folder / "pretraining.json").read_text())


def weights(folder):
    return load_file(folder / "model.safetensors")


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


def test_neighbours_bring_texts_of_a_topic_together(tiny_encoder, tmp_path):
    def spread(model):
        vectors = SentenceEmbedder(model=model).fit().transform(TEXTS).reshape(10, 4, 16)
        within = vectors.var(axis=0).sum(axis=1).mean()
        return within / vectors.mean(axis=0).var(axis=0).sum()

    folder = pretrain(tmp_path / "new", tiny_encoder, max_epochs=8)
    assert spread(folder) < 0.7 * spread(tiny_encoder)


@pytest.mark.parametrize("objective", ["masked", "contrastive"])
def test_the_loss_falls_and_the_layers_change(with_head, tmp_path, objective):
    folder = pretrain(tmp_path / "new", with_head, objective=objective, max_epochs=12)
    found = record(folder)
    losses = found["history"]["train_loss"]
    assert losses[-1] < 0.9 * losses[0]
    assert (found["objective"], found["n_texts"]) == (objective, 40)
    before, after = (
        next(v for n, v in weights(one).items() if n.endswith("layer.1.output.dense.weight"))
        for one in (with_head, folder)
    )
    assert not torch.allclose(before, after)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_masked_language_model_is_written_with_its_head_and_its_pooler(with_head, tmp_path):
    folder = pretrain(tmp_path / "new", with_head)
    _, info = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    pooler = "bert.pooler.dense.weight"
    assert torch.equal(weights(folder)[pooler], weights(with_head)[pooler])
    assert pretrain(tmp_path / "again", folder) == tmp_path / "again"


def test_every_model_parameter_takes_the_folder(tiny_encoder, tmp_path, headlines):
    texts, labels = headlines
    folder = pretrain(tmp_path / "new", tiny_encoder)
    embedder = SentenceEmbedder(model=folder).fit()
    assert np.isfinite(embedder.transform(texts)).all()
    classifier = FineTunedTransformerClassifier(model=folder, max_epochs=1).fit(texts, labels)
    assert classifier.net_.module_.settings["pooling"] == "mean"
    search = GridSearchCV(make_embedding_pipeline(), {"embed__model": [folder]}, cv=2, refit=False)
    assert np.isfinite(search.fit(texts, labels).cv_results_["mean_test_score"]).all()
    pipeline = make_embedding_pipeline(folder).fit(texts, labels)
    restored = load(save(pipeline, tmp_path / "saved"))
    shutil.rmtree(folder)
    expected = pipeline.predict_proba(texts)
    np.testing.assert_allclose(restored.predict_proba(texts), expected, atol=1e-6)


def test_the_same_call_trains_once_and_another_one_is_rejected(tiny_encoder, tmp_path):
    folder = pretrain(tmp_path / "new", tiny_encoder)
    with optimizer_steps() as steps:
        assert pretrain(folder, tiny_encoder, verbose=1, device="cpu") == folder
        assert pretrain(str(folder), tiny_encoder, X=TEXTS + TEXTS[:3]) == folder
    assert steps == []
    for other in ({"random_state": 1}, {"max_epochs": 1}, {"X": TEXTS[:9]}, {"model": folder}):
        with pytest.raises(FileExistsError, match=r"new holds something else .* another folder"):
            pretrain(folder, **{"model": tiny_encoder, **other})


def test_other_files_are_not_replaced(tiny_encoder, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(FileExistsError, match="holds something else"):
        pretrain(tmp_path, tiny_encoder)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tiny_encoder, tmp_path):
    first, same_seed, other = (
        weights(pretrain(tmp_path / name, tiny_encoder, max_epochs=1, random_state=seed))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert same(first, same_seed)
    assert not same(first, other)


@pytest.mark.parametrize(
    ("objective", "seed"), [("masked", 0), ("contrastive", None)], ids=["seed", "no seed"]
)
def test_the_same_call_resumes_an_interrupted_training(
    with_head, tmp_path, monkeypatch, objective, seed
):
    params = {"objective": objective, "random_state": seed}
    monkeypatch.setattr(_checkpoint, "SECONDS_BETWEEN", 0)
    if seed is None:  # the same for both
        monkeypatch.setattr(_pretraining, "check_random_state", lambda _: np.random.RandomState(3))
    expected = weights(pretrain(tmp_path / "whole", with_head, **params))
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=8):
        pretrain(tmp_path / "new", with_head, **params)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.training", "whole"]
    if seed is None:
        monkeypatch.setattr(_pretraining, "check_random_state", lambda _: np.random.RandomState(4))
    with optimizer_steps() as steps:
        found = weights(pretrain(tmp_path / "new", with_head, **params))
    assert len(steps) == 3
    assert same(found, expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "whole"]


def test_a_training_that_resumes_does_not_search_for_neighbours_again(
    tiny_encoder, tmp_path, monkeypatch
):
    expected = weights(pretrain(tmp_path / "whole", tiny_encoder))
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=1):
        pretrain(tmp_path / "new", tiny_encoder)
    with monkeypatch.context() as patch:
        patch.setattr(_neighbors, "nearest_neighbors", None)
        found = weights(pretrain(tmp_path / "new", tiny_encoder))
    assert same(found, expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "whole"]


def test_messages_name_parameters_that_there_are(tiny_encoder, tmp_path, monkeypatch):
    known = {"folder", *inspect.signature(pretrain_encoder).parameters}
    of_classifiers = set(inspect.signature(FineTunedTransformerClassifier).parameters)
    others = of_classifiers - known - {"loss", "model"}  # words of any message
    messages = []

    def fails(error, **params):
        with pytest.raises(error) as raised:
            pretrain(tmp_path / "new", tiny_encoder, **params)
        messages.append(str(raised.value))

    state = tmp_path / "new.training"
    state.write_text("")
    fails(NotADirectoryError)
    state.unlink()
    with pytest.raises(Killed, match="killed"), optimizer_steps(fail_at=7):
        pretrain(tmp_path / "new", tiny_encoder)
    assert len(list(state.iterdir())) == 2
    for path in state.iterdir():
        content = path.read_bytes()
        path.write_bytes(content[:100])
        fails(ValueError)
        assert str(path) in messages[-1]
        path.write_bytes(content)
    fails(FloatingPointError, learning_rate=1e30)
    monkeypatch.setattr(PairLoss, "forward", lambda self, vectors, pairs: vectors[:, 0] * torch.nan)
    fails(FloatingPointError, random_state=1)
    assert len(messages) == 5
    for message in messages:
        assert not others & set(re.findall(r"\w+", message)), message


def test_steps_end_training_regardless_of_epochs(tiny_encoder, tmp_path):
    with optimizer_steps() as steps:
        pretrain(tmp_path / "new", tiny_encoder, max_steps=7)
    assert len(steps) == 7


def test_missing_empty_and_repeated_texts_are_left_out(tiny_encoder, tmp_path):
    more = [None, "", "  ", *TEXTS, *TEXTS]
    assert record(pretrain(tmp_path / "new", tiny_encoder, X=more))["n_texts"] == 40


def test_columns_of_a_frame_are_joined_and_cleaned_as_in_the_pipelines(tiny_encoder, tmp_path):
    frame = pd.DataFrame({"title": ["oil &amp; gas", "cup"], "body": ["prices rise", "final"]})
    first = pretrain(tmp_path / "a", tiny_encoder, X=frame)
    joined = make_embedding_pipeline()[:-2].fit_transform(frame)
    second = pretrain(tmp_path / "b", tiny_encoder, X=joined)
    assert record(first)["digest"] == record(second)["digest"]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"X": ["oil", "oil", None]}, ValueError, "at least 2 different texts .* got 1"),
        ({"X": "oil"}, TypeError, "got a single str"),
        ({"batch_size": 1}, ValueError, "'batch_size' parameter of pretrain_encoder"),
        ({"objective": "mlm"}, ValueError, "'objective' parameter of pretrain_encoder"),
        ({"learning_rate": 0}, ValueError, "'learning_rate' parameter of pretrain_encoder"),
        ({"objective": "masked"}, ValueError, "has no head to predict tokens"),
        ({"model": "./missing"}, OSError, "is not a folder"),
        ({"learning_rate": 1e30}, FloatingPointError, "the logits are no longer finite"),
    ],
    ids=["one text", "str", "batch", "objective", "rate", "head", "model", "diverges"],
)
def test_invalid_use_is_rejected_and_leaves_no_folder(
    tiny_encoder, tmp_path, params, error, message
):
    with pytest.raises(error, match=message):
        pretrain(tmp_path / "new", **{"model": tiny_encoder, **params})
    assert not (tmp_path / "new").exists()


def test_the_callers_random_state_is_unchanged(tiny_encoder, tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    pretrain(tmp_path / "new", tiny_encoder, max_steps=1)
    torch.testing.assert_close(torch.rand(4), expected)


def test_other_files_beside_the_state_are_kept(tiny_encoder, tmp_path):
    state = tmp_path / "new.training"
    state.mkdir()
    (state / "thesis.tex").write_text("x")
    pretrain(tmp_path / "new", tiny_encoder)
    assert [path.name for path in state.iterdir()] == ["thesis.tex"]


def test_a_state_that_a_kill_left_is_removed_by_the_next_call(tiny_encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(_checkpoint, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(_pretraining, "_remove_state", lambda *_: None)
    folder = pretrain(tmp_path / "new", tiny_encoder)
    assert (tmp_path / "new.training").exists()
    monkeypatch.undo()
    pretrain(folder, tiny_encoder)
    assert not (tmp_path / "new.training").exists()


def test_the_folder_may_be_a_link_to_an_empty_one(tiny_encoder, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert pretrain(tmp_path / "link", tiny_encoder) == tmp_path / "link"
    assert (tmp_path / "real" / "config.json").is_file()


def test_numbers_of_numpy_are_written(tiny_encoder, tmp_path):
    pretrain(tmp_path / "new", tiny_encoder, batch_size=np.int64(8), learning_rate=np.float32(1e-3))
    assert '"batch_size": 8' in (tmp_path / "new" / "pretraining.json").read_text()


def test_a_damaged_record_is_other_contents(tiny_encoder, tmp_path):
    folder = pretrain(tmp_path / "new", tiny_encoder)
    (folder / "pretraining.json").write_text("{")
    with pytest.raises(FileExistsError, match="holds something else"):
        pretrain(folder, tiny_encoder)


def test_training_that_diverges_writes_nothing(tiny_encoder, tmp_path, monkeypatch):
    compute = PairLoss.forward
    calls = []

    def diverge(self, *arguments):
        calls.append(1)
        return compute(self, *arguments) + (np.nan if len(calls) > 2 else 0)  # finite gradients

    monkeypatch.setattr(PairLoss, "forward", diverge)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 3"):
        pretrain(tmp_path / "new", tiny_encoder)
    assert not (tmp_path / "new").exists()
