import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC

from agnews_sk import AbstainingClassifier, CascadeClassifier, make_tfidf_pipeline
from agnews_sk.inspection import explain
from agnews_sk.vectorization import NgramVectorizer

TEXTS = ["Oil's prices rise!", "the coach  wins (again)", "", "unseen"]


def sums(explanation):
    """Baseline and contributions of each text and class, added up."""
    totals = explanation.baseline.copy()
    for (text, label), rows in explanation.frame.groupby(["text", "class"]):
        totals.loc[text, label] += rows["contribution"].sum()
    return totals.to_numpy()


LINEAR = {
    "ours": make_tfidf_pipeline(),
    "ours, words": make_tfidf_pipeline(characters=False),
    "ours with characters": make_tfidf_pipeline(characters=True),
    "tfidf, logistic": make_pipeline(TfidfVectorizer(ngram_range=(1, 3)), LogisticRegression()),
    "stop words": make_pipeline(
        TfidfVectorizer(stop_words=["the"], ngram_range=(1, 2)), LinearSVC()
    ),
    "counts, weights, choice": make_pipeline(
        CountVectorizer(), TfidfTransformer(), SelectKBest(k=5), LogisticRegression()
    ),
    "characters": make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(2, 3)), LogisticRegression()
    ),
    "union": make_pipeline(
        FeatureUnion(
            [
                ("w", NgramVectorizer()),
                ("c", CountVectorizer(analyzer="char_wb", ngram_range=(2, 3))),
            ],
            transformer_weights={"c": 0.1},
        ),
        LogisticRegression(),
    ),
}


@pytest.mark.parametrize("pipeline", LINEAR.values(), ids=LINEAR)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_linear_contributions_sum_to_the_decision_function(pipeline, n_classes, headlines):
    texts, labels = headlines
    if n_classes == 3:
        texts, labels = [*texts, "rain tomorrow", "more rain"], [*labels, "Weather", "Weather"]
    pipeline.fit(texts, labels)
    explanation = explain(pipeline, TEXTS)
    decision = pipeline.decision_function(TEXTS)
    expected = np.column_stack([-decision, decision]) if decision.ndim == 1 else decision
    assert explanation.method == "linear"
    np.testing.assert_allclose(sums(explanation), expected, atol=1e-6)
    assert explanation.error.max() < 1e-6
    assert (explanation.frame["start"] >= 0).all()


def test_coefficients_kept_sparse_give_the_same_contributions(headlines):
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(*headlines)
    dense = explain(pipeline, TEXTS).frame
    pipeline[-1].sparsify()
    np.testing.assert_array_equal(explain(pipeline, TEXTS).frame, dense)


def test_an_ngram_is_shared_equally_by_its_words():
    pipeline = make_pipeline(CountVectorizer(ngram_range=(2, 2)), LogisticRegression())
    pipeline.fit(["oil rises", "cup final"], ["Oil", "Cup"])
    found = explain(pipeline, ["oil rises now"]).of(0, "Oil")["contribution"]
    assert found[0] == found[1] > 0
    assert found[2] == 0


def test_words_are_at_the_offsets_of_the_frame(headlines):
    explanation = explain(make_tfidf_pipeline().fit(*headlines), ["<b>Oil</b>  &amp; gas", None])
    assert explanation.texts.tolist() == ["Oil & gas", ""]
    rows = explanation.of(0, "Sports")
    assert [explanation.texts[0][s:e] for s, e in zip(rows["start"], rows["end"])] == [
        "Oil",
        "&",
        "gas",
    ]
    assert explanation.of(1, "Sports").empty


def test_features_that_are_not_in_the_text_are_reported_separately(headlines):
    vectorizer = CountVectorizer(analyzer=lambda text: [f"length {len(text) > 10}"])
    explanation = explain(make_pipeline(vectorizer, LogisticRegression()).fit(*headlines), ["oil"])
    outside = explanation.frame[explanation.frame["start"] == -1]
    assert explanation.error.max() < 1e-6
    assert set(outside["word"]) <= {"length False", "length True"}
    assert "not in the text" in explanation._repr_html_() or outside.empty


def test_occlusion_explains_any_classifier_in_the_same_form(headlines):
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB()).fit(*headlines)
    explanation = explain(pipeline, ["oil falls", ""])
    linear = explain(make_tfidf_pipeline().fit(*headlines), ["oil falls", ""])
    assert explanation.method == "occlusion"
    assert list(explanation.frame) == list(linear.frame)
    assert explanation.of(0, "Business").set_index("word").loc["oil", "contribution"] > 0


def test_html_is_escaped_and_loads_nothing(headlines):
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(*headlines)
    page = explain(pipeline, ["oil <script>alert(1)</script>", ""])._repr_html_()
    assert "<script" not in page
    assert "script" in page
    assert "http" not in page
    assert "prefers-color-scheme:dark" in page


def test_a_method_that_does_not_apply_is_rejected(headlines):
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB()).fit(*headlines)
    with pytest.raises(ValueError, match="method='linear' does not apply to MultinomialNB"):
        explain(pipeline, ["oil"], method="linear")
    with pytest.raises(ValueError, match="method must be one of"):
        explain(pipeline, ["oil"], method="magic")


@pytest.mark.parametrize("units", ["both", "characters"])
@pytest.mark.parametrize(
    ("texts", "new", "words"),
    [
        (["ราคาน้ำมัน", "น้ำมันขึ้น", "ทีมชนะ", "ทีมแพ้"], "น้ำมันทีม", ["น้ำมัน", "ทีม"]),
        (
            ["石油の価格", "石油が上がる", "チームの勝利", "チームが負ける"],
            "石油チーム",
            ["石油", "チーム"],
        ),
        (["oil价格", "oil上涨", "cup决赛", "cup球队"], "oil和cup", ["oil", "和", "cup"]),
    ],
    ids=["Thai", "Japanese", "mixed"],
)
def test_words_of_other_scripts_are_explained_by_words_and_by_characters(texts, new, words, units):
    pipeline = make_tfidf_pipeline(vectorize__units=units).fit(texts, ["oil", "oil", "cup", "cup"])
    explanation = explain(pipeline, [new])
    assert explanation.error.max() < 1e-6
    of_oil = explanation.of(0, "oil").set_index("word")["contribution"]
    assert of_oil.index.tolist() == words
    assert of_oil[words[0]] > 0 > of_oil[words[-1]]


def test_words_of_chinese_texts_are_explained():
    texts = ["石油价格上涨", "油价下跌石油", "球队赢得决赛", "教练宣布球队"]
    pipeline = make_tfidf_pipeline().fit(texts, ["oil", "oil", "cup", "cup"])
    explanation = explain(pipeline, ["石油和球队"])
    assert explanation.method == "linear"
    assert explanation.error.max() < 1e-6
    of_oil = explanation.of(0, "oil").query("start >= 0").set_index("word")["contribution"]
    assert of_oil.index.tolist() == ["石油", "和", "球队"]
    assert of_oil["石油"] > 0 > of_oil["球队"]


def test_labels_of_several_are_marked_where_they_are_predicted(headlines):
    texts, labels = headlines
    pipeline = make_tfidf_pipeline().fit(texts, [[label] for label in labels])
    predicted = pipeline.predict([*texts, ""])
    found = explain(pipeline, [*texts, ""]).predicted
    assert found.tolist() == [[one in row for one in pipeline.classes_] for row in predicted]
    assert explain(make_tfidf_pipeline().fit(texts, labels), TEXTS).predicted is None


def test_each_text_is_explained_for_the_classifier_of_a_cascade_that_answers_it(headlines):
    texts, labels = headlines
    parts = {
        "counts": make_pipeline(CountVectorizer(), LogisticRegression()),
        "bayes": make_pipeline(CountVectorizer(), MultinomialNB()),
    }
    fitted = [(name, FrozenEstimator(part.fit(texts, labels))) for name, part in parts.items()]
    cascade = CascadeClassifier(fitted, max_passed=0.5).fit(texts, labels)
    explanation = explain(cascade, texts)
    assert {*explanation.answered_by} == {*parts}
    assert explanation.answered_by.tolist() == cascade.answered_by(texts).tolist()
    assert explanation.texts.tolist() == list(texts)
    for position, name in enumerate(explanation.answered_by):
        alone = explain(parts[name], [texts[position]])
        for label in cascade.classes_:
            assert explanation.of(position, label).equals(alone.of(0, label))
        assert explanation.scores.loc[position].tolist() == alone.scores.loc[0].tolist()
        assert explanation.baseline.loc[position].tolist() == alone.baseline.loc[0].tolist()
        assert explanation.error[position] == alone.error[0]
    html = explanation._repr_html_()
    assert html.count("answered by counts") == (explanation.answered_by == "counts").sum()


def test_a_classifier_that_abstains_is_explained_as_the_one_within(headlines):
    texts, labels = headlines
    frame = pd.DataFrame({"title": texts, "story": texts})
    pipeline = make_tfidf_pipeline().fit(frame, labels)
    careful = AbstainingClassifier(FrozenEstimator(pipeline), coverage=0.5).fit(frame, labels)
    expected, found = explain(pipeline, frame), explain(careful, frame)
    assert found.method == "linear"
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    cascade = CascadeClassifier(
        [("careful", FrozenEstimator(careful)), ("dear", FrozenEstimator(pipeline))], max_passed=0.5
    )
    explained = explain(cascade.fit(frame, labels), frame)
    assert set(explained.answered_by) == {"careful", "dear"}
    pd.testing.assert_frame_equal(explained.frame, expected.frame)
