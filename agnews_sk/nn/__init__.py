"""Torch parts that know nothing of scikit-learn: batches, schedules, parameter groups."""

from agnews_sk.nn._batching import RaggedDataset, RaggedLoader, bucket_batches, pad_collate
from agnews_sk.nn._optimization import LinearSchedule, parameter_groups

__all__ = [
    "LinearSchedule",
    "RaggedDataset",
    "RaggedLoader",
    "bucket_batches",
    "pad_collate",
    "parameter_groups",
]
