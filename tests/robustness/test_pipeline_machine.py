"""A pipeline through any sequence of operations."""

import pickle
import tempfile

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sklearn.base import clone

from agnews_sk import make_tfidf_pipeline
from agnews_sk.persistence import load, save
from agnews_sk.sampling import DuplicateFilter, EDAAugmenter, MissingTextFilter
from tests.robustness.strategies import any_story, unless_rejected

TAUGHT = [("oil prices rise", "Oil"), ("cup final", "Cup"), ("oil falls", "Oil"), ("a cup", "Cup")]
rows = st.lists(st.tuples(any_story, st.sampled_from(["Oil", "Cup", "Ünï"])), max_size=8)
PARAMETERS = {
    "filter": [MissingTextFilter(), DuplicateFilter(), "passthrough"],
    "augment": ["passthrough", EDAAugmenter(random_state=0)],
    "clean__lowercase": [True, False],
    "clean__strip_stop_words": [None, "english", ["oil"]],
    "clean__normalize": [None, "NFC", "NFKD"],
    "vectorize__words__analyzer": ["word", "char_wb"],
    "vectorize__words__ngram_range": [(1, 1), (1, 3), (2, 2)],
    "vectorize__words__token_pattern": [r"\b\w\w+\b", r"\w+", r"\S+"],
    "vectorize__words__stop_words": [None, "english", ["oil"]],
    "vectorize__words__min_df": [1, 2, 0.3],
    "vectorize__words__max_features": [None, 5],
    "vectorize__words__sublinear_tf": [True, False],
    "vectorize__words__norm": ["l1", "l2", None],
    "classify__C": [0.1, 1.5],
    "classify__calibration_fraction": [None, 0.3],
    "classify__class_weight": [None, "balanced"],
    "classify__random_state": [0, 7],
}
settings_of_a_few = st.lists(
    st.sampled_from(list(PARAMETERS)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(PARAMETERS[name]))
    ),
    min_size=1,
    max_size=3,
).map(dict)
stories = st.lists(any_story, min_size=1, max_size=5)


def shown(pipeline):
    return {name: repr(value) for name, value in pipeline.get_params().items()}


class PipelineMachine(RuleBasedStateMachine):
    """Fit, refit, change, copy and predict; `taught` are the rows of the last successful fit."""

    def __init__(self):
        super().__init__()
        self.pipeline = make_tfidf_pipeline()
        self.parameters = shown(self.pipeline)
        self.taught = None

    def fitted(self):
        return self.taught is not None

    def copies_answer_alike(self, copy, texts):
        expected = self.pipeline.predict_proba(texts)
        np.testing.assert_array_equal(copy.predict_proba(texts), expected)
        assert copy.predict(texts).tolist() == self.pipeline.predict(texts).tolist()
        assert shown(copy) == self.parameters

    @rule(chosen=settings_of_a_few)
    def set_parameters(self, chosen):
        self.pipeline.set_params(**{name: clone_step(value) for name, value in chosen.items()})
        self.parameters = shown(self.pipeline)
        self.taught = None

    @rule(rows=rows)
    def fit(self, rows):
        texts, labels = zip(*TAUGHT, *rows)
        self.taught = None
        with unless_rejected("empty vocabulary", "no terms remain", "max_df", "classes"):
            self.pipeline.fit(list(texts), list(labels))
            self.taught = list(texts), list(labels)

    @precondition(fitted)
    @rule(texts=stories)
    def ask(self, texts):
        before = list(texts)
        probabilities = self.pipeline.predict_proba(texts)
        classes = self.pipeline.classes_
        assert texts == before
        assert probabilities.shape == (len(texts), len(classes))
        assert np.isfinite(probabilities).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        assert set(classes) <= set(self.taught[1])
        labels = self.pipeline.predict(texts)
        rows = np.arange(len(texts))
        of_labels = probabilities[rows, np.searchsorted(classes, labels)]
        np.testing.assert_array_equal(of_labels, probabilities.max(axis=1))
        alone = np.vstack([self.pipeline.predict_proba([text]) for text in texts])
        np.testing.assert_allclose(alone, probabilities, rtol=1e-9)

    @precondition(fitted)
    @rule(texts=stories)
    def fit_a_clone(self, texts):
        self.copies_answer_alike(clone(self.pipeline).fit(*self.taught), texts)

    @precondition(fitted)
    @rule(texts=stories)
    def refit(self, texts):
        before = self.pipeline.predict_proba(texts)
        self.pipeline.fit(*self.taught)
        np.testing.assert_array_equal(self.pipeline.predict_proba(texts), before)

    @precondition(fitted)
    @rule(texts=stories)
    def pickle(self, texts):
        copy = pickle.loads(pickle.dumps(self.pipeline))
        self.copies_answer_alike(copy, texts)
        self.pipeline = copy

    @precondition(fitted)
    @rule(texts=stories, name=st.sampled_from(["model", "model.zip"]))
    def save_and_load(self, texts, name):
        with tempfile.TemporaryDirectory() as folder:
            copy = load(save(self.pipeline, f"{folder}/{name}"))
        self.copies_answer_alike(copy, texts)
        self.pipeline = copy

    @invariant()
    def parameters_stay_what_was_set(self):
        assert shown(self.pipeline) == self.parameters


def clone_step(value):
    return clone(value) if hasattr(value, "get_params") else value


TestPipeline = PipelineMachine.TestCase
# A case takes a second, many times longer than one of the other tests.
TestPipeline.settings = settings(max_examples=settings().max_examples // 2)
