"""What an exported graph takes, and how texts that went through their steps become that."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from agnews_sk._core.batches import bucket_batches, pad_ids
from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk._core.model_input import ModelInput, SpecialTokens

INPUT_NAMES = {"ids": ["input_ids", "attention_mask"], "matrix": ["columns", "values"]}
# Ids are few a batch, so that what a network computes of them stays near the processor.
_CELLS_PER_BATCH = {"ids": 512, "matrix": 65_536}


@dataclass(frozen=True)
class GraphInputs:
    """What an exported graph takes.

    Attributes
    ----------
    kind : {"ids", "matrix"}
        Token ids, or the cells of sparse rows that are not zero.
    model_input : ModelInput
        Its vocabulary of a "matrix" are the columns, and its padding a column; nothing is
        truncated.
    """

    kind: str
    model_input: ModelInput

    def __post_init__(self) -> None:
        if self.kind not in INPUT_NAMES:
            raise ValueError(f"kind must be one of {list(INPUT_NAMES)}, got {self.kind!r}.")

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> "GraphInputs":
        """Return the inputs that `as_dict` wrote down."""
        first, last = entries["ends"]
        model_input = ModelInput(
            vocab_size=entries["n_columns"],
            pad_id=entries["pad_id"],
            max_length=entries["max_length"],
            truncation=entries["truncation"],
            special_tokens=SpecialTokens(int(bool(first)), int(bool(last))),
        )
        return cls(entries["kind"], model_input)

    def as_dict(self) -> dict[str, Any]:
        """Return the inputs as JSON can hold them."""
        return {
            "kind": self.kind,
            "n_columns": self.model_input.vocab_size,
            "pad_id": self.model_input.pad_id,
            "max_length": self.model_input.max_length,
            "truncation": self.model_input.truncation,
            "ends": list(self.model_input.special_tokens),
        }

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
            ids, attended = pad_ids(columns, offsets, rows, pad_id=self.model_input.pad_id)
            second = attended.astype(np.int64) if values is None else _pad(values, offsets, rows)
            yield rows, dict(zip(INPUT_NAMES[self.kind], (ids, second)))

    def _read_ids(self, ids: pl.Series) -> tuple[np.ndarray, np.ndarray, None]:
        ids = self.model_input.prepare(ids)
        return row_offsets(ids), flat_values(ids).to_numpy(), None

    def _read_matrix(self, matrix: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        matrix = sparse.csr_array(matrix)
        n_columns = self.model_input.vocab_size
        if matrix.shape[1] != n_columns:
            raise ValueError(f"X has {matrix.shape[1]} columns, the model {n_columns}.")
        return matrix.indptr, matrix.indices, matrix.data


def _pad(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> np.ndarray:
    lengths = offsets[rows + 1] - offsets[rows]
    columns = np.arange(max(int(lengths.max()), 1))
    real = columns < lengths[:, None]  # (batch, length)
    padded = np.zeros(real.shape)
    padded[real] = values[(offsets[rows][:, None] + columns)[real]]
    return padded
