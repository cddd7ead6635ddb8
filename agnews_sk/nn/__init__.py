"""Torch modules that do not depend on scikit-learn: the encoder, batches, losses."""

from agnews_sk._core.batches import bucket_batches
from agnews_sk._core.public import publish
from agnews_sk.nn._attention import MultiHeadSelfAttention
from agnews_sk.nn._batching import RaggedDataset, RaggedLoader, pad_collate
from agnews_sk.nn._chunking import ChunkPooling, chunk_pooling_name, set_chunk_pooling
from agnews_sk.nn._encoder import EncoderLayer, FeedForward
from agnews_sk.nn._losses import FocalLoss, MultiLabelLoss
from agnews_sk.nn._pooled_classifier import PooledClassifier
from agnews_sk.nn._pooling import (
    AttentionPooling,
    FirstTokenPooling,
    MaxPooling,
    MeanPooling,
    make_pooling,
)
from agnews_sk.nn._positions import sinusoidal_positions
from agnews_sk.nn._pretraining import MaskedTokenLoss, PairLoss, PartEncoder
from agnews_sk.nn._random import seeded_torch
from agnews_sk.nn._text_transformer import TextTransformer, TokenEmbedding
from agnews_sk.nn._token_types import TokenTypes, set_token_types
from agnews_sk.nn._weights import module_with_weights, weights_of

__all__ = [
    "AttentionPooling",
    "ChunkPooling",
    "EncoderLayer",
    "FeedForward",
    "FirstTokenPooling",
    "FocalLoss",
    "MaskedTokenLoss",
    "MaxPooling",
    "MeanPooling",
    "MultiHeadSelfAttention",
    "MultiLabelLoss",
    "PairLoss",
    "PartEncoder",
    "PooledClassifier",
    "RaggedDataset",
    "RaggedLoader",
    "TextTransformer",
    "TokenEmbedding",
    "bucket_batches",
    "make_pooling",
    "module_with_weights",
    "pad_collate",
    "seeded_torch",
    "sinusoidal_positions",
    "weights_of",
]

publish(__name__, "TokenTypes")
