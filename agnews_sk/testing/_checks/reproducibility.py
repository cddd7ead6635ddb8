"""Checks that a seeded fit is reproducible and leaves global random generators alone."""

import random
from typing import Any

import numpy as np

from agnews_sk.testing._outputs import (
    clone_seeded,
    ensure,
    ensure_equal,
    fit_outputs,
    fit_outputs_in_place,
)
from agnews_sk.testing._registry import is_deterministic, takes_random_state, text_check


@text_check(is_deterministic)
def check_fit_reproducible(name: str, estimator: Any) -> None:
    """Two fits with the same random_state give the same outputs.

    With NumPy's global generator seeded differently before each.
    """
    np.random.seed(1)
    first = fit_outputs(estimator)
    np.random.seed(2)
    ensure_equal(fit_outputs(estimator), first)


@text_check(takes_random_state, is_deterministic)
def check_random_state_instance(name: str, estimator: Any) -> None:
    """A RandomState instance is accepted, and two of the same seed give the same outputs."""
    seeds = [p for p in estimator.get_params() if p.split("__")[-1] == "random_state"]

    def seeded():
        """Return the outputs of a fit with new generators of the same seed."""
        states = {seed: np.random.RandomState(3) for seed in seeds}
        return fit_outputs_in_place(clone_seeded(estimator).set_params(**states))

    ensure_equal(seeded(), seeded())


@text_check(takes_random_state, is_deterministic)
def check_random_state_unchanged(name: str, estimator: Any) -> None:
    """An int random_state is unchanged after fit, so that a refit repeats it."""
    estimator = clone_seeded(estimator)
    first = fit_outputs_in_place(estimator)
    ensure_equal(fit_outputs_in_place(estimator), first)
    seeds = {p: v for p, v in estimator.get_params().items() if p.split("__")[-1] == "random_state"}
    ensure(set(seeds.values()) == {0}, f"the seeds became {seeds}")


@text_check(is_deterministic)
def check_global_random_state(name: str, estimator: Any) -> None:
    """A seeded fit leaves the global random generators of Python and NumPy unchanged.

    Fails where fit calls `numpy.random.seed`, or draws without its own generator.
    """
    random.seed(0)
    np.random.seed(0)
    before = random.getstate(), _numpy_state()
    fit_outputs(estimator)
    ensure(random.getstate() == before[0], "random drew numbers")
    ensure(_numpy_state() == before[1], "numpy.random drew numbers")


def _numpy_state() -> tuple[bytes, int]:
    """Return the state of NumPy's global generator as something that compares."""
    state: Any = np.random.get_state()
    return state[1].tobytes(), state[2]
