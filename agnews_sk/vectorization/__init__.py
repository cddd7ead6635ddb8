"""Turn texts, tokens or ids into feature matrices."""

from agnews_sk._core.public import publish
from agnews_sk.vectorization._descriptions import suggest_labels
from agnews_sk.vectorization._embedder import SentenceEmbedder
from agnews_sk.vectorization._encoders import DateEncoder, NumberEncoder
from agnews_sk.vectorization._mixed import MixedVectorizer, default_mixed_vectorizer
from agnews_sk.vectorization._static import StaticEmbedder
from agnews_sk.vectorization._table import NgramTable
from agnews_sk.vectorization._union import NgramUnion, default_characters, default_words
from agnews_sk.vectorization._vectorizer import NgramVectorizer

__all__ = [
    "DateEncoder",
    "MixedVectorizer",
    "NgramUnion",
    "NgramVectorizer",
    "NumberEncoder",
    "SentenceEmbedder",
    "StaticEmbedder",
    "suggest_labels",
]

publish(__name__, "NgramTable")
