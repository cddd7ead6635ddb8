"""The models that a service has loaded, and their predictions as JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from agnews_sk._core.column_kinds import cast_cells
from agnews_sk._core.joining import column_kinds, fitted_columns, row_joiner, texts_as_rows
from agnews_sk._core.label_sets import thresholds_of
from agnews_sk.onnx import load_model, model_sha256
from agnews_sk.serving._columns import describe_columns

WARM_UP = "Warm up."


class ExplanationUnavailableError(Exception):
    """The model's predictions cannot be explained, or not in this installation."""


class UnknownColumnError(ValueError):
    """The cells of a row are not those that the model reads."""


class _RowText(str):
    """A text with the cells of the other columns of its row.

    Attributes
    ----------
    cells : dict of str to object
    """

    cells: Mapping[str, Any]


def name_models(models: Any) -> dict[str, Any]:
    """Load models and return them by name, in order.

    Parameters
    ----------
    models : path, estimator, or mapping of str to path or estimator
        A single path is named after its folder or zip, a single estimator "model".

    Returns
    -------
    dict of str to estimator

    Raises
    ------
    NotFittedError
        If an estimator is not fitted.
    TypeError
        If an estimator has no `predict_proba`.
    ValueError
        If there is no model.
    """
    models = by_name(models)
    if not models:
        raise ValueError("models is empty: a service needs at least one.")
    loaded = {
        name: load_model(model) if isinstance(model, (str, Path)) else model
        for name, model in models.items()
    }
    for name, model in loaded.items():
        if not hasattr(model, "predict_proba"):
            raise TypeError(f"models[{name!r}] must have predict_proba, got {model!r:.60}.")
        if not hasattr(model, "classes_"):
            raise NotFittedError(f"models[{name!r}] is not fitted; fit it first.")
    return loaded


def by_name(models: Any) -> Mapping[str, Any]:
    """Return models by name, a single one too.

    Parameters
    ----------
    models : path, estimator, or mapping of str to path or estimator

    Returns
    -------
    mapping of str to path or estimator
    """
    if isinstance(models, Mapping):
        return {str(name): model for name, model in models.items()}
    return {model_name(models) if isinstance(models, (str, Path)) else "model": models}


def check_models(models: Any) -> None:
    """Reject paths without a model, without loading any of them.

    Parameters
    ----------
    models : path, estimator, or mapping of str to path or estimator

    Raises
    ------
    ArtifactError
        If what is at a path is not a saved model.
    FileNotFoundError
        If there is nothing at a path.
    """
    for model in models.values() if isinstance(models, Mapping) else [models]:
        if isinstance(model, (str, Path)):
            model_sha256(model)


def model_name(path: str | Path) -> str:
    """Return the name of a saved model: that of its folder, or of its zip without the suffix."""
    path = Path(path).absolute()
    return path.stem if path.suffix == ".zip" else path.name


class ServedModel:
    """A model under its name, with predictions as JSON.

    Parameters
    ----------
    name : str
    model : fitted text classifier

    Attributes
    ----------
    labels : list of shape (n_classes,)
        In the order of the probabilities.
    columns : list of str
        Columns of a row, in the order in which they are joined, and then those beside the texts;
        empty if it was fitted on texts.
    kinds : dict of str to str
        Kind of each column beside the texts.
    columns_beside : list of dict
        The same columns as `describe_columns` describes them.
    thresholds : dict of str to float or None
        By label, of a model that predicts several labels per text; None for one label per text.
    """

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self.kinds = column_kinds(model)
        self.labels: list[Any] = np.asarray(model.classes_).tolist()
        self.columns = [*fitted_columns(model), *self.kinds]
        self._model = model
        self._keys = [str(label) for label in self.labels]
        self.columns_beside = describe_columns(model)
        thresholds = thresholds_of(model)
        self._thresholds = thresholds
        self.thresholds: dict[str, float] | None = (
            None if thresholds is None else dict(zip(self._keys, thresholds.tolist()))
        )
        self._join = row_joiner(model)

    def as_texts(self, rows: Sequence[str | Mapping[str, Any]]) -> list[str]:
        """Return one text per row.

        Parameters
        ----------
        rows : sequence of (str or mapping of str to object)
            A mapping has cells by column; those of texts are joined as in training.

        Returns
        -------
        list of str
            A text of a model that uses other columns carries their cells.

        Raises
        ------
        UnknownColumnError
            If a row has a cell of a column that the model does not read, lacks one that the model
            uses beside texts, or has one of another kind there.
        """
        if not self.kinds:
            return [one if isinstance(one, str) else self._join_cells(one) for one in rows]
        return [self._with_cells(one) for one in rows]

    def _with_cells(self, row: str | Mapping[str, Any]) -> str:
        """Return the text of a row with the cells of the other columns."""
        text = row if isinstance(row, str) else self._join_cells(row)
        cells: Mapping[str, Any] = {} if isinstance(row, str) else row
        _, faults = cast_cells([cells], self.kinds)
        if faults:
            raise UnknownColumnError(
                f"the model {self.name!r} uses the columns {list(self.kinds)} beside texts: "
                f"{faults[0]}; null is a missing cell."
            )
        found = _RowText(text)
        found.cells = {name: cells[name] for name in self.kinds}
        return found

    def _input(self, texts: Sequence[str]) -> Any:
        """Return texts as the model takes them, in a frame beside their other cells if any."""
        missing = dict.fromkeys(self.kinds)
        rows = [getattr(text, "cells", missing) for text in texts]
        return texts_as_rows(self._model, list(texts), cast_cells(rows, self.kinds)[0])

    def _join_cells(self, cells: Mapping[str, Any]) -> str:
        """Return the cells of a row as one text."""
        unknown = [name for name in cells if name not in self.columns]
        if unknown:
            known = f"the columns {self.columns}" if self.columns else "texts, without columns"
            raise UnknownColumnError(
                f"the model {self.name!r} was trained on {known}, got a cell of {unknown[0]!r:.60}."
            )
        texts = {name: cell for name, cell in cells.items() if name not in self.kinds}
        wrong = [name for name, cell in texts.items() if not isinstance(cell, str | None)]
        if wrong:
            raise UnknownColumnError(
                f"{wrong[0]} is a column of texts of the model {self.name!r}, got "
                f"{texts[wrong[0]]!r:.60}."
            )
        return self._join(cells)

    def check(self) -> None:
        """Reject a model that fails on a short text.

        Raises
        ------
        ValueError
            From the error that the model raised.
        """
        try:
            self.predict_proba([WARM_UP])
        except Exception as error:
            raise ValueError(f"models[{self.name!r}] cannot predict: {error}") from error

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities of shape (n_texts, n_classes)."""
        return np.asarray(self._model.predict_proba(self._input(texts)))

    def describe(self, probabilities: np.ndarray) -> list[dict[str, Any]]:
        """Return the label or labels and the probabilities of each row as dicts.

        Parameters
        ----------
        probabilities : ndarray of shape (n_texts, n_classes)

        Returns
        -------
        list of dict
            `probabilities` by label, and `label`; or, of a model that predicts several labels,
            `labels` and for each label whether its probability is `above_threshold`.
        """
        shares = [dict(zip(self._keys, row)) for row in probabilities.tolist()]
        if self._thresholds is None:
            best = probabilities.argmax(axis=1)
            return [{"label": self.labels[i], "probabilities": row} for i, row in zip(best, shares)]
        return [
            {
                "labels": [label for label, above in zip(self.labels, marks) if above],
                "probabilities": row,
                "above_threshold": dict(zip(self._keys, marks)),
            }
            for marks, row in zip((probabilities >= self._thresholds).tolist(), shares)
        ]

    def explain(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return each text as the model read it, with the contributions of its words.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        list of dict
            `prepared`, the text, and `words`, a list of dicts for the predicted label; or, of a
            model that predicts several labels, `words_by_label`: such a list for each predicted
            label, or for the most probable one if none is predicted.

        Raises
        ------
        ExplanationUnavailableError
            If this installation cannot explain, or this model.
        """
        try:
            from agnews_sk.inspection import explain
        except ImportError as error:
            raise ExplanationUnavailableError(
                "this installation cannot explain predictions."
            ) from error
        explained = self._explained_labels(self.predict_proba(texts))
        try:
            explanation = explain(self._model, self._input(texts))
        except (ImportError, TypeError) as error:
            raise ExplanationUnavailableError(str(error)) from error
        found = []
        for i, positions in enumerate(explained):
            words = [explanation.of(i, self.labels[k]).to_dict("records") for k in positions]
            by_label = dict(zip([self._keys[k] for k in positions], words, strict=True))
            more = {"words": words[0]} if self._thresholds is None else {"words_by_label": by_label}
            found.append({"prepared": str(explanation.texts[i]), **more})
        return found

    def _explained_labels(self, probabilities: np.ndarray) -> list[list[int]]:
        """Return the positions of the labels to explain in each row, the most probable first."""
        best = [[i] for i in probabilities.argmax(axis=1).tolist()]
        if self._thresholds is None:
            return best
        order = np.argsort(-probabilities, axis=1, kind="stable").tolist()
        marks = probabilities >= self._thresholds
        chosen = [[k for k in ranked if marks[i, k]] for i, ranked in enumerate(order)]
        return [labels or first for labels, first in zip(chosen, best)]
