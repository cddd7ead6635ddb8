"""`agnews-sk explain`: show which words led to a prediction."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from agnews_sk.cli._output import check_is_model, check_writable, print_written
from agnews_sk.cli._progress import stages

if TYPE_CHECKING:
    import numpy as np

    from agnews_sk.inspection import Explanation

_STANDARD_INPUT = "-"


def explain(
    model: Annotated[Path, typer.Argument(help="Folder or zip file of a saved model.")],
    texts: Annotated[
        list[str],
        typer.Argument(metavar="TEXT...", help="One or more texts; - reads one from a pipe."),
    ],
    of_class: Annotated[
        str | None,
        typer.Option(
            "--class", help="Class to explain.", show_default="those predicted for each text"
        ),
    ] = None,
    cell: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Value of a column that the model uses beside texts; repeat it for others.",
            show_default="missing",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Number of words listed for each text.")] = 5,
    out: Annotated[Path | None, typer.Option(help="HTML file for the explanation.")] = None,
) -> None:
    """Explain predictions: the words that speak for a class and against it, in colour."""
    check_is_model(model)
    if out is not None:
        check_writable(out)
    from agnews_sk._core.label_sets import thresholds_of
    from agnews_sk.cli._explaining import explain_best
    from agnews_sk.onnx import load_model

    console = Console()
    loaded = load_model(model)
    label = None if of_class is None else _label(loaded, of_class)
    given = [typer.get_text_stream("stdin").read() if t == _STANDARD_INPUT else t for t in texts]
    rows = _rows(loaded, given, cell or [])
    with stages(console, "explaining"):
        probabilities = loaded.predict_proba(rows)
        explanation = explain_best(loaded, rows)
    thresholds = thresholds_of(loaded)
    for i, row in enumerate(probabilities):
        chosen = _chosen(row, thresholds)
        console.print(_shares(row, loaded.classes_.tolist(), chosen, thresholds))
        shown = [loaded.classes_.tolist()[k] for k in chosen] if label is None else [label]
        for one in shown:
            _print(explanation, i, one, top, console)
        console.print()
    console.print(_legend(explanation), highlight=False)
    if out is not None:
        explanation.to_html(out)
        print_written(console, out.parent, out.name)


def _rows(model: Any, texts: list[str], cells: list[str]) -> Any:
    """Return texts as rows of a model, all with the same cells beside them.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`
    texts : list of str
    cells : list of str
        Each as NAME=VALUE; columns that are not given are missing.

    Returns
    -------
    list of str, or polars.DataFrame of shape (n_texts, n_columns)

    Raises
    ------
    typer.BadParameter
        If one has no value, or names no column beside texts.
    """
    import polars as pl

    from agnews_sk._core.joining import column_kinds, texts_as_rows

    kinds, columns = column_kinds(model), {}
    for one in cells:
        name, equals, value = one.partition("=")
        if not equals or name not in kinds:
            known = ", ".join(kinds) or "none"
            raise typer.BadParameter(
                f"NAME=VALUE with a column beside texts is needed, got {one!r}; the model's are "
                f"{known}.",
                param_hint="--cell",
            )
        columns[name] = pl.Series(values=[value] * len(texts), dtype=pl.String)
    return texts_as_rows(model, texts, columns)


def _label(model: Any, given: str) -> Any:
    """Return the class of this name, or reject the option.

    Parameters
    ----------
    model : fitted classifier
    given : str

    Returns
    -------
    label
        Of the kind of the model's classes.

    Raises
    ------
    typer.BadParameter
        If there is no such class; with all classes.
    """
    classes = model.classes_.tolist()
    for label in classes:
        if str(label) == given:
            return label
    raise typer.BadParameter(
        f"{given!r} is no class of the model; its classes are {', '.join(map(str, classes))}.",
        param_hint="--class",
    )


def _chosen(probabilities: "np.ndarray", thresholds: "np.ndarray | None") -> list[int]:
    """Return the positions of the classes to explain, the most probable first.

    Parameters
    ----------
    probabilities : ndarray of float of shape (n_classes,)
    thresholds : ndarray of float of shape (n_classes,) or None
        None for one label per text.

    Returns
    -------
    list of int
        With thresholds those that reach theirs, or the most probable one if none does.
    """
    order = (-probabilities).argsort(kind="stable").tolist()
    if thresholds is None:
        return order[:1]
    return [k for k in order if probabilities[k] >= thresholds[k]] or order[:1]


def _shares(
    probabilities: "np.ndarray",
    classes: list[Any],
    chosen: list[int],
    thresholds: "np.ndarray | None",
) -> Text:
    """Return the classes by probability; of several labels, those that are predicted first.

    Parameters
    ----------
    probabilities : ndarray of float of shape (n_classes,)
    classes : list of shape (n_classes,)
    chosen : list of int
        As `_chosen` returns it.
    thresholds : ndarray of float of shape (n_classes,) or None

    Returns
    -------
    rich.text.Text
    """
    order = (-probabilities).argsort(kind="stable").tolist()
    if thresholds is None:
        return Text(_listed(probabilities, classes, order), style="bold")
    reached = [k for k in chosen if probabilities[k] >= thresholds[k]]
    others = [k for k in order if k not in reached]
    shown = Text(_listed(probabilities, classes, reached) or "no label", style="bold")
    below = _listed(probabilities, classes, others)
    return shown.append(f"; below their thresholds: {below}" if below else "", style="not bold")


def _listed(probabilities: "np.ndarray", classes: list[Any], positions: list[int]) -> str:
    """Return classes with their probabilities."""
    return ", ".join(f"{classes[k]} {probabilities[k]:.1%}" for k in positions)


def _print(
    explanation: "Explanation", position: int, label: Any, top: int, console: Console
) -> None:
    """Print the words of one text in colour, and the strongest of them.

    Parameters
    ----------
    explanation : Explanation
    position : int
        Of the text.
    label : label
        Class to explain.
    top : int
        Number of words to list.
    console : rich.console.Console
    """
    from agnews_sk.cli._explaining import coloured

    words = explanation.of(position, label)
    console.print(coloured(explanation.texts[position], words), soft_wrap=True)
    if top and len(words):
        strongest = words.sort_values("contribution", key=abs, ascending=False).head(top)
        table = Table("word", Column(Text(f"for {label}")), box=None, padding=(0, 2, 0, 0))
        for word, value in zip(strongest["word"], strongest["contribution"]):
            table.add_row(Text(word), f"{value:+.4f}")
        console.print(table)


def _legend(explanation: "Explanation") -> str:
    """Return what the colours mean, and by which method the contributions were found."""
    return (
        "Blue words speak for the class, orange underlined ones against it. "
        f"Method: {explanation.method}; largest completeness error {explanation.error.max():.1%}."
    )
