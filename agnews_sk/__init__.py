"""Text classification with scikit-learn estimators.

The most used names of the rooms (subpackages) can be imported from here. They are loaded on first
access, so that `import agnews_sk` itself loads no heavy library.
"""

from agnews_sk._core.public import load_when_asked

__version__ = "0.1.0"

_ROOMS = {
    "AbstainingClassifier": "classifiers",
    "CalibratedLinearSVC": "classifiers",
    "CalibratedLogisticRegression": "classifiers",
    "CascadeClassifier": "ensembles",
    "ColumnJoiner": "cleaning",
    "DistilledClassifier": "ensembles",
    "EmbeddingBagClassifier": "classifiers",
    "FineTunedTransformerClassifier": "classifiers",
    "NgramVectorizer": "vectorization",
    "OnnxClassifier": "onnx",
    "PipelineSearchCV": "tuning",
    "PretrainedTokenizer": "tokenization",
    "SelfTrainedClassifier": "classifiers",
    "SentenceEmbedder": "vectorization",
    "StaticEmbedder": "vectorization",
    "SubwordTokenizer": "tokenization",
    "TextCache": "caching",
    "TextCleaner": "cleaning",
    "TransformerClassifier": "classifiers",
    "Vocabulary": "tokenization",
    "WordTokenizer": "tokenization",
    "audit": "auditing",
    "compare_classifiers": "evaluation",
    "explain": "inspection",
    "export_onnx": "onnx",
    "fetch_agnews": "datasets",
    "load": "persistence",
    "load_agnews": "datasets",
    "load_news_sample": "datasets",
    "load_texts": "datasets",
    "make_embedding_pipeline": "pipeline",
    "make_finetune_pipeline": "pipeline",
    "make_news": "datasets",
    "make_tfidf_pipeline": "pipeline",
    "make_transformer_pipeline": "pipeline",
    "pretrain_encoder": "training",
    "save": "persistence",
    "train_val_test_split": "datasets",
}

__all__ = sorted([*_ROOMS, "__version__"])

__getattr__ = load_when_asked(__name__, _ROOMS)


def __dir__() -> list[str]:
    return __all__
