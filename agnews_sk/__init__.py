"""Text classification as scikit-learn estimators, at home on AG News."""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "AbstainingClassifier": "classifiers",
    "CalibratedLinearSVC": "classifiers",
    "ColumnJoiner": "cleaning",
    "TextCache": "_text_cache",
    "TextCleaner": "cleaning",
    "FineTunedTransformerClassifier": "classifiers",
    "NgramVectorizer": "vectorization",
    "OnnxClassifier": "persistence",
    "PipelineSearchCV": "tuning",
    "PretrainedTokenizer": "tokenization",
    "SentenceEmbedder": "vectorization",
    "SubwordTokenizer": "tokenization",
    "TransformerClassifier": "classifiers",
    "Vocabulary": "tokenization",
    "WordTokenizer": "tokenization",
    "audit": "evaluation",
    "compare_classifiers": "evaluation",
    "explain": "evaluation",
    "export_onnx": "persistence",
    "fetch_agnews": "datasets",
    "load": "persistence",
    "load_agnews": "datasets",
    "load_news_sample": "datasets",
    "make_embedding_pipeline": "pipeline",
    "make_finetune_pipeline": "pipeline",
    "make_news": "datasets",
    "make_tfidf_pipeline": "pipeline",
    "make_transformer_pipeline": "pipeline",
    "save": "persistence",
    "train_val_test_split": "datasets",
}

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
