"""A search as pictures: history, importances, slices and Pareto front."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from agnews_sk.reporting import COLOURS, logarithmic, new_figure, soften

Panel = Callable[[Any], None]

_N_SLICES = 6
_MAX_IMPORTANCES = 8
_PANEL = (3.4, 2.7)  # inches
_COLUMNS = 3


def plot_search(search: Any, objectives: Sequence[str] | None = None) -> Any:
    """Draw the trials of a search: scores over time, importances, slices and the Pareto front.

    Parameters
    ----------
    search : fitted PipelineSearchCV or optuna.study.Study
    objectives : sequence of str, optional
        Names of the objectives; by default those of the search, or numbers.

    Returns
    -------
    matplotlib.figure.Figure
        For each objective the score of each trial with the best so far, pruned trials as crosses at
        the mean of their folds, and the importances of parameters, where there are trials enough;
        then the first objective by each of the six most important parameters; of several
        objectives, the Pareto front of the first two.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If no trial is complete.

    Examples
    --------
    >>> import optuna
    >>> from agnews_sk.tuning import plot_search
    >>> optuna.logging.set_verbosity(optuna.logging.ERROR)
    >>> study = optuna.create_study(direction="maximize")
    >>> study.optimize(lambda trial: trial.suggest_float("C", 0.1, 10, log=True), n_trials=5)
    >>> [ax.get_xlabel() for ax in plot_search(study, ["accuracy"]).axes]
    ['trial', 'importance', 'C']
    """
    study = getattr(search, "study_", search)
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        raise ValueError("search must have complete trials, got none; search longer.")
    names = list(objectives or getattr(search, "scoring", None) or _numbered(study))
    panels = _panels(study, complete, names)
    n_rows = -(-len(panels) // _COLUMNS)
    width, height = _PANEL
    figure = new_figure(width * _COLUMNS, height * n_rows, needed_by="plot_search")
    for position, draw in enumerate(panels, start=1):
        ax = figure.add_subplot(n_rows, _COLUMNS, position)
        soften(ax)
        draw(ax)
    return figure


def _panels(
    study: optuna.Study, complete: Sequence[FrozenTrial], names: Sequence[str]
) -> list[Panel]:
    """Return the functions that draw the panels of a figure, in order.

    Parameters
    ----------
    study : optuna.study.Study
    complete : sequence of FrozenTrial
        Its complete trials.
    names : sequence of str
        Of its objectives.

    Returns
    -------
    list of callable
        Each gets the axes to draw on.
    """
    weights = [_importances(study, index) for index in range(len(names))]
    panels: list[Panel] = []
    for index, name in enumerate(names):
        panels.append(partial(_draw_history, study=study, index=index, name=name))
        if weights[index]:
            panels.append(partial(_draw_importances, weights=weights[index], name=name))
    parameters = list(weights[0]) or sorted({name for trial in complete for name in trial.params})
    panels += [
        partial(_draw_slice, complete=complete, parameter=parameter, name=names[0])
        for parameter in parameters[:_N_SLICES]
    ]
    if len(names) > 1:
        panels.append(partial(_draw_front, study=study, complete=complete, names=names))
    return panels


def _numbered(study: optuna.Study) -> list[str]:
    """Return names for the objectives of a study."""
    n = len(study.directions)
    return ["objective"] if n == 1 else [f"objective {i}" for i in range(n)]


def _is_maximized(study: optuna.Study, index: int) -> bool:
    """Return whether high values of an objective are good."""
    return study.directions[index] == StudyDirection.MAXIMIZE


def _importances(study: optuna.Study, index: int) -> dict[str, float]:
    """Return the importance of each parameter.

    Parameters
    ----------
    study : optuna.study.Study
    index : int
        Of the objective.

    Returns
    -------
    dict of str to float
        The highest first; empty if there are too few trials.
    """
    target = None
    if len(study.directions) > 1:
        sign = -1 if _is_maximized(study, index) else 1  # importances are of low targets

        def target(trial: FrozenTrial) -> float:
            return sign * trial.values[index]

    with suppress(ValueError, RuntimeError, UserWarning), warnings.catch_warnings():
        warnings.simplefilter("error")  # of trials that are too few
        warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator computes")
        return optuna.importance.get_param_importances(study, target=target)
    return {}


def _draw_history(ax: Any, study: optuna.Study, index: int, name: str) -> None:
    """Draw the objective of each trial by its number, and the best one so far.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    study : optuna.study.Study
        Pruned trials are drawn if it has one objective.
    index : int
        Of the objective.
    name : str
        Of the objective.
    """
    trials = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    numbers = [trial.number for trial in complete]
    values = np.array([trial.values[index] for trial in complete])
    best = np.maximum if _is_maximized(study, index) else np.minimum
    ax.plot(numbers, values, "o", color=COLOURS[0], markersize=4, label="complete")
    ax.step(numbers, best.accumulate(values), where="post", color=COLOURS[1], label="best so far")
    pruned = _pruned_means(trials) if len(study.directions) == 1 else {}
    if pruned:
        ax.plot([*pruned], [*pruned.values()], "x", color="grey", markersize=5, label="pruned")
    ax.set(xlabel="trial", ylabel=name)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(frameon=False, fontsize="small")


def _pruned_means(trials: Sequence[FrozenTrial]) -> dict[int, float]:
    """Return the mean of the folds of each pruned trial, by its number.

    Parameters
    ----------
    trials : sequence of FrozenTrial

    Returns
    -------
    dict of int to float
    """
    return {
        trial.number: float(np.mean(list(trial.intermediate_values.values())))
        for trial in trials
        if trial.state == TrialState.PRUNED and trial.intermediate_values
    }


def _draw_importances(ax: Any, weights: dict[str, float], name: str) -> None:
    """Draw the importances of the most important parameters as bars.

    Parameters
    ----------
    ax : object
    weights : dict of str to float
    name : str
    """
    shown = dict(list(weights.items())[:_MAX_IMPORTANCES])
    ax.barh([_short(parameter) for parameter in shown], list(shown.values()), color=COLOURS[0])
    ax.invert_yaxis()
    ax.set(xlabel="importance", title=name, xlim=(0, None))
    ax.tick_params(axis="y", labelsize="small")


def _draw_slice(ax: Any, complete: Sequence[FrozenTrial], parameter: str, name: str) -> None:
    """Draw the first objective of each trial by a parameter, later trials darker.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    complete : sequence of FrozenTrial
    parameter : str
        On a logarithmic axis if it was drawn so; choices are categories.
    name : str
        Of the objective.
    """
    trials = [trial for trial in complete if parameter in trial.params]
    values = [trial.params[parameter] for trial in trials]
    distribution = trials[0].distributions[parameter]
    is_number = not isinstance(distribution, optuna.distributions.CategoricalDistribution)
    scores, numbers = [t.values[0] for t in trials], [t.number for t in trials]
    x = values if is_number else [str(value) for value in values]
    ax.scatter(x, scores, c=numbers, cmap="Blues", vmin=-max(numbers) - 1, s=16, edgecolor="none")
    if is_number and getattr(distribution, "log", False):
        ax.set_xscale("log")
        logarithmic(ax.xaxis)
    if not is_number:
        ax.tick_params(axis="x", rotation=20, labelsize="small")
    ax.set(xlabel=_short(parameter), ylabel=name)


def _draw_front(
    ax: Any, study: optuna.Study, complete: Sequence[FrozenTrial], names: Sequence[str]
) -> None:
    """Draw two objectives of all trials, those on the Pareto front joined by a line.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    study : optuna.study.Study
    complete : sequence of FrozenTrial
    names : sequence of str
        Of the objectives.
    """
    points, front = (
        np.array([trial.values[:2] for trial in trials]) for trials in (complete, study.best_trials)
    )
    front = front[np.argsort(front[:, 1])]
    ax.plot(points[:, 1], points[:, 0], "o", color="grey", alpha=0.5, markersize=4)
    ax.plot(front[:, 1], front[:, 0], "o--", color=COLOURS[1], linewidth=1, label="Pareto front")
    ax.set(xlabel=names[1], ylabel=names[0])
    ax.legend(frameon=False, fontsize="small")


def _short(parameter: str) -> str:
    """Return a parameter without the name of its family, such as "classify__C" of "tfidf.…"."""
    return parameter.rpartition(".")[2]


def interactive_page(search: Any, objectives: Sequence[str]) -> str:
    """Return Optuna's interactive plots of a search as one HTML page.

    Parameters
    ----------
    search : fitted PipelineSearchCV
    objectives : sequence of str

    Returns
    -------
    str
        A page that loads nothing, of several megabytes.

    Raises
    ------
    ImportError
        If plotly is not installed.
    """
    from optuna import visualization as plots

    study = search.study_
    figures = []
    for index, name in enumerate(objectives):
        options: dict[str, Any] = {"target_name": name}
        if len(objectives) > 1:
            options["target"] = lambda trial, i=index: trial.values[i]
        figures += [
            plots.plot_optimization_history(study, **options),
            plots.plot_slice(study, **options),
            plots.plot_parallel_coordinate(study, **options),
        ]
    if len(objectives) in (2, 3):
        figures.append(plots.plot_pareto_front(study, target_names=list(objectives)))
    first, *others = figures
    parts = [first.to_html(full_html=False, include_plotlyjs=True)]
    parts += [figure.to_html(full_html=False, include_plotlyjs=False) for figure in others]
    return f'<!doctype html><meta charset="utf-8"><title>Search</title>{"".join(parts)}'
