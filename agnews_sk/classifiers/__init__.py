"""Estimators with `predict_proba`: linear ones, transformers, and one that abstains."""

import importlib

# Imported when asked for: the linear classifier does without torch.
_HOMES = {
    "AbstainingClassifier": "_abstaining",
    "CalibratedLinearSVC": "_linear",
    "FineTunedTransformerClassifier": "_finetuned",
    "TransformerClassifier": "_scratch",
}

__all__ = [
    "AbstainingClassifier",
    "CalibratedLinearSVC",
    "FineTunedTransformerClassifier",
    "TransformerClassifier",
]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
