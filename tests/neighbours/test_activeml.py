"""Query strategies of scikit-activeml choose the rows to label."""

import pytest
from sklearn.decomposition import TruncatedSVD

from agnews_sk.labelling import ActiveLearner

skpool = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")

STRATEGIES = {
    "uncertainty": lambda: skpool.UncertaintySampling(random_state=0),
    "core set": lambda: skpool.CoreSet(random_state=0),
    "typical clusters": lambda: skpool.TypiClust(random_state=0),
}


@pytest.fixture
def dense(words):
    """A pipeline whose last step gets dense vectors, as these strategies need."""
    pipeline = words()
    pipeline.steps.insert(-1, ("reduce", TruncatedSVD(20, random_state=0)))
    return pipeline


def taught(dense, news, strategy, n_initial=60):
    """Return a learner after a first batch, and the rows of that batch."""
    learner = ActiveLearner(
        dense, strategy=strategy, n_initial=n_initial, random_share=0, random_state=0
    ).fit(news.X)
    first = learner.query(n_initial)
    return learner.teach(first, news.y[first]), first


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_choose_rows_to_learn_from(dense, news, name):
    learner, first = taught(dense, news, STRATEGIES[name]())
    for _ in range(2):
        chosen = learner.query(30)
        assert len(set(chosen.tolist()) - set(first.tolist())) == 30
        learner.teach(chosen, news.y[chosen])
    assert learner.score(news.X_test, news.y_test) > 0.4  # 0.25 by chance


def test_uncertainty_sampling_is_our_own(dense, news):
    ours, theirs = (
        set(taught(dense, news, strategy)[0].query(30).tolist())
        for strategy in ("uncertainty", STRATEGIES["uncertainty"]())
    )
    assert len(ours & theirs) > 15  # of 240 candidates; 4 by chance
