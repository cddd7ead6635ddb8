"""skrub's tables around steps for texts, and its encoders within pipelines of texts."""

import numpy as np
import polars as pl
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.vectorization import NgramVectorizer, StaticEmbedder

skrub = pytest.importorskip("skrub", reason="skrub is not installed")

FRAMES = {"pandas": lambda frame: frame, "polars": pl.from_pandas}


@pytest.fixture(params=list(FRAMES))
def container(request):
    return request.param


def as_table(X, seed):
    rng = np.random.default_rng(seed)
    return X.assign(amount=rng.random(len(X)), country=rng.choice(["DE", "FR"], len(X)))


@pytest.fixture
def table(news, container):
    """Texts beside a number and a category: training and test rows."""
    convert = FRAMES[container]
    return convert(as_table(news.X, 0)), convert(as_table(news.X_test, 1))


def text_steps(container):
    # A pipeline with a sparse step has no `set_output`: its last step is told the frame.
    svd = TruncatedSVD(30, random_state=0).set_output(transform=container)
    return make_pipeline(TextCleaner(), NgramVectorizer(sublinear_tf=True), svd)


def test_table_vectorizer_encodes_texts_by_our_steps(news, table, container):
    X, X_test = table
    vectorizer = skrub.TableVectorizer(high_cardinality=text_steps(container)).fit(X)
    encoded = vectorizer.transform(X_test)
    assert type(encoded).__module__.startswith(container)
    titles = news.X_test["title"]
    first = text_steps("default").fit(news.X["title"]).transform(titles)
    assert np.allclose(np.asarray(encoded)[:, :30], first, atol=1e-4)
    assert encoded.shape == (200, 30 + 30 + 2)


def test_table_vectorizer_takes_static_embeddings(table, container, tiny_encoder):
    X, X_test = table
    embedder = StaticEmbedder(model=tiny_encoder)
    encoded = skrub.TableVectorizer(high_cardinality=embedder).fit(X).transform(X_test)
    n_columns = embedder.fit(["Oil"]).transform(["Oil"]).shape[1]
    assert encoded.shape == (200, 2 * n_columns + 2)


def test_table_vectorizer_refuses_sparse_output(table, container):
    with pytest.raises(TypeError, match=f"csr_matrix, but a {container} DataFrame was expected"):
        skrub.TableVectorizer(high_cardinality=NgramVectorizer()).fit(table[0])


def test_the_tabular_pipeline_learns_from_texts(news, table, container):
    pipeline = skrub.tabular_pipeline(LogisticRegression(C=30, max_iter=1_000))
    pipeline.set_params(tablevectorizer__high_cardinality=text_steps(container))
    assert pipeline.fit(table[0], news.y).score(table[1], news.y_test) > 0.5


@pytest.mark.parametrize("encoder", ["one column", "table"])
def test_encoders_of_skrub_are_a_step_of_ours(news, words, container, encoder):
    vectorize = {
        "one column": lambda: skrub.ApplyToCols(skrub.StringEncoder(30, random_state=0)),
        "table": lambda: skrub.TableVectorizer(high_cardinality=skrub.StringEncoder(30)),
    }[encoder]()
    convert = FRAMES[container]
    pipeline = words(vectorize=vectorize).set_output(transform=container)
    pipeline.fit(convert(news.X), news.y)
    assert pipeline.score(convert(news.X_test), news.y_test) > 0.7


def test_a_skrub_learner_predicts_as_the_pipeline_does(news, table):
    X, X_test = table
    pipeline = make_tfidf_pipeline(characters=False, columns="auto")
    learner = skrub.X(X).skb.apply(pipeline, y=skrub.y(news.y)).skb.make_learner(fitted=True)
    assert isinstance(learner, skrub.SkrubLearner)
    expected = pipeline.fit(X, news.y).predict(X_test)
    assert (learner.predict({"X": X_test}) == expected).all()


def test_data_ops_search_over_our_steps(news, table):
    X, X_test = table
    texts = skrub.X(X)[["title", "description"]].skb.apply(ColumnJoiner()).skb.apply(TextCleaner())
    regularized = LogisticRegression(C=skrub.choose_from([1e-4, 30.0], name="C"))
    last = make_pipeline(NgramVectorizer(), regularized)
    search = texts.skb.apply(last, y=skrub.y(news.y)).skb.make_grid_search(cv=2, fitted=True)
    assert search.results_["C"].iloc[0] == 30
    assert np.mean(search.predict({"X": X_test}) == news.y_test) > 0.7
