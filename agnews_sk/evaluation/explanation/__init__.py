"""Why a classifier said what it said: contributions of words, features and their HTML."""

from agnews_sk.evaluation.explanation._explain import explain
from agnews_sk.evaluation.explanation._explanation import Explanation
from agnews_sk.evaluation.explanation._top_features import top_features

__all__ = ["Explanation", "explain", "top_features"]
