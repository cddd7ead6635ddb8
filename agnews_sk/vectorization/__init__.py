"""Turn texts, tokens or ids into feature matrices."""

from agnews_sk.vectorization._embedder import SentenceEmbedder
from agnews_sk.vectorization._vectorizer import NgramVectorizer

__all__ = ["NgramVectorizer", "SentenceEmbedder"]
