"""A search as pictures."""

import optuna
import pytest

pytest.importorskip("matplotlib", reason="the plot extra is not installed")

from optuna.trial import TrialState

from agnews_sk.tuning import interactive_page, plot_search

COMPLETE, PRUNED = TrialState.COMPLETE, TrialState.PRUNED


class Found:
    """What is drawn of a search."""

    def __init__(self, study, scoring):
        self.study_, self.scoring = study, scoring


def study_of(n_trials, *directions):
    study = optuna.create_study(
        directions=directions, sampler=optuna.samplers.RandomSampler(seed=0)
    )

    def objective(trial):
        values = [
            trial.suggest_float("tfidf.classify__C", 0.1, 10, log=True),
            trial.suggest_int("vectorize__min_df", 1, 5),
        ]
        trial.suggest_categorical("lowercase", [True, False])
        if len(directions) == 1 and trial.number % 3 == 2:
            trial.report(values[0] / 2, 0)
            raise optuna.TrialPruned
        return values[: len(directions)]

    study.optimize(objective, n_trials=n_trials)
    return study


def labels(figure):
    return [ax.get_xlabel() for ax in figure.axes]


def test_one_objective_has_history_importances_and_slices():
    study = study_of(12, "maximize")
    figure = plot_search(Found(study, ["accuracy"]))
    first, second, *slices = labels(figure)
    assert (first, second) == ("trial", "importance")
    assert sorted(slices) == ["classify__C", "lowercase", "vectorize__min_df"]
    history = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    values = [trial.value for trial in study.get_trials(states=(COMPLETE,))]
    assert history["complete"].tolist() == values
    assert history["best so far"].tolist() == [max(values[: i + 1]) for i in range(len(values))]
    pruned = [trial.params["tfidf.classify__C"] / 2 for trial in study.get_trials(states=(PRUNED,))]
    assert list(history["pruned"]) == pytest.approx(pruned)
    (log,) = [ax for ax in figure.axes if ax.get_xlabel() == "classify__C"]
    assert log.get_xscale() == "log"


def test_two_objectives_have_a_pareto_front():
    study = study_of(12, "maximize", "minimize")
    figure = plot_search(Found(study, ["accuracy", "size"]))
    assert labels(figure)[:4] == ["trial", "importance", "trial", "importance"]
    assert labels(figure)[-1] == "size"
    (front,) = [line for line in figure.axes[-1].lines if line.get_label() == "Pareto front"]
    expected = sorted((trial.values[1], trial.values[0]) for trial in study.best_trials)
    assert sorted(zip(*front.get_data())) == expected


def test_a_single_trial_has_no_importances():
    assert labels(plot_search(study_of(1, "minimize"))) == [
        "trial", "lowercase", "tfidf.classify__C".rpartition(".")[2], "vectorize__min_df",
    ]  # fmt: skip


def test_a_search_without_complete_trials_is_rejected():
    with pytest.raises(ValueError, match="search must have complete trials, got none"):
        plot_search(optuna.create_study())


def test_the_interactive_page_loads_nothing():
    pytest.importorskip("plotly", reason="plotly is not installed")
    html = interactive_page(
        Found(study_of(12, "maximize", "minimize"), ["accuracy", "size"]), ["accuracy", "size"]
    )
    assert html.startswith("<!doctype html>")
    assert html.count("Pareto-front Plot") == 1
    assert "<script src" not in html
