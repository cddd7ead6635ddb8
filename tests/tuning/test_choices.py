"""The values of a space: which are accepted, how they are drawn, and which names exist."""

import numpy as np
import optuna
import pandas as pd
import polars as pl
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import RandomSampler
from optuna.trial import FixedTrial
from scipy import stats
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from agnews_sk.sampling import EDAAugmenter, MissingTextFilter
from agnews_sk.tuning._choices import as_choice, check_names, draw, probe


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        (np.logspace(-1, 1, 3), [0.1, 1.0, 10.0]),
        (np.array([1, 2]), [1, 2]),
        (range(1, 4), [1, 2, 3]),
        (pd.Series(["a", "b"]), ["a", "b"]),
        (pl.Series([1, 2]), [1, 2]),
        ((None, "balanced"), [None, "balanced"]),
        ([np.float32(0.5), np.int64(3), np.bool_(True)], [0.5, 3, True]),
        (CategoricalDistribution([1, "a"]), [1, "a"]),
        (stats.loguniform(0.01, 100), FloatDistribution(0.01, 100, log=True)),
        (stats.reciprocal(0.01, 100), FloatDistribution(0.01, 100, log=True)),
        (stats.uniform(1, 3), FloatDistribution(1, 4)),
        (stats.uniform(loc=0.5, scale=0.25), FloatDistribution(0.5, 0.75)),
        (stats.Uniform(a=0.0, b=2.0), FloatDistribution(0, 2)),
        (stats.randint(1, 10), IntDistribution(1, 9)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_sequences_and_distributions_of_scipy_are_accepted(value, choice):
    taken = as_choice("C", value)
    assert taken == choice
    if isinstance(choice, list):
        assert [type(one) for one in taken] == [type(one) for one in choice]


def test_an_empty_list_of_choices_is_rejected():
    with pytest.raises(ValueError, match=r"space\['C'\] must have at least one choice"):
        as_choice("C", [])


def test_parameters_of_a_step_in_the_space_are_accepted(pipeline):
    space = {
        "augment": ["passthrough", EDAAugmenter()],
        "augment__n_copies": [1, 2],
        "classify": [LogisticRegression(), RidgeClassifier()],
        "classify__alpha": [1.0],
    }
    check_names(space, pipeline, space)
    with pytest.raises(ValueError, match="classify__alphabet"):
        check_names(["classify__alphabet"], pipeline, space)


class Recorder:
    def suggest_categorical(self, name, choices):
        self.choices = list(choices)
        return self.choices[-1]


def test_choices_without_a_name_of_their_own_have_the_same_label_in_every_process():
    first, second = (lambda x: x), (lambda x: x + "!")
    recorder = Recorder()
    assert draw(recorder, "clean", [first, second, MissingTextFilter()]) is not None
    assert not any("0x" in label for label in recorder.choices)
    assert len(set(recorder.choices)) == 3
    label = recorder.choices[1]
    assert (
        draw(FixedTrial({"clean": label}), "clean", [first, second, MissingTextFilter()]) is second
    )


@pytest.mark.parametrize(
    "choices",
    [[1, 1.0], [0, False], [1, True], [0.0, -0.0], [None, 2, 2.0, "2"], [(1, 1), (1, 1.0)]],
    ids=repr,
)
def test_choices_that_python_calls_equal_stay_distinct(choices):
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    for _ in range(30):
        trial = study.ask()
        drawn = draw(trial, "n", choices)
        told = study.tell(trial, 0.0)
        assert repr(draw(FixedTrial(told.params), "n", choices)) == repr(drawn)
    labels = {repr(trial.params["n"]) for trial in study.trials}
    assert len(labels) == len(choices)


def test_choices_that_differ_keep_their_own_values_in_the_study():
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    drawn = draw(study.ask(), "n", [1, 2.0, None, "a", False])
    assert study.trials[0].params == {"n": drawn}


@pytest.mark.parametrize(
    ("choice", "n_values"),
    [(IntDistribution(2, 10, step=4), 3), (FloatDistribution(0, 1, step=0.5), 3)],
    ids=["int", "float"],
)
def test_the_step_of_a_distribution_is_kept(choice, n_values):
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    assert len({draw(study.ask(), "n", choice) for _ in range(60)}) == n_values


def test_a_logarithmic_distribution_draws_small_values_as_often_as_large_ones():
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    choice = FloatDistribution(0.01, 100, log=True)
    drawn = [draw(study.ask(), "C", choice) for _ in range(200)]
    assert 70 < sum(value < 1 for value in drawn) < 130


def test_a_function_is_probed_with_its_lowest_values_and_drawn_names_are_kept():
    def space(trial):
        n = trial.suggest_int("n", 2, 5)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        again = trial.suggest_float("n", 9.0, 10.0, log=True)
        return {"n": n, "kind": kind, "again": again, "first": trial.number == 0, **trial.params}

    expected = {"n": 2, "kind": "a", "again": 2, "first": True}
    assert probe(space) == expected


def test_a_function_that_uses_the_study_cannot_be_probed():
    assert probe(lambda trial: {"n": len(trial.study.trials)}) is None
