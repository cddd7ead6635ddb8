"""The command line: `agnews-sk audit`, `compare` and `tune`."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from agnews_sk._cli_audit import audit
from agnews_sk._cli_tune import tune
from agnews_sk._validation import n_rows, take_rows
from agnews_sk.datasets import TrainTest, load_train_test
from agnews_sk.evaluation import (
    ComparisonResult,
    Evaluation,
    comparison_table,
    evaluate_classifier,
    plot_confusion_matrices,
    write_report,
)
from agnews_sk.pipeline import (
    TextPipeline,
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
)

PROBE_ROWS = 128
# Of the five minutes on 2 cores that a comparison may take, what fine-tuning gets; the rest is
# for loading, both baselines and predicting the test rows.
FINETUNE_SECONDS = 120.0


class Family(StrEnum):
    """Families of pipelines that can be compared."""

    TFIDF = "tfidf"
    EMBEDDING = "embedding"
    FINETUNE = "finetune"


app = typer.Typer(
    help="Text classification as scikit-learn estimators.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def main() -> None:
    """Text classification as scikit-learn estimators."""


app.command()(tune)
app.command()(audit)


@app.command()
def compare(
    data: Annotated[
        str | None,
        typer.Option(
            help="File or folder of labelled rows, or 'sample' for the built-in one. Without it: "
            "AGNEWS_SK_DATA, else AG News from the cache or by download, else the sample."
        ),
    ] = None,
    train_rows: Annotated[
        int | None,
        typer.Option(min=8, help="Rows to learn from; without it, what 5 minutes allow."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the rows.")] = 2,
    model: Annotated[
        str | None, typer.Option(help="Folder or hub name; without it, all-MiniLM-L6-v2.")
    ] = None,
    families: Annotated[
        list[Family] | None,
        typer.Option("--family", help="Compare this family; may be repeated. [tfidf, finetune]"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for report.html, comparison.json and confusion_matrices.png."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of whatever is drawn.")] = 0,
) -> None:
    """Compare TF-IDF and a linear classifier with a fine-tuned transformer on the same rows."""
    console = Console()
    try:
        rows = load_train_test(data)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    console.print(f"[bold]Data:[/] {rows.source}")
    if rows.notice:
        console.print(f"[yellow]{rows.notice}[/]")

    wanted = families or [Family.TFIDF, Family.FINETUNE]
    pipelines = _make_pipelines(wanted, model, epochs, seed)
    if train_rows is None and Family.FINETUNE in pipelines:
        train_rows = _affordable_rows(pipelines[Family.FINETUNE], rows, epochs, seed, console)
    chosen = _draw_rows(rows.y_train, train_rows or n_rows(rows.X_train), seed)
    result = _compare(pipelines, rows, chosen, seed, console)
    console.print(comparison_table(result))
    console.print(result.summary(), highlight=False, markup=False)
    if out is not None:
        _write(result, rows, out, console)


def _make_pipelines(
    families: list[Family], model: str | None, epochs: int, seed: int
) -> dict[Family, TextPipeline]:
    """Make the pipelines of these families, in the order in which families are listed."""
    makers = {
        Family.TFIDF: lambda: make_tfidf_pipeline(),
        Family.EMBEDDING: lambda: make_embedding_pipeline(model, random_state=seed),
        Family.FINETUNE: lambda: make_finetune_pipeline(
            model, classify__max_epochs=epochs, classify__random_state=seed, classify__verbose=1
        ),
    }
    return {family: make() for family, make in makers.items() if family in families}


def _affordable_rows(
    finetune: TextPipeline, rows: TrainTest, epochs: int, seed: int, console: Console
) -> int:
    """Fine-tune on a few rows, and work out how many the time allows."""
    n_all = n_rows(rows.X_train)
    probe = _draw_rows(rows.y_train, PROBE_ROWS, seed)
    quick = clone(finetune).set_params(classify__max_epochs=1, classify__verbose=0)
    with console.status(f"Measuring this machine on {len(probe)} rows"):
        start = time.perf_counter()
        quick.fit(take_rows(rows.X_train, probe), take_rows(rows.y_train, probe))
        per_text = (time.perf_counter() - start) / len(probe)
    affordable = int(FINETUNE_SECONDS / per_text / epochs) // 100 * 100
    n_chosen = min(n_all, max(affordable, PROBE_ROWS))
    console.print(
        f"[bold]Fine-tuning rows:[/] {n_chosen:,} of {n_all:,}, what this machine trains for "
        f"{epochs} epochs in about {FINETUNE_SECONDS / 60:.1f} minutes; --train-rows changes it."
    )
    return n_chosen


def _draw_rows(y: Any, n_wanted: int, seed: int) -> np.ndarray:
    """Draw rows by class share; all rows if no fewer are wanted."""
    positions = np.arange(n_rows(y))
    if n_wanted >= len(positions):
        return positions
    drawn, _ = train_test_split(positions, train_size=n_wanted, stratify=y, random_state=seed)
    return np.sort(drawn)


def _compare(
    pipelines: dict[Family, TextPipeline],
    rows: TrainTest,
    chosen: np.ndarray,
    seed: int,
    console: Console,
) -> ComparisonResult:
    every = np.arange(n_rows(rows.X_train))
    entries = []
    for family, pipeline in pipelines.items():
        entries.append((f"{family}, {len(chosen):,} rows", pipeline, chosen))
        if family is Family.TFIDF and len(chosen) < len(every):
            entries.append((f"{family}, all {len(every):,} rows", pipeline, every))
    evaluations = [_evaluate(name, pipe, rows, kept, console) for name, pipe, kept in entries]
    return ComparisonResult.from_evaluations(evaluations, random_state=seed)


def _evaluate(
    name: str, pipeline: TextPipeline, rows: TrainTest, kept: np.ndarray, console: Console
) -> Evaluation:
    X_train, y_train = take_rows(rows.X_train, kept), take_rows(rows.y_train, kept)
    with console.status(name) as status:
        return evaluate_classifier(
            name, pipeline, X_train, y_train, rows.X_test, rows.y_test, progress=status.update
        )


def _write(result: ComparisonResult, rows: TrainTest, out: Path, console: Console) -> None:
    out.mkdir(parents=True, exist_ok=True)
    result.to_json(out / "comparison.json")
    plot_confusion_matrices(result).savefig(out / "confusion_matrices.png", dpi=150)
    write_report(
        result,
        out / "report.html",
        source=rows.source,
        notice=rows.notice,
        texts=rows.X_test,
    )
    written = ["report.html", "comparison.json", "confusion_matrices.png"]
    console.print(f"[bold]Written:[/] {', '.join(str(out / name) for name in written)}")
