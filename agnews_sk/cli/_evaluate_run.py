"""The command `agnews-sk evaluate`: its work."""

from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console

from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.optional import check_optional
from agnews_sk.bulk import without_formulas
from agnews_sk.cli._misclassified import MISCLASSIFIED, misclassified
from agnews_sk.cli._model_rows import load_test_rows, options_of
from agnews_sk.cli._output import check_is_model, output_folder, print_written
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import RowOptions
from agnews_sk.cli._saving import write_confusion_matrices
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult, evaluate_fitted
from agnews_sk.onnx import load_model
from agnews_sk.reporting import comparison_table, write_report


def run_evaluate(model: Path, options: RowOptions, *, out: Path | None, seed: int) -> None:
    """Score a saved model, print the scores, and write a report if there is an output folder.

    Parameters
    ----------
    model : pathlib.Path
        Folder or zip file.
    options : RowOptions
        Its `data` are the rows to score the model on.
    out : pathlib.Path or None
        Folder for the report.
    seed : int
    """
    console = Console()
    check_is_model(model)
    if out is not None:
        check_optional("matplotlib", extra="plot", needed_by="--out")
    with output_folder(out) as folder:
        loaded = load_model(model)
        name = _name(model)
        rows = load_test_rows(options_of(options, model), loaded, console)
        _check_labels(rows.y_test, loaded)
        with stages(console, name) as shown:
            evaluation = evaluate_fitted(
                name, loaded, rows.X_test, rows.y_test, progress=shown.show
            )
        result = ComparisonResult.from_evaluations([evaluation], random_state=seed)
        console.print(comparison_table(result))
        console.print(result.summary(), highlight=False, markup=False)
        written = [] if folder is None else _write(result, name, rows, folder)
    if out is not None:
        print_written(console, out, *written)


def _name(path: Path) -> str:
    """Return the name of a saved model: that of its folder, or of its zip without the suffix."""
    path = path.absolute()
    return path.stem if path.suffix == ".zip" else path.name


def _check_labels(y: Any, model: Any) -> None:
    """Reject rows of whose labels the model knows none, for which every score would be 0.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Labels, or lists of them.
    model : fitted pipeline or `OnnxClassifier`

    Raises
    ------
    typer.BadParameter
        With labels of the rows and classes of the model.
    """
    labels = {one for row in y for one in row} if is_multilabel(y) else set(np.asarray(y).tolist())
    classes = model.classes_.tolist()
    if labels.isdisjoint(classes):
        raise typer.BadParameter(
            f"no label of the rows is a class of the model: got labels such as "
            f"{min(map(str, labels), default='none')!r:.60} and classes such as "
            f"{classes[0]!r:.60}; name the column of the labels.",
            param_hint="--label",
        )


def _write(result: ComparisonResult, name: str, rows: TrainTest, folder: Path) -> list[str]:
    """Write the report, its numbers and the wrong predictions; return the names of the files.

    Parameters
    ----------
    result : ComparisonResult
    name : str
        Of the model, for the title.
    rows : TrainTest
    folder : pathlib.Path

    Returns
    -------
    list of str
    """
    result.to_json(folder / "comparison.json")
    wrong = misclassified(result, name, rows.X_test)
    without_formulas(wrong).write_csv(folder / MISCLASSIFIED)
    write_report(
        result,
        folder / "report.html",
        title=f"Evaluation of {name}",
        source=" ".join(filter(None, [rows.source, rows.summary])),
        notice=rows.notice,
    )
    plots = write_confusion_matrices(result, folder)
    return ["report.html", "comparison.json", MISCLASSIFIED, *plots]
