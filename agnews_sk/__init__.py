"""Text classification with scikit-learn estimators.

The most used names of the rooms (subpackages) can be imported from here. They are loaded on first
access, so that `import agnews_sk` itself loads no heavy library.
"""

from typing import TYPE_CHECKING

from agnews_sk._core.public import load_when_asked

if TYPE_CHECKING:
    from agnews_sk.auditing import audit as audit
    from agnews_sk.caching import TextCache as TextCache
    from agnews_sk.classifiers import AbstainingClassifier as AbstainingClassifier
    from agnews_sk.classifiers import CalibratedLinearSVC as CalibratedLinearSVC
    from agnews_sk.classifiers import CalibratedLogisticRegression as CalibratedLogisticRegression
    from agnews_sk.classifiers import EmbeddingBagClassifier as EmbeddingBagClassifier
    from agnews_sk.classifiers import (
        FineTunedTransformerClassifier as FineTunedTransformerClassifier,
    )
    from agnews_sk.classifiers import SelfTrainedClassifier as SelfTrainedClassifier
    from agnews_sk.classifiers import TransformerClassifier as TransformerClassifier
    from agnews_sk.cleaning import ColumnJoiner as ColumnJoiner
    from agnews_sk.cleaning import TextCleaner as TextCleaner
    from agnews_sk.datasets import fetch_agnews as fetch_agnews
    from agnews_sk.datasets import load_agnews as load_agnews
    from agnews_sk.datasets import load_news_sample as load_news_sample
    from agnews_sk.datasets import load_texts as load_texts
    from agnews_sk.datasets import make_news as make_news
    from agnews_sk.datasets import train_val_test_split as train_val_test_split
    from agnews_sk.ensembles import CascadeClassifier as CascadeClassifier
    from agnews_sk.ensembles import DistilledClassifier as DistilledClassifier
    from agnews_sk.evaluation import compare_classifiers as compare_classifiers
    from agnews_sk.inspection import explain as explain
    from agnews_sk.onnx import OnnxClassifier as OnnxClassifier
    from agnews_sk.onnx import export_onnx as export_onnx
    from agnews_sk.persistence import load as load
    from agnews_sk.persistence import save as save
    from agnews_sk.pipeline import make_embedding_pipeline as make_embedding_pipeline
    from agnews_sk.pipeline import make_finetune_pipeline as make_finetune_pipeline
    from agnews_sk.pipeline import make_tfidf_pipeline as make_tfidf_pipeline
    from agnews_sk.pipeline import make_transformer_pipeline as make_transformer_pipeline
    from agnews_sk.tokenization import PretrainedTokenizer as PretrainedTokenizer
    from agnews_sk.tokenization import SubwordTokenizer as SubwordTokenizer
    from agnews_sk.tokenization import Vocabulary as Vocabulary
    from agnews_sk.tokenization import WordTokenizer as WordTokenizer
    from agnews_sk.training import pretrain_encoder as pretrain_encoder
    from agnews_sk.tuning import PipelineSearchCV as PipelineSearchCV
    from agnews_sk.vectorization import NgramVectorizer as NgramVectorizer
    from agnews_sk.vectorization import SentenceEmbedder as SentenceEmbedder
    from agnews_sk.vectorization import StaticEmbedder as StaticEmbedder

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

# Modules, which `import agnews_sk` makes attributes, but imports only on access.
_MODULES = {
    "auditing",
    "bulk",
    "caching",
    "classifiers",
    "cleaning",
    "cli",
    "datasets",
    "ensembles",
    "evaluation",
    "files",
    "inspection",
    "labelling",
    "mlflow",
    "nn",
    "onnx",
    "persistence",
    "pipeline",
    "reporting",
    "sampling",
    "serving",
    "streaming",
    "testing",
    "tokenization",
    "training",
    "tuning",
    "vectorization",
}

__all__ = sorted([*_ROOMS, "__version__"])

__getattr__ = load_when_asked(__name__, _ROOMS, _MODULES)


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
