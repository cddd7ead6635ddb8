"""Log fitted models, comparisons and the trials of searches to MLflow, without pickle.

MLflow is imported where it is used: `pip install "agnews_sk[mlflow]"`.
"""

from agnews_sk._core.public import publish
from agnews_sk.mlflow._autolog import autolog
from agnews_sk.mlflow._flavor import _load_pyfunc, load_model, log_model, save_model
from agnews_sk.mlflow._tracking import TrialLogger, log_comparison

__all__ = ["TrialLogger", "autolog", "load_model", "log_comparison", "log_model", "save_model"]

publish(__name__)
