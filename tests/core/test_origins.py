"""Rows of one origin stay on one side of every split that a pipeline's last step makes."""

import warnings

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import LinearSVC

from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.datasets import make_news
from agnews_sk.pipeline import TextPipeline, make_tfidf_pipeline
from agnews_sk.sampling import EDAAugmenter

FRAME, _ = make_news(160, missing=0, duplicates=0, random_state=0, return_X_y=True)
# Nothing can be learned from these labels: only copies in both parts improve the scores.
LABELS = np.random.default_rng(0).choice(["a", "b"], 160)
COPIES = EDAAugmenter(n_copies=3, p_insert=0, p_delete=0, p_swap=0.05, random_state=0)


class Spy(ClassifierMixin, BaseEstimator):
    """Keeps the groups that it is passed."""

    def fit(self, X, y, groups=None):
        self.classes_, self.groups_ = np.unique(y), groups
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_scores_of_a_search_on_copies_are_no_better_than_chance():
    search = GridSearchCV(LogisticRegression(max_iter=300), {"C": [1, 1000]}, cv=3)
    pipeline = make_tfidf_pipeline(augment=COPIES, classify=search).fit(FRAME, LABELS)
    assert pipeline["classify"].best_score_ < 0.65
    assert search.cv == 3


@pytest.mark.parametrize(
    "classifier",
    [
        CalibratedClassifierCV(LinearSVC(), cv=4),
        CalibratedClassifierCV(LinearSVC()),
        StackingClassifier([("lr", LogisticRegression(C=100))]),
        LogisticRegressionCV(Cs=[0.01, 100], l1_ratios=(0,), use_legacy_attributes=False),
        CalibratedLinearSVC(random_state=0),
    ],
    ids=["calibrated", "calibrated, default", "stacking", "logistic CV", "ours"],
)
def test_probabilities_of_unpredictable_labels_are_not_confident(classifier):
    fitted = make_tfidf_pipeline(augment=COPIES, classify=classifier).fit(FRAME, LABELS)
    unseen, _ = make_news(200, random_state=1, return_X_y=True)
    assert fitted.predict_proba(unseen).max(axis=1).mean() < 0.62


def test_a_splitter_of_the_user_is_not_changed():
    splitter = StratifiedKFold(3)
    search = GridSearchCV(LogisticRegression(), {"C": [1000]}, cv=splitter)
    pipeline = make_tfidf_pipeline(augment=COPIES, classify=search).fit(FRAME, LABELS)
    assert pipeline["classify"].cv is splitter


def test_the_number_of_folds_is_as_it_was_also_after_an_error():
    search = GridSearchCV(LogisticRegression(C="wrong"), {"tol": [1]}, cv=3, error_score="raise")
    with pytest.raises(ValueError, match="'C' parameter"):
        make_tfidf_pipeline(augment=COPIES, classify=search).fit(FRAME, LABELS)
    assert search.cv == 3


def test_origins_reach_a_last_step_that_takes_groups():
    pipeline = make_tfidf_pipeline(augment=COPIES, classify=Spy()).fit(FRAME, LABELS)
    np.testing.assert_array_equal(pipeline["classify"].groups_, pipeline["augment"].sample_indices_)
    assert make_tfidf_pipeline(classify=Spy()).fit(FRAME, LABELS)["classify"].groups_ is None


def test_groups_of_the_users_are_joined_with_origins_also_where_some_are_missing():
    groups = np.array([None, "x", "x", None] * 40, dtype=object)
    pipeline = make_tfidf_pipeline(augment=COPIES, classify=Spy())
    told = pipeline.fit(FRAME, LABELS, classify__groups=groups)["classify"].groups_
    sources = pipeline["augment"].sample_indices_
    for source in range(8):
        assert len(set(told[sources == source])) == 1
    assert len(set(told)) == 1 + 80


def test_rows_made_by_an_oversampler_stay_with_their_source():
    steps = [("vectorize", TfidfVectorizer()), ("sample", RandomOverSampler(random_state=0))]
    pipeline = TextPipeline([*steps, ("classify", Spy())])
    y = np.array(["a"] * 12 + ["b"] * 4)
    pipeline.fit(FRAME["title"][:16].tolist(), y)
    np.testing.assert_array_equal(pipeline["classify"].groups_, pipeline["sample"].sample_indices_)


def test_a_sampler_without_sample_indices_is_named():
    steps = [("vectorize", TfidfVectorizer()), ("sample", SMOTE(k_neighbors=2, random_state=0))]
    pipeline = TextPipeline([*steps, ("classify", CalibratedLinearSVC(random_state=0))])
    y = np.array(["a"] * 12 + ["b"] * 4)
    with pytest.warns(UserWarning, match="SMOTE does not record where its rows come from"):
        pipeline.fit(FRAME["title"][:16].tolist(), y)
    with pytest.raises(ValueError, match="classify__sample_weight cannot follow the rows of SMOTE"):
        pipeline.fit(FRAME["title"][:16].tolist(), y, classify__sample_weight=np.ones(16))


def test_a_class_whose_rows_are_all_filtered_out_is_named():
    frame, y = FRAME[:20].copy(), LABELS[:20].astype(object)
    frame.loc[frame.index[:3], ["title", "description"]] = None
    y[:3] = "gone"
    with pytest.warns(UserWarning, match=r"dropped all rows of the classes \['gone'\]") as found:
        pipeline = make_tfidf_pipeline().fit(frame, y)
    assert found[0].filename == __file__
    assert "gone" not in pipeline.classes_


def test_steps_before_the_joiner_see_whole_frames_in_fit_and_in_predict():
    from sklearn.preprocessing import FunctionTransformer

    from agnews_sk.cleaning import ColumnJoiner

    seen = []

    def both(frame):
        seen.append(list(frame.columns))
        return frame.assign(both=frame["title"] + " " + frame["description"])

    steps = [
        ("make", FunctionTransformer(both)),
        ("join", ColumnJoiner(columns=["both"])),
        ("vectorize", TfidfVectorizer()),
        ("classify", LogisticRegression()),
    ]
    with warnings.catch_warnings(action="error"):
        pipeline = TextPipeline(steps).fit(FRAME, LABELS)
    assert len(pipeline.predict(FRAME)) == len(FRAME)
    assert seen == [list(FRAME.columns)] * 2
