"""The models that a service has loaded."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from agnews_sk._core.stories import story_joiner
from agnews_sk.onnx import load_model, model_sha256

WARM_UP = "Warm up."


class ExplainMissingError(Exception):
    """The model cannot say which words decided."""


def name_models(models: Any) -> dict[str, Any]:
    """Return loaded models by name, in order.

    Parameters
    ----------
    models : path, estimator, or mapping of str to path or estimator
        A path alone is named for its folder, an estimator alone is "model".

    Returns
    -------
    dict of str to estimator
    """
    if not isinstance(models, Mapping):
        models = {name_of(models) if isinstance(models, (str, Path)) else "model": models}
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
    return loaded


def check_models(models: Any) -> None:
    """Refuse paths at which no model is, without loading any.

    Parameters
    ----------
    models : path, estimator, or mapping of str to path or estimator

    Raises
    ------
    ArtifactError
        If what is there is no saved model.
    FileNotFoundError
        If nothing is.
    """
    for model in models.values() if isinstance(models, Mapping) else [models]:
        if isinstance(model, (str, Path)):
            model_sha256(model)


def name_of(path: str | Path) -> str:
    """Return the name of a saved model: that of its folder, or of its zip without the ending."""
    path = Path(path).absolute()
    return path.stem if path.suffix == ".zip" else path.name


class ServedModel:
    """A model, and its answers as JSON.

    Parameters
    ----------
    name : str
    model : fitted classifier of texts
    """

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self.labels: list[Any] = np.asarray(model.classes_).tolist()
        self._model = model
        self._keys = [str(label) for label in self.labels]
        self._join = story_joiner(model)

    def as_texts(self, stories: Sequence[str | Mapping[str, str | None]]) -> list[str]:
        """Return one text a story, joined as the model was taught."""
        return [one if isinstance(one, str) else self._join(one) for one in stories]

    def check(self) -> None:
        """Refuse a model that cannot predict.

        Raises
        ------
        ValueError
            If it fails at a text like any other.
        """
        try:
            self.predict_proba([WARM_UP])
        except Exception as error:
            raise ValueError(f"models[{self.name!r}] cannot predict: {error}") from error

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probabilities of shape (n_texts, n_classes)."""
        return np.asarray(self._model.predict_proba(list(texts)))

    def describe(self, probabilities: np.ndarray) -> list[dict[str, Any]]:
        """Return label and probabilities of each row."""
        best = probabilities.argmax(axis=1)
        return [
            {"label": self.labels[i], "probabilities": dict(zip(self._keys, row))}
            for i, row in zip(best, probabilities.tolist())
        ]

    def explain(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return each text as the model read it, and what its words say for the predicted label.

        Raises
        ------
        ExplainMissingError
            If this installation cannot explain, or not this model.
        """
        try:
            from agnews_sk.inspection import explain
        except ImportError as error:
            raise ExplainMissingError("this installation has no explanations.") from error
        predicted = self.predict_proba(texts).argmax(axis=1)
        try:
            explanation = explain(self._model, list(texts))
        except (ImportError, TypeError) as error:
            raise ExplainMissingError(str(error)) from error
        return [
            {
                "prepared": str(explanation.texts[i]),
                "words": explanation.of(i, self.labels[label]).to_dict("records"),
            }
            for i, label in enumerate(predicted)
        ]
