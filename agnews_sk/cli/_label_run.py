"""The command `agnews-sk label`: its work."""

import shlex
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape

from agnews_sk.bulk import choose_columns
from agnews_sk.caching import TextCache
from agnews_sk.cli._families import (
    PRETRAINED,
    Family,
    check_not_composed,
    check_pretrained,
    make_pipeline,
)
from agnews_sk.cli._page_file import page_file
from agnews_sk.cli._rows import RowOptions
from agnews_sk.cli._stopping import terminable
from agnews_sk.files import TEXT_CHOICES, NamedColumns, RowReader, open_rows, plain_name
from agnews_sk.labelling import (
    ActiveLearner,
    LabellingSession,
    is_annotations,
    read_annotations,
)

_ROWS_PER_BATCH = 8_192
_FEWEST_TO_TRAIN_ON = 8


class _Texts(NamedTuple):
    """What is to be labelled.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Columns of the text.
    labels : dict of int to str
        Those that rows have already.
    n_broken : int
        Number of rows that cannot be read.
    """

    frame: pd.DataFrame
    labels: dict[int, str]
    n_broken: int = 0

    @property
    def columns(self) -> list[str]:
        """Columns of the text."""
        return [str(name) for name in self.frame.columns]


def run_label(
    options: RowOptions,
    *,
    out: Path | None,
    classes: Sequence[str],
    family: Family,
    model: str | None,
    strategy: str,
    target_accuracy: float | None,
    port: int,
    browser: bool,
    seed: int,
) -> None:
    """Serve the page of a labelling session, then offer to train a model on the labels.

    Parameters
    ----------
    options : RowOptions
        Its `data` is the file; its `label` the column of existing labels.
    out : pathlib.Path or None
        CSV file of the labels.
    classes : sequence of str
    family : Family
    model : str or None
        Pretrained model of the families that have one.
    strategy : str
    target_accuracy : float or None
    port : int
    browser : bool
        Whether to open the page.
    seed : int
    """
    console = Console()
    from agnews_sk import serving  # names the extra if it is missing, before any work

    check_not_composed([family], "labelling asks one pipeline")
    if family in PRETRAINED:
        check_pretrained(model)
    path = Path(str(options.data))
    out = out or Path(f"{path.stem}_labels.csv")
    if out.exists() and path.exists() and out.samefile(path):
        raise typer.BadParameter(
            f"{out} is the file of the texts; choose another name.", param_hint="--out"
        )
    texts = _read(path, options)
    pipeline = make_pipeline(family, model=model, seed=seed, texts=texts.columns)
    if family is Family.EMBEDDING:  # each text is embedded once
        pipeline.set_params(embed__cache=TextCache())
    learner = ActiveLearner(
        pipeline, strategy=strategy, target_accuracy=target_accuracy, random_state=seed
    )
    names = list(dict.fromkeys([*classes, *texts.labels.values()]))
    with (
        LabellingSession(texts.frame, out, learner, classes=names) as session,
        terminable(),
        ExitStack() as opened,
    ):
        n_imported = session.import_labels(texts.labels)
        _print_start(console, path, texts, session, n_imported)
        try:
            finished = serving.serve_labelling(
                session,
                port=port,
                on_start=lambda address: _open(console, address, out, opened if browser else None),
            )
        finally:
            _print_labels(console, session)
    if finished:
        _offer_training(console, session, out, texts.columns, family, model, seed)


def _read(path: Path, options: RowOptions) -> _Texts:
    """Return the texts of a file of any kind, or reject it by the argument of the command."""
    try:
        read = _read_annotated if is_annotations(path) else read_rows
        texts = read(path, options)
    except (OSError, TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error
    if not len(texts.frame):
        raise typer.BadParameter(f"{path} has no rows to label.", param_hint="FILE")
    return texts


def _read_annotated(path: Path, options: RowOptions) -> _Texts:
    """Return the texts of an export of Label Studio or doccano, of all columns or the chosen ones.

    A column that it does not have is a ValueError.
    """
    found = read_annotations(path)
    names = [str(name) for name in found.texts.columns]
    wanted = [_spelled(name, names) for name in options.text or names]
    unknown = next((name for name in wanted if name not in names), None)
    if unknown is not None:
        raise ValueError(f"{path} has no column {unknown!r} of texts; it has {', '.join(names)}.")
    labels = {row: label for row, label in enumerate(found.labels) if label is not None}
    return _Texts(found.texts[wanted], labels)


def read_rows(path: Path, options: RowOptions) -> _Texts:
    """Read the texts of a file of rows, and the labels that some of them have.

    Parameters
    ----------
    path : pathlib.Path
    options : RowOptions
        How to read it, with the columns of the text and of the label.

    Returns
    -------
    _Texts

    Raises
    ------
    OSError, ValueError
        If it cannot be read, or its columns are not certain.
    """
    reading = {"sep": options.sep, "encoding": options.encoding, "sheet": options.sheet}
    of_labels = list(options.label or [])
    choices = [options.text] if options.text else [list(names) for names in TEXT_CHOICES]
    columns = choose_columns([path], choices, of_labels, header=options.header, **reading)
    wanted = [*columns.text, *of_labels]
    reader = open_rows(path, NamedColumns(wanted, header=options.header), **reading)
    rows, n_broken = _cells(reader, wanted)
    n_texts = len(columns.text)
    texts = [[_as_text(cell) for cell in row[:n_texts]] for row in rows]
    frame = pd.DataFrame(texts, columns=columns.text, dtype=object)
    labels = {i: _as_label(row[-1], i + 1) for i, row in enumerate(rows)} if of_labels else {}
    return _Texts(frame, {i: label for i, label in labels.items() if label}, n_broken)


def _cells(reader: RowReader, wanted: Sequence[str]) -> tuple[list[list[Any]], int]:
    """Read columns of a file.

    Parameters
    ----------
    reader : RowReader
    wanted : sequence of str
        Columns, which the file may spell in another case.

    Returns
    -------
    rows : list of list
        The cells of each row, of any kind that the format has; missing ones are None or NaN.
    n_broken : int
        Number of rows that cannot be read.
    """
    names = [_spelled(name, reader.column_names()) for name in wanted]
    rows, n_broken = [], 0
    for batch in reader.batches(_ROWS_PER_BATCH):
        n_broken += len(batch.faults)
        rows += [[cells.get(name) for name in names] for cells in batch.rows]
    return rows, n_broken


def _spelled(name: str, found: Sequence[str]) -> str:
    """Return a column as the file spells it: so, or in another case."""
    return next((one for one in [name, *found] if one in found and _same(one, name)), name)


def _same(one: str, other: str) -> bool:
    return plain_name(one) == plain_name(other)


def _as_text(cell: Any) -> str:
    """Return a cell as text; a missing one is empty."""
    return "" if cell is None or cell != cell else str(cell)  # NaN


def _as_label(cell: Any, number: int) -> str:
    """Return the label of a row, by its number in messages; empty if it has none."""
    if not isinstance(cell, list):
        return _as_text(cell).strip()
    if len(cell) > 1:
        raise ValueError(f"row {number}: there must be one label per text, got {cell!r:.100}.")
    return _as_label(cell[0], number) if cell else ""


def _print_start(
    console: Console, path: Path, texts: _Texts, session: LabellingSession, n_imported: int
) -> None:
    """Print what is to be labelled, and where the labels are.

    Parameters
    ----------
    console : rich.console.Console
    path : pathlib.Path
    texts : _Texts
    session : LabellingSession
    n_imported : int
        Number of labels of the file that are new.
    """
    columns = ", ".join(texts.columns)
    n_rows = f"{len(texts.frame):,} texts"
    console.print("[bold]Data:[/]", escape(f"{path}, {columns}: {n_rows}"), soft_wrap=True)
    if texts.n_broken:
        console.print(f"[yellow]{texts.n_broken:,} rows cannot be read, and are left out.[/]")
    if n_imported:
        console.print(f"[bold]Imported:[/] {n_imported:,} labels")
    known = f"{session.path}, {len(session.labels):,} so far"
    console.print("[bold]Labels:[/]", escape(known), soft_wrap=True)


def _open(console: Console, address: str, labels: Path, opened: ExitStack | None) -> None:
    """Print the address of the page, and open it in a browser if one is wanted.

    Parameters
    ----------
    console : rich.console.Console
    address : str
        With a key, which the arguments of the browser must not show.
    labels : pathlib.Path
        The file that leads to the page is written beside it.
    opened : contextlib.ExitStack or None
        At its end that file is removed; None opens no browser.
    """
    console.print("[bold]Page:[/]", address, soft_wrap=True, highlight=False)
    console.print("Ctrl-C ends labelling; everything that was labelled is saved already.")
    if opened is None:
        return
    try:
        leading = opened.enter_context(page_file(address, labels.parent))
    except OSError as error:
        reason = f"no file can be written beside the labels: {error.strerror or error}"
        console.print(f"[yellow]No browser was opened, as {escape(reason)}.[/]", soft_wrap=True)
        return
    webbrowser.open(leading.as_uri())


def _print_labels(console: Console, session: LabellingSession) -> None:
    """Print how many texts are labelled, and the accuracy."""
    progress = session.progress()
    counts = ", ".join(f"{name}: {n:,}" for name, n in progress.counts.items())
    labelled = f"{progress.n_labelled:,} of {progress.n_rows:,} texts ({counts}): {session.path}"
    console.print("[bold]Labelled:[/]", escape(labelled), soft_wrap=True, highlight=False)
    if progress.estimate is not None:
        console.print("[bold]Estimate:[/]", str(progress.estimate), highlight=False)


def _offer_training(
    console: Console,
    session: LabellingSession,
    labels: Path,
    columns: Sequence[str],
    family: Family,
    model: str | None,
    seed: int,
) -> None:
    """Print the command that trains a model on the labels, and run it if the user says yes.

    Parameters
    ----------
    console : rich.console.Console
    session : LabellingSession
    labels : pathlib.Path
    columns : sequence of str
        Of the text.
    family : Family
    model : str or None
    seed : int
    """
    n_labelled = len(session.labels)
    if n_labelled < _FEWEST_TO_TRAIN_ON or len(set(session.labels.values())) < 2:
        return
    out = labels.with_name(f"{labels.stem}_model")
    words = ["agnews-sk", "train", "--data", str(labels), "--label", "label"]
    words += [word for name in columns for word in ("--text", name)]
    words += ["--on-bad-rows", "skip", "--family", family.value]
    words += ([] if model is None else ["--model", model]) + ["--out", str(out)]
    console.print("[bold]Next:[/]", escape(shlex.join(words)), soft_wrap=True, highlight=False)
    if not (sys.stdin.isatty() and console.is_terminal):
        return
    if not typer.confirm(f"Train a model on the {n_labelled:,} labelled texts now?"):
        return
    from agnews_sk.cli._train_run import run_train

    run_train(
        RowOptions(str(labels), list(columns), ["label"], on_bad_rows="skip"),
        out,
        family=family,
        columns=None,
        validation=None,
        test=None,
        model=model,
        epochs=None,
        devices=1,
        params=[],
        seed=seed,
    )
