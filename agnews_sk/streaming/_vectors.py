"""The stages that learn n-grams, count them in all rows, and write the rows as sparse vectors."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.content import content_digest
from agnews_sk.classifiers import RowBlocks
from agnews_sk.streaming._blocks import (
    Counting,
    load_vectors,
    rows_with,
    write_ngrams,
    write_vectors,
)
from agnews_sk.streaming._cluster import Report, Run, in_order
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._rows import KeptRows
from agnews_sk.streaming._runs import ENTRIES, add_up
from agnews_sk.vectorization import NgramPart, VectorizerByBlocks

# Seconds of work after which sums over blocks are kept.
_SAVE_AFTER = 1.0


class Vectors:
    """The rows of files as vectors.

    Parameters
    ----------
    vectorizer : NgramUnion or NgramVectorizer
        Fitted in place.
    rows : KeptRows
    folder : WorkFolder
    n_blocks, n_rows, n_classes : int
    report : callable
    entries : int
        As `add_up` takes it.
    run : callable, default=map
        As `map`.
    """

    def __init__(
        self,
        vectorizer: object,
        rows: KeptRows,
        folder: WorkFolder,
        *,
        n_blocks: int,
        n_rows: int,
        n_classes: int,
        report: Report,
        entries: int = ENTRIES,
        run: Run = map,
    ) -> None:
        self._vectorizer = VectorizerByBlocks(vectorizer)
        self._rows, self._folder, self._report = rows, folder, report
        self._n_blocks, self._n_rows, self._n_classes = n_blocks, n_rows, n_classes
        self._entries, self._run = entries, run

    def blocks(self) -> RowBlocks:
        """Learn the n-grams, write all rows as vectors, and return these.

        Returns
        -------
        RowBlocks
        """
        self._vectorizer.learn(self._learn, self._n_rows)
        n_of_class = self._weigh()
        stage = self._folder.stage("vectors")
        task = partial(write_vectors, self._counting(), self._vectorizer, self._rows, stage)
        self._do(stage, "weighing n-grams", task)
        squares = sum(stage.read_json(number) for number in range(self._n_blocks))
        self._discard()
        n_features = self._vectorizer.n_features
        load = partial(load_vectors, stage, n_features)
        scale = float(np.sqrt(squares / self._n_rows)) or 1.0
        return RowBlocks(n_of_class, n_features, self._n_blocks, scale, load, self._run)

    def _do(self, stage: WorkFolder, what: str, task: Callable[[int], None]) -> None:
        """Run a task for the blocks that a stage has not done.

        Parameters
        ----------
        stage : WorkFolder
        what : str
            For the report.
        task : callable
            Called with the number of a block.
        """
        numbers = range(self._n_blocks)
        left = [number for number in numbers if not stage.has(number, "json")]

        def begin(number: int) -> None:
            self._report(what, number, self._n_blocks)

        for _ in in_order(self._run, task, left, begin):
            pass

    def _stage_of(self, part: NgramPart) -> WorkFolder:
        """Return the folder of a part, which another one with the same analyzer does not share."""
        params = part.vectorizer.get_params(deep=False)
        # Characters are perhaps learned twice, with and without a limit, from the same n-grams.
        params.pop("max_df")
        return self._folder.stage(f"{part.vectorizer.analyzer}-{content_digest(params)[:8]}")

    def _learn(self, part: NgramPart) -> None:
        """Learn the n-grams of a part.

        Parameters
        ----------
        part : NgramPart
            Fitted in place.
        """
        stage, kind = self._stage_of(part), part.vectorizer.analyzer
        task = partial(write_ngrams, part, self._rows, stage)
        self._do(stage, f"finding n-grams ({kind})", task)
        states = [stage.read_json(number) for number in range(self._n_blocks)]
        names = {name for statistics, _ in states for name in statistics}
        statistics = {name: sum(one.get(name, 0) for one, _ in states) for name in names}
        segmenter = _only_segmenter([one for _, one in states])
        keep = pl.col("rows") >= part.least_rows(self._n_rows)
        ngrams = pl.concat(map(pl.read_parquet, self._add_up(stage, "ngrams", keep, kind)))
        part.learn(ngrams, self._n_rows, statistics, self._n_once(part, stage), segmenter)

    def _n_once(self, part: NgramPart, stage: WorkFolder) -> int:
        """Return the number of words that occur once.

        Parameters
        ----------
        part : NgramPart
        stage : WorkFolder

        Returns
        -------
        int
        """
        if not part.has_words:
            return 0
        found = self._add_up(stage, "distinct", pl.col("count") == 1, "distinct words")
        return sum(pl.scan_parquet(one).select(pl.len()).collect().item() for one in found)

    def _add_up(self, stage: WorkFolder, kind: str, keep: pl.Expr, what: str) -> list:
        """Add up the runs of all blocks.

        Parameters
        ----------
        stage : WorkFolder
        kind : str
            Ending of the runs.
        keep : polars.Expr
            Which sums to keep.
        what : str
            For the report.

        Returns
        -------
        list of pathlib.Path
        """
        runs = [stage.file(number, kind) for number in range(self._n_blocks)]

        def report(n_done: int, n_ranges: int) -> None:
            self._report(f"adding up n-grams ({what})", n_done, n_ranges)

        return add_up(
            runs,
            stage.stage(kind),
            keep=keep,
            report=report,
            entries=self._entries,
            run=self._run,
        )

    def _weigh(self) -> np.ndarray:
        """Count the n-grams of all rows and learn their weights; return the rows of each class.

        Returns
        -------
        ndarray of int of shape (n_classes,)
        """
        stage = self._folder.stage("counts")
        sums, n_of_class = self._counted(stage)
        for part, found in zip(self._vectorizer.parts, sums):
            part.weigh_by(found, n_of_class)
        return n_of_class

    def _counted(self, stage: WorkFolder) -> tuple[list[sp.csc_array], np.ndarray]:
        """Count the n-grams of all blocks, and the rows of each class that have each.

        Parameters
        ----------
        stage : WorkFolder

        Returns
        -------
        sums : list of csc_array of int of shape (n_classes, n_features)
            Of each part.
        n_of_class : ndarray of int of shape (n_classes,)
        """
        shapes = [(self._n_classes, part.n_features) for part in self._vectorizer.parts]
        if not stage.has("sums", "arrays"):
            nothing = [sp.csc_array(shape, dtype=np.int64) for shape in shapes]
            self._save_sums(stage, 0, nothing, np.zeros(self._n_classes, dtype=np.int64))
        first, of_class, *arrays = stage.read_arrays("sums", "arrays")
        sums = [
            sp.csc_array(tuple(arrays[3 * i : 3 * i + 3]), shape=shape)
            for i, shape in enumerate(shapes)
        ]
        return self._add_counts(stage, int(first), sums, of_class)

    def _add_counts(
        self, stage: WorkFolder, first: int, sums: list[sp.csc_array], of_class: np.ndarray
    ) -> tuple[list[sp.csc_array], np.ndarray]:
        """Count and add up the blocks from one on.

        Parameters
        ----------
        stage : WorkFolder
        first : int
        sums : list of csc_array of int of shape (n_classes, n_features)
            Of the blocks before.
        of_class : ndarray of int of shape (n_classes,)
            Rows of the blocks before.

        Returns
        -------
        sums, of_class
            Of all blocks.
        """
        saved = time.monotonic()
        task = partial(rows_with, self._counting(), self._rows, self._n_classes)

        def begin(number: int) -> None:
            self._report("counting n-grams", number, self._n_blocks)

        for number, found in in_order(self._run, task, range(first, self._n_blocks), begin):
            sums = [total + one for total, one in zip(sums, found.sums, strict=True)]
            of_class = of_class + found.of_class
            if number + 1 == self._n_blocks or time.monotonic() - saved >= _SAVE_AFTER:
                self._save_sums(stage, number + 1, sums, of_class)
                saved = time.monotonic()
        return sums, of_class

    def _save_sums(
        self, stage: WorkFolder, n_done: int, sums: list[sp.csc_array], of_class: np.ndarray
    ) -> None:
        """Keep the sums of the first blocks, in one file, so that all are of the same blocks.

        Parameters
        ----------
        stage : WorkFolder
        n_done : int
            Number of blocks.
        sums : list of csc_array of int of shape (n_classes, n_features)
        of_class : ndarray of int of shape (n_classes,)
        """
        arrays = [array for one in sums for array in (one.data, one.indices, one.indptr)]
        stage.write_arrays("sums", "arrays", [np.array(n_done), of_class, *arrays])

    def _counting(self) -> Counting:
        """Return what counts the n-grams of blocks."""
        parts = self._vectorizer.parts
        return Counting(self._folder.stage("counts"), parts, [self._stage_of(p) for p in parts])

    def _discard(self) -> None:
        """Delete what is needed no more once all vectors are written."""
        for part in self._vectorizer.parts:
            stage = self._stage_of(part)
            for kind in ("tokens", "ngrams", "distinct"):
                stage.discard(kind)
        self._folder.stage("counts").discard("counts")
        for kind in ("parquet", "hashes"):
            self._folder.stage("rows").discard(kind)


def _only_segmenter(found: Sequence[str | None]) -> str | None:
    """Return what split runs of characters without spaces in all blocks; reject two of them.

    Parameters
    ----------
    found : sequence of str or None
        Of each block; None if it has no such runs.

    Returns
    -------
    str or None

    Raises
    ------
    ValueError
    """
    names = sorted({one for one in found if one is not None})
    if len(names) > 1:
        raise ValueError(
            f"all blocks must be split into words by the same segmenter, got {' and '.join(names)}:"
            " the libraries of the extra agnews_sk[languages] changed during the run, or differ "
            "between workers; install the same everywhere, delete the work folder, and run the "
            "training again."
        )
    return next(iter(names), None)
