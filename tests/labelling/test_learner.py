import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from agnews_sk.labelling import AccuracyEstimate, ActiveLearner
from tests.labelling.blobs import blobs

X, Y = blobs(400)


def learner_of(**params):
    return ActiveLearner(LogisticRegression(), **({"random_state": 0} | params))


def taught(n_labels, *, batch=10, **params):
    learner = learner_of(**params).fit(X)
    while sum(label is not None for label in learner.y_) < n_labels:
        rows = learner.query(batch)
        learner.teach(rows, Y[rows])
    return learner


def test_the_first_rows_are_random_and_the_next_ones_uncertain():
    learner = learner_of(n_initial=20).fit(X)
    first = learner.query(20)
    assert first.tolist() == learner.order_[:20].tolist()
    learner.teach(first, Y[first])
    chosen = learner.query(5)
    sorted_ = np.sort(learner.predict_proba(X), axis=1)
    margins = sorted_[:, -1] - sorted_[:, -2]
    open_rows = np.setdiff1d(np.arange(400), first)
    assert set(chosen) == set(open_rows[np.argsort(margins[open_rows])[:5]])
    assert learner.n_random_ == 0


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_a_share_of_the_labelled_rows_is_random(share):
    learner = taught(120, n_initial=10, random_share=share)
    n_random = learner.estimate().n_rows
    assert n_random >= max(10, share * 120)
    if share < 1:
        assert n_random < share * 120 + 25  # some chosen rows happen to come next


def test_the_sample_is_the_beginning_of_a_random_order_however_rows_were_chosen():
    learner = learner_of(n_initial=4).fit(X)
    rows = learner.order_[[0, 1, 3, 4, 7]]
    learner.teach(rows, Y[rows])
    assert learner.estimate().n_rows == 2
    learner.teach(learner.order_[2], Y[learner.order_[2]])
    assert learner.estimate().n_rows == 5


def test_random_asks_for_the_random_order_only():
    learner = taught(60, strategy="random")
    labelled = {int(i) for i in np.flatnonzero([label is not None for label in learner.y_])}
    assert labelled == set(learner.order_[:60].tolist())
    assert learner.estimate().n_rows == 60


def test_the_estimate_is_about_the_pool_and_not_about_the_chosen_rows():
    learner = taught(150, n_initial=10)
    right = learner.predict(X) == Y
    found = learner.estimate()
    labelled = np.array([label is not None for label in learner.y_])
    assert found.low <= right.mean() <= found.high
    assert right[labelled].mean() < right.mean() - 0.1  # chosen rows are hard


def test_excluded_rows_are_neither_queried_nor_counted():
    learner = learner_of(n_initial=5).fit(X)
    first = learner.query(5)
    learner.exclude(first[1]).teach(first[[0, 2, 3]], Y[first[[0, 2, 3]]])
    assert first[1] not in learner.query(400)
    assert learner.estimate().n_rows == 3
    learner.teach(first[4], Y[first[4]])
    assert learner.estimate().n_rows == 4


def test_none_takes_a_label_and_an_exclusion_back():
    learner = learner_of().fit(X)
    before = learner.query(3)
    learner.teach(before, Y[before]).exclude([before[2]])
    learner.teach(before, [None] * 3)
    assert learner.query(3).tolist() == before.tolist()
    assert not hasattr(learner, "estimator_")


def test_with_fewer_than_two_classes_rows_are_random_and_nothing_is_predicted():
    learner = learner_of(n_initial=2).fit(X)
    with pytest.raises(NotFittedError):
        learner.predict(X)
    rows = np.flatnonzero(Y == "west")[:4]
    learner.teach(rows, Y[rows])
    assert learner.query(5).tolist() == [i for i in learner.order_ if i not in rows][:5]
    assert learner.classes_.tolist() == ["west"]


def test_labels_that_are_known_before_are_fitted_on():
    y = np.where(np.arange(400) < 50, Y, None)
    learner = learner_of(n_initial=2).fit(X, y)
    expected = LogisticRegression().fit(X[:50], Y[:50])
    np.testing.assert_array_equal(learner.predict_proba(X), expected.predict_proba(X))
    assert set(learner.query(10)).isdisjoint(range(50))


def test_a_loop_is_repeatable_and_resumes_from_its_labels():
    one, other = taught(80), taught(80)
    np.testing.assert_array_equal(one.y_, other.y_)
    resumed = learner_of().fit(X, one.y_)
    np.testing.assert_array_equal(resumed.query(10), one.query(10))
    assert resumed.estimate() == one.estimate()


def test_a_second_fit_leaves_no_trace_of_the_first():
    learner = taught(60).fit(X)
    fresh = learner_of().fit(X)
    assert sorted(vars(learner)) == sorted(vars(fresh))
    np.testing.assert_array_equal(learner.query(10), fresh.query(10))


@pytest.mark.parametrize("kind", ["list", "frame", "sparse"])
def test_pools_of_any_container_are_labelled(kind):
    pool = {"list": X.tolist(), "frame": pd.DataFrame(X), "sparse": sparse.csr_array(X)}[kind]
    learner = ActiveLearner(LogisticRegression(), random_state=0).fit(pool)
    for _ in range(3):
        rows = learner.query(10)
        learner.teach(rows, Y[rows])
    expected = taught(30)
    np.testing.assert_array_equal(learner.y_, expected.y_)


@pytest.mark.parametrize("strategy", ["margin", "uncertainty", "diverse"])
def test_candidates_are_a_fixed_random_part_of_a_large_pool(strategy):
    learner = taught(30, strategy=strategy, max_candidates=15)
    open_rows = [row for row in learner.order_ if learner.y_[row] is None]
    assert set(learner.query(10)) <= set(open_rows[:15])


def test_the_pool_may_be_used_up():
    learner = learner_of(n_initial=2).fit(X[:12])
    rows = learner.query(100)
    assert sorted(rows) == list(range(12))
    learner.teach(rows, Y[rows])
    assert learner.query(5).tolist() == []
    assert learner.stop_reason() == "done"


def test_one_row_may_be_taught_without_a_list():
    learner = learner_of().fit(X)
    learner.teach(3, "west").teach(np.int64(4), "north")
    assert learner.classes_.tolist() == ["north", "west"]


def test_a_rejected_label_changes_nothing():
    learner = taught(20)
    before = learner.y_.copy()
    with pytest.raises(TypeError, match="labels must hold labels of one kind"):
        learner.teach(learner.query(1), [7])
    with pytest.raises(ValueError, match="labels must have one label per row, 2, got 1"):
        learner.teach([1, 2], ["west"])
    with pytest.raises(ValueError, match="labels must have one label per row, got several"):
        learner.teach([1], [["west", "north"]])
    np.testing.assert_array_equal(learner.y_, before)


def test_labelling_may_stop_when_the_interval_lies_above_the_target():
    learner = taught(60, target_accuracy=0.6)
    assert learner.stop_reason() == "target"
    assert learner.stop_reason(AccuracyEstimate(0.7, 0.59, 0.8, 50, 0.95)) is None
    assert learner.set_params(target_accuracy=0.99).stop_reason() is None


def test_labelling_may_stop_when_predictions_have_stopped_to_change():
    learner = taught(200)
    assert len(learner.agreement_) > 10
    assert learner.stop_reason() == "stable"
    assert taught(30).stop_reason() is None
    learner.agreement_[-1] = 0.9
    assert learner.stop_reason() is None


def test_agreement_is_measured_over_batches_and_not_over_single_labels():
    learner = taught(60, batch=1)
    assert len(learner.agreement_) in (3, 4)  # of the 40 labels after the first 20


def test_a_learner_is_cloned_and_pickled():
    learner = taught(30)
    copy = pickle.loads(pickle.dumps(learner))
    np.testing.assert_array_equal(copy.query(5), learner.query(5))
    assert clone(learner).get_params()["estimator__C"] == 1.0
    assert not hasattr(clone(learner), "order_")


def test_parameters_are_checked():
    with pytest.raises(TypeError, match="estimator must have predict_proba, LinearSVC has not"):
        ActiveLearner(LinearSVC()).fit(X)
    with pytest.raises(ValueError, match="'random_share' parameter of ActiveLearner"):
        learner_of(random_share=1.5).fit(X)
    with pytest.raises(ValueError, match="strategy must be one of"):
        learner_of(strategy="entropie").fit(X)
    with pytest.raises(ValueError, match="n_rows must be at least 1, got 0"):
        learner_of().fit(X).query(0)
    with pytest.raises(NotFittedError):
        learner_of().query()
