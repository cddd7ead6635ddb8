"""Plots of a study, written without a display."""

import optuna
import pytest

from agnews_sk.cli._tune_plots import _write_plot, write_plots

pytest.importorskip("matplotlib", reason="the plot extra is not installed")


def study_of(n_trials, *directions):
    study = optuna.create_study(
        directions=directions, sampler=optuna.samplers.RandomSampler(seed=0)
    )

    def objective(trial):
        values = [trial.suggest_float(name, 0, 1) for name in "ab"]
        return values[: len(directions)]

    study.optimize(objective, n_trials=n_trials)
    return study


def test_one_objective_gets_three_plots(tmp_path):
    names = write_plots(study_of(4, "maximize"), ["accuracy"], tmp_path)
    assert names == ["history_accuracy.png", "importances_accuracy.png", "parallel_accuracy.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_two_objectives_get_plots_of_their_own_and_a_pareto_front(tmp_path):
    names = write_plots(study_of(4, "maximize", "minimize"), ["accuracy", "size"], tmp_path)
    assert len(names) == 7
    assert names[-1] == "pareto_front.png"
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in names)


def test_a_plot_that_optuna_rejects_is_left_out(tmp_path):
    from matplotlib import pyplot

    def reject():
        pyplot.figure()
        raise ValueError("too few trials")

    assert not _write_plot(reject, tmp_path / "history.png")
    assert list(tmp_path.iterdir()) == pyplot.get_fignums() == []
