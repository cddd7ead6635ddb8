import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames

from agnews_sk.evaluation import ComparisonResult
from agnews_sk.evaluation._pareto import COST_COLUMNS, pareto_front
from agnews_sk.reporting._result_displays import COSTS

values = st.one_of(st.integers(0, 3).map(float), st.just(np.nan))


@pytest.mark.parametrize("score", ["accuracy", "log_loss"])
@pytest.mark.parametrize("cost", ["size_bytes", "texts_per_second"])
@given(data=st.data())
def test_no_other_is_as_good_and_as_cheap(score, cost, data):
    columns = [column(name, elements=values, dtype=float) for name in (score, cost)]
    scores = data.draw(data_frames(columns))
    front = pareto_front(scores, score, cost)
    known = scores.dropna().to_numpy() * [1 if score == "accuracy" else -1, 1]
    known[:, 1] *= -1 if cost == "size_bytes" else 1  # more of both is better
    dominated = [
        any((other >= one).all() and (other > one).any() for other in known) for one in known
    ]
    best = {tuple(one) for one, worse in zip(known, dominated) if not worse}
    positions = scores.dropna().index.get_indexer(front)
    assert {tuple(known[i]) for i in positions} == best
    assert len(front) == len(best)
    assert (np.diff(known[positions, 0]) > 0).all()


def test_the_frontier_of_a_result_is_by_its_main_score():
    y = ["Sports", "World"] * 5
    result = ComparisonResult.from_predictions(y, {"right": y, "wrong": y[::-1]}, random_state=0)
    result.scores["texts_per_second"] = [1.0, 2.0]
    result.scores["size_bytes"] = [1.0, np.nan]
    assert result.frontier() == ["wrong", "right"]
    assert result.frontier("size_bytes") == ["right"]
    assert result.frontier("fit_seconds") == []
    with pytest.raises(ValueError, match=r"cost must be one of .*got 'accuracy'"):
        result.frontier("accuracy")


def test_each_cost_has_a_label():
    assert tuple(COSTS) == COST_COLUMNS
    assert pd.Index(COST_COLUMNS).is_unique
