"""Checks that a seeded fit repeats and draws from its own random numbers only."""

import random
from typing import Any

import numpy as np

from agnews_sk.testing._answers import ensure, ensure_agree, fresh, outcome, outcome_in_place
from agnews_sk.testing._registry import is_deterministic, takes_random_state, text_check


@text_check(is_deterministic)
def check_fit_repeats(name: str, estimator: Any) -> None:
    """Two fits, seeded if it draws anything, give the same."""
    np.random.seed(1)
    first = outcome(estimator)
    np.random.seed(2)
    ensure_agree(outcome(estimator), first)


@text_check(takes_random_state, is_deterministic)
def check_random_state_instance(name: str, estimator: Any) -> None:
    """A RandomState is taken, and two of the same seed give the same."""
    seeds = [p for p in estimator.get_params() if p.split("__")[-1] == "random_state"]

    def seeded():
        states = {seed: np.random.RandomState(3) for seed in seeds}
        return outcome_in_place(fresh(estimator).set_params(**states))

    ensure_agree(seeded(), seeded())


@text_check(takes_random_state, is_deterministic)
def check_random_state_is_kept(name: str, estimator: Any) -> None:
    """An int seed is still there after fit, so that the next fit draws the same."""
    estimator = fresh(estimator)
    first = outcome_in_place(estimator)
    ensure_agree(outcome_in_place(estimator), first)
    seeds = {p: v for p, v in estimator.get_params().items() if p.split("__")[-1] == "random_state"}
    ensure(set(seeds.values()) == {0}, f"the seeds became {seeds}")


@text_check(is_deterministic)
def check_global_random_state(name: str, estimator: Any) -> None:
    """A seeded fit leaves the global random numbers of Python and NumPy as they were."""
    random.seed(0)
    np.random.seed(0)
    before = random.getstate(), _numpy_state()
    outcome(estimator)
    ensure(random.getstate() == before[0], "random drew numbers")
    ensure(_numpy_state() == before[1], "numpy.random drew numbers")


def _numpy_state() -> tuple[bytes, int]:
    state: Any = np.random.get_state()
    return state[1].tobytes(), state[2]
