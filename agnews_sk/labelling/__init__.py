"""Get labels: choose which rows to label next, and record them so that none is lost."""

from agnews_sk._core.public import publish
from agnews_sk.labelling._annotations import (
    Annotations,
    annotations_as,
    is_annotations,
    read_annotations,
    write_annotations,
)
from agnews_sk.labelling._estimate import AccuracyEstimate
from agnews_sk.labelling._label_file import MAX_LABEL_LENGTH
from agnews_sk.labelling._learner import ActiveLearner
from agnews_sk.labelling._session import LabellingSession

__all__ = [
    "AccuracyEstimate",
    "ActiveLearner",
    "Annotations",
    "LabellingSession",
    "read_annotations",
    "write_annotations",
]

publish(__name__)
