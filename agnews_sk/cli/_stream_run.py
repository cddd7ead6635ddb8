"""The command `agnews-sk train --stream`: its work."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from agnews_sk._core.counted import counted
from agnews_sk.cli._cluster import open_client
from agnews_sk.cli._families import (
    NETS,
    PRETRAINED,
    Family,
    check_pretrained,
    make_pipeline,
)
from agnews_sk.cli._output import check_model_path
from agnews_sk.cli._rows import RowOptions, read_texts
from agnews_sk.cli._saving import model_card, print_next
from agnews_sk.cli._stopping import check_stopped, terminable
from agnews_sk.cli._train_run import score_fitted, set_params
from agnews_sk.datasets import TrainTest
from agnews_sk.persistence import save
from agnews_sk.streaming import TRAINING, FilesReport, train_files

_FAMILIES = Family.TFIDF, Family.FINETUNE


def run_stream(
    options: RowOptions,
    out: Path,
    *,
    family: Family,
    test: str | None,
    model: str | None,
    epochs: int | None,
    devices: int,
    params: Sequence[str],
    seed: int,
    dask: str | None,
    unsupported: Sequence[str],
) -> None:
    """Fit a pipeline on files that need not fit in memory, score it on test rows, and save it.

    Parameters
    ----------
    options : RowOptions
    out : pathlib.Path
        Folder or zip file of the model; what is done is kept beside it, in `OUT.parts`.
    family : Family
    test : str or None
        File of test rows, which are loaded as a whole.
    model : str or None
        Pretrained model of a network.
    epochs : int or None
    devices : int
        Number of devices that a network is trained on.
    params : sequence of str
        Parameters of steps, each as NAME=VALUE.
    seed : int
    dask : str or None
        Address of a scheduler, or "local".
    unsupported : sequence of str
        Options that were given, but do not go with `--stream`.
    """
    console = Console()
    check_model_path(out)
    of_net: dict[str, Any] = {"model": model, "epochs": epochs, "devices": devices}
    if family not in NETS:
        given = {**of_net, "devices": devices > 1}
        unsupported = [*unsupported, *(f"--{name}" for name, value in given.items() if value)]
    data = _check(options, family, unsupported)
    if family in PRETRAINED:
        check_pretrained(model)
    pipeline = make_pipeline(family, seed=seed, show=console.is_terminal, **of_net)
    set_params(pipeline, params)
    reading = {**options.reading(), "label": next(iter(options.label or ()), None)}
    start = time.perf_counter()
    with terminable():
        with _progress(console) as progress, open_client(dask) as client:
            try:
                pipeline, report, first_fault = train_files(
                    pipeline,
                    data,
                    reading,
                    work_folder=out.with_name(f"{out.name}.parts"),
                    client=client,
                    progress=progress,
                )
            except (OSError, TypeError, ValueError) as error:
                hint = "--data" if isinstance(error, OSError) else "--stream"
                raise typer.BadParameter(str(error), param_hint=hint) from error
        seconds = time.perf_counter() - start
        remarks = _remarks(report, first_fault)
        for remark in remarks:
            console.print(remark, highlight=False, markup=False, soft_wrap=True)
        on = counted(report.n_rows, "row")
        console.print(f"[bold]Fitted:[/] {family} on {on} in {seconds:.1f} s")
        rows = _rows(data, report, test, options)
        result = score_fitted(pipeline, family, rows, report.n_rows, seconds, seed, console)
        card = model_card(pipeline, rows, result, family, remarks=remarks)
        check_stopped()
        if family in NETS:
            pipeline.set_params(classify__devices=1)  # which is not saved
        save(pipeline, out, card=card)
    console.print("[bold]Saved:[/]", escape(str(out)), soft_wrap=True)
    print_next(console, out)


def _check(options: RowOptions, family: Family, unsupported: Sequence[str]) -> Path:
    """Return the path of the rows; reject options that `--stream` does not go with.

    Parameters
    ----------
    options : RowOptions
    family : Family
    unsupported : sequence of str
        Options that were given.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    typer.BadParameter
    """
    if family not in _FAMILIES:
        raise typer.BadParameter(
            f"--stream trains the families {' and '.join(_FAMILIES)}, got {family.value}; leave "
            "--stream out to train on rows in memory.",
            param_hint="--family",
        )
    several = [f"--label {' --label '.join(options.label or ())}"] * (len(options.label or ()) > 1)
    several += ["--label-sep"] * (options.label_sep is not None)
    for option in (*unsupported, *several):
        raise typer.BadParameter(
            f"{option} does not go with --stream, which trains on one label per row, on texts only;"
            " leave one of them out.",
            param_hint="--stream",
        )
    if options.path is None:
        raise typer.BadParameter(
            "--stream needs a file or folder of rows; name it with --data.", param_hint="--data"
        )
    return options.path


def _remarks(report: FilesReport, first_fault: str) -> list[str]:
    """Return what was read as sentences.

    Parameters
    ----------
    report : FilesReport
    first_fault : str

    Returns
    -------
    list of str
    """
    dropped = {
        f"{report.n_filtered:,} dropped by the filter": report.n_filtered,
        counted(report.n_duplicates, "exact duplicate"): report.n_duplicates,
        f"{report.n_faulty:,} broken; the first is {first_fault}": report.n_faulty,
    }
    left_out = [what for what, n in dropped.items() if n]
    named = f"text: {', '.join(report.text)}; label: {report.label}"
    read = f"Read: {named}, {len(report.classes)} classes; {counted(report.n_read, 'row')} of "
    read += counted(report.n_files, "file")
    return [f"{read}, of which {', '.join(left_out)}." if left_out else f"{read}."]


def _rows(data: Path, report: FilesReport, test: str | None, options: RowOptions) -> TrainTest:
    """Return the test rows, if there are any, with where the training rows come from.

    Parameters
    ----------
    data : pathlib.Path
    report : FilesReport
    test : str or None
    options : RowOptions

    Returns
    -------
    TrainTest
        Without training rows.
    """
    X_test = y_test = None
    if test is not None:
        columns = RowOptions(**{**vars(options), "text": report.text, "label": [report.label]})
        bunch = read_texts(test, columns, subset="test")
        X_test, y_test = bunch.data, bunch.target
    of_test = "" if y_test is None else f" and {counted(len(y_test), 'test row')}"
    return TrainTest(
        X_train=None,
        X_test=X_test,
        y_train=None,  # type: ignore[arg-type]
        y_test=y_test,  # type: ignore[arg-type]
        source=f"{data}: {counted(report.n_rows, 'training row')}{of_test}",
        texts=report.text,
        label_name=report.label,
    )


@contextmanager
def _progress(console: Console) -> Iterator[Any]:
    """Yield a function that shows what is done, and how many blocks are done.

    Parameters
    ----------
    console : rich.console.Console

    Yields
    ------
    callable
        As `fit_files` takes it.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    hidden = not console.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=hidden) as bar:
        task = bar.add_task("", total=None)

        def show(stage: str, n_done: int, n_blocks: int | None) -> None:
            check_stopped()
            bar.update(task, description=stage, completed=n_done, total=n_blocks)
            if stage == TRAINING:  # a network shows its epochs itself
                bar.stop()

        yield show
