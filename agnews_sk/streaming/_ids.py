"""The stage that writes the token ids of all rows to one file, which is mapped into memory."""

from functools import partial

import numpy as np
import polars as pl

from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged
from agnews_sk._core.content import content_digest
from agnews_sk._core.job_folder import renamed_when_complete
from agnews_sk.streaming._cluster import Report, Run, in_order
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._rows import KeptRows
from agnews_sk.tokenization import PretrainedTokenizer

# Texts that are tokenized at a time: their ids take eight bytes each until they are written.
_TEXTS = 8_192


class StoredIds:
    """The token ids of the rows of files.

    Blocks are tokenized one after the other, or on a cluster, each into a file; their ids are then
    copied to one file, so that a row is read at its place without the others. Lengths and classes
    of rows are kept beside it.

    Parameters
    ----------
    tokenizer : PretrainedTokenizer
        Fitted in place.
    rows : KeptRows
    folder : WorkFolder
    n_blocks : int
    report : callable
    run : callable, default=map
        As `map`.
    """

    def __init__(
        self,
        tokenizer: PretrainedTokenizer,
        rows: KeptRows,
        folder: WorkFolder,
        *,
        n_blocks: int,
        report: Report,
        run: Run = map,
    ) -> None:
        self._tokenizer, self._rows, self._folder = tokenizer, rows, folder
        self._n_blocks, self._report, self._run = n_blocks, report, run
        tokenizer.fit()
        # Of this tokenizer: the model that a name stands for may have changed since.
        digest = content_digest(tokenizer.tokenizer_json_)[:8]
        self._stage = folder.stage(f"ids-{digest}")
        largest = max(tokenizer.vocabulary_.values())
        self._dtype = np.dtype(np.uint16 if largest < 2**16 else np.int32)

    def write(self) -> None:
        """Write the ids of the blocks that have none yet, and then those of all to one file."""
        numbers = range(self._n_blocks)
        left = [number for number in numbers if not self._stage.has(number, "json")]
        if left and left[0] == 0:  # once per run, for the warning of unknown tokens
            self._tokenizer.fit(self._first_texts())
        task = partial(_write_ids, self._tokenizer, self._rows, self._stage, self._dtype)

        def begin(number: int) -> None:
            self._report("tokenizing", number, self._n_blocks)

        for _ in in_order(self._run, task, left, begin):
            pass
        self._join()
        for kind in ("parquet", "hashes"):
            self._folder.stage("rows").discard(kind)

    def column(self) -> pl.Series:
        """Return the ids of all rows, which stay in their file.

        Returns
        -------
        polars.Series of list of int of shape (n_rows,)
            As `tokenizer.transform` returns them, but of 16 bits if all ids fit, otherwise of 32.
        """
        lengths = np.concatenate([self._read(number)[0] for number in range(self._n_blocks)])
        offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        path = self._stage.file("all", "values")
        return to_ragged(np.memmap(path, dtype=self._dtype, mode="r"), offsets)

    def codes(self) -> np.ndarray:
        """Return the classes of all rows, ndarray of uint16 of shape (n_rows,)."""
        return np.concatenate([self._read(number)[1] for number in range(self._n_blocks)])

    def _first_texts(self) -> pl.Series:
        """Return the texts of the first block that has some."""
        texts = map(self._rows.texts, range(self._n_blocks))
        return next(block for block in texts if len(block))

    def _read(self, number: int) -> list[np.ndarray]:
        """Return lengths and classes of the rows of a block."""
        return self._stage.read_arrays(number, "rows")

    def _join(self) -> None:
        """Copy the ids of all blocks to one file, in their order."""
        path = self._stage.file("all", "values")
        if not path.exists():
            self._stage.discard("tmp")  # of a run that was killed here
            with renamed_when_complete(path) as unfinished, unfinished.open("wb") as file:
                for number in range(self._n_blocks):
                    self._report("joining ids", number, self._n_blocks)
                    self._stage.read_arrays(number, "ids")[0].tofile(file)
        self._stage.discard("ids")


def _write_ids(
    tokenizer: PretrainedTokenizer,
    rows: KeptRows,
    stage: WorkFolder,
    dtype: np.dtype,
    number: int,
) -> None:
    """Write the ids of a block, with lengths and classes of its rows.

    Parameters
    ----------
    tokenizer : PretrainedTokenizer
        Fitted.
    rows : KeptRows
    stage : WorkFolder
    dtype : numpy.dtype
        Holds all ids of the tokenizer.
    number : int
    """
    values, lengths = [np.empty(0, dtype=dtype)], [np.empty(0, dtype=np.uint32)]
    for texts in rows.texts(number).to_frame().iter_slices(_TEXTS):
        ids = tokenizer.transform(texts.to_series())
        values.append(flat_values(ids).to_numpy().astype(dtype))
        lengths.append(np.diff(row_offsets(ids)).astype(np.uint32))
    stage.write_arrays(number, "ids", [np.concatenate(values)])
    stage.write_arrays(number, "rows", [np.concatenate(lengths), rows.codes(number)])
    stage.write_json(number, None)
