"""A flavour of MLflow models that holds what `save` writes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk import __version__
from agnews_sk._core.joining import column_kinds, fitted_columns
from agnews_sk._core.optional import import_optional
from agnews_sk._core.validation import as_frame, is_frame
from agnews_sk.persistence import load, save

FLAVOR_NAME = "agnews_sk"
# MLflow imports it to load a model as a function.
_LOADER = "agnews_sk.mlflow"
# The folder of the saved model within that of MLflow. It is not read from MLmodel, which could name
# any other.
_DATA = "agnews_sk_model"
# Rows that a signature is inferred from.
_N_EXAMPLES = 5


def save_model(
    model: Any,
    path: str | Path,
    mlflow_model: Any = None,
    *,
    trusted: Any = (),
    signature: Any = None,
    input_example: Any = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Save a fitted pipeline as an MLflow model, without pickle.

    Parameters
    ----------
    model : estimator
        What `agnews_sk.persistence.save` takes.
    path : str or path
        A folder that does not exist, or is empty.
    mlflow_model : mlflow.models.Model, optional
        To add the flavours to; MLflow passes it.
    trusted : sequence of str, type or callable, optional
        As in `save`.
    signature : mlflow.models.ModelSignature, optional
        Of the inputs and outputs. By default that of `input_example`.
    input_example : DataFrame of shape (n_rows, n_columns), optional
        Rows that the model takes. The signature is inferred from five of them, and the columns that
        the model uses; they are not stored. There is none of texts outside a frame.
    metadata : dict, optional
        Stored in the MLflow model.

    Raises
    ------
    ArtifactError
        If the model holds what `load` would not trust.
    FileExistsError
        If the folder is not empty.
    ImportError
        If MLflow is not installed.

    Examples
    --------
    >>> from agnews_sk.mlflow import load_model, save_model
    >>> save_model(pipeline, "news")  # doctest: +SKIP
    >>> load_model("news").predict(["Oil prices rise"])  # doctest: +SKIP
    array(['Business'], dtype=object)
    """
    models = import_optional("mlflow.models", extra="mlflow", needed_by="agnews_sk.mlflow")
    pyfunc = import_optional("mlflow.pyfunc", extra="mlflow", needed_by="agnews_sk.mlflow")
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"{path} exists and is not empty; use another path.")
    path.mkdir(parents=True, exist_ok=True)
    save(model, path / _DATA, trusted=trusted)
    (path / "requirements.txt").write_text(f"agnews_sk=={__version__}\n", encoding="utf-8")
    described = models.Model() if mlflow_model is None else mlflow_model
    if signature is None:
        signature = _signature_of(model, input_example)
    if signature is not None:
        described.signature = signature
    if metadata is not None:
        described.metadata = metadata
    described.add_flavor(FLAVOR_NAME, data=_DATA, agnews_sk_version=__version__)
    pyfunc.add_to_model(described, loader_module=_LOADER, data=_DATA)
    described.save(str(path / "MLmodel"))


def _signature_of(model: Any, X: Any) -> Any:
    """Return the signature of a model that takes such rows; None if they are in no frame."""
    frame = as_frame(X)
    if not is_frame(frame):
        return None
    columns = [*fitted_columns(model), *column_kinds(model)] or list(frame.columns)
    first = frame[columns].head(_N_EXAMPLES)
    rows = (
        first if isinstance(first, pd.DataFrame) else pd.DataFrame(first.to_dict(as_series=False))
    )
    models = import_optional("mlflow.models", extra="mlflow", needed_by="agnews_sk.mlflow")
    return models.infer_signature(rows, TextFunction(model).predict(rows))


def log_model(model: Any, name: str = "model", **params: Any) -> Any:
    """Log a fitted pipeline to the active run of MLflow, or to a new one.

    Parameters
    ----------
    model : estimator
        What `agnews_sk.persistence.save` takes.
    name : str, default="model"
        Of the logged model.
    **params
        Further ones of `save_model`, and of `mlflow.models.Model.log`, such as
        `registered_model_name`.

    Returns
    -------
    mlflow.models.model.ModelInfo
        Its `model_uri` can be loaded.

    Raises
    ------
    ArtifactError
        If the model holds what `load` would not trust.
    ImportError
        If MLflow is not installed.

    Examples
    --------
    >>> from agnews_sk.mlflow import load_model, log_model
    >>> info = log_model(pipeline)  # doctest: +SKIP
    >>> load_model(info.model_uri)  # doctest: +SKIP
    """
    import agnews_sk.mlflow as flavor

    models = import_optional("mlflow.models", extra="mlflow", needed_by="agnews_sk.mlflow")
    return models.Model.log(artifact_path=None, name=name, flavor=flavor, model=model, **params)


def load_model(model_uri: str | Path, *, trusted: Any = ()) -> Any:
    """Load a pipeline that `save_model` or `log_model` wrote, without running code from it.

    Parameters
    ----------
    model_uri : str or path
        A folder, or a URI of MLflow: `models:/NAME/VERSION`, `runs:/RUN/NAME`.
    trusted : sequence of str, type or callable, optional
        As in `agnews_sk.persistence.load`.

    Returns
    -------
    estimator

    Raises
    ------
    ArtifactError
        If a file is missing or damaged, or holds a type that is not trusted.
    FileNotFoundError
        If it is not a model of this flavour.
    ImportError
        If MLflow is not installed.

    Examples
    --------
    >>> from agnews_sk.mlflow import load_model
    >>> load_model("models:/news/1")  # doctest: +SKIP
    """
    if Path(model_uri).is_dir():
        return load(Path(model_uri) / _DATA, trusted=trusted)
    artifacts = import_optional("mlflow.artifacts", extra="mlflow", needed_by="agnews_sk.mlflow")
    folder = artifacts.download_artifacts(artifact_uri=str(model_uri))
    return load(Path(folder) / _DATA, trusted=trusted)


def _load_pyfunc(path: str) -> "TextFunction":
    """Return a saved model as `mlflow.pyfunc.load_model` needs it.

    Parameters
    ----------
    path : str
        Folder that `save` wrote.

    Returns
    -------
    TextFunction
    """
    return TextFunction(load(path))


class TextFunction:
    """A text classifier as MLflow's generic function: from rows to a frame of predictions.

    Parameters
    ----------
    model : fitted text classifier
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict rows.

        Parameters
        ----------
        model_input : DataFrame or array-like of str of shape (n_rows,)
            Of a model that was fitted on texts, a frame of one column is its texts.
        params : dict, optional
            Ignored; MLflow passes it.

        Returns
        -------
        pandas.DataFrame of shape (n_rows, 1 + n_classes)
            `predicted`, and the probability `p_LABEL` of each label. Of several labels per row,
            `predicted` has a list of them.
        """
        X = model_input
        if isinstance(X, pd.DataFrame) and X.shape[1] == 1 and not fitted_columns(self.model):
            X = X.iloc[:, 0]
        predicted = np.asarray(self.model.predict(X))
        if predicted.ndim == 2:
            labels = np.asarray(self.model.classes_)
            found = pd.DataFrame({"predicted": [labels[row > 0].tolist() for row in predicted]})
        else:
            found = pd.DataFrame({"predicted": predicted})
        if hasattr(self.model, "predict_proba"):
            shares = np.asarray(self.model.predict_proba(X))
            for i, label in enumerate(np.asarray(self.model.classes_).tolist()):
                found[f"p_{label}"] = shares[:, i]
        return found
