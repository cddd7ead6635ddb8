"""Estimators with `predict_proba`: transformers, fine-tuned."""

from agnews_sk.classifiers._finetuned import FineTunedTransformerClassifier

__all__ = ["FineTunedTransformerClassifier"]
