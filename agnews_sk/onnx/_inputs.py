"""Inputs of an exported graph, and how the output of the text steps becomes these inputs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from agnews_sk._core.batches import bucket_batches, pad_ids
from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk._core.ids import CommonEnds, check_ids, truncate_ids

INPUT_NAMES = {"ids": ["input_ids", "attention_mask"], "matrix": ["columns", "values"]}
# Cells per padded batch. A network gets few tokens, so that its activations stay in the processor's
# caches; a linear classifier does little with each cell and gets many.
_CELLS_PER_BATCH = {"ids": 512, "matrix": 65_536}
_UNBOUNDED = 2**31 - 1


@dataclass(frozen=True)
class GraphInputs:
    """Describe the inputs of an exported graph.

    `manifest.json` holds it as a dict. As a manifest may be forged, values that would make no
    inputs are refused.

    Attributes
    ----------
    kind : {"ids", "matrix"}
        Token ids with their attention mask, or the nonzero cells of sparse rows with their columns.
    n_columns : int
        Size of the vocabulary, or number of columns of the matrix.
    pad_id : int
        Id or column with which shorter rows are padded.
    max_length : int
        Number of tokens to which a longer text is truncated.
    truncation : {"head", "tail", "head+tail"}
        Part of the text that truncation keeps.
    ends : (int, int)
        Number of special tokens, 0 or 1, at the beginning and at the end of every text, which
        truncation keeps.

    Raises
    ------
    ValueError
        If `kind` or `truncation` is unknown, `pad_id` is outside the columns or `max_length` is
        less than 1.
    """

    kind: str
    n_columns: int
    pad_id: int = 0
    max_length: int = _UNBOUNDED
    truncation: str = "head"
    ends: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        """Refuse values that describe no inputs."""
        good = self.kind in INPUT_NAMES and self.truncation in ("head", "tail", "head+tail")
        if not good or not 0 <= self.pad_id < self.n_columns or self.max_length < 1:
            raise ValueError(f"{self} does not describe the inputs of a graph.")

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> "GraphInputs":
        """Return the inputs that `as_dict` described."""
        first, last = entries["ends"]
        return cls(**{**entries, "ends": (int(bool(first)), int(bool(last)))})

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes as a dict that JSON can hold."""
        return asdict(self)

    def batches(self, transformed: Any) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Yield padded batches of rows of similar length.

        Parameters
        ----------
        transformed : polars.Series of list of int, or sparse matrix, of n_samples rows
            Output of the text steps.

        Yields
        ------
        rows : ndarray of int of shape (batch,)
            Positions of the rows of the batch; every row is in one batch.
        inputs : dict of str to ndarray of shape (batch, length)
            Arrays by the name of the graph's input. A row of ids without tokens is one attended
            `pad_id`; a padded cell of a matrix has the value 0, whatever its column.

        Raises
        ------
        ValueError
            If an id is outside the vocabulary, or the matrix has another number of columns.
        """
        read = self._read_ids if self.kind == "ids" else self._read_matrix
        offsets, columns, values = read(transformed)
        cells = _CELLS_PER_BATCH[self.kind]
        for rows in bucket_batches(np.diff(offsets), 0, tokens_per_batch=cells):
            ids, attended = pad_ids(columns, offsets, rows, pad_id=self.pad_id)
            second = attended.astype(np.int64) if values is None else _pad(values, offsets, rows)
            yield rows, dict(zip(INPUT_NAMES[self.kind], (ids, second)))

    def _read_ids(self, ids: pl.Series) -> tuple[np.ndarray, np.ndarray, None]:
        """Return offsets, of shape (n_samples + 1,), and ids, of shape (n_tokens,), truncated."""
        check_ids(ids, self.n_columns)
        ids = truncate_ids(ids, self.max_length, self.truncation, CommonEnds(*self.ends))
        return row_offsets(ids), flat_values(ids).to_numpy(), None

    def _read_matrix(self, matrix: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return offsets, of shape (n_samples + 1,), columns and values, both of shape (nnz,).

        These are the three arrays of a matrix in CSR format.
        """
        matrix = sparse.csr_array(matrix)
        if matrix.shape[1] != self.n_columns:
            raise ValueError(f"X has {matrix.shape[1]} columns, expected {self.n_columns}.")
        return matrix.indptr, matrix.indices, matrix.data


def _pad(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Cut rows out of a ragged column of numbers and pad them with zeros.

    Parameters
    ----------
    values : ndarray of float of shape (nnz,)
    offsets : ndarray of int of shape (n_samples + 1,)
    rows : ndarray of int of shape (batch,)

    Returns
    -------
    ndarray of float64 of shape (batch, length)
        As wide as the arrays of `pad_ids` for the same rows: at least 1.
    """
    lengths = offsets[rows + 1] - offsets[rows]  # (batch,)
    positions = np.arange(max(int(lengths.max()), 1))  # (length,)
    is_filled = positions < lengths[:, None]  # (batch, length)
    padded = np.zeros(is_filled.shape)
    padded[is_filled] = values[(offsets[rows][:, None] + positions)[is_filled]]
    return padded
