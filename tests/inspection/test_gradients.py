import numpy as np
import pytest

from agnews_sk import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.inspection import explain
from agnews_sk.inspection._gradients import token_net
from agnews_sk.inspection._steps import text_model
from agnews_sk.tokenization import SubwordTokenizer

TEXTS = ["Oil's prices rise!", "the coach  wins (again)", "", "unseen"]


@pytest.mark.parametrize("max_length", [64, 6], ids=["whole", "cut"])
def test_gradients_of_a_fine_tuned_net_sum_to_its_logits(headlines, tiny_model, max_length):
    pytest.importorskip("captum")
    pipeline = make_finetune_pipeline(
        tiny_model, classify__max_epochs=2, classify__random_state=0,
        classify__max_length=max_length,
    ).fit(*headlines)  # fmt: skip
    explanation = explain(pipeline, TEXTS)
    decision = pipeline.decision_function(TEXTS)
    assert explanation.method == "gradients"
    assert explanation.error.max() < 0.05
    np.testing.assert_allclose(explanation.scores["Sports"], decision, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("normalize", [True, False])
def test_gradients_through_a_frozen_encoder_sum_to_the_decision_function(
    headlines, tiny_model, n_classes, normalize
):
    pytest.importorskip("captum")
    texts, labels = headlines
    if n_classes == 3:
        texts, labels = [*texts, "rain tomorrow", "more rain"], [*labels, "Weather", "Weather"]
    pipeline = make_embedding_pipeline(tiny_model, embed__normalize=normalize).fit(texts, labels)
    explanation = explain(pipeline, TEXTS)
    decision = pipeline.decision_function(TEXTS)
    expected = np.column_stack([-decision, decision]) if decision.ndim == 1 else decision
    assert explanation.method == "gradients"
    assert explanation.error.max() < 0.05
    np.testing.assert_allclose(explanation.scores, expected, atol=1e-4)


@pytest.mark.parametrize("subwords", [False, True], ids=["words", "subwords"])
def test_gradients_of_a_net_from_scratch_sum_to_its_logits(headlines, subwords):
    pytest.importorskip("captum")
    steps = {"tokenize": SubwordTokenizer(vocab_size=60), "vocabulary": "passthrough"}
    pipeline = make_transformer_pipeline(
        random_state=0, classify__d_model=16, classify__max_epochs=5, **(steps if subwords else {})
    ).fit(*headlines)
    explanation = explain(pipeline, TEXTS)
    assert explanation.method == "gradients"
    assert explanation.error.max() < 0.05
    np.testing.assert_allclose(
        explanation.scores["Sports"], pipeline.decision_function(TEXTS), atol=1e-5
    )


@pytest.mark.parametrize("n_labels", [1, 2])
@pytest.mark.parametrize("family", ["embedding", "scratch"])
def test_one_or_two_labels_of_sets_have_the_scores_of_the_decision_function(
    headlines, tiny_model, family, n_labels
):
    pytest.importorskip("captum")
    texts, labels = headlines
    sets = [[label] if n_labels == 2 or label == "Sports" else [] for label in labels]
    pipeline = (
        make_embedding_pipeline(tiny_model)
        if family == "embedding"
        else make_transformer_pipeline(
            random_state=0, classify__d_model=16, classify__max_epochs=1, classify__threshold=0.5
        )
    ).fit(texts, sets)
    explanation = explain(pipeline, TEXTS)
    assert explanation.method == "gradients"
    np.testing.assert_allclose(explanation.scores, pipeline.decision_function(TEXTS), atol=1e-4)


def test_the_baseline_keeps_special_tokens_and_masks_the_others(headlines, tiny_model):
    pipeline = make_finetune_pipeline(tiny_model, classify__max_epochs=1).fit(*headlines)
    net = token_net(text_model(pipeline, TEXTS))
    assert len(net.tokens) == len(TEXTS)
    assert net.tokens[0].special[[0, -1]].all()
    assert not (net.tokens[0].ids == net.absent_id).any()


def test_a_linear_pipeline_has_no_net(headlines):
    pipeline = make_tfidf_pipeline().fit(*headlines)
    assert token_net(text_model(pipeline, TEXTS)) is None


LONG = ["Oil's prices rise! " * 5 + "the coach wins", "the cup", ""]


@pytest.mark.parametrize("chunk_pooling", ["mean", "attention"])
def test_gradients_of_chunks_are_summed_at_their_places_in_the_text(
    headlines, tiny_model, chunk_pooling
):
    pytest.importorskip("captum")
    pipeline = make_finetune_pipeline(
        tiny_model, classify__max_epochs=2, classify__random_state=0, classify__max_length=12,
        classify__truncation="chunk", classify__chunk_pooling=chunk_pooling,
    ).fit(*headlines)  # fmt: skip
    explanation = explain(pipeline, LONG)
    assert explanation.method == "gradients"
    assert explanation.error.max() < 0.05
    decision = pipeline.decision_function(LONG)
    np.testing.assert_allclose(explanation.scores["Sports"], decision, atol=1e-5)
    words = explanation.of(0, "Sports")
    assert words["word"].tolist()[-3:] == ["the", "coach", "wins"]
    assert (words["contribution"] != 0).all()


def test_gradients_through_chunks_of_an_embedder_sum_to_the_decision_function(
    headlines, tiny_model
):
    pytest.importorskip("captum")
    pipeline = make_embedding_pipeline(
        tiny_model, embed__max_length=12, embed__truncation="chunk", embed__chunk_pooling="max"
    ).fit(*headlines)
    explanation = explain(pipeline, LONG)
    assert explanation.error.max() < 0.05
    decision = pipeline.decision_function(LONG)
    np.testing.assert_allclose(explanation.scores["Sports"], decision, atol=1e-4)
