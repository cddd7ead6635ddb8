"""Predict whole files, here or on a Dask cluster."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from agnews_sk._core.optional import import_optional
from agnews_sk.bulk._columns import choose_columns
from agnews_sk.bulk._inputs import check_files, find_files
from agnews_sk.bulk._job import Inputs, Job, remove, take_up
from agnews_sk.bulk._lock import only_run
from agnews_sk.bulk._output import FORMATS, write_frames
from agnews_sk.bulk._score import (
    REJECTED,
    SCORED,
    Task,
    check_keep,
    model_of,
    score_file,
    text_columns,
)
from agnews_sk.onnx import model_sha256

# Enough rows that a model's batches are full, few enough that their texts fit anywhere.
ROWS_PER_PART = 8_192

Progress = Callable[[int], None]


class BulkReport(NamedTuple):
    """What became of the rows.

    Attributes
    ----------
    n_files, n_scored, n_rejected : int
    output : pathlib.Path
    rejected : pathlib.Path or None
        Where the rejected rows are; None if there are none.
    columns : list of str
        All columns that the files have.
    """

    n_files: int
    n_scored: int
    n_rejected: int
    output: Path
    rejected: Path | None
    columns: list[str]


def predict_files(
    model: str | Path,
    files: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    columns: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    header: bool | None = None,
    escape_formulas: bool = False,
    client: Any = None,
    rows_per_part: int = ROWS_PER_PART,
    progress: Progress | None = None,
) -> BulkReport:
    r"""Predict every row of some files into one file, in constant memory.

    Parameters
    ----------
    model : str or path
        Saved or exported.
    files : str, path or sequence of them
        CSV, JSON lines or Parquet; a str may have wildcards.
    output : str or path
        CSV, JSON lines or Parquet, by its ending.
    columns : sequence of str, optional
        Columns of a text, which every file must have. Without it, the first of these that every
        file has: those that the model was fitted on, title and description, text, content.
    keep : sequence of str, optional
        Columns that are copied to the output, such as an id.
    header : bool, optional
        Whether the first line of a CSV file names its columns. Without it: it does, unless it has
        no name that is looked for and reads as class, text or class, title, description: a number
        and some words. With False, files have a text, or one of these.
    escape_formulas : bool, default=False
        In a CSV output, put an apostrophe before every text that begins with `=`, `+`, `-`, `@`, a
        tab or a line break, so that no spreadsheet computes what a stranger wrote.
    client : dask.distributed.Client, optional
        Score each file on a worker of its cluster; workers must see model, files and the
        output's folder under the same names.
    rows_per_part : int, default=8_192
        Rows that are scored and written at a time.
    progress : callable, optional
        Called with the number of rows, or with a client of files, that are done since.

    Returns
    -------
    BulkReport

    Raises
    ------
    BlockingIOError
        If another run writes this output; one at a time may.
    FileNotFoundError
        If there are no such files.
    OSError
        If the output cannot be written.
    ValueError
        If a file's format is not known or broken as a whole, a file lacks a column, a file to read
        is one to write, a file changes while it is read, or `OUTPUT.parts` is something else.

    Warns
    -----
    UserWarning
        If there are parts of an unfinished run of another model, other inputs or other options,
        which are removed.

    Notes
    -----
    Rows are scored in parts, kept in `OUTPUT.parts` until all are there; a run that was killed is
    resumed by the same call. Parts are those of one content of model, files and options: whatever
    else there is, is made anew. A row that cannot be read or has no text is in
    `OUTPUT.rejected.jsonl` with its reason.

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
    >>> report.n_scored, report.n_rejected
    (2, 0)
    """
    paths, output, model = find_files(files), Path(output).absolute(), Path(model).absolute()
    sha256 = model_sha256(model)
    _check_output(output, model, escape_formulas)
    check_files(paths, output, [output, _rejected_path(output), _parts_path(output)])
    asked = _Asked(
        columns=_names("columns", columns or ()),
        keep=_names("keep", keep),
        header=header,
        rows_per_part=rows_per_part,
    )
    with only_run(output, model):
        plan = _plan(model, sha256, paths, _parts_path(output), asked)
        take_up(_parts_path(output), plan.job)
        _run_all(plan, client, progress or (lambda n_done: None))
        return _join_parts(plan, output, escape_formulas)


@dataclass(frozen=True)
class _Asked:
    """What the caller says of the rows."""

    columns: tuple[str, ...]
    keep: tuple[str, ...]
    header: bool | None
    rows_per_part: int

    def __post_init__(self) -> None:
        if self.rows_per_part < 1:
            raise ValueError(f"rows_per_part must be at least 1, got {self.rows_per_part!r}.")


class _Plan(NamedTuple):
    """A task a file, and what all of them depend on."""

    tasks: list[Task]
    job: Job
    inputs: Inputs
    found: list[str]
    parts: Path


def _plan(model: Path, sha256: str, paths: Sequence[Path], parts: Path, asked: _Asked) -> _Plan:
    """Decide all that can be decided before a row is scored."""
    loaded = model_of(str(model), sha256)
    check_keep(loaded, asked.keep)
    choices = [asked.columns] if asked.columns else text_columns(loaded)
    chosen = choose_columns(paths, choices, asked.keep, header=asked.header)
    asked = replace(asked, columns=tuple(chosen.text))
    inputs = Inputs(paths)
    job = Job(sha256, inputs.contents, asdict(asked))
    tasks = [
        Task(
            **asdict(asked),
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
    if isinstance(names, str):
        raise TypeError(
            f"{parameter} must be a sequence of names, got {names!r}; pass [{names!r}]."
        )
    return tuple(names)


def _check_output(output: Path, model: Path, escape_formulas: bool) -> None:
    if output.suffix not in FORMATS:
        raise ValueError(f"output must end with one of {', '.join(FORMATS)}, got {output.name!r}.")
    if escape_formulas and output.suffix != ".csv":
        raise ValueError(f"escape_formulas is for an output in CSV, got {output.name!r}.")
    for path in (output, _rejected_path(output)):
        if path.is_dir():
            raise ValueError(f"{path} is a folder; give the output another name.")
    if any(folder.exists() and folder.samefile(model) for folder in output.parents):
        raise ValueError(f"{output} would be a file of the model {model}; write it elsewhere.")


def _parts_path(output: Path) -> Path:
    return output.with_name(f"{output.name}.parts")


def _rejected_path(output: Path) -> Path:
    return output.with_name(f"{output.name}.rejected.jsonl")


def _run_all(plan: _Plan, client: Any, progress: Progress) -> None:
    """Score every file, and keep nothing of one that became another meanwhile."""
    ended = _run_here if client is None else partial(_run_on_cluster, client)
    for task in ended(plan.tasks, progress):
        path = Path(task.path)
        if plan.inputs.changed(path):
            shutil.rmtree(task.folder)
            raise ValueError(f"{path} was written to while it was read; start again.")


def _run_here(tasks: Sequence[Task], progress: Progress) -> Iterator[Task]:
    for task in tasks:
        score_file(task, progress)
        yield task


def _run_on_cluster(client: Any, tasks: Sequence[Task], progress: Progress) -> Iterator[Task]:
    distributed = import_optional("distributed", extra="dask", needed_by="predict_files(client=)")
    futures = dict(zip(client.map(score_file, tasks, pure=False), tasks))
    try:
        for future in distributed.as_completed(list(futures)):
            future.result()
            progress(1)
            yield futures[future]
    finally:
        client.cancel(list(futures))


def _join_parts(plan: _Plan, output: Path, escape_formulas: bool) -> BulkReport:
    def frames(kind: str) -> Iterator[pl.DataFrame]:
        for task in plan.tasks:
            yield from task.parts(kind)

    rejected = _rejected_path(output)
    scored_file, n_scored = write_frames(
        frames(SCORED), output, plan.parts, escape_formulas=escape_formulas
    )
    rejected_file, n_rejected = write_frames(frames(REJECTED), rejected, plan.parts)
    # The output last: whoever sees it sees what was rejected, too.
    if n_rejected:
        rejected_file.replace(rejected)
    else:
        rejected.unlink(missing_ok=True)
    scored_file.replace(output)
    remove(plan.parts)
    return BulkReport(
        n_files=len(plan.tasks),
        n_scored=n_scored,
        n_rejected=n_rejected,
        output=output,
        rejected=rejected if n_rejected else None,
        columns=plan.found,
    )
