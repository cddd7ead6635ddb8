"""Torch parts that know nothing of scikit-learn: the encoder, batches, losses, optimisation."""

from agnews_sk._batches import bucket_batches
from agnews_sk.nn._attention import MultiHeadSelfAttention
from agnews_sk.nn._batching import RaggedDataset, RaggedLoader, pad_collate
from agnews_sk.nn._depth import LayerStack, find_layers, parameter_depths
from agnews_sk.nn._encoder import EncoderLayer, FeedForward
from agnews_sk.nn._losses import FocalLoss
from agnews_sk.nn._parameter_groups import parameter_groups
from agnews_sk.nn._pooling import (
    AttentionPooling,
    FirstTokenPooling,
    MaxPooling,
    MeanPooling,
    make_pooling,
)
from agnews_sk.nn._positions import sinusoidal_positions
from agnews_sk.nn._random import seeded_torch
from agnews_sk.nn._schedules import (
    ConstantSchedule,
    CosineSchedule,
    LinearSchedule,
    make_schedule,
)
from agnews_sk.nn._text_transformer import TextTransformer, TokenEmbedding
from agnews_sk.nn._weights import module_with_weights, weights_of

__all__ = [
    "AttentionPooling",
    "ConstantSchedule",
    "CosineSchedule",
    "EncoderLayer",
    "FeedForward",
    "FirstTokenPooling",
    "FocalLoss",
    "LayerStack",
    "LinearSchedule",
    "MaxPooling",
    "MeanPooling",
    "MultiHeadSelfAttention",
    "RaggedDataset",
    "RaggedLoader",
    "TextTransformer",
    "TokenEmbedding",
    "bucket_batches",
    "find_layers",
    "make_pooling",
    "make_schedule",
    "module_with_weights",
    "pad_collate",
    "parameter_depths",
    "parameter_groups",
    "seeded_torch",
    "sinusoidal_positions",
    "weights_of",
]
