"""The command `agnews-sk tune`: its work."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from agnews_sk._core.job_folder import renamed_when_complete
from agnews_sk._core.optional import check_optional
from agnews_sk._core.validation import n_rows
from agnews_sk.cli._families import NETS, Family, check_columns, check_not_composed
from agnews_sk.cli._group import EXPECTED_ERRORS, show_error
from agnews_sk.cli._output import check_model_path, print_written
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import RowOptions, draw_training_rows, load_rows
from agnews_sk.cli._saving import model_card, print_next
from agnews_sk.cli._tune_plots import write_plots
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult, evaluate_fitted
from agnews_sk.persistence import ModelCard, save
from agnews_sk.pipeline import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.reporting import comparison_table
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
UNFINISHED = "unfinished_trials.csv"
# Training rows on which the trials of a search take minutes, and not hours.
ROWS = 10_000
ROWS_OF_NETS = 1_000
FAMILIES: dict[str, tuple[Any, dict[str, Any]]] = {
    "tfidf": (make_tfidf_pipeline, tfidf_space()),
    "embedding": (make_embedding_pipeline, embedding_space()),
    "static": (partial(make_embedding_pipeline, static=True), embedding_space()),
    "transformer": (make_transformer_pipeline, transformer_space()),
    "finetune": (make_finetune_pipeline, finetune_space()),
}
"""The function that makes the pipeline of a family, and the space that is searched."""


def run_tune(
    options: RowOptions,
    *,
    families: list[Family],
    columns: list[str] | None,
    n_wanted: int | None,
    out: Path | None,
    scoring: list[str],
    storage: str | None,
    study_name: str | None,
    **params: Any,
) -> None:
    """Search over pipelines, print the best one, and write it if there is an output folder.

    Parameters
    ----------
    options : RowOptions
    families : list of Family
        Families to search over.
    columns : list of str or None
        Columns to use beside texts, or ["auto"], in the families that can.
    n_wanted : int or None
        Number of training rows to search on; None for as many as a search takes minutes on.
    out : pathlib.Path or None
    scoring : list of str
        The first one refits the best pipeline.
    storage, study_name : str or None
    **params
        As `PipelineSearchCV` takes them.
    """
    console = Console()
    check_not_composed(families, "a search is over the parameters of single pipelines")
    others = check_columns(columns, families)
    if out is not None:
        check_optional("matplotlib", extra="plot", needed_by="--out")
        check_model_path(out / MODEL)
    opened = _open(storage, study_name)
    rows = _drawn(load_rows(options, console, columns=others), families, n_wanted, params, console)
    search = _make_search(
        [_of_family(family, others, rows.texts) for family in dict.fromkeys(families)],
        scoring=scoring,
        storage=opened,
        study_name=study_name,
        refit=False if out is None else scoring[0],
        **params,
    )
    _fit(search, rows, out, console)
    _report(search, console)
    if out is not None:
        _write(search, rows, out, console)


def _drawn(
    rows: TrainTest,
    families: list[Family],
    n_wanted: int | None,
    params: dict[str, Any],
    console: Console,
) -> TrainTest:
    """Draw the training rows to search on, and print how many there are and what is done with them.

    Parameters
    ----------
    rows : TrainTest
    families : list of Family
    n_wanted : int or None
    params : dict
        As `PipelineSearchCV` takes them.
    console : rich.console.Console

    Returns
    -------
    TrainTest
    """
    n_all = n_rows(rows.y_train)
    n_wanted = n_wanted or (ROWS if NETS.isdisjoint(families) else ROWS_OF_NETS)
    drawn = draw_training_rows(rows, n_wanted, params["random_state"])
    n_drawn = n_rows(drawn.y_train)
    way_on = "; set --train-rows to change this" if n_drawn < n_all else ""
    console.print(
        f"[bold]Search:[/] {params['n_trials']} trials of {params['cv']} folds on {n_drawn:,} of "
        f"{n_all:,} training rows{way_on}.",
        highlight=False,
        soft_wrap=True,
    )
    return drawn


def _of_family(
    family: Family, columns: list[str] | str | None, texts: Sequence[str]
) -> tuple[str, Any, dict[str, Any]]:
    """Return the name of a family, its pipeline, and its search space.

    Parameters
    ----------
    family : Family
    columns : list of str, "auto" or None
        Columns to use beside texts; networks use none.
    texts : sequence of str
        Columns of the text.

    Returns
    -------
    name : str
    pipeline : TextPipeline
    space : dict
    """
    make, space = FAMILIES[family]
    if columns is None:
        return str(family), make(), space
    if family in NETS:
        return str(family), make(join__columns=list(texts)), space
    step = "vectorize" if family is Family.TFIDF else "embed"
    beside = {
        name.replace(f"{step}__", f"{step}__text__", 1): choices for name, choices in space.items()
    }
    return str(family), make(columns=columns, join__columns=list(texts)), beside


def _make_search(
    families: list[tuple[str, Any, dict[str, Any]]], **params: Any
) -> PipelineSearchCV:
    """Return the search over one family, or over several with the family as a parameter."""
    if len(families) == 1:
        ((_, pipeline, space),) = families
        return PipelineSearchCV(pipeline, space, **params)
    pipelines = {name: pipeline for name, pipeline, _ in families}
    return PipelineSearchCV(pipelines, {name: space for name, _, space in families}, **params)


def _fit(search: PipelineSearchCV, rows: TrainTest, out: Path | None, console: Console) -> None:
    """Run the search with a progress bar, and write the finished trials if it is interrupted.

    Parameters
    ----------
    search : PipelineSearchCV
    rows : TrainTest
    out : pathlib.Path or None
    console : rich.console.Console
    """
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


def _open(storage: str | None, study: str | None) -> Any:
    """Open the storage of the study, or return None for one in memory only.

    Parameters
    ----------
    storage, study : str or None
        Values of the options.

    Returns
    -------
    storage of Optuna or None

    Raises
    ------
    typer.BadParameter
        With the option that chose the storage.
    """
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
    """Print the score and the parameters of the best trial.

    Parameters
    ----------
    search : PipelineSearchCV
        With at least one finished trial.
    console : rich.console.Console
    """
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
    """Print the result of an interrupted search so far, and how to resume it.

    Parameters
    ----------
    search : PipelineSearchCV
    out : pathlib.Path or None
    console : rich.console.Console
    """
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
    """Write the trials of an interrupted search, if there are any, beside those of earlier runs.

    Parameters
    ----------
    search : PipelineSearchCV
    out : pathlib.Path or None
    console : rich.console.Console
    """
    if out is not None and hasattr(search, "cv_results_"):
        _write_trials(search, out, UNFINISHED)
        print_written(console, out, UNFINISHED)


def _write_trials(search: PipelineSearchCV, out: Path, name: str) -> None:
    """Write `cv_results_` as a table, one row per trial, completely or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    with renamed_when_complete(out / name) as unfinished:
        pd.DataFrame(search.cv_results_).drop(columns="params").to_csv(unfinished, index=False)


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
    folder, failures = _save(search, rows, out)
    print_written(console, folder, MODEL)
    try:
        _add_scores(search, rows, folder / MODEL, console)
    except (OSError, TypeError, ValueError) as error:
        failures.append(f"the test rows cannot be scored: {error}")
    try:
        _write_trials(search, out, TRIALS)
        print_written(console, out, TRIALS, *write_plots(search, out))
    except OSError as error:
        failures.append(f"the trials and their plots cannot be written: {error}")
    print_next(console, folder / MODEL)
    for failure in failures:
        show_error(failure)
    if failures:
        raise typer.Exit(1)


def _save(search: PipelineSearchCV, rows: TrainTest, out: Path) -> tuple[Path, list[str]]:
    """Save the best pipeline, in a temporary folder if `--out` cannot be written any longer.

    Returns
    -------
    folder : pathlib.Path
        Where it was saved.
    failures : list of str
        Why it was not saved in `out`, if so.
    """
    model, card = search.best_estimator_, _card(search, rows)
    try:
        save(model, out / MODEL, card=card)
    except OSError as error:
        folder = Path(tempfile.mkdtemp(prefix="agnews-sk-tune-"))
        save(model, folder / MODEL, card=card)
        return folder, [f"{out / MODEL} cannot be written: {error}"]
    return out, []


def _add_scores(search: PipelineSearchCV, rows: TrainTest, path: Path, console: Console) -> None:
    """Score the best pipeline on the test rows, print the scores, and add them to its card.

    Parameters
    ----------
    search : PipelineSearchCV
        Fitted.
    rows : TrainTest
    path : pathlib.Path
        Of the saved pipeline, which is written again with the new card.
    console : rich.console.Console
    """
    best = search.best_estimator_
    first = f"Scoring the best pipeline on {n_rows(rows.y_test):,} test rows"
    with stages(console, first) as shown:
        evaluation = evaluate_fitted(MODEL, best, rows.X_test, rows.y_test, progress=shown.show)
    result = ComparisonResult.from_evaluations([evaluation], random_state=search.random_state)
    console.print(comparison_table(result))
    console.print(result.summary(), highlight=False, markup=False)
    save(best, path, card=_card(search, rows, result))


def _card(
    search: PipelineSearchCV, rows: TrainTest, result: ComparisonResult | None = None
) -> ModelCard:
    """Return the card of the best pipeline, with the search that found it.

    Parameters
    ----------
    search : PipelineSearchCV
        Fitted.
    rows : TrainTest
    result : ComparisonResult, optional
        With the scores on the test rows.

    Returns
    -------
    ModelCard
    """
    remark = (
        f"The best of {len(search.cv_results_['params'])} trials by {search.scoring[0]}, "
        f"{search.best_score_:.4f} in {search.n_splits_}-fold cross-validation on "
        f"{n_rows(rows.y_train):,} training rows, on all of which it was then fitted."
    )
    return model_card(search.best_estimator_, rows, result, MODEL, remarks=[remark])
