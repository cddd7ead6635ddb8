"""Optuna's plots of a study as PNG files, for the command `tune`."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import optuna

Plot = Callable[[], Any]


def write_plots(study: optuna.Study, objectives: list[str], folder: Path) -> list[str]:
    """Write the optimization history, importances and parallel coordinates of each objective.

    Of two or three objectives, the Pareto front too.

    Parameters
    ----------
    study : optuna.study.Study
    objectives : list of str
        Names of the objectives, in the study's order.
    folder : pathlib.Path
        It must exist.

    Returns
    -------
    list of str
        Names of the files; plots that Optuna cannot draw of so few trials are left out.
    """
    from matplotlib import pyplot
    from optuna.visualization.matplotlib import plot_pareto_front

    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator")  # targets are signed
    pyplot.switch_backend("Agg")
    plots = {
        f"{kind}_{name}.png": plot
        for index, name in enumerate(objectives)
        for kind, plot in _plots_of(study, index, name)
    }
    if len(objectives) in (2, 3):
        plots["pareto_front.png"] = partial(plot_pareto_front, study, target_names=objectives)
    return [name for name, plot in plots.items() if _write_plot(plot, folder / name)]


def _plots_of(study: optuna.Study, index: int, name: str) -> Iterator[tuple[str, Plot]]:
    """Yield the plots of one objective by the first word of their file names."""
    from optuna.visualization import matplotlib as plots

    options: dict[str, Any] = {"target_name": name}
    signed = dict(options)
    if len(study.directions) > 1:
        # Importances are computed for low targets.
        sign = -1 if study.directions[index] == optuna.study.StudyDirection.MAXIMIZE else 1
        options["target"] = lambda trial: trial.values[index]
        signed["target"] = lambda trial: sign * trial.values[index]
    yield "history", partial(plots.plot_optimization_history, study, **options)
    yield "importances", partial(plots.plot_param_importances, study, **signed)
    yield "parallel", partial(plots.plot_parallel_coordinate, study, **options)


def _write_plot(plot: Plot, path: Path) -> bool:
    """Draw and write a plot, and return whether there were enough trials to draw it."""
    from matplotlib import pyplot

    try:
        plot()
        pyplot.gcf().savefig(path, dpi=150, bbox_inches="tight")
    except (ValueError, RuntimeError):
        return False
    finally:
        pyplot.close("all")
    return True
