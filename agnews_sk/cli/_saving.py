"""What commands that save models have in common: their cards, the winner, and the next step."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape

from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import (
    ComparisonResult,
    confidence_percent,
    interval_columns,
    main_score,
)
from agnews_sk.persistence import ModelCard
from agnews_sk.reporting import plot_confusion_matrices, save_picture

_SCORES_OF_SETS = ("macro_f1", "micro_f1", "samples_f1", "accuracy", "hamming_loss", "log_loss")
_SCORES = (
    "accuracy",
    "macro_f1",
    "balanced_accuracy",
    "roc_auc",
    "log_loss",
    "brier",
    "calibration_error",
)
_MINILM_LICENSE = "Apache-2.0"


def model_card(
    model: Any,
    rows: TrainTest,
    result: ComparisonResult | None = None,
    name: str = "",
    *,
    remarks: Sequence[str] = (),
) -> ModelCard:
    """Return the card of a model that was just fitted.

    Parameters
    ----------
    model : TextPipeline
    rows : TrainTest
    result : ComparisonResult, optional
        With its scores on the test rows.
    name : str, default=""
        Its name in the result.
    remarks : sequence of str
        Further sentences about the data, or how the model was chosen.

    Returns
    -------
    ModelCard
    """
    described = [f"{rows.source}.", rows.summary and f"{rows.summary}.", rows.notice, *remarks]
    params = model.get_params()
    is_minilm = any(key.endswith("__model") and params[key] is None for key in params)
    return ModelCard(
        data="\n\n".join(filter(None, described)),
        scores={} if result is None else _scores(result, name),
        evaluation="" if result is None else _evaluation(result),
        weights_license=_MINILM_LICENSE if is_minilm else "",
        label_name=rows.label_name,
        label_sep=rows.label_sep,
    )


def _evaluation(result: ComparisonResult) -> str:
    """Return how the scores were measured.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
        A sentence with the number of rows and the kind of intervals.
    """
    return (
        f"Measured on {len(result.y_true):,} test rows, with {confidence_percent(result)} "
        f"intervals over these rows (BCa bootstrap with {result.n_resamples:,} resamples, or exact "
        "where no resample changes a score)."
    )


def _scores(result: ComparisonResult, name: str) -> dict[str, Any]:
    """Return the scores that a result has, each with its interval if it has one.

    Parameters
    ----------
    result : ComparisonResult
    name : str
        Of the model.

    Returns
    -------
    dict of str to float or (float, float, float)
        Without scores that are undefined, such as those of probabilities.
    """
    ends = interval_columns(result.classes, multilabel=result.multilabel)
    row: Any = result.scores.loc[name]
    found: dict[str, Any] = {}
    shown = _SCORES_OF_SETS if result.multilabel else _SCORES
    for score in (*shown, *(f"f1_{label}" for label in result.classes)):
        if pd.isna(row[score]):
            continue
        value, bounds = float(row[score]), [row[end] for end in ends.get(score, ())]
        known = bool(bounds) and not any(map(pd.isna, bounds))
        found[score] = (value, *map(float, bounds)) if known else value
    return found


def choose_winner(result: ComparisonResult, names: Sequence[str]) -> str:
    """Return the fastest of the models that are not significantly worse than the best.

    Models of several labels are compared by macro-F1, others by accuracy.

    Parameters
    ----------
    result : ComparisonResult
    names : sequence of str
        The models to choose from.

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.cli._saving import choose_winner
    >>> from agnews_sk.evaluation import ComparisonResult
    >>> y = np.tile(["a", "b"], 50)
    >>> wrong = np.tile(["b", "a"], 50)
    >>> result = ComparisonResult.from_predictions(y, {"bad": wrong, "good": y}, random_state=0)
    >>> choose_winner(result, ["bad", "good"])
    'good'
    """
    scores = result.scores.loc[list(names)]
    leader = scores[main_score(result).column].idxmax()
    worse = {
        name
        for pair in result.pairwise().to_dict("records")
        if pair["significant"] and leader in (pair["a"], pair["b"])
        for name in (pair["a"], pair["b"])
    } - {leader}
    candidates = scores.drop(index=list(worse.intersection(names)))
    speeds = candidates["texts_per_second"].dropna()
    return str(leader if speeds.empty else speeds.idxmax())


def write_confusion_matrices(result: ComparisonResult, folder: Path) -> list[str]:
    """Draw the confusion matrices of a result, which there are for one label per row.

    Parameters
    ----------
    result : ComparisonResult
    folder : pathlib.Path

    Returns
    -------
    list of str
        Name of the file; empty if rows have several labels.
    """
    if result.multilabel:
        return []
    name = "confusion_matrices.png"
    save_picture(plot_confusion_matrices(result), folder / name)
    return [name]


def print_saved(
    console: Console, folder: Path, winner: str, others: Sequence[str], *, multilabel: bool = False
) -> None:
    """Print where the models are, which one won, and how to serve it.

    Parameters
    ----------
    console : rich.console.Console
    folder : pathlib.Path
        Of all models.
    winner : str
        Name of its folder.
    others : sequence of str
    multilabel : bool, default=False
        Whether rows have several labels.
    """
    best = folder / winner
    word = "Winner" if others else "Saved"
    console.print(f"[bold]{word}:[/]", escape(str(best)), soft_wrap=True)
    if others:
        kept = ", ".join(str(folder / name) for name in others)
        console.print("[bold]Saved too:[/]", escape(kept), soft_wrap=True)
        which = (
            "whose macro-F1 is not significantly below the highest one."
            if multilabel
            else "that are not significantly less accurate than the most accurate one."
        )
        console.print(f"The winner is the fastest of the models {which}", soft_wrap=True)
    print_next(console, best)


def print_next(console: Console, model: Path) -> None:
    """Print the command that serves a model.

    Parameters
    ----------
    console : rich.console.Console
    model : pathlib.Path
        Quoted where a shell needs that.
    """
    command = f"agnews-sk serve {shlex.quote(str(model))}"
    console.print(f"[bold]Next:[/] {escape(command)}", soft_wrap=True)
