"""What an exported graph takes, and how texts that went through their steps become that."""

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
# Ids are few a batch, so that what a network computes of them stays near the processor.
_CELLS_PER_BATCH = {"ids": 512, "matrix": 65_536}
_WHOLE_TEXT = 2**31 - 1


@dataclass(frozen=True)
class GraphInputs:
    """What an exported graph takes.

    Attributes
    ----------
    kind : {"ids", "matrix"}
        Token ids, or the cells of sparse rows that are not zero.
    n_columns : int
        Number of ids, or of columns.
    pad_id : int
        Fills shorter rows.
    max_length : int
        Longest text in tokens.
    truncation : {"head", "tail", "head+tail"}
        What is kept of a longer one.
    ends : (int, int)
        How many tokens begin and end every text.
    """

    kind: str
    n_columns: int
    pad_id: int = 0
    max_length: int = _WHOLE_TEXT
    truncation: str = "head"
    ends: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        good = self.kind in INPUT_NAMES and self.truncation in ("head", "tail", "head+tail")
        if not good or not 0 <= self.pad_id < self.n_columns or self.max_length < 1:
            raise ValueError(f"{self} describes no inputs of a graph.")

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> "GraphInputs":
        """Return the inputs that `as_dict` wrote down."""
        first, last = entries["ends"]
        return cls(**{**entries, "ends": (int(bool(first)), int(bool(last)))})

    def as_dict(self) -> dict[str, Any]:
        """Return the inputs as JSON can hold them."""
        return asdict(self)

    def batches(self, transformed: Any) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Yield batches of rows of like length.

        Parameters
        ----------
        transformed : polars.Series of list of int, or sparse matrix, of n_samples rows
            What the text steps made.

        Yields
        ------
        rows : ndarray of int of shape (batch,)
        inputs : dict of str to ndarray of shape (batch, length)
        """
        read = self._read_ids if self.kind == "ids" else self._read_matrix
        offsets, columns, values = read(transformed)
        cells = _CELLS_PER_BATCH[self.kind]
        for rows in bucket_batches(np.diff(offsets), 0, tokens_per_batch=cells):
            ids, attended = pad_ids(columns, offsets, rows, pad_id=self.pad_id)
            second = attended.astype(np.int64) if values is None else _pad(values, offsets, rows)
            yield rows, dict(zip(INPUT_NAMES[self.kind], (ids, second)))

    def _read_ids(self, ids: pl.Series) -> tuple[np.ndarray, np.ndarray, None]:
        check_ids(ids, self.n_columns)
        ids = truncate_ids(ids, self.max_length, self.truncation, CommonEnds(*self.ends))
        return row_offsets(ids), flat_values(ids).to_numpy(), None

    def _read_matrix(self, matrix: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        matrix = sparse.csr_array(matrix)
        if matrix.shape[1] != self.n_columns:
            raise ValueError(f"X has {matrix.shape[1]} columns, the model {self.n_columns}.")
        return matrix.indptr, matrix.indices, matrix.data


def _pad(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> np.ndarray:
    lengths = offsets[rows + 1] - offsets[rows]
    columns = np.arange(max(int(lengths.max()), 1))
    real = columns < lengths[:, None]  # (batch, length)
    padded = np.zeros(real.shape)
    padded[real] = values[(offsets[rows][:, None] + columns)[real]]
    return padded
