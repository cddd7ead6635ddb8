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
    if not isinstance(models, Mapping):
        models = {model_name(models) if isinstance(models, (str, Path)) else "model": models}
    if not models:
        raise ValueError("models is empty: a service needs at least one.")
    loaded = {
        str(name): load_model(model) if isinstance(model, (str, Path)) else model
        for name, model in models.items()
    }
    for name, model in loaded.items():
        if not hasattr(model, "predict_proba"):
            raise TypeError(f"models[{name!r}] must have predict_proba, got {model!r:.60}.")
        if not hasattr(model, "classes_"):
            raise NotFittedError(f"models[{name!r}] is not fitted; fit it first.")
        if thresholds_of(model) is not None:
            raise TypeError(
                f"models[{name!r}] must predict one label per text, got {model!r:.60} of several; "
                "predict files with it, by predict_files or agnews-sk predict."
            )
    return loaded


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
    """

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self.kinds = column_kinds(model)
        self.labels: list[Any] = np.asarray(model.classes_).tolist()
        self.columns = [*fitted_columns(model), *self.kinds]
        self._model = model
        self._keys = [str(label) for label in self.labels]
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
        """Return the label and the probabilities of each row as dicts.

        Parameters
        ----------
        probabilities : ndarray of shape (n_texts, n_classes)

        Returns
        -------
        list of dict
        """
        best = probabilities.argmax(axis=1)
        return [
            {"label": self.labels[i], "probabilities": dict(zip(self._keys, row))}
            for i, row in zip(best, probabilities.tolist())
        ]

    def explain(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return each text as the model read it, with the contribution of each word to its label.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        list of dict
            `prepared`, the text, and `words`, a list of dicts.

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
        predicted = self.predict_proba(texts).argmax(axis=1)
        try:
            explanation = explain(self._model, self._input(texts))
        except (ImportError, TypeError) as error:
            raise ExplanationUnavailableError(str(error)) from error
        return [
            {
                "prepared": str(explanation.texts[i]),
                "words": explanation.of(i, self.labels[label]).to_dict("records"),
            }
            for i, label in enumerate(predicted)
        ]
