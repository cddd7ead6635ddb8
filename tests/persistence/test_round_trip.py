"""A loaded model predicts bit for bit like the saved one, for any kind of input."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB

from agnews_sk import (
    CascadeClassifier,
    DistilledClassifier,
    FineTunedTransformerClassifier,
    TextCache,
    make_embedding_pipeline,
    make_tfidf_pipeline,
)
from agnews_sk.classifiers import (
    AbstainingClassifier,
    CalibratedLinearSVC,
    SelfTrainedClassifier,
)
from agnews_sk.cleaning import TextCleaner
from agnews_sk.persistence import ArtifactError, VersionWarning, load, save
from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LengthFilter,
    MaskFilter,
    SamplerChain,
)
from agnews_sk.tokenization import PretrainedTokenizer, SubwordTokenizer, Vocabulary, WordTokenizer
from agnews_sk.vectorization import NgramUnion, NgramVectorizer, SentenceEmbedder, StaticEmbedder
from tests.families import FAMILIES, make_pipelines

TEXTS = ["oil prices rise", "the cup final", "", None, "Ünïcode ☃ words never seen", "oil " * 90]
CHINESE = ["石油价格上涨", "球队赢得iPhone决赛", None]

IN_ANOTHER_PROCESS = """
import sys, numpy as np
from agnews_sk.persistence import load
texts = ["oil prices rise", "the cup final", "", None, "Ünïcode ☃ words never seen", "oil " * 90]
np.savez(sys.argv[1], **{path: load(path).predict_proba(texts) for path in sys.argv[2:]})
"""


def test_every_family_predicts_bit_for_bit_the_same_in_another_process(fitted, saved, tmp_path):
    paths = [str(path) for path in saved.values()]
    predictions = tmp_path / "predictions.npz"
    subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS, predictions, *paths], check=True)
    with np.load(predictions) as found:
        for family, path in saved.items():
            expected = fitted[family].predict_proba(TEXTS)
            np.testing.assert_array_equal(found[str(path)], expected, err_msg=family)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_zip_holds_the_same_model(fitted, tmp_path, family):
    loaded = load(save(fitted[family], tmp_path / "model.zip"))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), fitted[family].predict_proba(TEXTS))
    assert loaded.predict(TEXTS).tolist() == fitted[family].predict(TEXTS).tolist()


@pytest.mark.parametrize("family", ["tfidf", "finetune"])
def test_a_loaded_model_abstains_as_before(fitted, tmp_path, headlines, family):
    frozen = AbstainingClassifier(FrozenEstimator(fitted[family]), coverage=0.5, abstain_label="?")
    expected = frozen.fit(*headlines)
    loaded = load(save(expected, tmp_path / "model"))
    assert loaded.predict(TEXTS).tolist() == expected.predict(TEXTS).tolist()
    assert "?" in loaded.predict(TEXTS)


def test_a_loaded_cascade_asks_the_same_classifiers(fitted, headlines, tmp_path):
    parts = [(name, FrozenEstimator(fitted[name])) for name in ("tfidf", "finetune")]
    cascade = CascadeClassifier(parts, max_passed=0.5).fit(*headlines)
    loaded = load(save(cascade, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), cascade.predict_proba(TEXTS))
    assert loaded.answered_by(headlines[0]).tolist() == cascade.answered_by(headlines[0]).tolist()
    assert {*loaded.answered_by(headlines[0])} == {"tfidf", "finetune"}


def test_a_loaded_model_that_learnt_from_unlabelled_texts_predicts_as_before(headlines, tmp_path):
    classifier = SelfTrainedClassifier(make_tfidf_pipeline(), n_folds=2, random_state=0)
    classifier.fit(*headlines, X_unlabelled=["oil stocks", "the team"])
    loaded = load(save(classifier, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    assert loaded.n_pseudo_labelled_ == classifier.n_pseudo_labelled_ == 2


def test_a_loaded_student_predicts_as_before_without_its_teacher(fitted, headlines, tmp_path):
    teacher = FrozenEstimator(fitted["finetune"])
    classifier = DistilledClassifier(make_tfidf_pipeline(), teacher).fit(*headlines)
    path = save(classifier, tmp_path / "model")
    assert not list(path.rglob("*.safetensors"))
    loaded = load(path)
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    assert loaded.teacher is None
    assert classifier.teacher is teacher
    with pytest.raises(ValueError, match="a teacher, or soft_labels in fit, is needed"):
        loaded.fit(*headlines)


def test_a_student_that_is_a_net_is_saved_with_its_weights(fitted, headlines, tmp_path):
    classifier = DistilledClassifier(fitted["finetune"], make_tfidf_pipeline(), n_folds=2)
    classifier.fit(*headlines)
    loaded = load(save(classifier, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


def test_pipelines_of_vectors_in_several_parameters_are_saved(tiny_model, headlines, tmp_path):
    embedding = make_embedding_pipeline(tiny_model)
    classifier = SelfTrainedClassifier(
        embedding, embedder=make_embedding_pipeline(tiny_model)[:-1], n_folds=2, random_state=0
    ).fit(*headlines, X_unlabelled=["oil stocks", "the team"])
    loaded = load(save(classifier, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    assert loaded.embedder.named_steps["embed"].model == tiny_model


def test_a_pipeline_with_a_mask_of_rows_can_be_saved(tmp_path, headlines):
    keep = np.array([True] * 7 + [False])
    pipeline = make_tfidf_pipeline(filter=MaskFilter(keep=keep)).fit(*headlines)
    loaded = load(save(pipeline, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))
    np.testing.assert_array_equal(loaded["filter"].keep, keep)


def test_a_pipeline_that_abstains_on_all_unknown_texts_loads(tmp_path, headlines):
    careful = AbstainingClassifier(CalibratedLinearSVC(random_state=0), coverage=0.2)
    pipeline = make_tfidf_pipeline(classify=careful).fit(*headlines)
    assert pipeline.predict(["of no known word"]).tolist() == ["abstained"]
    loaded = load(save(pipeline, tmp_path / "model"))
    assert loaded.predict(headlines[0]).tolist() == pipeline.predict(headlines[0]).tolist()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_loaded_model_can_be_saved_cloned_and_fitted_again(
    fitted, saved, headlines, tmp_path, family
):
    loaded = load(saved[family])
    assert repr(loaded) == repr(fitted[family])
    again = load(save(loaded, tmp_path / "again"))
    np.testing.assert_array_equal(again.predict_proba(TEXTS), loaded.predict_proba(TEXTS))
    refitted = clone(loaded).fit(*headlines)
    np.testing.assert_array_equal(refitted.predict_proba(TEXTS), loaded.predict_proba(TEXTS))


@pytest.mark.parametrize("family", ["tfidf", "scratch", "finetune"])
@pytest.mark.parametrize(
    "labels",
    [[3, 3, 3, 3, 1, 1, 1, 1], [True] * 4 + [False] * 4, np.array(["a"] * 4 + ["é b"] * 4, object)],
    ids=["int", "bool", "object"],
)
def test_labels_keep_their_type(tiny_model, headlines, tmp_path, family, labels):
    pipeline = make_pipelines(tiny_model)[family].fit(headlines[0], labels)
    loaded = load(save(pipeline, tmp_path / "model"))
    assert loaded.classes_.dtype == pipeline.classes_.dtype
    assert loaded.predict(TEXTS).tolist() == pipeline.predict(TEXTS).tolist()


def test_a_pipeline_fitted_on_a_frame_still_takes_frames(headlines, tmp_path):
    frame = pd.DataFrame({"title": headlines[0], "n": 1, "description": headlines[0][::-1]})
    pipeline = make_tfidf_pipeline(
        filter=SamplerChain([("once", DuplicateFilter()), ("long", LengthFilter(min_words=1))]),
        augment=EDAAugmenter(random_state=np.random.RandomState(0)),
        clean__strip_stop_words=["the"],
        vectorize__words__stop_words={"a", "of"},
    ).fit(frame, headlines[1])
    loaded = load(save(pipeline, tmp_path / "model"))
    for X in (frame, pl.from_pandas(frame), headlines[0]):
        np.testing.assert_array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))


@pytest.mark.parametrize(
    "classifier",
    [LogisticRegression(), ComplementNB(), CalibratedClassifierCV(ComplementNB(), cv=2)],
    ids=lambda c: type(c).__name__,
)
def test_linear_classifiers_of_scikit_learn_are_saved_and_loaded(headlines, tmp_path, classifier):
    pipeline = make_tfidf_pipeline(classify=classifier).fit(*headlines)
    loaded = load(save(pipeline, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))


def test_parts_of_nested_estimators_are_saved_and_loaded(tiny_model, headlines, tmp_path):
    inner = FineTunedTransformerClassifier(model=tiny_model, max_epochs=1, random_state=0)
    outer = CalibratedClassifierCV(inner, cv=2).fit(*headlines)
    loaded = load(save(outer, tmp_path / "model"))
    np.testing.assert_array_equal(
        loaded.predict_proba(headlines[0]), outer.predict_proba(headlines[0])
    )


@pytest.mark.parametrize(
    ("make", "X"),
    [
        (lambda model: TextCleaner(), TEXTS),
        (lambda model: WordTokenizer(stemmer="porter"), TEXTS),
        (lambda model: Vocabulary(), pl.Series([["oil", "up"], ["oil"]])),
        (lambda model: SubwordTokenizer(vocab_size=60), TEXTS),
        (lambda model: PretrainedTokenizer(model=model), TEXTS),
        (lambda model: SentenceEmbedder(model=model), TEXTS),
        (lambda model: StaticEmbedder(model=model, n_components=8), TEXTS),
        (lambda model: NgramVectorizer(ngram_range=(1, 2)), TEXTS),
        (lambda model: NgramVectorizer(segmenter="bigrams"), CHINESE),
        (lambda model: WordTokenizer(), CHINESE),
        (lambda model: NgramUnion(), TEXTS),
        (lambda model: NgramUnion(), CHINESE),
        (lambda model: NgramUnion(units="words"), CHINESE),
        (lambda model: NgramVectorizer(), pl.Series([[7, 8], [7]])),
    ],
    ids=[
        "cleaner",
        "words",
        "vocabulary",
        "subwords",
        "pretrained",
        "embedder",
        "static embedder",
        "ngrams",
        "bigrams",
        "Chinese words",
        "union",
        "Chinese union",
        "Chinese union of words",
        "ids",
    ],
)
def test_single_steps_are_saved_and_loaded(tiny_model, tmp_path, make, X):
    step = make(tiny_model).fit(X)
    loaded = load(save(step, tmp_path / "step"))
    expected, found = step.transform(X), loaded.transform(X)
    if isinstance(expected, pl.Series):
        assert found.equals(expected)
    elif hasattr(expected, "toarray"):
        np.testing.assert_array_equal(found.toarray(), expected.toarray())
    else:
        np.testing.assert_array_equal(found, expected)


def test_classifiers_of_raw_texts_and_of_ids_are_saved_and_loaded(
    tiny_model, headlines, headline_ids, tmp_path
):
    texts = FineTunedTransformerClassifier(model=tiny_model, max_epochs=1).fit(*headlines)
    ids = FineTunedTransformerClassifier(model=tiny_model, max_epochs=1).fit(*headline_ids)
    for classifier, X in ((texts, headlines[0]), (ids, headline_ids[0])):
        loaded = load(save(classifier, tmp_path / "model"))
        np.testing.assert_array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
        pd.testing.assert_frame_equal(loaded.history_, classifier.history_)
        assert loaded.max_length_ == classifier.max_length_


def test_a_loaded_net_can_be_trained_further(tiny_model, headlines, tmp_path):
    classifier = FineTunedTransformerClassifier(
        model=tiny_model, max_epochs=1, warm_start=True, learning_rate=1e-3, random_state=0
    ).fit(*headlines)
    loaded = load(save(classifier, tmp_path / "model"))
    np.testing.assert_array_equal(
        loaded.fit(*headlines).predict_proba(headlines[0]),
        classifier.fit(*headlines).predict_proba(headlines[0]),
    )


def test_runtime_only_parameters_are_left_out_with_a_warning(headlines, tmp_path):
    pipeline = make_tfidf_pipeline(memory=str(tmp_path / "cache")).fit(*headlines)
    with pytest.warns(UserWarning, match="TextPipeline's memory is not saved"):
        save(pipeline, tmp_path / "model")
    assert load(tmp_path / "model").memory is None
    assert pipeline.memory is not None
    tokenizer = SubwordTokenizer(vocab_size=60, cache=TextCache()).fit(headlines[0])
    with pytest.warns(UserWarning, match="SubwordTokenizer's cache is not saved"):
        save(tokenizer, tmp_path / "tokenizer")
    assert tokenizer.cache is not None


def test_a_model_starts_no_processes_for_devices_when_it_is_fitted_again(
    headlines, tiny_model, tmp_path
):
    classifier = FineTunedTransformerClassifier(model=tiny_model, max_epochs=1, random_state=0)
    classifier.fit(*headlines).set_params(devices=2)
    with pytest.warns(UserWarning, match="devices is not saved; the loaded model will have 1"):
        save(classifier, tmp_path / "model")
    assert load(tmp_path / "model").devices == 1


class Own(LogisticRegression):
    """A type that no loader knows."""


def test_a_type_of_the_user_is_saved_and_loaded_only_if_it_is_trusted(headlines, tmp_path):
    pipeline = make_tfidf_pipeline(classify=Own()).fit(*headlines)
    with pytest.raises(ArtifactError, match=r"cannot be saved.*test_round_trip\.Own"):
        save(pipeline, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    save(pipeline, tmp_path / "model", trusted=[Own])
    with pytest.raises(ArtifactError, match=r"pipeline\.skops.*test_round_trip\.Own"):
        load(tmp_path / "model")
    loaded = load(tmp_path / "model", trusted=[Own])
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))


def test_other_versions_of_the_libraries_raise_a_warning(saved, monkeypatch):
    monkeypatch.setattr(
        "agnews_sk.persistence._manifest.installed_versions", lambda kind: {"polars": "0.1"}
    )
    with pytest.warns(VersionWarning, match=rf"polars {pl.__version__} \(here 0\.1\)"):
        load(saved["tfidf"])


CHUNKED = {"max_length": 12, "truncation": "chunk", "chunk_overlap": 2}
LONG = ["oil prices rise on weak profit " * 6, "the cup", "", "coach wins " * 20]


@pytest.mark.parametrize("family", ["embedding", "scratch", "finetune"])
def test_texts_are_divided_as_before_saving(tiny_model, headlines, tmp_path, family):
    step = "embed" if family == "embedding" else "classify"
    pooling = {"embedding": "max", "scratch": "attention", "finetune": "mean"}[family]
    params = {f"{step}__{k}": v for k, v in {**CHUNKED, "chunk_pooling": pooling}.items()}
    pipeline = make_pipelines(tiny_model)[family].set_params(**params).fit(*headlines)
    expected = pipeline.predict_proba(LONG)
    pipeline.set_params(**{f"{step}__truncation": "head"})  # has no effect before a fit
    loaded = load(save(pipeline, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(LONG), expected)
    assert loaded[-1 if step == "classify" else "embed"].model_input_.truncation == "chunk"
