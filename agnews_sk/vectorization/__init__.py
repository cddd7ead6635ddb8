"""Turn texts, tokens or ids into feature matrices."""

from agnews_sk._core.public import publish
from agnews_sk.vectorization._embedder import SentenceEmbedder
from agnews_sk.vectorization._table import NgramTable
from agnews_sk.vectorization._union import NgramUnion, default_characters, default_words
from agnews_sk.vectorization._vectorizer import NgramVectorizer

__all__ = ["NgramUnion", "NgramVectorizer", "SentenceEmbedder"]

publish(__name__, "NgramTable")
