"""The command `agnews-sk tune`: search over pipelines, on any number of machines."""

import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
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
from agnews_sk.cli._group import REFUSALS, show_error
from agnews_sk.cli._output import check_writable, print_written
from agnews_sk.cli._rows import DataOption, SeedOption, draw_rows, load_rows, training_rows
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
    ended_trials,
    finetune_space,
    open_storage,
    tfidf_space,
    transformer_space,
)

MODEL = "best_pipeline"
TRIALS = "trials.csv"
FAMILIES = {
    "tfidf": (make_tfidf_pipeline, tfidf_space),
    "embedding": (make_embedding_pipeline, embedding_space),
    "transformer": (make_transformer_pipeline, transformer_space),
    "finetune": (make_finetune_pipeline, finetune_space),
}


def tune(
    pipelines: Annotated[
        list[str] | None,
        typer.Argument(help=f"Families to choose from: {', '.join(FAMILIES)}. Without one, tfidf."),
    ] = None,
    data: DataOption = None,
    rows: Annotated[
        int | None, typer.Option(min=8, help="Training rows to search on; without it, all.")
    ] = None,
    trials: Annotated[
        int, typer.Option(min=1, help="Trials of the study in all, other workers' included.")
    ] = 50,
    timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds after which no trial begins here.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")] = 3,
    scoring: Annotated[
        str,
        typer.Option(
            help="Score; or several with commas between, of which latency, fit_time and size "
            "are kept low."
        ),
    ] = "accuracy",
    storage: Annotated[
        str | None,
        typer.Option(
            help="journal:PATH, sqlite:///PATH, postgresql://..., redis://... or grpc://HOST:PORT. "
            "Without it: a journal file in AGNEWS_SK_HOME if --study is given."
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Name to resume by, and for other machines to join.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Threads that run trials here.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for best_pipeline (see `load`), trials.csv and Optuna's plots."),
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Search over cleaning, vocabulary, n-grams and classifier together, with pruning."""
    console = Console()
    families = _families(pipelines or ["tfidf"])
    if out is not None:
        _check_out(out)
    opened = None if storage is None and study is None else _open(storage, study)
    loaded = load_rows(data, console)
    kept = draw_rows(loaded.y_train, rows or n_rows(loaded.y_train), seed)
    X_train, y_train = training_rows(loaded, kept)
    chosen = loaded._replace(X_train=X_train, y_train=y_train)
    objectives = [name.strip() for name in scoring.split(",")]
    estimators = {name: make() for name, (make, _) in families.items()}
    spaces: dict[str, Any] = {name: space for name, (_, space) in families.items()}
    (only, *others) = families
    progress = _LiveProgress(trials, console)
    search = PipelineSearchCV(
        estimators if others else estimators[only],
        spaces if others else spaces[only],
        n_trials=trials,
        timeout=timeout,
        scoring=objectives,
        cv=folds,
        storage=opened,
        study_name=study,
        n_jobs=jobs,
        random_state=seed,
        refit=objectives[0] if out is not None else False,
        callbacks=[progress.tell],
    )
    try:
        with progress:
            search.fit(chosen.X_train, chosen.y_train)
    except KeyboardInterrupt:
        _stop(search, objectives[0], out, console)
        raise
    except REFUSALS:
        _keep_trials(search, out, console)
        raise
    _report(search, objectives[0], console)
    if out is not None:
        _write(search, objectives, chosen, out, console)


def _check_out(out: Path) -> None:
    """Find out before the search whether its result can be written."""
    check_optional("matplotlib", extra="plot", needed_by="--out")
    model = out / MODEL
    check_writable(model, "--out")
    taken = model.exists() and not (model / "manifest.json").is_file()
    if taken and not (model.is_dir() and not any(model.iterdir())):
        raise typer.BadParameter(
            f"{model} is there and is no saved model; remove it first.", param_hint="--out"
        )


def _open(storage: str | None, study: str | None) -> Any:
    try:
        return open_storage(storage, study)
    except REFUSALS as error:
        hint = "--study" if storage is None else "--storage"
        raise typer.BadParameter(str(error), param_hint=hint) from error


def _families(names: list[str]) -> Mapping[str, tuple[Any, Any]]:
    unknown = [name for name in names if name not in FAMILIES]
    if unknown:
        raise typer.BadParameter(f"there is no family {unknown}; choose from {list(FAMILIES)}.")
    return {name: FAMILIES[name] for name in names}


class _LiveProgress:
    """A bar of the trials that ended, whoever ran them, with the best so far behind it.

    Drawn in a terminal only.
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

    def tell(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Draw the state of the study."""
        states = Counter(str(t.state.name).lower() for t in ended_trials(study))
        counts = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        self._bar.update(
            self._task, completed=states.total(), description=f"{_best_so_far(study)} ({counts})"
        )


def _best_so_far(study: optuna.Study) -> str:
    best = study.best_trials
    if len(study.directions) > 1:
        return f"{len(best)} on the Pareto front"
    return f"best {best[0].value:.4f}, trial {best[0].number}" if best else "none complete"


def _report(search: PipelineSearchCV, objective: str, console: Console) -> None:
    table = Table("", "value", title=f"Best of {len(search.cv_results_['params'])} trials")
    spread = search.cv_results_[f"std_test_{objective}"][search.best_index_]
    table.add_row(objective, f"{search.best_score_:.4f} ± {spread:.4f} ({search.n_splits_} folds)")
    for name, value in search.best_params_.items():
        table.add_row(
            escape(name), f"{value:.4g}" if isinstance(value, float) else escape(str(value))
        )
    console.print(table)


def _stop(search: PipelineSearchCV, objective: str, out: Path | None, console: Console) -> None:
    """Say what an interrupted search has found, and how it goes on."""
    if hasattr(search, "best_params_"):
        _report(search, objective, console)
    _keep_trials(search, out, console)
    way_on = "The same command resumes it" if search.study_name else "With --study it could resume"
    console.print(f"[yellow]No pipeline was fitted on all rows. {way_on}.[/]", soft_wrap=True)


def _keep_trials(search: PipelineSearchCV, out: Path | None, console: Console) -> None:
    """Write the trials of a search that was cut short, if there are any."""
    if out is not None and hasattr(search, "cv_results_"):
        _write_trials(search, out)
        print_written(console, out, TRIALS)


def _write_trials(search: PipelineSearchCV, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(search.cv_results_).drop(columns="params").to_csv(out / TRIALS, index=False)


def _write(
    search: PipelineSearchCV, objectives: list[str], rows: TrainTest, out: Path, console: Console
) -> None:
    """Save the pipeline before all that may fail, and say what did."""
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
        print_written(console, out, TRIALS, *_draw(search.study_, objectives, out))
    except OSError as error:
        failures.append(f"the trials and their plots cannot be written: {error}")
    for failure in failures:
        show_error(failure)
    if failures:
        raise typer.Exit(1)


def _save(model: Any, out: Path) -> tuple[Path, list[str]]:
    """Save a pipeline, elsewhere if the folder has become unwritable meanwhile."""
    try:
        save(model, out / MODEL)
    except OSError as error:
        folder = Path(tempfile.mkdtemp(prefix="agnews-sk-tune-"))
        save(model, folder / MODEL)
        return folder, [f"{out / MODEL} cannot be written: {error}"]
    return out, []


def _draw(study: optuna.Study, objectives: list[str], out: Path) -> list[str]:
    """Save Optuna's plots of each objective, and return the names of the files."""
    from matplotlib import pyplot
    from optuna.visualization import matplotlib as plots

    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator")  # targets are signed
    pyplot.switch_backend("Agg")
    jobs: dict[str, Any] = {}
    for index, name in enumerate(objectives):
        options: dict[str, Any] = {"target_name": name}
        weighed = dict(options)
        if len(objectives) > 1:
            # Importances are for reaching low targets.
            sign = -1 if study.directions[index] == optuna.study.StudyDirection.MAXIMIZE else 1
            options["target"] = lambda trial, index=index: trial.values[index]
            weighed["target"] = lambda trial, index=index, sign=sign: sign * trial.values[index]
        jobs[f"history_{name}.png"] = partial(plots.plot_optimization_history, study, **options)
        jobs[f"importances_{name}.png"] = partial(plots.plot_param_importances, study, **weighed)
        jobs[f"parallel_{name}.png"] = partial(plots.plot_parallel_coordinate, study, **options)
    if len(objectives) in (2, 3):
        jobs["pareto_front.png"] = partial(plots.plot_pareto_front, study, target_names=objectives)
    return [name for name, draw in jobs.items() if _saved(draw, out / name)]


def _saved(draw: Callable[[], Any], path: Path) -> bool:
    """Draw and save; not where there are too few trials to draw."""
    from matplotlib import pyplot

    try:
        draw()
    except (ValueError, RuntimeError):
        return False
    finally:
        figure = pyplot.gcf()
    figure.savefig(path, dpi=150, bbox_inches="tight")
    pyplot.close("all")
    return True
