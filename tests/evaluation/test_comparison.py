import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from agnews_sk.evaluation import compare_classifiers
from agnews_sk.evaluation._statistics import corrected_t_test

TRAIN = ["oil rises", "team wins", "oil sinks", "team draws", "vote held"]
Y_TRAIN = ["Business", "Sports", "Business", "Sports", "World"]
TEST = ["oil falls", "team loses", "vote lost"]
Y_TEST = ["Business", "Sports", "World"]


def bayes():
    return make_pipeline(CountVectorizer(), MultinomialNB())


class WantsFrame(DummyClassifier):
    def fit(self, X, y):
        assert X.columns == ["title"]
        return super().fit(X, y)


def compare(classifiers, **options):
    return compare_classifiers(
        classifiers, TRAIN, Y_TRAIN, TEST, Y_TEST, random_state=0, n_resamples=50, **options
    )


def test_classifiers_are_compared_in_the_given_order():
    result = compare({"constant": DummyClassifier(), "bayes": bayes()})
    assert result.names == ["constant", "bayes"]
    assert result.scores.loc["bayes", "accuracy"] == 1
    assert result.predictions["constant"].tolist() == ["Business"] * 3
    assert list(result.estimators) == ["constant", "bayes"]


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pl.Series])
def test_each_classifier_gets_its_own_training_rows(kind):
    rows = np.array([1, 3, 0, 4])
    result = compare_classifiers(
        {"some": DummyClassifier(), "all": DummyClassifier()},
        kind(TRAIN),
        kind(Y_TRAIN),
        TEST,
        Y_TEST,
        train_rows={"some": rows},
        n_resamples=50,
    )
    assert result.scores["n_train_rows"].to_dict() == {"some": 4, "all": 5}
    assert result.predictions.loc[0].to_dict() == {"some": "Sports", "all": "Business"}


def test_frames_reach_the_classifiers_as_frames():
    frame = pl.DataFrame({"title": TRAIN})
    result = compare_classifiers(
        {"constant": WantsFrame()},
        frame,
        Y_TRAIN,
        pl.DataFrame({"title": TEST}),
        Y_TEST,
        train_rows={"constant": [0, 1, 4]},
        n_resamples=50,
    )
    assert result.scores["n_train_rows"].tolist() == [3]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ({"other": [0]}, ValueError, r"train_rows must name given classifiers, \['bayes'\]"),
        ({"bayes": [0, 5]}, ValueError, "must hold positions from 0 to 4, got 0 to 5"),
        ({"bayes": [-1]}, ValueError, "must hold positions from 0 to 4, got -1 to -1"),
        ({"bayes": np.array([], int)}, ValueError, "must hold positions from 0 to 4, got none"),
        ({"bayes": [True] * 5}, TypeError, "np.flatnonzero turns a mask into positions"),
    ],
    ids=["unknown name", "beyond the end", "negative", "none", "mask"],
)
def test_bad_training_rows_are_rejected(rows, error, message):
    with pytest.raises(error, match=message):
        compare({"bayes": bayes()}, train_rows=rows)


def test_no_classifiers_are_rejected():
    with pytest.raises(ValueError, match="classifiers is empty"):
        compare({})


def test_a_name_that_is_not_a_str_is_rejected():
    with pytest.raises(TypeError, match="names of classifiers must be str, got int 1"):
        compare({1: bayes()})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence_level": 95}, "confidence_level must be between 0 and 1"),
        ({"n_resamples": 0}, "n_resamples must be at least 1, got 0"),
    ],
    ids=["percent", "no resamples"],
)
def test_settings_are_checked_before_anything_is_fitted(options, message):
    stages = []
    with pytest.raises(ValueError, match=message):
        compare_classifiers(
            {"bayes": bayes()}, TRAIN, Y_TRAIN, TEST, Y_TEST, progress=stages.append, **options
        )
    assert stages == []


def test_training_labels_of_another_length_are_rejected():
    with pytest.raises(
        ValueError, match="y_train must have one label per row of X_train, 5, got 4"
    ):
        compare_classifiers({"bayes": bayes()}, TRAIN, Y_TRAIN[:4], TEST, Y_TEST)


def cross_validate(**options):
    settings = {"cv": 2, "n_resamples": 50, "random_state": 0} | options
    classifiers = {"bayes": bayes(), "constant": DummyClassifier()}
    return compare_classifiers(classifiers, TRAIN * 4, Y_TRAIN * 4, **settings)


def test_cross_validation_predicts_every_row_on_the_same_folds():
    result = cross_validate()
    assert sorted(result.rows.tolist()) == list(range(20))
    assert result.y_true.tolist() == [(Y_TRAIN * 4)[row] for row in result.rows]
    folds = result.folds.set_index(["classifier", "fold"])
    assert folds.loc["bayes", "n_test_rows"].sum() == 20


WORDS = np.random.default_rng(0).choice([f"word{i}" for i in range(400)], (60, 4))
NOISE = [" ".join(words) for words in WORDS]
COIN = np.random.default_rng(1).choice(["Oil", "Cup"], 60)


@pytest.mark.parametrize("hold", [list, np.array, pd.Series])
def test_folds_of_a_number_keep_copies_together(hold):
    rows, labels = hold([*NOISE, *NOISE, *map(str.upper, NOISE)]), np.tile(COIN, 3)
    result = compare_classifiers(
        {"bayes": bayes()}, rows, labels, cv=3, n_resamples=50, random_state=0
    )
    assert result.scores["accuracy"].item() < 0.75
    fold_of = np.empty(180)
    ends = np.cumsum([0, *result.folds["n_test_rows"]])
    for fold in range(3):
        fold_of[result.rows[ends[fold] : ends[fold + 1]]] = fold
    assert (fold_of.reshape(3, 60) == fold_of[:60]).all()


def test_a_splitter_is_used_unchanged():
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    result = compare_classifiers(
        {"bayes": bayes()}, NOISE * 3, np.tile(COIN, 3), cv=cv, n_resamples=50, random_state=0
    )
    assert result.scores["accuracy"].item() > 0.8


def test_too_few_different_rows_are_warned_of():
    with pytest.warns(UserWarning, match="only 2 of 20 rows are different"):
        compare_classifiers(
            {"bayes": bayes()}, ["oil", "cup"] * 10, ["Oil", "Cup"] * 10, cv=4, n_resamples=50
        )


def test_cross_validation_is_tested_by_the_corrected_t_of_its_folds():
    cv = RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=0)
    classifiers = {
        "bayes": bayes(),
        "constant": DummyClassifier(strategy="uniform", random_state=0),
    }
    result = compare_classifiers(
        classifiers, TRAIN * 4, Y_TRAIN * 4, cv=cv, n_resamples=50, random_state=0
    )
    pair = result.pairwise().loc[0]
    wide = result.folds.pivot(index="fold", columns="classifier", values="accuracy")
    expected = corrected_t_test(wide["bayes"] - wide["constant"], 1 / 3)
    assert pair["test"] == "corrected t"
    assert pair["p_value"] == pytest.approx(expected.p_value, abs=1e-12)
    assert pair["accuracy_difference_low"] == pytest.approx(expected.low, abs=1e-12)
    assert np.isnan(pair["bootstrap_p_value"])
    assert len(result.y_true) == 40
    assert "20 cross-validated rows" in result.summary()


def test_folds_repeat_with_the_random_state():
    assert cross_validate().rows.tolist() == cross_validate().rows.tolist()
    assert cross_validate().rows.tolist() != cross_validate(random_state=1).rows.tolist()


def test_a_cross_validated_result_survives_json(tmp_path):
    result = cross_validate()
    result.to_json(tmp_path / "comparison.json")
    again = type(result).from_json(tmp_path / "comparison.json")
    pd.testing.assert_frame_equal(again.folds, result.folds)
    pd.testing.assert_frame_equal(again.pairwise(), result.pairwise(), check_exact=True)
    assert again.summary() == result.summary()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cv": None}, "either X_test and y_test, or cv, got neither"),
        ({"X_test": TEST, "y_test": Y_TEST}, "either X_test and y_test, or cv, got both"),
        ({"X_test": TEST}, "must be given together"),
        ({"train_rows": {"bayes": [0, 1]}}, "train_rows cannot be combined with cv"),
    ],
    ids=["neither", "both", "half", "train_rows"],
)
def test_test_rows_and_folds_exclude_each_other(options, message):
    with pytest.raises(ValueError, match=message):
        cross_validate(**options)


def test_a_result_is_reproducible_from_its_random_state():
    first, again = (compare({"bayes": bayes(), "constant": DummyClassifier()}) for _ in range(2))
    pd.testing.assert_frame_equal(first.pairwise(), again.pairwise())
    assert first.seed == again.seed
