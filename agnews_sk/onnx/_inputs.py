"""Inputs of an exported graph, and how the output of the text steps becomes these inputs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from agnews_sk._core.batches import bucket_batches, chunk_table, chunks_of, pad_ids
from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk.tokenization import ModelInput

INPUT_NAMES = {"ids": ["input_ids", "attention_mask"], "matrix": ["columns", "values"]}
# Cells per padded batch. A network gets few tokens, so that its activations stay in the processor's
# caches; a linear classifier does little with each cell and gets many.
_CELLS_PER_BATCH = {"ids": 512, "matrix": 65_536}


@dataclass(frozen=True)
class GraphInputs:
    """Describe the inputs of an exported graph.

    `manifest.json` holds it as a dict. As a manifest may be forged, values that would make no
    inputs are rejected.

    Attributes
    ----------
    kind : {"ids", "matrix"}
        Token ids with their attention mask, or the nonzero cells of sparse rows with their columns.
    model_input : ModelInput
        For a "matrix", its vocabulary is the columns, its padding is a column, and nothing is
        truncated.

    Raises
    ------
    ValueError
        If `kind` is unknown.
    """

    kind: str
    model_input: ModelInput

    def __post_init__(self) -> None:
        """Reject a kind that does not exist."""
        if self.kind not in INPUT_NAMES:
            raise ValueError(f"kind must be one of {list(INPUT_NAMES)}, got {self.kind!r}.")

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> "GraphInputs":
        """Return the inputs that `as_dict` described."""
        model_input = ModelInput.from_dict(entries, vocab_size=entries["n_columns"])
        return cls(entries["kind"], model_input)

    def as_dict(self) -> dict[str, Any]:
        """Return the inputs as a dict that JSON can hold."""
        n_columns = self.model_input.vocab_size
        return {"kind": self.kind, "n_columns": n_columns, **self.model_input.as_dict()}

    @property
    def names(self) -> list[str]:
        """The names of the graph's inputs, in their order."""
        return [*INPUT_NAMES[self.kind], *(["chunks"] if self.has_chunks else [])]

    @property
    def has_chunks(self) -> bool:
        """Whether the graph takes the chunks of each text, and pools what it computes of them."""
        return self.kind == "ids" and self.model_input.truncation == "chunk"

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
            `pad_id`; a padded cell of a matrix has the value 0, in any column. With `has_chunks`
            ids are of shape (n_chunks, length), and "chunks", of shape (batch, most), are those of
            each row, filled with -1.

        Raises
        ------
        ValueError
            If an id is outside the vocabulary, or the matrix has another number of columns.
        """
        if self.kind == "matrix":
            yield from self._batches_of_matrix(transformed)
            return
        ids, chunk_offsets = self.model_input.prepare(transformed)
        offsets, values = row_offsets(ids), flat_values(ids).to_numpy()
        if chunk_offsets is None:
            chunk_offsets = np.arange(len(offsets))
        n_chunks = np.diff(chunk_offsets)
        lengths = np.diff(offsets)[chunk_offsets[:-1]]  # chunks of a row are equally long
        for rows in bucket_batches(
            lengths, 0, tokens_per_batch=_CELLS_PER_BATCH["ids"], n_chunks=n_chunks
        ):
            chunks = chunks_of(chunk_offsets, rows)
            padded, attended = pad_ids(values, offsets, chunks, pad_id=self.model_input.pad_id)
            arrays = [padded, attended.astype(np.int64), chunk_table(n_chunks[rows])]
            yield rows, dict(zip(self.names, arrays))

    def _batches_of_matrix(self, matrix: Any) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Yield batches of the rows of a sparse matrix, as `batches` does."""
        matrix = sparse.csr_array(matrix)
        n_columns = self.model_input.vocab_size
        if matrix.shape[1] != n_columns:
            raise ValueError(f"X has {matrix.shape[1]} columns, expected {n_columns}.")
        offsets, columns = matrix.indptr, matrix.indices
        for rows in bucket_batches(
            np.diff(offsets), 0, tokens_per_batch=_CELLS_PER_BATCH["matrix"]
        ):
            padded, _ = pad_ids(columns, offsets, rows, pad_id=self.model_input.pad_id)
            yield rows, dict(zip(self.names, (padded, _pad(matrix.data, offsets, rows))))


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
