"""The options and functions with which commands load labelled rows and draw some of them."""

from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from sklearn.utils import resample

from agnews_sk._core.validation import n_rows, take_rows
from agnews_sk.datasets import TrainTest, load_train_test

DataOption = Annotated[
    str | None,
    typer.Option(
        help="File or folder of labelled rows, or 'sample' for the built-in sample.",
        show_default="AGNEWS_SK_DATA, else AG News from the cache or by download, else the sample",
    ),
]
SeedOption = Annotated[int, typer.Option(help="Random seed.")]


def load_rows(data: str | None, console: Console) -> TrainTest:
    """Load training and test rows, and print their source.

    Parameters
    ----------
    data : str or None
        What `--data` names.
    console : rich.console.Console

    Returns
    -------
    TrainTest

    Raises
    ------
    typer.BadParameter
        If they cannot be loaded, or the training rows have only one class.
    """
    try:
        rows = load_train_test(data)
        check_classes(rows.y_train, f"{rows.source}: the training rows have")
    except (OSError, TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    console.print("[bold]Data:[/]", escape(rows.source), soft_wrap=True)
    if rows.notice:
        console.print(f"[yellow]{escape(rows.notice)}[/]", soft_wrap=True)
    return rows


def check_classes(y: Any, whose: str) -> None:
    """Raise a ValueError unless there are at least two classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
    whose : str
        Beginning of the message, such as "100 training rows have".
    """
    classes = set(np.asarray(y).tolist())
    if len(classes) < 2:
        raise ValueError(f"{whose} only one class, {classes.pop()!r}; two are needed.")


def draw_rows(y: Any, n_wanted: int, seed: int) -> np.ndarray:
    """Draw a stratified random sample of rows.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
    n_wanted : int
    seed : int

    Returns
    -------
    ndarray of int of shape (min(n_wanted, n_samples),)
        Positions in increasing order.
    """
    positions = np.arange(n_rows(y))
    if n_wanted >= len(positions):
        return positions
    drawn = resample(
        positions, replace=False, n_samples=n_wanted, stratify=np.asarray(y), random_state=seed
    )
    return np.sort(drawn)


def training_rows(rows: TrainTest, positions: np.ndarray) -> tuple[Any, Any]:
    """Return the training rows at these positions, and their labels."""
    return take_rows(rows.X_train, positions), take_rows(rows.y_train, positions)


def draw_training_rows(rows: TrainTest, n_wanted: int | None, seed: int) -> TrainTest:
    """Return the same rows with a stratified sample of the training rows; all of them for None."""
    if n_wanted is None:
        return rows
    X_train, y_train = training_rows(rows, draw_rows(rows.y_train, n_wanted, seed))
    return rows._replace(X_train=X_train, y_train=y_train)
