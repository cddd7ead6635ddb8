"""`agnews-sk explain`: show which words led to a prediction."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
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
            "--class", help="Class to explain.", show_default="the predicted one of each text"
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Number of words listed for each text.")] = 5,
    html: Annotated[Path | None, typer.Option(help="HTML file for the explanation.")] = None,
) -> None:
    """Explain predictions: the words that speak for a class and against it, in colour."""
    check_is_model(model)
    if html is not None:
        check_writable(html, "--html")
    from agnews_sk.cli._explaining import explain_best
    from agnews_sk.onnx import load_model

    console = Console()
    loaded = load_model(model)
    label = None if of_class is None else _label(loaded, of_class)
    given = [typer.get_text_stream("stdin").read() if t == _STANDARD_INPUT else t for t in texts]
    with stages(console, "explaining"):
        probabilities = loaded.predict_proba(given)
        explanation = explain_best(loaded, given)
    for i, row in enumerate(probabilities):
        _print(explanation, i, row, label, top, console)
    console.print(_legend(explanation), highlight=False)
    if html is not None:
        explanation.to_html(html)
        print_written(console, html.parent, html.name)


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


def _print(
    explanation: "Explanation",
    position: int,
    probabilities: "np.ndarray",
    label: Any,
    top: int,
    console: Console,
) -> None:
    """Print the prediction of one text, its words in colour, and the strongest of them.

    Parameters
    ----------
    explanation : Explanation
    position : int
        Of the text.
    probabilities : ndarray of float of shape (n_classes,)
    label : label or None
        Class to explain; None for the predicted one.
    top : int
        Number of words to list.
    console : rich.console.Console
    """
    from agnews_sk.cli._explaining import coloured

    classes = explanation.scores.columns.tolist()
    ranked = sorted(zip(probabilities.tolist(), map(str, classes)), reverse=True)
    console.print(Text(", ".join(f"{name} {share:.1%}" for share, name in ranked), style="bold"))
    label = classes[int(probabilities.argmax())] if label is None else label
    words = explanation.of(position, label)
    console.print(coloured(explanation.texts[position], words), soft_wrap=True)
    if top and len(words):
        strongest = words.sort_values("contribution", key=abs, ascending=False).head(top)
        table = Table("word", f"for {label}", box=None, padding=(0, 2, 0, 0))
        for word, value in zip(strongest["word"], strongest["contribution"]):
            table.add_row(Text(word), f"{value:+.4f}")
        console.print(table)
    console.print()


def _legend(explanation: "Explanation") -> str:
    """Return what the colours mean, and by which method the contributions were found."""
    return (
        "Blue words speak for the class, orange underlined ones against it. "
        f"Method: {explanation.method}; largest completeness error {explanation.error.max():.1%}."
    )
