"""The command `agnews-sk tune`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from agnews_sk.cli._families import ColumnsOption, Family
from agnews_sk.cli._rows import RowOptions, SeedOption, with_row_options
from agnews_sk.cli._stopping import terminable

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


@with_row_options
def tune(
    rows: RowOptions,
    families: Annotated[
        list[Family] | None,
        typer.Option(
            "--family", help="Family to search over; may be repeated.", show_default="tfidf"
        ),
    ] = None,
    train_rows: Annotated[
        int | None,
        typer.Option(
            min=8,
            help="Number of training rows to search on and to fit the best pipeline on, drawn at "
            "random.",
            show_default="10,000, or 1,000 with a network",
        ),
    ] = None,
    columns: ColumnsOption = None,
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
    from agnews_sk.cli._tune_run import run_tune

    with terminable():
        run_tune(
            rows,
            families=families or [Family.TFIDF],
            columns=columns,
            n_wanted=train_rows,
            out=out,
            n_trials=trials,
            timeout=timeout,
            scoring=[name.strip() for name in scoring.split(",")],
            cv=folds,
            storage=storage,
            study_name=study,
            n_jobs=jobs,
            random_state=seed,
        )
