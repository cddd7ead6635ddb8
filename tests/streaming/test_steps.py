"""Steps that learn from all rows at once are refused, with their name and the way out."""

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import FunctionTransformer

from agnews_sk import CalibratedLinearSVC, make_embedding_pipeline, make_tfidf_pipeline
from agnews_sk.pipeline import TextPipeline
from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LabelConflictFilter,
    LengthFilter,
    MaskFilter,
    SamplerChain,
)
from agnews_sk.vectorization import SentenceEmbedder
from tests.streaming.conftest import make_quick, train


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"filter": LabelConflictFilter()},
            "the step 'filter', LabelConflictFilter, compares or adds rows.*filter='passthrough'",
        ),
        ({"filter": MaskFilter(keep=[True])}, "the step 'filter', MaskFilter"),
        ({"augment": EDAAugmenter()}, "the step 'augment', EDAAugmenter.*augment='passthrough'"),
        (
            {"filter": SamplerChain([("a", LengthFilter()), ("b", LabelConflictFilter())])},
            "the step 'filter__b', LabelConflictFilter",
        ),
        ({"columns": ["price"]}, "the step 'join', MixedColumnJoiner, learns from all rows"),
        ({"vectorize": TfidfVectorizer()}, "the step 'vectorize', TfidfVectorizer"),
        ({"vectorize": SentenceEmbedder()}, "the step 'vectorize', SentenceEmbedder"),
        ({"classify": CalibratedLinearSVC()}, "the last step .* got 'classify', Calibrated"),
    ],
    ids=["conflicts", "mask", "augmenter", "chain", "columns", "vectorizer", "embedder", "svc"],
)
def test_a_step_that_needs_all_rows_is_named(file, params, message):
    with pytest.raises(TypeError, match=message):
        train(make_tfidf_pipeline(**params), file)


def test_pipelines_of_other_families_are_refused(file):
    with pytest.raises(TypeError, match=r"'embed', SentenceEmbedder.*make_tfidf_pipeline"):
        train(make_embedding_pipeline(), file)
    with pytest.raises(TypeError, match="last step of pipeline"):
        train(LengthFilter(), file)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"filter": DuplicateFilter(method="near")}, "'filter' must be DuplicateFilter.*'near'"),
        ({"filter": DuplicateFilter(keep="last")}, "got method='exact', keep='last'"),
        (
            {"filter": SamplerChain([("a", DuplicateFilter()), ("b", LengthFilter())])},
            "DuplicateFilter must be the last of the samplers.*LengthFilter after it",
        ),
        ({"classify__l1_ratio": 0.5}, "l1_ratio must be 0"),
        ({"classify__warm_start": True}, "warm_start must be False"),
        ({"classify__C": -1}, "'C' parameter"),
        ({"vectorize__words__min_df": 2.5}, "'min_df' parameter"),
        (
            {"vectorize__words__token_pattern": r"[a-z]+ [a-z]+"},
            "token_pattern must find words without spaces",
        ),
    ],
    ids=["near", "last", "order", "l1", "warm", "C", "min_df", "spaces"],
)
def test_values_that_are_not_supported_are_refused(file, params, message):
    with pytest.raises(ValueError, match=message):
        train(make_tfidf_pipeline(**params), file)


def test_transformers_that_learn_nothing_are_applied(file):
    made = make_quick()
    lower = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    pipeline = TextPipeline([*made.steps[:-2], ("upper", lower), *made.steps[-2:]])
    found = train(pipeline, file)
    assert found.predict(["oil"]).shape == (1,)
