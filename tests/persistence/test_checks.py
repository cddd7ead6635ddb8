"""Values that a fit would never set are rejected, wherever they are."""

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from agnews_sk.classifiers import (
    AbstainingClassifier,
    CalibratedLinearSVC,
    EmbeddingBagClassifier,
    TransformerClassifier,
)
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._checks import check_skeleton
from agnews_sk.tokenization import PretrainedTokenizer, Vocabulary
from agnews_sk.vectorization import NgramUnion, NgramVectorizer, StaticEmbedder
from tests.conftest import HEADLINES

TEXTS = [text for of_class in HEADLINES.values() for text in of_class]
X = np.random.default_rng(0).normal(size=(8, 3))
y = np.arange(8) % 2


def forged(estimator, **attributes):
    vars(estimator).update(attributes)
    return estimator


def random_state(position):
    generator = np.random.RandomState(0)
    state = list(generator.get_state())
    state[2] = position
    generator.set_state(state)
    return generator


def voting():
    return VotingClassifier([("a", LogisticRegression()), ("b", LogisticRegression())]).fit(X, y)


def embedded(**attributes):
    classifier = EmbeddingBagClassifier(embedding_dim=2, max_epochs=1, random_state=0)
    return forged(classifier.fit(X, y), **attributes)


def union(units="both", without=(), **attributes):
    made = forged(NgramUnion(units=units).fit(TEXTS), **attributes)
    for name in without:
        delattr(made, name)
    return made


def static(without=(), **attributes):
    embedder = StaticEmbedder()
    embedder.tokenizer_ = forged(PretrainedTokenizer(), vocab_size_=9)
    embedder.embeddings_ = np.ones((9, 2), np.float16)
    made = forged(embedder, **attributes)
    for name in without:
        delattr(made, name)
    return made


UNIONS = {
    "units that do not exist": union(units_="letters"),
    "units that are a list": union(units_=["both"]),
    "both, without words": union(words_=None),
    "both, without characters": union(characters_=None),
    "words, with characters": union(units_="words"),
    "nothing": union(words_=None, characters_=None, units_="words"),
    "words that are not fitted": union(words_=NgramVectorizer()),
    "parts without units": union(without=["units_"]),
    "no weight": union(without=["character_weight_"]),
    "weight above one": union(character_weight_=1.5),
    "weight of zero": union(character_weight_=0.0),
    "weight that is not a number": union(character_weight_=float("nan")),
    "weight of text": union(character_weight_="0.5"),
    "weight of an array": union(character_weight_=np.full(1000, 0.5)),
    "words of another kind": union(words_=CountVectorizer().fit(TEXTS)),
    "characters of another kind": union(characters_=CountVectorizer()),
    "parameter of another kind": union(words=CountVectorizer()),
    "parameter that is a text": union(characters="words"),
    "endless characters": union(spaceless_ngram_range=(1, 10**9)),
    "characters in reverse": union(spaceless_ngram_range=(3, 1)),
}


@pytest.mark.parametrize("forged_union", UNIONS.values(), ids=UNIONS)
def test_unions_whose_parts_do_not_fit_are_rejected(forged_union):
    with pytest.raises(ArtifactError, match=r"NgramUnion|pipeline\.skops"):
        check_skeleton(forged_union)


@pytest.mark.parametrize("units", ["words", "characters", "both", "auto"])
def test_unions_as_fit_leaves_them_are_accepted(units):
    check_skeleton(union(units))
    check_skeleton(NgramUnion(units=units))


VALUES = {
    "file names for texts": (CountVectorizer(input="filename"), "treats texts as file names"),
    "slow encoding": (CountVectorizer(encoding="idna"), "with the encoding 'idna'"),
    "unknown encoding": (CountVectorizer(encoding="utf-99"), "unknown encoding"),
    "slow pattern": (CountVectorizer(token_pattern=r"(\w+\s?)*x"), "may take exponential time"),
    "objects": (CountVectorizer(dtype=object), "expected a dtype of numbers"),
    "n-grams in reverse": (CountVectorizer(ngram_range=(2, 1)), "ngram_range=\\(2, 1\\)"),
    "endless n-grams": (CountVectorizer(ngram_range=(1, 101)), "at most 100 expected"),
    "column beyond": (CountVectorizer(vocabulary={"a": 5}), "are not 0 to 0"),
    "column twice": (CountVectorizer(vocabulary={"a": 0, "b": 0}), "are not 0 to 1"),
    "column that is a bool": (CountVectorizer(vocabulary={"a": False}), "are not 0 to 0"),
    "words that are numbers": (CountVectorizer(vocabulary=[1, 2]), "tokens are not all texts"),
    "step without fit": (Pipeline([("a", print)]), "a step that is not an estimator"),
    "weights of text": (forged(voting(), weights=["a", "b"]), "weights that are not numbers"),
    "one weight for two": (forged(voting(), weights=[1]), "1 weights for 2 estimators"),
    "device": (TransformerClassifier(device="/dev/sda"), "with the device '/dev/sda'"),
    "huge batch": (TransformerClassifier(batch_size=2**21), "at most 1048576 expected"),
    "callback": (TransformerClassifier(net_params={"callbacks": []}), "'callbacks' in net_params"),
    "function": (TransformerClassifier(net_params={"lr": print}), "'lr' in net_params"),
    "processes": (LogisticRegression(n_jobs=4), "sets n_jobs of a LogisticRegression"),
    "list of steps": (forged(Pipeline([]), steps="steps"), "must be an instance of 'list'"),
    "long separator": (ColumnJoiner(separator=" " * 5_000), "more than 4096 characters"),
    "long label": (
        AbstainingClassifier(LogisticRegression(), abstain_label="?" * 5_000), "not a label of",
    ),
    "attribute path": (
        SelectFromModel(LogisticRegression(), importance_getter="a.b"), "that reads 'a.b'",
    ),
    "position of a generator": (
        DummyClassifier(random_state=random_state(10**6)), "position is outside its state",
    ),
    "negative position": (
        DummyClassifier(random_state=random_state(-1)), "position is outside its state",
    ),
    "coefficients": (
        forged(CalibratedLinearSVC().fit(X, y), coef_=np.ones((1, 5))), r"expected \(1, 3\) finite",
    ),
    "temperature": (
        forged(CalibratedLinearSVC().fit(X, y), temperature_=0.0), "a temperature above 0",
    ),
    "embeddings": (
        embedded(embeddings_=np.ones((5, 2))), r"embeddings_ has not \(3, 2\) finite",
    ),
    "layer": (
        embedded(output_weights_=np.ones((3, 2))), r"output_weights_ has not \(2, 2\) fin",
    ),
    "bias": (
        embedded(output_bias_=np.array([0, np.inf])), r"output_bias_ has not \(2,\) fin",
    ),
    "no bias": (embedded(hidden_bias_=None), r"hidden_bias_ has not \(2,\) finite"),
    "temperature of embeddings": (embedded(temperature_=0.0), "temperature above 0"),
    "fewer vectors than tokens": (
        static(embeddings_=np.ones((7, 2), np.float16)), "embeddings_ are not 9 vectors of finite",
    ),
    "vectors of one number": (static(embeddings_=np.ones(9, np.float16)), "are not 9 vectors"),
    "vectors of other numbers": (static(embeddings_=np.ones((9, 2))), "vectors of finite float16"),
    "infinite vectors": (
        static(embeddings_=np.full((9, 2), np.inf, np.float16)), "are not 9 vectors of finite",
    ),
    "no vectors": (static(without=["embeddings_"]), "are not 9 vectors of finite"),
    "vectors without a tokenizer": (static(without=["tokenizer_"]), "tokenizer_"),
    "tokens of another kind": (static(tokenizer_=CountVectorizer()), "tokenizer_ is a CountVec"),
    "ids out of order": (
        forged(Vocabulary(), vocabulary_={"a": 1, "b": 0}, term_frequency_=[1, 1],
               document_frequency_=[1, 1]), "ids are not in order",
    ),
    "constant": (
        forged(DummyClassifier(strategy="constant", constant=0).fit(X, y), constant=7),
        "is not one of its classes",
    ),
    "method": (
        forged(StackingClassifier([("a", LogisticRegression())]), stack_method_=["fit"]),
        r"that calls \['fit'\]",
    ),
    "idf": (
        forged(TfidfVectorizer(), _tfidf=LogisticRegression()), "_tfidf is a LogisticRegression",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", VALUES)
@pytest.mark.parametrize("place", ["alone", "in a pipeline", "hidden"])
def test_a_value_that_could_do_harm_is_rejected(case, place):
    estimator, message = VALUES[case]
    model = {
        "alone": estimator,
        "in a pipeline": Pipeline([("first", "passthrough"), ("last", estimator)]),
        "hidden": forged(LogisticRegression(), classes_={"a": [(estimator,)]}),
    }[place]
    with pytest.raises(ArtifactError, match=message):
        check_skeleton(model)


@pytest.mark.parametrize(
    "estimator",
    [
        CountVectorizer(vocabulary=["a", "b"]),
        CountVectorizer().fit(TEXTS),
        TfidfVectorizer(encoding="latin-1", dtype=np.float32).fit(TEXTS),
        NgramVectorizer().fit(TEXTS),
        Vocabulary().fit(pl.Series([["a", "b"]])),
        voting(),
        StackingClassifier([("a", LogisticRegression())], cv=2).fit(X, y),
        CalibratedLinearSVC().fit(X, y),
        embedded(),
        static(),
        StaticEmbedder(),
        DummyClassifier(strategy="constant", constant=1).fit(X, y),
        DummyClassifier(random_state=np.random.RandomState(0)),
        TransformerClassifier(device="cuda:1", net_params={"lr": 0.1, "optimizer__eps": 1e-6}),
        Pipeline([("a", None), ("b", LogisticRegression())]),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_values_of_real_estimators_pass(estimator):
    check_skeleton(estimator)


def test_a_pattern_can_be_trusted():
    pattern = r"(\w+\s?)*x"
    check_skeleton(CountVectorizer(token_pattern=pattern), [pattern])
