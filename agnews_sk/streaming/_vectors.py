"""The stages that learn n-grams, count them in all rows, and write the rows as sparse vectors."""

import time
from collections.abc import Iterator

import numpy as np
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.repeats import same_rows
from agnews_sk.classifiers import RowBlock, RowBlocks
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._rows import KeptRows, Report
from agnews_sk.streaming._runs import ENTRIES, add_up
from agnews_sk.vectorization import (
    NgramPart,
    VectorizerByBlocks,
    tokens_of_arrays,
    tokens_to_arrays,
)

# Multipliers of SplitMix64 (Steele et al. 2014), which mixes the bits of an integer.
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
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
    ) -> None:
        self._vectorizer = VectorizerByBlocks(vectorizer)
        self._rows, self._folder, self._report = rows, folder, report
        self._n_blocks, self._n_rows, self._n_classes = n_blocks, n_rows, n_classes
        self._entries = entries

    def blocks(self) -> RowBlocks:
        """Learn the n-grams, write all rows as vectors, and return these.

        Returns
        -------
        RowBlocks
        """
        self._vectorizer.learn(self._learn, self._n_rows)
        n_of_class = self._weigh()
        stage = self._folder.stage("vectors")
        for number in range(self._n_blocks):
            if not stage.has(number, "json"):
                self._report("weighing n-grams", number, self._n_blocks)
                self._write_vectors(stage, number)
        squares = sum(stage.read_json(number) for number in range(self._n_blocks))
        self._discard()

        def load(number: int) -> RowBlock:
            codes, places, *parts = stage.read_arrays(number, "rows")
            shape = len(codes), self._vectorizer.n_features
            return RowBlock(sp.csr_array(tuple(parts), shape=shape), codes, places)

        scale = float(np.sqrt(squares / self._n_rows)) or 1.0
        return RowBlocks(n_of_class, self._vectorizer.n_features, self._n_blocks, scale, load)

    def _numbers(self, stage: WorkFolder, what: str) -> Iterator[int]:
        """Yield the numbers of the blocks that a stage has not done.

        Parameters
        ----------
        stage : WorkFolder
        what : str
            For the report.

        Yields
        ------
        int
        """
        for number in range(self._n_blocks):
            if not stage.has(number, "json"):
                self._report(what, number, self._n_blocks)
                yield number

    def _stage_of(self, part: NgramPart) -> WorkFolder:
        return self._folder.stage(part.vectorizer.analyzer)

    def _learn(self, part: NgramPart) -> None:
        """Learn the n-grams of a part.

        Parameters
        ----------
        part : NgramPart
            Fitted in place.
        """
        stage, kind = self._stage_of(part), part.vectorizer.analyzer
        for number in self._numbers(stage, f"finding n-grams ({kind})"):
            found = part.encode(self._rows.texts(number))
            stage.write_frame(number, "ngrams", part.ngrams(found.tokens))
            if part.has_words:
                stage.write_frame(number, "distinct", _counted(found.tokens))
            stage.write_arrays(number, "tokens", list(tokens_to_arrays(found.tokens)))
            stage.write_json(number, [found.statistics, found.segmenter])
        states = [stage.read_json(number) for number in range(self._n_blocks)]
        names = {name for statistics, _ in states for name in statistics}
        statistics = {name: sum(one.get(name, 0) for one, _ in states) for name in names}
        segmenter = next((one for _, one in states if one is not None), None)
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

        return add_up(runs, stage.stage(kind), keep=keep, report=report, entries=self._entries)

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
        for number in range(first, self._n_blocks):
            self._report("counting n-grams", number, self._n_blocks)
            codes = self._rows.codes(number)
            rows = np.arange(len(codes))
            ones = np.ones(len(codes), dtype=np.int64)
            shape = self._n_classes, len(codes)
            indicator = sp.csr_array((ones, (codes, rows)), shape=shape)
            for i, counts in enumerate(self._counts_of(stage, number)):
                present = sp.csr_array(
                    (np.ones(counts.nnz, np.int64), counts.indices, counts.indptr), counts.shape
                )
                sums[i] = sums[i] + sp.csc_array(indicator @ present)
            of_class = of_class + np.bincount(codes, minlength=self._n_classes)
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

    def _counts_of(self, stage: WorkFolder, number: int) -> list[sp.csr_array]:
        """Return the counts of a block for each part, from its file if there is one.

        Parameters
        ----------
        stage : WorkFolder
        number : int

        Returns
        -------
        list of csr_array of int of shape (n_rows, n_features)
        """
        parts = self._vectorizer.parts
        if not stage.has(number, "counts"):
            found = []
            for part in parts:
                tokens = tokens_of_arrays(*self._stage_of(part).read_arrays(number, "tokens"))
                found.append(part.count(tokens))
            arrays = [a for one in found for a in (_small(one.data), one.indices, one.indptr)]
            stage.write_arrays(number, "counts", arrays)
            return found
        arrays = stage.read_arrays(number, "counts")
        shapes = [(len(arrays[3 * i + 2]) - 1, part.n_features) for i, part in enumerate(parts)]
        return [
            sp.csr_array(tuple(arrays[3 * i : 3 * i + 3]), shape=shape)
            for i, shape in enumerate(shapes)
        ]

    def _write_vectors(self, stage: WorkFolder, number: int) -> None:
        """Write the features of a block, with the classes and the places of its rows.

        Parameters
        ----------
        stage : WorkFolder
        number : int
        """
        counts = self._counts_of(self._folder.stage("counts"), number)
        for one in counts:
            one.data = one.data.astype(np.int32)
        X = self._vectorizer.features(counts)
        codes, places = self._rows.codes(number), _places(X)
        X = X.astype(np.float32)
        arrays = [codes, places, X.data, X.indices, X.indptr]
        stage.write_arrays(number, "rows", arrays)
        stage.write_json(number, float(np.dot(X.data, X.data)))

    def _discard(self) -> None:
        """Delete what is needed no more once all vectors are written."""
        for part in self._vectorizer.parts:
            stage = self._stage_of(part)
            for kind in ("tokens", "ngrams", "distinct"):
                stage.discard(kind)
        self._folder.stage("counts").discard("counts")
        for kind in ("parquet", "hashes"):
            self._folder.stage("rows").discard(kind)


def _small(counts: np.ndarray) -> np.ndarray:
    """Return counts in one byte each if they fit."""
    fits = not len(counts) or counts.max() <= np.iinfo(np.uint8).max
    return counts.astype(np.uint8) if fits else counts


def _counted(tokens) -> pl.DataFrame:
    """Return the distinct words of a block in ascending order, and how often each occurs.

    Parameters
    ----------
    tokens : EncodedTokens

    Returns
    -------
    polars.DataFrame of shape (n_distinct, 2)
    """
    counts = np.bincount(tokens.codes, minlength=len(tokens.distinct))
    return pl.DataFrame({"key": tokens.distinct, "count": counts}).sort("key")


def _places(X: sp.csr_array) -> np.ndarray:
    """Return a pseudo-random number from 0 to 1 for each row, the same for equal rows.

    Parameters
    ----------
    X : csr_array of float of shape (n_rows, n_features)

    Returns
    -------
    ndarray of float of shape (n_rows,)
    """
    bits = (same_rows(X) + 0.0).view(np.uint64)
    for multiplier, shift in zip(_MIX, (30, 27)):
        bits = (bits ^ (bits >> np.uint64(shift))) * multiplier
    bits ^= bits >> np.uint64(31)
    return (bits >> np.uint64(11)) * 2.0**-53
