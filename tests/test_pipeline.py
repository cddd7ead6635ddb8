"""Pipelines: names of steps, rows and weights that follow samplers, and searches."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.pipeline import Pipeline

from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.datasets import load_news_sample, make_news
from agnews_sk.pipeline import (
    TextPipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.sampling import DuplicateFilter, EDAAugmenter, LabelConflictFilter, MissingTextFilter

FRAME = pd.DataFrame(
    {
        "title": ["Oil rises", "Cup final", None, "Oil rises", "Shares fall", None],
        "description": ["Crude is up.", "They won.", "The coach left.", "Crude is up.", None, " "],
    }
)
LABELS = np.array(["Business", "Sports", "Sports", "Business", "Business", "Sports"], dtype=object)


@pytest.fixture(params=["tfidf", "finetune"])
def pipeline(request):
    if request.param == "tfidf":
        return make_tfidf_pipeline()
    return make_finetune_pipeline(
        request.getfixturevalue("tiny_model"), classify__max_epochs=1, classify__random_state=0
    )


def test_steps_have_the_names_of_the_design():
    assert list(make_tfidf_pipeline().named_steps) == [
        "filter", "augment", "join", "clean", "vectorize", "classify",
    ]  # fmt: skip
    assert list(make_finetune_pipeline().named_steps)[-1] == "classify"
    assert list(make_transformer_pipeline().named_steps) == [
        "filter", "augment", "join", "clean", "tokenize", "vocabulary", "classify",
    ]  # fmt: skip


@pytest.mark.parametrize("to_frame", [lambda f: f, pl.from_pandas], ids=["pandas", "polars"])
def test_a_frame_with_missing_cells_gets_one_prediction_per_row(pipeline, to_frame):
    pipeline.set_params(filter=DuplicateFilter())
    frame = to_frame(FRAME)
    pipeline.fit(frame, LABELS)
    assert pipeline.predict(frame).shape == (6,)
    assert pipeline.predict_proba(frame).shape == (6, 2)
    assert 0 <= pipeline.score(frame, LABELS) <= 1
    assert pipeline.classes_.tolist() == ["Business", "Sports"]


def test_callbacks_reach_the_classifier():
    class Tasks:
        max_propagation_depth = None

        def setup(self, estimator, context): ...

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context):
            seen.append((context.estimator_name, context.task_name))

        def on_fit_task_end(self, estimator, context): ...

    seen = []
    pipeline = make_transformer_pipeline(classify__d_model=8, classify__max_epochs=2)
    pipeline.set_callbacks(Tasks()).fit(FRAME, LABELS)
    assert seen[0] == ("TextPipeline", "fit")
    assert seen[-2:] == [("TransformerClassifier", "epoch")] * 2
    assert "_skl_callbacks" not in vars(pipeline["classify"])


def test_a_filter_drops_rows_in_fit_only():
    pipeline = make_tfidf_pipeline(filter=MissingTextFilter()).fit(FRAME, LABELS)
    assert pipeline["filter"].sample_indices_.tolist() == [0, 1, 2, 3, 4]
    assert len(pipeline.predict(FRAME)) == 6


def test_sample_weight_follows_dropped_and_added_rows():
    seen = {}

    class Spy(DummyClassifier):
        def fit(self, X, y, sample_weight=None):
            seen["weight"], seen["y"] = sample_weight, y
            return super().fit(X, y, sample_weight=sample_weight)

    pipeline = make_tfidf_pipeline(
        filter=DuplicateFilter(), augment=EDAAugmenter(random_state=0), classify=Spy()
    )
    weights = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    pipeline.fit(FRAME, LABELS, classify__sample_weight=weights)
    kept = pipeline["filter"].sample_indices_
    expected = weights[kept][pipeline["augment"].sample_indices_]
    assert 3 not in kept
    np.testing.assert_array_equal(seen["weight"], expected)
    np.testing.assert_array_equal(seen["y"], LABELS[kept][pipeline["augment"].sample_indices_])


def test_sample_weight_follows_when_it_is_routed():
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_tfidf_pipeline(
            filter=DuplicateFilter(),
            classify=LogisticRegression()
            .set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=True),
        )
        # The row of weight 50 is the duplicate that is dropped.
        weights = np.array([1.0, 7.0, 1.0, 50.0, 1.0, 1.0])
        pipeline.fit(FRAME, LABELS, sample_weight=weights)
        unweighted = clone(pipeline).fit(FRAME, LABELS)
        expected = clone(pipeline).fit(
            FRAME.drop(index=3), np.delete(LABELS, 3), sample_weight=np.delete(weights, 3)
        )
        cross_validate(pipeline, FRAME, LABELS, cv=2, params={"sample_weight": weights})
    found = pipeline.predict_proba(FRAME)
    np.testing.assert_allclose(found, expected.predict_proba(FRAME))
    assert np.abs(found - unweighted.predict_proba(FRAME)).max() > 0.01


ODD_TEXTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["oil", "&lt;b&gt;", "#39;s", "\\$5", "\x1c", "  ", "石油价格", "ราคา", "Ã©"])
).map(" ".join)


@pytest.mark.parametrize("characters", [False, True], ids=["words", "characters"])
def test_a_text_alone_is_predicted_as_in_a_column_bit_for_bit(characters):
    texts = ["oil prices &amp; shares", "café cup final 石油", "ราคา of a team", "week #39;s deal"]
    pipeline = make_tfidf_pipeline(characters=characters, vectorize__words__segmenter="bigrams")
    pipeline.fit(texts * 3, ["Business", "Sports"] * 6)

    @given(ODD_TEXTS | st.none())
    @settings(deadline=None)
    def check(text):
        column = pipeline.predict_proba([text] * 17)
        np.testing.assert_array_equal(pipeline.predict_proba([text]), column[:1])
        matrices = [pipeline[:-1].transform(rows) for rows in ([text], [text] * 17)]
        assert (matrices[0] != matrices[1][:1]).nnz == 0

    check()


def test_steps_that_keep_rows_work_in_a_pipeline_of_scikit_learn():
    steps = [
        ("join", ColumnJoiner()),
        ("clean", TextCleaner()),
        ("vectorize", TfidfVectorizer()),
        ("classify", LogisticRegression()),
    ]
    plain = Pipeline(steps).fit(FRAME, LABELS)
    ours = TextPipeline(steps).fit(FRAME, LABELS)
    np.testing.assert_array_equal(plain.predict_proba(FRAME), ours.predict_proba(FRAME))


def test_a_search_reaches_every_step():
    X, y = make_news(300, random_state=0, return_X_y=True)
    search = GridSearchCV(
        make_tfidf_pipeline(),
        {
            "filter": [MissingTextFilter(), LabelConflictFilter()],
            "clean__lowercase": [True, False],
            "classify__C": [1.0],
        },
        cv=2,
        n_jobs=2,
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_score_ > 0.5


def test_cross_val_predict_predicts_rows_that_are_dropped_in_fit():
    X, y = make_news(200, random_state=1, return_X_y=True)
    predicted = cross_val_predict(make_tfidf_pipeline(filter=DuplicateFilter()), X, y, cv=3)
    assert predicted.shape == y.shape


def test_augmentation_never_reaches_predict():
    pipeline = make_tfidf_pipeline(augment=EDAAugmenter(n_copies=3, random_state=0))
    pipeline.fit(FRAME, LABELS)
    assert len(pipeline["augment"].sample_indices_) == 5 * 4
    assert len(pipeline.predict(FRAME)) == 6


def test_memory_gives_the_same_predictions(tmp_path):
    plain = make_tfidf_pipeline().fit(FRAME, LABELS).predict_proba(FRAME)
    for _ in range(2):
        cached = make_tfidf_pipeline(memory=str(tmp_path), filter=DuplicateFilter())
        cached.set_params(filter=MissingTextFilter()).fit(
            FRAME, LABELS, classify__sample_weight=np.ones(6)
        )
        np.testing.assert_allclose(cached.predict_proba(FRAME), plain, atol=1e-12)


def test_an_unknown_parameter_is_rejected_by_name():
    with pytest.raises(ValueError, match="nonsense"):
        make_tfidf_pipeline(clean__nonsense=True)


def test_the_baseline_is_accurate_on_the_built_in_sample():
    X_train, y_train = load_news_sample(subset="train", return_X_y=True)
    X_test, y_test = load_news_sample(subset="test", return_X_y=True)
    score = make_tfidf_pipeline().fit(X_train, y_train).score(X_test, y_test)
    assert 0.8 < score < 0.98


def test_vectors_of_words_and_characters_have_unit_norm():
    both, words = (make_tfidf_pipeline(characters=c).fit(FRAME, LABELS) for c in (True, False))
    rows = both[2:-1].transform(FRAME)
    assert rows.shape[1] > words[2:-1].transform(FRAME).shape[1]
    np.testing.assert_allclose(rows.multiply(rows).sum(axis=1)[:5], 1)


@pytest.mark.parametrize(
    ("characters", "units"), [("auto", "auto"), (True, "both"), (False, "words")]
)
def test_characters_set_the_units(characters, units):
    pipeline = make_tfidf_pipeline(characters=characters, vectorize__characters__min_df=2)
    assert pipeline.named_steps["vectorize"].units == units
    assert pipeline.get_params()["vectorize__characters__min_df"] == 2


@pytest.mark.parametrize("characters", ["yes", None, 2])
def test_characters_of_another_kind_are_rejected(characters):
    with pytest.raises(ValueError, match="characters must be True, False or 'auto', got "):
        make_tfidf_pipeline(characters=characters)


CHINESE = {
    "oil": ["石油价格上涨", "油价下跌", "石油供应减少", "原油期货走高"],
    "cup": ["球队赢得决赛", "教练宣布退役", "球员转会成功", "联赛冠军诞生"],
}


def test_chinese_texts_are_classified_without_naming_the_language():
    texts = [text for of_label in CHINESE.values() for text in of_label]
    labels = [label for label, of_label in CHINESE.items() for _ in of_label]
    pipeline = make_tfidf_pipeline().fit(texts, labels)
    assert pipeline.named_steps["vectorize"].units_ == "both"
    assert pipeline.predict(["石油价格", "球队决赛"]).tolist() == ["oil", "cup"]


@pytest.mark.filterwarnings("ignore:the texts have a script")
def test_chinese_texts_are_classified_without_dictionaries(monkeypatch):
    monkeypatch.setitem(sys.modules, "icu4py", None)
    test_chinese_texts_are_classified_without_naming_the_language()


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_frames_as_output_change_nothing(output):
    expected = make_tfidf_pipeline(characters=True).fit(FRAME, LABELS).predict_proba(FRAME)
    with sklearn.config_context(transform_output=output):
        found = make_tfidf_pipeline(characters=True).fit(FRAME, LABELS).predict_proba(FRAME)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("n_weights", [5, 7])
def test_weights_of_another_number_of_rows_are_rejected(n_weights):
    with pytest.raises(
        ValueError, match=f"classify__sample_weight must have .* 6, got {n_weights}"
    ):
        make_tfidf_pipeline().fit(FRAME, LABELS, classify__sample_weight=np.ones(n_weights))


def test_a_last_step_that_passes_through_returns_the_output_before_it():
    found = make_tfidf_pipeline(classify="passthrough").fit(FRAME, LABELS).transform(FRAME)
    assert found.shape[0] == len(FRAME)
    assert make_tfidf_pipeline()[:2].fit(FRAME, LABELS).transform(FRAME) is FRAME


def test_the_numbers_0_and_1_mean_in_score_what_they_meant_in_fit():
    texts, y = ["oil rises", "war begins", "war and oil"] * 6, [[0], [1], [0, 1]] * 6
    pipeline = make_tfidf_pipeline(classify__threshold=0.5, classify__C=1e3).fit(texts, y)
    right = [found == labels for found, labels in zip(pipeline.predict(texts), y)]
    assert True in right[2::3]
    scores = [pipeline.score([text], [labels]) for text, labels in zip(texts, y)]
    assert scores == [float(one) for one in right]
