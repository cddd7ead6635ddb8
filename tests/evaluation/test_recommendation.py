"""A classifier is recommended by its score and its speed."""

import numpy as np
import pytest

from agnews_sk.evaluation import ComparisonResult, Evaluation

Y = np.array(["a", "b"] * 2000)
WORTH = "Take tfidf, unless 2.0 points of accuracy are worth 140 × the time per text: then net."


def result_of(**classifiers):
    """Return a comparison of classifiers, given as share of right rows and texts/s."""
    evaluations = []
    for name, (share, speed) in classifiers.items():
        wrong = np.arange(len(Y)) >= share * len(Y)
        seconds = len(Y) / speed
        evaluations.append(
            Evaluation(
                name=name,
                estimator=None,
                y_true=Y,
                y_pred=np.where(wrong, np.where(Y == "a", "b", "a"), Y),
                n_train_rows=10,
                fit_seconds=1.0,
                predict_seconds=seconds,
                size_bytes=1000,
            )
        )
    return ComparisonResult.from_evaluations(evaluations, n_resamples=200, random_state=0)


@pytest.mark.parametrize(
    ("classifiers", "expected"),
    [
        pytest.param(
            {"tfidf": (0.9, 28_000), "net": (0.92, 200)},
            WORTH,
            id="a fast one makes few more errors",
        ),
        pytest.param(
            {"tfidf": (0.9, 28_000), "cascade": (0.915, 1_000), "net": (0.92, 200)},
            WORTH + " Between them, cascade gains 1.5 at 28 × the time.",
            id="one between",
        ),
        pytest.param(
            {"guess": (0.5, 1e6), "net": (0.92, 200)},
            "Take net: its accuracy is significantly higher than that of any other.",
            id="a fast one makes many more errors",
        ),
        pytest.param(
            {"tfidf": (0.9, 300), "net": (0.92, 200)},
            "Take net: its accuracy is significantly higher than that of any other.",
            id="little faster",
        ),
        pytest.param(
            {"tfidf": (0.9195, 28_000), "net": (0.92, 200)},
            "Take tfidf: none has a significantly higher accuracy, and it is 140 × as fast as net.",
            id="as good and fast",
        ),
        pytest.param(
            {"tfidf": (0.9195, 300), "net": (0.92, 200)},
            "Take net: its accuracy is the highest, though not significantly above tfidf.",
            id="as good and little faster",
        ),
        pytest.param(
            {"net": (0.92, 200), "tfidf": (0.92, 300)},
            "Take tfidf: its accuracy is as high as any, though not significantly above net.",
            id="equal",
        ),
        pytest.param(
            {"net": (0.92, 200), "tfidf": (0.92, 300), "svm": (0.915, 310)},
            "Take tfidf: its accuracy is as high as any, though not significantly above net.",
            id="equal, and a worse one",
        ),
        pytest.param(
            {f"model {i}": (0.92 - i / 2_000, 200 + i) for i in range(8)},
            "Take model 0: its accuracy is the highest, though not significantly above model 1, "
            "model 2, model 3 or 2 others.",
            id="many that are alike",
        ),
        pytest.param({"a": (0.9, np.inf), "b": (0.8, 100)}, "", id="no measurable time"),
        pytest.param({"net": (0.92, 200)}, "", id="alone"),
        pytest.param({"a": (0.9, 100), "b": (0.8, np.nan)}, "", id="an unknown speed"),
    ],
)
def test_the_recommendation_weighs_score_and_speed(classifiers, expected):
    result = result_of(**classifiers)
    assert result.recommendation() == expected
    assert result.summary().startswith(expected)


def test_the_repr_has_the_answer_and_at_most_ten_columns():
    result = result_of(tfidf=(0.9, 28_000), net=(0.92, 200))
    head, columns, first, second, answer = repr(result).splitlines()
    assert head == "ComparisonResult of 2 classifiers on 4,000 test rows"
    assert columns.split()[:4] == ["accuracy,", "%", "95", "%"]
    assert first.split()[:2] == ["tfidf", "90.00"]
    assert second.split()[:2] == ["net", "92.00"]
    assert answer == result.recommendation()
    assert max(map(len, repr(result).splitlines()[:4])) <= 100
    assert "log loss" not in columns  # no classifier has probabilities
    assert len(result.scores.columns) > 20


def test_notebooks_show_the_answer_first_and_intervals_drawn():
    html = result_of(tfidf=(0.9, 28_000), **{"<net>": (0.92, 200)})._repr_html_()
    assert html.index("Take tfidf, unless") < html.index("<table")
    assert html.count("<svg") == html.count("<circle") == 2
    assert "&lt;net&gt;" in html
    assert "<net>" not in html
    assert '<tr class="best"><th scope="row">&lt;net&gt;</th>' in html
