"""Parameters and objects that are invalid for a step are rejected with the name of the step."""

import functools

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler

from agnews_sk import (
    NgramVectorizer,
    TextCleaner,
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.pipeline import TextPipeline
from agnews_sk.sampling import DuplicateFilter, MissingTextFilter, SamplerChain

MAKERS = [
    make_tfidf_pipeline,
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_transformer_pipeline,
]
NESTED = "vectorize__characters__{0} or vectorize__words__{0}"
ROWS = ["oil", "cup", "oil", "cup"], [0, 1, 0, 1]


def lower(text):
    return text


@pytest.mark.parametrize(
    ("make", "name", "meant"),
    [
        (
            make_tfidf_pipeline,
            "ngram_range",
            NESTED.format("ngram_range"),
        ),
        (make_tfidf_pipeline, "C", "classify__C"),
        (make_tfidf_pipeline, "lowercase", f"clean__lowercase or {NESTED.format('lowercase')}"),
        (
            make_tfidf_pipeline,
            "classify__ngram_range",
            NESTED.format("ngram_range"),
        ),
        (
            make_tfidf_pipeline,
            "tfidf__min_df",
            NESTED.format("min_df"),
        ),
        (make_tfidf_pipeline, "vectorize__words__ngram_rang", "vectorize__words__ngram_range"),
        (make_embedding_pipeline, "pooling", "embed__pooling"),
        (make_embedding_pipeline, "classify__c", "classify__C"),
        (make_finetune_pipeline, "max_epochs", "classify__max_epochs"),
        (make_finetune_pipeline, "epochs", "classify__max_epochs"),
        (make_finetune_pipeline, "random_state", "classify__random_state"),
        (make_transformer_pipeline, "d_model", "classify__d_model"),
        (make_transformer_pipeline, "max_size", "vocabulary__max_size"),
    ],
)
def test_a_parameter_of_a_step_is_named_with_its_step(make, name, meant):
    message = rf"^{make.__name__} has no parameter '{name}'; did you mean {meant}\?$"
    with pytest.raises(ValueError, match=message):
        make(**{name: 1})


@pytest.mark.parametrize("make", MAKERS)
def test_a_parameter_of_an_unknown_step_lists_the_steps(make):
    message = "no parameter 'zzzz'; .* STEP__PARAMETER, and the steps are filter, augment, join,"
    with pytest.raises(ValueError, match=message):
        make(zzzz=1)


def test_both_parts_of_a_union_are_named():
    both = {f"vectorize__{part}__min_df" for part in ("words", "characters")}
    with pytest.raises(ValueError, match="vectorize__min_df'; did you mean") as raised:
        make_tfidf_pipeline(characters=True, vectorize__min_df=2)
    assert both <= set(str(raised.value).removesuffix("?").split())
    pipeline = make_tfidf_pipeline(characters=True, vectorize__words__min_df=2)
    assert pipeline.get_params()["vectorize__words__min_df"] == 2


def test_a_parameter_of_a_step_that_does_nothing_asks_for_an_estimator():
    with pytest.raises(ValueError, match=r"augment is 'passthrough'; .* augment=\.\.\."):
        make_tfidf_pipeline(augment__n_copies=2)


def test_a_step_and_its_parameters_can_be_set_together_in_any_order():
    pipeline = make_tfidf_pipeline(classify__C=3, classify=LogisticRegression())
    assert pipeline["classify"].C == 3


WRONG = {
    "class": (TextCleaner, r"an instance, got the class TextCleaner; .*=TextCleaner\(\)"),
    "text": ("lower", "or 'passthrough', got 'lower'"),
    "number": (3, "or 'passthrough', got int"),
    "dict": ({}, "or 'passthrough', got dict"),
    "function": (lower, "got the function lower"),
    "partial": (functools.partial(lower, text=""), "got the function partial"),
}


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("value", "message"), WRONG.values(), ids=list(WRONG))
def test_invalid_steps_are_rejected_by_name(make, value, message):
    for step in make().named_steps:
        with pytest.raises(TypeError, match=f"^the step {step} must be (a.*)?{message}"):
            make(**{step: value})
        pipeline = make().set_params(**{step: value})
        with pytest.raises(TypeError, match=f"^the step {step} must be (a.*)?{message}"):
            pipeline.fit(*ROWS)


@pytest.mark.parametrize("make", MAKERS)
def test_a_nested_pipeline_is_rejected_with_advice_to_insert_its_steps(make):
    inner = make_pipeline(TextCleaner(), TextCleaner(lowercase=True))
    for position, step in list(enumerate(make().named_steps))[:-1]:
        message = rf"the step {step} must be one .* of TextCleaner, TextCleaner; .*\[{position}:"
        with pytest.raises(TypeError, match=message):
            make(**{step: inner})


def test_the_advice_of_the_message_works():
    other = make_pipeline(TextCleaner(), TextCleaner(lowercase=True))
    pipeline = make_tfidf_pipeline()
    pipeline.steps[3:4] = other.steps
    assert pipeline.fit(*ROWS).predict(["OIL"]).tolist() == [0]
    cleaned = make_tfidf_pipeline(clean=FunctionTransformer(lower)).fit(*ROWS)
    assert cleaned.predict(["oil"]).tolist() == [0]


def test_the_message_for_a_function_names_its_wrapper():
    with pytest.raises(TypeError, match=r"clean=FunctionTransformer\(lower\)"):
        make_tfidf_pipeline(clean=lower)


@pytest.mark.parametrize("step", ["filter", "augment"])
def test_the_message_for_a_list_of_samplers_names_its_wrapper(step):
    with pytest.raises(
        TypeError, match=f"the step {step} .* got a list; combine several with SamplerChain"
    ):
        make_tfidf_pipeline(**{step: [MissingTextFilter(), DuplicateFilter()]})


def test_a_classifier_before_the_last_step_is_rejected():
    with pytest.raises(TypeError, match=r"the step clean .*transformer .* got LogisticRegression"):
        make_tfidf_pipeline(clean=LogisticRegression())


def test_steps_of_a_manually_built_pipeline_are_named_too():
    pipeline = TextPipeline([("v", NgramVectorizer), ("c", LogisticRegression())])
    with pytest.raises(TypeError, match="the step v must be an instance, got the class"):
        pipeline.fit(*ROWS)


def test_valid_steps_are_accepted():
    chain = SamplerChain([("missing", MissingTextFilter())])
    last = make_pipeline(MaxAbsScaler(), LogisticRegression())
    pipeline = make_tfidf_pipeline(filter=chain, clean="passthrough", classify=last).fit(*ROWS)
    assert pipeline.predict(["cup"]).tolist() == [1]
    assert make_tfidf_pipeline(join=None, classify="passthrough").fit(*ROWS) is not None
