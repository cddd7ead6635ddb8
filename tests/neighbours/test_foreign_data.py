"""Data sets, metrics, sentence encoders and tokenizers of other libraries, with ours."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from agnews_sk import (
    CalibratedLogisticRegression,
    NgramVectorizer,
    make_embedding_pipeline,
    make_tfidf_pipeline,
)
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import load_texts, load_train_test, make_news, train_val_test_split
from agnews_sk.evaluation import compare_classifiers
from agnews_sk.vectorization import SentenceEmbedder

ROWS = make_news(80, random_state=0)
TEXTS = ColumnJoiner().fit_transform(ROWS.data).tolist()
NAMES = sorted(set(ROWS.target))
CODES = [NAMES.index(label) for label in ROWS.target]


@pytest.fixture(scope="module")
def dataset():
    datasets = pytest.importorskip("datasets", reason="the package datasets is not installed")
    features = {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=NAMES)}
    rows = {"text": TEXTS, "label": CODES}
    return datasets.Dataset.from_dict(rows, features=datasets.Features(features))


@pytest.fixture(scope="module")
def expected():
    return make_tfidf_pipeline().fit(TEXTS, CODES).predict_proba(TEXTS)


@pytest.mark.parametrize(
    "take",
    [
        lambda dataset: dataset["text"],
        lambda dataset: dataset["text"][:],
        lambda dataset: dataset.select_columns("text"),
        lambda dataset: dataset,
        lambda dataset: dataset.with_format("numpy")["text"],
        lambda dataset: dataset.with_format("pandas")["text"],
        lambda dataset: dataset.with_format("polars").select_columns("text"),
    ],
    ids=["column", "list", "one column", "all columns", "NumPy", "pandas", "Polars"],
)
def test_rows_of_a_dataset_give_the_outputs_of_lists(dataset, expected, take):
    pipeline = make_tfidf_pipeline().fit(take(dataset), dataset["label"])
    np.testing.assert_allclose(pipeline.predict_proba(take(dataset)), expected)
    assert pipeline.classes_.tolist() == [0, 1, 2, 3]


def test_rows_that_a_dataset_selects_are_those_that_are_read(dataset, expected):
    rows = list(range(0, 80, 3))[::-1]
    pipeline = make_tfidf_pipeline().fit(dataset.select_columns("text"), CODES)
    np.testing.assert_allclose(pipeline.predict_proba(dataset.select(rows)), expected[rows])


def test_datasets_are_compared_split_and_cross_validated(dataset):
    pipeline = make_tfidf_pipeline()
    result = compare_classifiers(
        {"tfidf": pipeline}, dataset["text"], dataset["label"], dataset["text"], dataset["label"]
    )
    assert result.scores.index.tolist() == ["tfidf"]
    X_train, *_ = train_val_test_split(dataset["text"], dataset["label"], random_state=0)
    assert set(X_train) < set(TEXTS)
    scores = cross_val_score(pipeline, dataset["text"], dataset["label"], cv=2)
    assert (scores > 0.5).all()


def test_class_names_of_a_dataset_are_the_labels_that_are_loaded(dataset):
    rows = load_texts(dataset)
    assert rows.target.tolist() == list(ROWS.target)
    assert rows.data["text"].tolist() == TEXTS


def test_parts_of_a_dataset_are_loaded_by_name(dataset):
    from datasets import DatasetDict

    parts = DatasetDict(train=dataset.select(range(60)), test=dataset.select(range(60, 80)))
    rows = load_train_test(parts)
    assert rows.y_train.tolist() + rows.y_test.tolist() == list(ROWS.target)
    with pytest.raises(TypeError, match=r"got a dict of datasets; pass one of \['test', 'train'\]"):
        make_tfidf_pipeline().fit(parts, CODES)


def test_a_streamed_dataset_is_rejected_with_the_way_out(dataset):
    with pytest.raises(TypeError, match=r"got an IterableDataset, which is streamed.*fit_files"):
        make_tfidf_pipeline().fit(dataset.to_iterable_dataset(), CODES)


@pytest.mark.parametrize(("y", "kind"), [(ROWS.target, "string"), (CODES, "int64")])
def test_metrics_of_evaluate_take_our_predictions(y, kind):
    evaluate = pytest.importorskip("evaluate", reason="the package evaluate is not installed")
    from datasets import Features, Value

    class Accuracy(evaluate.Metric):
        """What `evaluate.load("accuracy")` computes; the hub is not asked."""

        def _info(self):
            features = Features({"predictions": Value(kind), "references": Value(kind)})
            return evaluate.MetricInfo(
                description="Accuracy", citation="", inputs_description="", features=features
            )

        def _compute(self, predictions, references):
            return {"accuracy": accuracy_score(references, predictions)}

    pipeline = make_tfidf_pipeline().fit(TEXTS[:60], y[:60])
    predicted = pipeline.predict(TEXTS[60:])
    found = Accuracy().compute(predictions=predicted, references=y[60:])
    assert found["accuracy"] == pipeline.score(TEXTS[60:], y[60:])


@pytest.fixture(scope="module")
def sentence_models(tiny_encoder, tmp_path_factory):
    """Encoders of sentence-transformers with other poolings and modules, by name, and folders."""
    pytest.importorskip(
        "sentence_transformers", reason="the package sentence-transformers is not installed"
    )
    from sentence_transformers import SentenceTransformer, models

    root = tmp_path_factory.mktemp("sentence")
    body = models.Transformer(str(tiny_encoder), max_seq_length=64)
    ends = {
        "mean": [models.Pooling(16, pooling_mode="mean"), models.Normalize()],
        "first": [models.Pooling(16, pooling_mode="cls")],
        "dense": [models.Pooling(16, pooling_mode="mean"), models.Dense(16, 8)],
    }
    made = {
        name: SentenceTransformer(modules=[body, *end], device="cpu") for name, end in ends.items()
    }
    for name, model in made.items():
        model.save(str(root / name))
    return made, root


@pytest.mark.parametrize(("name", "normalize"), [("mean", True), ("first", False)])
def test_a_folder_of_sentence_transformers_gives_its_vectors(
    sentence_models, name, normalize, recwarn
):
    made, root = sentence_models
    embedder = SentenceEmbedder(
        model=root / name, pooling=name, normalize=normalize, max_length=64, device="cpu"
    )
    found = embedder.fit_transform(TEXTS[:10])
    np.testing.assert_allclose(found, made[name].encode(TEXTS[:10]), atol=1e-5)
    assert not [str(w.message) for w in recwarn if "pooling" in str(w.message)]


@pytest.mark.parametrize(
    ("name", "message"),
    [("first", "was trained with the pooling 'first'"), ("dense", r"not applied, \['Dense'\]")],
)
def test_other_vectors_than_those_of_sentence_transformers_are_warned_of(
    sentence_models, name, message
):
    with pytest.warns(UserWarning, match=message) as found:
        SentenceEmbedder(model=sentence_models[1] / name).fit()
    assert __file__ in {warning.filename for warning in found}


def test_a_sentence_transformer_is_a_step_of_a_pipeline(sentence_models):
    model = sentence_models[0]["dense"]
    pipeline = make_embedding_pipeline()
    pipeline.set_params(embed=FunctionTransformer(lambda texts: model.encode(list(texts))))
    pipeline.fit(TEXTS[:60], ROWS.target[:60])
    assert pipeline.predict_proba(TEXTS[60:]).shape == (20, 4)
    alone = CalibratedLogisticRegression(random_state=0)
    cleaned = pipeline[:-2].transform(TEXTS)
    alone.fit(model.encode(cleaned[:60].tolist()), ROWS.target[:60])
    expected = alone.predict_proba(model.encode(cleaned[60:].tolist()))
    np.testing.assert_allclose(pipeline.predict_proba(TEXTS[60:]), expected, atol=1e-4)


def test_the_tokenizer_of_spacy_is_a_step_of_a_pipeline():
    spacy = pytest.importorskip("spacy", reason="the package spacy is not installed")
    nlp = spacy.blank("en")

    def tokenize(texts):
        return pl.Series([[token.lower_ for token in doc] for doc in nlp.tokenizer.pipe(texts)])

    pipeline = make_tfidf_pipeline()
    pipeline.set_params(vectorize=NgramVectorizer())
    pipeline.steps.insert(-2, ("tokenize", FunctionTransformer(tokenize)))
    pipeline.fit(TEXTS[:60], ROWS.target[:60])
    assert pipeline.score(TEXTS[60:], ROWS.target[60:]) > 0.5
    words = set(pipeline["vectorize"].get_feature_names_out())
    assert "." in words  # spaCy's, which our pattern of words has not

    plain = make_pipeline(FunctionTransformer(tokenize), NgramVectorizer(use_idf=False, norm=None))
    found = plain.fit_transform(["Oil isn't cheap. Oil!"])
    names = plain[-1].get_feature_names_out().tolist()
    assert dict(zip(names, found.toarray()[0].tolist())) == {
        "!": 1, ".": 1, "cheap": 1, "is": 1, "n't": 1, "oil": 2
    }  # fmt: skip
