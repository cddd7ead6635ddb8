"""Predict files, on this machine or on a Dask cluster."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from agnews_sk._core.job_folder import Inputs, Job, delete_parts, prepare_parts
from agnews_sk._core.joining import column_kinds
from agnews_sk._core.optional import import_optional
from agnews_sk._core.run_lock import output_lock
from agnews_sk.bulk._columns import choose_columns
from agnews_sk.bulk._inputs import check_files, find_files
from agnews_sk.bulk._output import FORMATS, write_frames
from agnews_sk.bulk._predictor import (
    PREDICTED,
    SKIPPED,
    Task,
    check_keep,
    checked_model,
    predict_file,
    text_choices,
)
from agnews_sk.onnx import model_sha256

# Enough rows to fill a model's batches, few enough that their texts fit into any memory.
ROWS_PER_PART = 8_192

Progress = Callable[[int], None]


class BulkReport(NamedTuple):
    """Result of `predict_files`.

    Attributes
    ----------
    n_files : int
        Number of files read.
    n_predicted : int
        Number of rows with a prediction.
    n_skipped : int
        Number of rows without: they cannot be read, or have no text.
    output : pathlib.Path
        File of the predictions.
    skipped : pathlib.Path or None
        File of the skipped rows, with the reason for each; None if there are none.
    columns : list of str
        All columns that the files have.
    """

    n_files: int
    n_predicted: int
    n_skipped: int
    output: Path
    skipped: Path | None
    columns: list[str]


def predict_files(
    model: str | Path,
    files: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    columns: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    header: bool | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    escape_formulas: bool = False,
    client: Any = None,
    rows_per_part: int = ROWS_PER_PART,
    progress: Progress | None = None,
) -> BulkReport:
    r"""Predict every row of one or more files, with memory for one part of the rows.

    Parameters
    ----------
    model : str or path
        A saved pipeline, or one exported to ONNX.
    files : str, path or sequence of them
        Of any format that `load_texts` reads, by their suffix; a str may have wildcards.
    output : str or path
        CSV, JSON Lines or Parquet, by its suffix.
    columns : sequence of str, optional
        Columns of the text, which every file must have. By default the first of these that every
        file has: those that the model was fitted on; title and description; text; content.
    keep : sequence of str, optional
        Columns that are copied to the output, such as an id.
    header : bool, optional
        Whether the first line of text files and sheets names the columns. By default it does,
        unless it has none of the names above and reads as a row: a number, then some words. A file
        without a header has the columns text; class and text; or class, title and description. If
        its first column holds texts, or `columns` has such names, they are column_1, column_2 etc.
    sep, encoding : str, optional
        Separator and encoding of text files, which are detected by default.
    sheet : str, optional
        Sheet of workbooks; by default the only one with rows.
    escape_formulas : bool, default=False
        In a CSV output, prefix an apostrophe to every text that begins with `=`, `+`, `-`, `@`, a
        tab or a line break, so that no spreadsheet evaluates a text as a formula.
    client : dask.distributed.Client, optional
        Predict each file on a worker of its cluster; workers must see the model, the files and
        the folder of the output under the same paths.
    rows_per_part : int, default=8_192
        Rows that are predicted and written at a time. A run that is killed loses its unfinished
        parts.
    progress : callable, optional
        Called with the number of rows done since the last call; with a client, of files.

    Returns
    -------
    BulkReport

    Raises
    ------
    BlockingIOError
        If another run is writing this output.
    FileNotFoundError
        If a name or pattern matches no file.
    OSError
        If the output cannot be written.
    ValueError
        If the format of a file is not known, a file is broken as a whole or lacks a column, the
        output would be written over a file to read, a file changes while it is read, or the folder
        `OUTPUT.parts` was not made by a run.

    Warns
    -----
    UserWarning
        If there are parts of an unfinished run with another model, other inputs or other options,
        which are deleted.

    Notes
    -----
    Rows are predicted in parts, which stay in the folder `OUTPUT.parts` until all are complete: the
    same call resumes a run that was killed. Parts are reused only if the contents of the model
    and the files and the options are the same. Rows that cannot be read or have no text are
    written to `OUTPUT.skipped.jsonl`, with the reason for each.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.bulk import predict_files
    >>> from agnews_sk.persistence import save
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> pipeline = make_tfidf_pipeline().fit(texts, ["Oil", "Oil", "Cup", "Cup"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model, rows = save(pipeline, f"{folder}/model"), Path(folder) / "rows.csv"
    ...     _ = rows.write_text("text\nthe oil\nthe cup\n")
    ...     report = predict_files(model, rows, f"{folder}/labels.csv")
    >>> report.n_predicted, report.n_skipped
    (2, 0)
    """
    paths, output, model = find_files(files), Path(output).absolute(), Path(model).absolute()
    sha256 = model_sha256(model)
    _check_output(output, model, escape_formulas)
    check_files(paths, output, [output, _skipped_path(output), _parts_path(output)])
    options = _Options(
        columns=_names("columns", columns or ()),
        keep=_names("keep", keep),
        header=header,
        sep=sep,
        encoding=encoding,
        sheet=sheet,
        rows_per_part=rows_per_part,
    )
    with output_lock(output, model):
        plan = _plan(model, sha256, paths, _parts_path(output), options)
        prepare_parts(_parts_path(output), plan.job)
        _run_all(plan, client, progress or (lambda n_done: None))
        return _join_parts(plan, output, escape_formulas)


@dataclass(frozen=True)
class _Options:
    """The options that the predictions depend on."""

    columns: tuple[str, ...]
    keep: tuple[str, ...]
    header: bool | None
    sep: str | None
    encoding: str | None
    sheet: str | None
    rows_per_part: int

    def __post_init__(self) -> None:
        """Check the size of parts."""
        if self.rows_per_part < 1:
            raise ValueError(f"rows_per_part must be at least 1, got {self.rows_per_part!r}.")


class _Plan(NamedTuple):
    """A task per file, and the inputs that all of them share.

    Attributes
    ----------
    tasks : list of Task
    job : Job
    inputs : Inputs
    found : list of str
        All columns that the files have.
    parts : pathlib.Path
        Folder of the parts.
    """

    tasks: list[Task]
    job: Job
    inputs: Inputs
    found: list[str]
    parts: Path


def _plan(model: Path, sha256: str, paths: Sequence[Path], parts: Path, options: _Options) -> _Plan:
    """Check and decide everything that can be before a row is predicted."""
    loaded = checked_model(str(model), sha256)
    check_keep(loaded, options.keep)
    choices = [options.columns] if options.columns else text_choices(loaded)
    chosen = choose_columns(
        paths,
        choices,
        [*options.keep, *column_kinds(loaded)],
        header=options.header,
        sep=options.sep,
        encoding=options.encoding,
        sheet=options.sheet,
    )
    options = replace(options, columns=tuple(chosen.text))
    inputs = Inputs(paths)
    job = Job(sha256, inputs.contents, asdict(options))
    tasks = [
        Task(
            **asdict(options),
            key=job.key,
            model=str(model),
            sha256=sha256,
            path=str(path),
            folder=str(parts / f"{i:06}"),
        )
        for i, path in enumerate(paths)
    ]
    return _Plan(tasks, job, inputs, chosen.found, parts)


def _names(parameter: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return names as a tuple, and reject a single name, which would be split into letters."""
    if isinstance(names, str):
        raise TypeError(
            f"{parameter} must be a sequence of names, got {names!r}; pass [{names!r}]."
        )
    return tuple(names)


def _check_output(output: Path, model: Path, escape_formulas: bool) -> None:
    """Raise a ValueError if the output is of no format that is written, or cannot be there."""
    if output.suffix not in FORMATS:
        raise ValueError(f"output must end with one of {', '.join(FORMATS)}, got {output.name!r}.")
    if escape_formulas and output.suffix != ".csv":
        raise ValueError(f"escape_formulas is for an output in CSV, got {output.name!r}.")
    for path in (output, _skipped_path(output)):
        if path.is_dir():
            raise ValueError(f"{path} is a folder; choose another name for the output.")
    if any(folder.exists() and folder.samefile(model) for folder in output.parents):
        raise ValueError(f"{output} would be a file of the model {model}; write it elsewhere.")


def _parts_path(output: Path) -> Path:
    """Return the folder of an output's parts."""
    return output.with_name(f"{output.name}.parts")


def _skipped_path(output: Path) -> Path:
    """Return the file of the rows that an output has no prediction for."""
    return output.with_name(f"{output.name}.skipped.jsonl")


def _run_all(plan: _Plan, client: Any, progress: Progress) -> None:
    """Predict every file, and delete the parts of one that changed during the run."""
    ended = _run_here if client is None else partial(_run_on_cluster, client)
    for task in ended(plan.tasks, progress):
        path = Path(task.path)
        if plan.inputs.changed(path):
            shutil.rmtree(task.folder)
            raise ValueError(
                f"{path} was changed while it was being read; run the prediction again."
            )


def _run_here(tasks: Sequence[Task], progress: Progress) -> Iterator[Task]:
    """Predict files one after the other, and yield each task when it is done."""
    for task in tasks:
        predict_file(task, progress)
        yield task


def _run_on_cluster(client: Any, tasks: Sequence[Task], progress: Progress) -> Iterator[Task]:
    """Predict files on the workers of a cluster, and yield each task when it is done."""
    distributed = import_optional("distributed", extra="dask", needed_by="predict_files(client=)")
    futures = dict(zip(client.map(predict_file, tasks, pure=False), tasks))
    try:
        for future in distributed.as_completed(list(futures)):
            future.result()
            progress(1)
            yield futures[future]
    finally:
        client.cancel(list(futures))


def _join_parts(plan: _Plan, output: Path, escape_formulas: bool) -> BulkReport:
    """Write all parts into the output and the file of skipped rows, and delete them.

    Parameters
    ----------
    plan : _Plan
    output : pathlib.Path
        It gets its name once it is complete: a crash leaves the earlier output.
    escape_formulas : bool

    Returns
    -------
    BulkReport
    """

    def frames(kind: str) -> Iterator[pl.DataFrame]:
        """Yield the parts of one kind, of all files in order."""
        for task in plan.tasks:
            yield from task.parts(kind)

    skipped = _skipped_path(output)
    predicted_file, n_predicted = write_frames(
        frames(PREDICTED), output, plan.parts, escape_formulas=escape_formulas
    )
    skipped_file, n_skipped = write_frames(frames(SKIPPED), skipped, plan.parts)
    # The output last: where it exists, the file of skipped rows does too.
    if n_skipped:
        skipped_file.replace(skipped)
    else:
        skipped.unlink(missing_ok=True)
    predicted_file.replace(output)
    delete_parts(plan.parts)
    return BulkReport(
        n_files=len(plan.tasks),
        n_predicted=n_predicted,
        n_skipped=n_skipped,
        output=output,
        skipped=skipped if n_skipped else None,
        columns=plan.found,
    )
