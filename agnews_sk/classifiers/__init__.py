"""Classifiers with `predict_proba`: two linear ones, two transformers, and one that abstains."""

from agnews_sk._core.public import load_when_asked

# The linear classifiers do without torch.
_FILES = {
    "AbstainingClassifier": "_abstaining",
    "CalibratedLinearSVC": "_linear",
    "CalibratedLogisticRegression": "_calibrated_logistic",
    "FineTunedTransformerClassifier": "_finetuned",
    "TransformerClassifier": "_scratch",
}

__all__ = [
    "AbstainingClassifier",
    "CalibratedLinearSVC",
    "CalibratedLogisticRegression",
    "FineTunedTransformerClassifier",
    "TransformerClassifier",
]

__getattr__ = load_when_asked(__name__, _FILES)


def __dir__() -> list[str]:
    return __all__
