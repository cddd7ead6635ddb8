"""Predict whole files, here or on a Dask cluster."""

import glob
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from agnews_sk._optional import import_optional
from agnews_sk.bulk._output import FORMATS, write_frames
from agnews_sk.bulk._score import REJECTED, SCORED, parts_of, score_file, scorer_of

# Enough rows that a model's batches are full, few enough that their texts fit anywhere.
ROWS_PER_PART = 8_192
_JOB = "job.json"

Progress = Callable[[int], None]


class BulkReport(NamedTuple):
    """What became of the rows.

    Attributes
    ----------
    n_files, n_scored, n_rejected : int
    output : pathlib.Path
    rejected : pathlib.Path or None
        Where the rejected rows are; None if there are none.
    """

    n_files: int
    n_scored: int
    n_rejected: int
    output: Path
    rejected: Path | None


def predict_files(
    model: str | Path,
    files: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    columns: Sequence[str] | None = None,
    keep: Sequence[str] = (),
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
        CSV (with a header, or class, title, description without one), JSON lines or Parquet; a
        str may have wildcards. The output of an earlier run is not among them.
    output : str or path
        CSV, JSON lines or Parquet, by its ending.
    columns : sequence of str, optional
        Columns of a text. Without it: those that the model was fitted on, else title and
        description, else text.
    keep : sequence of str, optional
        Columns that are copied to the output, such as an id.
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
    FileNotFoundError
        If there are no such files.
    ValueError
        If a file's format is not known or broken as a whole, the output is the only file, or
        `OUTPUT.parts` is something else.

    Notes
    -----
    Rows are scored in parts, kept in `OUTPUT.parts` until all are there; a run that was killed is
    taken up by the same call. If model, files or options have changed since, the parts are made
    anew. A row that cannot be read or has no text is in `OUTPUT.rejected.jsonl` with its reason.

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
    output = Path(output).absolute()
    if output.suffix not in FORMATS:
        raise ValueError(f"output must end with one of {', '.join(FORMATS)}, got {output.name!r}.")
    paths = _without_output(find_files(files), output)
    options = {
        "columns": None if columns is None else list(columns),
        "keep": list(keep),
        "rows_per_part": rows_per_part,
    }
    parts = _take_up(output, _fingerprint(Path(model), paths, options))
    jobs = [
        (str(Path(model).absolute()), options, str(path), str(parts / f"{i:06}"))
        for i, path in enumerate(paths)
    ]
    progress = progress or (lambda n_done: None)
    if client is None:
        for job in jobs:
            _run(*job, progress)
    else:
        _run_on_cluster(client, jobs, progress)
    return _join_parts(parts, [Path(folder) for *_, folder in jobs], output)


def find_files(files: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files that a name, a pattern or a list of them stands for, in order.

    Parameters
    ----------
    files : str, path or sequence of them

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    FileNotFoundError
        If one of them stands for none.
    """
    given = [files] if isinstance(files, (str, Path)) else files
    found: list[Path] = []
    for one in given:
        matches = [one] if Path(one).exists() else sorted(glob.glob(str(one), recursive=True))
        if not matches:
            raise FileNotFoundError(f"there is no file {one}.")
        found += [Path(match).absolute() for match in matches]
    return list(dict.fromkeys(found))


def _without_output(paths: list[Path], output: Path) -> list[Path]:
    """Leave out what an earlier run wrote where a pattern would have it read again."""
    written = [path for path in (output, _rejected_path(output)) if path.exists()]
    parts = _parts_path(output)
    kept = [
        path
        for path in paths
        if parts not in path.parents and not any(path.samefile(one) for one in written)
    ]
    if not kept:
        raise ValueError(f"{output} is the only file to read; give the output another name.")
    return kept


def _parts_path(output: Path) -> Path:
    return output.with_name(f"{output.name}.parts")


def _rejected_path(output: Path) -> Path:
    return output.with_name(f"{output.name}.rejected.jsonl")


def _run(
    model: str, options: dict[str, Any], path: str, folder: str, progress: Progress | None = None
) -> None:
    columns = options["columns"]
    scorer = scorer_of(model, None if columns is None else tuple(columns), tuple(options["keep"]))
    score_file(
        scorer,
        Path(path),
        Path(folder),
        rows_per_part=options["rows_per_part"],
        progress=progress or (lambda n_rows: None),
    )


def _run_on_cluster(client: Any, jobs: list[tuple[Any, ...]], progress: Progress) -> None:
    distributed = import_optional("distributed", extra="dask", needed_by="predict_files(client=)")
    futures = client.map(_run, *zip(*jobs), pure=False)
    try:
        for future in distributed.as_completed(futures):
            future.result()
            progress(1)
    finally:
        client.cancel(futures)


def _fingerprint(model: Path, paths: Sequence[Path], options: dict[str, Any]) -> str:
    """Return a sum of what the parts depend on: names, sizes and times of files, and options."""
    inside = sorted(model.rglob("*")) if model.is_dir() else [model]
    known = [
        (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        for path in [*(file.absolute() for file in inside if file.is_file()), *paths]
    ]
    return hashlib.sha256(json.dumps([known, options]).encode()).hexdigest()


def _take_up(output: Path, fingerprint: str) -> Path:
    """Return the folder of parts, emptied if it is of another job."""
    parts = _parts_path(output)
    job = parts / _JOB
    parts.mkdir(parents=True, exist_ok=True)
    if not job.exists() and any(parts.iterdir()):
        raise ValueError(f"{parts} is not of an earlier run; give the output another name.")
    if not job.exists() or job.read_text() != fingerprint:
        _empty(parts)
        job.write_text(fingerprint)
    return parts


def _empty(parts: Path) -> None:
    """Remove all but the file that says whose parts these are."""
    for one in parts.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        elif one.name != _JOB:
            one.unlink()


def _join_parts(parts: Path, folders: Sequence[Path], output: Path) -> BulkReport:
    def frames(kind: str) -> Iterator[pl.DataFrame]:
        for folder in folders:
            yield from parts_of(folder, kind)

    rejected = _rejected_path(output)
    n_scored = write_frames(frames(SCORED), output, parts)
    n_rejected = write_frames(frames(REJECTED), rejected, parts)
    if not n_rejected:
        rejected.unlink()
    _empty(parts)
    shutil.rmtree(parts)
    return BulkReport(len(folders), n_scored, n_rejected, output, rejected if n_rejected else None)
