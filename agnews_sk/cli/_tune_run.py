"""The command `agnews-sk tune`: search over pipelines, on any number of machines."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import optuna
import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from agnews_sk._core.optional import check_optional
from agnews_sk._core.validation import n_rows
from agnews_sk.cli._group import EXPECTED_ERRORS, show_error
from agnews_sk.cli._output import check_writable, print_written
from agnews_sk.cli._rows import DataOption, SeedOption, draw_training_rows, load_rows
from agnews_sk.cli._tune_plots import write_plots
from agnews_sk.datasets import TrainTest
from agnews_sk.persistence import save
from agnews_sk.pipeline import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.tuning import (
    PipelineSearchCV,
    embedding_space,
    finetune_space,
    finished_trials,
    open_storage,
    tfidf_space,
    transformer_space,
)

MODEL = "best_pipeline"
TRIALS = "trials.csv"
FAMILIES = {
    "tfidf": (make_tfidf_pipeline, tfidf_space()),
    "embedding": (make_embedding_pipeline, embedding_space()),
    "transformer": (make_transformer_pipeline, transformer_space()),
    "finetune": (make_finetune_pipeline, finetune_space()),
}
"""The function that makes the pipeline of a family, and the space that is searched."""


ScoringOption = Annotated[
    str,
    typer.Option(
        help="Metric to maximize, or several separated by commas; latency, fit_time and size "
        "are minimized."
    ),
]
StorageOption = Annotated[
    str | None,
    typer.Option(
        help="journal:PATH, sqlite:///PATH, postgresql://..., redis://... or grpc://HOST:PORT.",
        show_default="a journal file in AGNEWS_SK_HOME if --study is given, else memory",
    ),
]


def tune(
    pipelines: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Pipelines to search over: {', '.join(FAMILIES)}.", show_default="tfidf"
        ),
    ] = None,
    data: DataOption = None,
    rows: Annotated[
        int | None,
        typer.Option(min=8, help="Number of training rows to search on.", show_default="all"),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(
            min=1, help="Total number of trials in the study, including other workers' trials."
        ),
    ] = 50,
    timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds after which no new trial starts.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Number of cross-validation folds.")] = 3,
    scoring: ScoringOption = "accuracy",
    storage: StorageOption = None,
    study: Annotated[
        str | None, typer.Option(help="Study name, to resume it or to join it from other machines.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Number of threads that run trials.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for best_pipeline (see `load`), trials.csv and Optuna's plots."),
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Tune cleaning, vocabulary, n-grams and classifier together, pruning poor trials early."""
    console = Console()
    families = _families(pipelines or ["tfidf"])
    objectives = [name.strip() for name in scoring.split(",")]
    if out is not None:
        _check_out(out)
    opened = _open(storage, study)
    loaded = draw_training_rows(load_rows(data, console), rows, seed)
    search = _make_search(
        families,
        n_trials=trials,
        timeout=timeout,
        scoring=objectives,
        cv=folds,
        storage=opened,
        study_name=study,
        n_jobs=jobs,
        random_state=seed,
        refit=False if out is None else objectives[0],
    )
    _fit(search, loaded, out, console)
    _report(search, console)
    if out is not None:
        _write(search, loaded, out, console)


def _families(names: list[str]) -> dict[str, tuple[Any, Any]]:
    """Return the families of these names, or reject an unknown name."""
    unknown = [name for name in names if name not in FAMILIES]
    if unknown:
        raise typer.BadParameter(f"there is no family {unknown}; choose from {list(FAMILIES)}.")
    return {name: FAMILIES[name] for name in names}


def _make_search(families: dict[str, tuple[Any, Any]], **params: Any) -> PipelineSearchCV:
    """Return the search over one family, or over several with the family as a parameter."""
    estimators = {name: make() for name, (make, _) in families.items()}
    spaces = {name: space for name, (_, space) in families.items()}
    if len(families) > 1:
        return PipelineSearchCV(estimators, spaces, **params)
    (name,) = families
    return PipelineSearchCV(estimators[name], spaces[name], **params)


def _fit(search: PipelineSearchCV, rows: TrainTest, out: Path | None, console: Console) -> None:
    """Run the search with a progress bar, and write the finished trials if it is interrupted."""
    progress = _LiveProgress(search.n_trials, console)
    search.set_params(callbacks=[progress.update])
    try:
        with progress:
            search.fit(rows.X_train, rows.y_train)
    except KeyboardInterrupt:
        _report_interrupted(search, out, console)
        raise
    except EXPECTED_ERRORS:
        _keep_trials(search, out, console)
        raise


def _check_out(out: Path) -> None:
    """Check before the search that its result can be written."""
    check_optional("matplotlib", extra="plot", needed_by="--out")
    model = out / MODEL
    check_writable(model, "--out")
    taken = model.exists() and not (model / "manifest.json").is_file()
    if taken and not (model.is_dir() and not any(model.iterdir())):
        raise typer.BadParameter(
            f"{model} exists and is not a saved model; remove it first.", param_hint="--out"
        )


def _open(storage: str | None, study: str | None) -> Any:
    """Open the storage of the study, or return None for one in memory only."""
    if storage is None and study is None:
        return None
    try:
        return open_storage(storage, study)
    except EXPECTED_ERRORS as error:
        hint = "--study" if storage is None else "--storage"
        raise typer.BadParameter(str(error), param_hint=hint) from error


class _LiveProgress:
    """A progress bar of the finished trials of all workers, with the best score so far.

    Shown in terminals only.

    Parameters
    ----------
    n_trials : int
    console : rich.console.Console
    """

    def __init__(self, n_trials: int, console: Console) -> None:
        self._bar = Progress(
            TextColumn("Trials"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=n_trials)

    def __enter__(self) -> "_LiveProgress":
        self._bar.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._bar.stop()

    def update(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Show the state of the study; a callback of Optuna."""
        states = Counter(str(t.state.name).lower() for t in finished_trials(study))
        counts = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        self._bar.update(
            self._task, completed=states.total(), description=f"{_best_so_far(study)} ({counts})"
        )


def _best_so_far(study: optuna.Study) -> str:
    """Return the best score and its trial, or the size of the Pareto front."""
    best = study.best_trials
    if len(study.directions) > 1:
        return f"{len(best)} on the Pareto front"
    return f"best {best[0].value:.4f}, trial {best[0].number}" if best else "none complete"


def _report(search: PipelineSearchCV, console: Console) -> None:
    """Print the score and the parameters of the best trial."""
    objective = search.scoring[0]
    table = Table("", "value", title=f"Best of {len(search.cv_results_['params'])} trials")
    spread = search.cv_results_[f"std_test_{objective}"][search.best_index_]
    table.add_row(objective, f"{search.best_score_:.4f} ± {spread:.4f} ({search.n_splits_} folds)")
    for name, value in search.best_params_.items():
        table.add_row(
            escape(name), f"{value:.4g}" if isinstance(value, float) else escape(str(value))
        )
    console.print(table)


def _report_interrupted(search: PipelineSearchCV, out: Path | None, console: Console) -> None:
    """Print the result of an interrupted search so far, and how to resume it."""
    if hasattr(search, "best_params_"):
        _report(search, console)
    _keep_trials(search, out, console)
    way_on = (
        "The same command resumes it"
        if search.study_name
        else "Start with --study to resume next time"
    )
    console.print(
        f"[yellow]No pipeline was fitted on the full training set. {way_on}.[/]", soft_wrap=True
    )


def _keep_trials(search: PipelineSearchCV, out: Path | None, console: Console) -> None:
    """Write the trials of an interrupted search, if there are any."""
    if out is not None and hasattr(search, "cv_results_"):
        _write_trials(search, out)
        print_written(console, out, TRIALS)


def _write_trials(search: PipelineSearchCV, out: Path) -> None:
    """Write `cv_results_` as a table, one row per trial."""
    out.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(search.cv_results_).drop(columns="params").to_csv(out / TRIALS, index=False)


def _write(search: PipelineSearchCV, rows: TrainTest, out: Path, console: Console) -> None:
    """Save the pipeline first, then the other files, and report each failure.

    A search takes long, so a file that cannot be written must not lose the others.

    Parameters
    ----------
    search : PipelineSearchCV
        Fitted.
    rows : TrainTest
        The best pipeline is scored on the test rows.
    out : pathlib.Path
    console : rich.console.Console
    """
    folder, failures = _save(search.best_estimator_, out)
    print_written(console, folder, MODEL)
    try:
        accuracy = search.best_estimator_.score(rows.X_test, rows.y_test)
        console.print(
            f"[bold]Accuracy on {n_rows(rows.y_test):,} test rows:[/] {accuracy:.4f}, of the best "
            f"pipeline fitted on {n_rows(rows.y_train):,}"
        )
    except (TypeError, ValueError) as error:
        failures.append(f"the test rows cannot be scored: {error}")
    try:
        _write_trials(search, out)
        plots = write_plots(search.study_, search.scoring, out)
        print_written(console, out, TRIALS, *plots)
    except OSError as error:
        failures.append(f"the trials and their plots cannot be written: {error}")
    for failure in failures:
        show_error(failure)
    if failures:
        raise typer.Exit(1)


def _save(model: Any, out: Path) -> tuple[Path, list[str]]:
    """Save a pipeline, in a temporary folder if `--out` cannot be written any longer.

    Returns
    -------
    folder : pathlib.Path
        Where it was saved.
    failures : list of str
        Why it was not saved in `out`, if so.
    """
    try:
        save(model, out / MODEL)
    except OSError as error:
        folder = Path(tempfile.mkdtemp(prefix="agnews-sk-tune-"))
        save(model, folder / MODEL)
        return folder, [f"{out / MODEL} cannot be written: {error}"]
    return out, []
