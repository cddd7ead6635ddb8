"""The command line: `agnews-sk audit`, `compare` and `tune`."""

import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from agnews_sk._cli_tune import tune
from agnews_sk._cli_audit import audit
from agnews_sk._validation import n_rows, take_rows
from agnews_sk.datasets import TrainTest, load_train_test
from agnews_sk.evaluation import (
    ComparisonResult,
    Evaluation,
    comparison_table,
    evaluate_classifier,
    plot_confusion_matrices,
)
from agnews_sk.pipeline import TextPipeline, make_finetune_pipeline, make_tfidf_pipeline

PROBE_ROWS = 128
# Of the five minutes on 2 cores that a comparison may take, what fine-tuning gets; the rest is
# for loading, both baselines and predicting the test rows.
FINETUNE_SECONDS = 150.0

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
        typer.Option(min=8, help="Rows to fine-tune on; without it, what 5 minutes allow."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the rows.")] = 2,
    model: Annotated[
        str | None, typer.Option(help="Folder or hub name; without it, all-MiniLM-L6-v2.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for comparison.json and confusion_matrices.png.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of whatever is drawn.")] = 0,
) -> None:
    """Compare TF-IDF + logistic regression with a fine-tuned transformer on the same rows."""
    console = Console()
    try:
        rows = load_train_test(data)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    console.print(f"[bold]Data:[/] {rows.source}")
    if rows.notice:
        console.print(f"[yellow]{rows.notice}[/]")

    finetune = make_finetune_pipeline(
        model, classify__max_epochs=epochs, classify__random_state=seed, classify__verbose=1
    )
    if train_rows is None:
        train_rows = _affordable_rows(finetune, rows, epochs, seed, console)
    chosen = _draw_rows(rows.y_train, train_rows, seed)
    result = _compare(finetune, rows, chosen, seed, console)
    console.print(comparison_table(result))
    if out is not None:
        _write(result, out, console)


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
    finetune: TextPipeline, rows: TrainTest, chosen: np.ndarray, seed: int, console: Console
) -> ComparisonResult:
    every = np.arange(n_rows(rows.X_train))
    tfidf = make_tfidf_pipeline()
    entries = [(f"tfidf, {len(chosen):,} rows", tfidf, chosen)]
    if len(chosen) < len(every):
        entries.append((f"tfidf, all {len(every):,} rows", tfidf, every))
    entries.append((f"finetune, {len(chosen):,} rows", finetune, chosen))
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


def _write(result: ComparisonResult, out: Path, console: Console) -> None:
    out.mkdir(parents=True, exist_ok=True)
    result.to_json(out / "comparison.json")
    plot_confusion_matrices(result).savefig(out / "confusion_matrices.png", dpi=150)
    console.print(f"[bold]Written:[/] {out / 'comparison.json'}, {out / 'confusion_matrices.png'}")
