"""Explain predictions, and find the rows and slices on which a classifier errs."""

from agnews_sk._core.public import publish
from agnews_sk.inspection._errors import disagreements, slices, top_losses
from agnews_sk.inspection._explain import explain
from agnews_sk.inspection._explanation import Explanation
from agnews_sk.inspection._top_features import top_features

__all__ = ["Explanation", "disagreements", "explain", "slices", "top_features", "top_losses"]

publish(__name__)
