"""Fit a pipeline on files of any size."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from sklearn.base import clone

from agnews_sk._core.content import content_digest
from agnews_sk._core.counted import counted
from agnews_sk._core.job_folder import Inputs, Job, delete_parts, prepare_parts
from agnews_sk._core.run_lock import output_lock
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.datasets import find_training_files, reading_of
from agnews_sk.streaming._classifier import fit_blocks
from agnews_sk.streaming._cluster import Report, Run, check_client, running_on
from agnews_sk.streaming._duplicates import find_duplicates
from agnews_sk.streaming._fit_net import checkpoints_in, fit_net
from agnews_sk.streaming._folder import KeptInFolder, WorkFolder
from agnews_sk.streaming._ids import StoredIds
from agnews_sk.streaming._rows import (
    KeptRows,
    RowsRead,
    classes_of_kept,
    read_rows,
)
from agnews_sk.streaming._steps import Steps
from agnews_sk.streaming._vectors import Vectors

ROWS_PER_BLOCK = 65_536


class FilesReport(NamedTuple):
    """What a pipeline was trained on.

    Attributes
    ----------
    n_files, n_read : int
        Number of files and of their rows.
    n_faulty, n_filtered, n_duplicates : int
        Rows that were skipped since they are broken or have no label, that samplers dropped, and
        that repeat others.
    n_rows : int
        Rows that were trained on.
    text : list of str
        Columns of the text.
    label : str
        Column of the labels.
    classes : list
    """

    n_files: int
    n_read: int
    n_faulty: int
    n_filtered: int
    n_duplicates: int
    n_rows: int
    text: list[str]
    label: str
    classes: list[Any]


def fit_files(
    pipeline: Any,
    paths: Any,
    *,
    text: str | Sequence[str] | None = None,
    label: str | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    on_bad_rows: str = "error",
    work_folder: str | Path | None = None,
    rows_per_block: int = ROWS_PER_BLOCK,
    client: Any = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Any:
    r"""Return a pipeline fitted on the rows of files, which need not fit in memory.

    Parameters
    ----------
    pipeline : TextPipeline
        As `make_tfidf_pipeline` makes it, without other columns, or as `make_finetune_pipeline`
        makes it; or another network over the ids of a `PretrainedTokenizer`. It is not changed.
    paths : str, path-like or list of them
        A file, a pattern such as `2026-*.parquet`, a list of them, or a folder with files named
        after parts, whose training rows are read. Of any format that `load_texts` reads.
    text, label, sep, encoding, header, sheet : optional
        As `load_texts` takes them; one label per row. If `text` or `label` is not named, the
        first file is read once more to recognize them.
    on_bad_rows : {"error", "skip"}, default="error"
        Whether a broken row raises an error, or is skipped and counted in one warning.
    work_folder : str or path, optional
        Keeps what is done, so that the same call resumes a run that was killed, also in another
        process; it is deleted at the end. None uses a temporary folder, and cannot resume.
    rows_per_block : int, default=65_536
        Rows that are in memory at a time.
    client : dask.distributed.Client, optional
        Read, count and add up blocks on the workers of its cluster; they must see the files and
        `work_folder`, which is then required, under the same paths.
    progress : callable, optional
        Called before each block with what is done, the number of blocks done and that of all, which
        is None while it is not known.

    Returns
    -------
    TextPipeline
        Fitted, like one that `fit` fitted.

    Raises
    ------
    BlockingIOError
        If another run uses the work folder.
    FileNotFoundError
        If there is no such file.
    ImportError
        If `client` is given, and the `dask` extra is not installed.
    TypeError
        If a step learns from all rows at once, such as a vocabulary of words, or a sampler adds
        rows or compares them, or `client` is none of Dask.
    ValueError
        If a row is broken, a parameter is not supported, rows have several labels, the columns are
        not certain, a file changes while it is read, or a worker does not see files or folder.

    Warns
    -----
    ConvergenceWarning
        If the classifier stops after `max_iter` steps.
    UserWarning
        If broken rows were skipped, samplers dropped all rows of a class, or the work folder holds
        an unfinished run with another pipeline, other files or other options, which is deleted.

    Notes
    -----
    Rows are read, filtered, joined and cleaned once, and kept as texts in the work folder. N-grams
    are counted block by block into sorted runs on disk, which are added up range by range, so that
    the vocabulary and its weights are exactly those of `fit`. The rows are then written as sparse
    vectors, and the logistic regression is minimized by passes over these: the objective and the
    method of `fit`, see :class:`~agnews_sk.classifiers.CalibratedLogisticRegression`.

    The model differs from that of `fit` in two ways. Sums are added in another order: without
    calibration (`calibration_fraction=None`) coefficients agree to about five digits, or within
    `tol` where `fit` takes its steps by rows, since there are many features for them. And the rows
    that temperature and shifts are chosen on are not drawn: a hash of a row's vector decides, so
    that equal rows stay together, and at most about 100,000 are held out. The model is thus that of
    `fit` with another `random_state`, and differs from it in as many predictions as two of these
    do, a few in a thousand.

    Memory holds one block, the n-grams of the vocabulary, and about twenty arrays of a coefficient
    per n-gram and class; it does not grow with the rows if `min_df` is a share, as by default. The
    work folder takes eight bytes per n-gram of each row, and beside them texts, words and counts
    until all vectors are written.

    A network is trained on token ids in one file, of 16 bits each if the vocabulary allows, which
    is mapped into memory: its `fit` reads the rows of each batch at their places. The model is that
    of `fit` on the same rows in the same order. Memory holds one block, the network, and about ten
    numbers per row, such as positions and the order of an epoch. With `work_folder`, checkpoints
    are kept in it, unless the network has a `checkpoint_dir`.

    As in bulk prediction, a line or record of more than 1 MiB is a broken row.

    Filters that judge a row alone are applied: :class:`~agnews_sk.sampling.MissingTextFilter`,
    :class:`~agnews_sk.sampling.LengthFilter`; and `DuplicateFilter` for exact duplicates, by
    hashes of 128 bits on disk, so that two different texts of 10\ :sup:`10` are taken for
    duplicates with a probability below 10\ :sup:`-18`.

    With a client, tasks read parts of files (Parquet by row groups, other files as a whole), and
    work on a block each; the client adds up their sums in the order of the blocks. The model is
    that of one process, bit for bit on the same processors and libraries, whatever the number of
    workers. Dask repeats the tasks of a worker that dies, and a run may be resumed with another
    cluster or without one. Each thread of a worker needs the memory of a block.

    A run is resumed if the contents of the files, the pipeline and the options are the same. A
    process that is killed loses the block that it worked on, or those of the last second.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.streaming import fit_files
    >>> X, y = load_news_sample(subset="train", return_X_y=True)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "news.csv")
    ...     X.assign(topic=y).to_csv(path, index=False)
    ...     pipeline = fit_files(
    ...         make_tfidf_pipeline(), path, text=["title", "description"], label="topic"
    ...     )
    >>> pipeline.classes_.tolist()
    ['Business', 'Sci/Tech', 'Sports', 'World']
    """
    options = {
        "text": text,
        "label": label,
        "sep": sep,
        "encoding": encoding,
        "header": header,
        "sheet": sheet,
        "on_bad_rows": on_bad_rows,
    }
    pipeline, report, first_fault = train_files(
        pipeline,
        paths,
        options,
        work_folder=work_folder,
        rows_per_block=rows_per_block,
        client=client,
        progress=progress,
    )
    if report.n_faulty:
        warn_user(
            f"Skipped {counted(report.n_faulty, 'broken row')}; the first is {first_fault}.",
        )
    return pipeline


def train_files(
    pipeline: Any,
    paths: Any,
    options: dict[str, Any],
    *,
    work_folder: str | Path | None = None,
    rows_per_block: int = ROWS_PER_BLOCK,
    client: Any = None,
    progress: Report | None = None,
) -> tuple[Any, FilesReport, str]:
    """Fit as `fit_files` does, and tell what the pipeline was trained on.

    Parameters
    ----------
    pipeline, paths, work_folder, rows_per_block, client, progress
        As `fit_files` takes them.
    options : dict
        Its options of reading.

    Returns
    -------
    pipeline : TextPipeline
    report : FilesReport
    first_fault : str
        The first row that was skipped, empty if there is none.
    """
    if not isinstance(rows_per_block, Integral) or isinstance(rows_per_block, bool):
        raise TypeError(f"rows_per_block must be an integer, got {rows_per_block!r}.")
    if rows_per_block < 1:
        raise ValueError(f"rows_per_block must be at least 1, got {rows_per_block!r}.")
    check_client(client, work_folder)
    fitted = clone(pipeline)
    steps = Steps(fitted)
    reading, files = reading_of(**options), [path.absolute() for path in find_training_files(paths)]
    with _work_folder(work_folder) as folder, output_lock(folder, folder):
        inputs = Inputs(files)
        kept = {**options, "rows_per_block": rows_per_block, "polars": pl.__version__}
        job = Job(content_digest(pipeline), inputs.contents, {"train": kept})
        prepare_parts(folder, job, again="the training starts again")
        # Tasks of a run that ended may still write on a worker: not into the folder of another job.
        parts = WorkFolder(folder).stage(job.key)
        check = partial(_check_unchanged, files, inputs, folder)
        checkpoints = None if work_folder is None else parts.path / "checkpoints"
        with (
            running_on(client, parts.path, files) as run,
            checkpoints_in(steps.classifier, checkpoints),
        ):
            report, first_fault = _train(
                steps, files, reading, parts, rows_per_block, progress or _silent, run, check
            )
        delete_parts(folder)
    return fitted, report, first_fault


def _train(
    steps: Steps,
    files: list[Path],
    reading: Any,
    folder: WorkFolder,
    rows_per_block: int,
    progress: Report,
    run: Run,
    check_unchanged: Callable[[], None],
) -> tuple[FilesReport, str]:
    """Run all stages, each from where an earlier run ended.

    Parameters
    ----------
    steps : Steps
    files : list of pathlib.Path
    reading : Reading
    folder : WorkFolder
    rows_per_block : int
    progress : callable
    run : callable
        As `map`.
    check_unchanged : callable
        Raises an error if a file has changed since the run began.

    Returns
    -------
    report : FilesReport
    first_fault : str
    """
    found = read_rows(files, reading, steps, folder, rows_per_block, progress, run)
    check_unchanged()
    steps.fit_rows(found.columns)
    dropped = []
    if steps.drops_duplicates:
        dropped = find_duplicates(folder, found.blocks, progress, run=run)
    rows = KeptRows(folder, found.blocks, dropped)
    classes, rows.code_of = classes_of_kept(found, rows.labels())
    n_duplicates = rows.n_dropped()
    n_rows = found.n_kept - n_duplicates
    common: dict[str, Any] = {"n_blocks": len(found.blocks), "report": progress, "run": run}
    if steps.tokenizer is not None:
        ids = StoredIds(steps.tokenizer, rows, folder, **common)
        fit_net(steps.classifier, ids, classes, folder, progress)
        steps.keep_tokenizer()
    else:
        sizes: dict[str, Any] = {"n_rows": n_rows, "n_classes": len(classes)}
        blocks = Vectors(steps.vectorizer, rows, folder, **sizes, **common).blocks()
        fit_blocks(steps.classifier, blocks, classes, KeptInFolder(folder.stage("fit")), progress)
    return _report(files, found, n_duplicates, classes.tolist()), found.first_fault


def _report(
    files: Sequence[Path], found: RowsRead, n_duplicates: int, classes: list[Any]
) -> FilesReport:
    """Return what was trained on.

    Parameters
    ----------
    files : sequence of pathlib.Path
    found : RowsRead
    n_duplicates : int
    classes : list

    Returns
    -------
    FilesReport
    """
    return FilesReport(
        n_files=len(files),
        n_read=found.n_read,
        n_faulty=found.n_faulty,
        n_filtered=found.n_read - found.n_faulty - found.n_kept,
        n_duplicates=n_duplicates,
        n_rows=found.n_kept - n_duplicates,
        text=found.columns,
        label=found.label,
        classes=classes,
    )


def _check_unchanged(files: Sequence[Path], inputs: Inputs, folder: Path) -> None:
    """Reject a file that changed while it was read; what was read of it is deleted.

    Parameters
    ----------
    files : sequence of pathlib.Path
    inputs : Inputs
    folder : pathlib.Path
        Of the run.

    Raises
    ------
    ValueError
    """
    for path in files:
        if inputs.changed(path):
            delete_parts(folder)
            raise ValueError(f"{path} was changed while it was being read; run the training again.")


@contextmanager
def _work_folder(given: str | Path | None):
    """Yield the folder of a run, a temporary one if none is given.

    Parameters
    ----------
    given : str, path or None

    Yields
    ------
    pathlib.Path
    """
    if given is not None:
        path = Path(given).expanduser().absolute()
        if path.exists() and not path.is_dir():
            raise ValueError(f"work_folder must be a folder, got {path}; choose another name.")
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="agnews_sk-") as folder:
        yield Path(folder, "work")


def _silent(stage: str, n_done: int, n_blocks: int | None) -> None:
    """Show no progress."""
